"""The routes of the REST API, a module for each part of it; `include.interfaces.api.app` puts them together."""
