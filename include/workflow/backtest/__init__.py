"""Policies replayed over history with the production code, before one of them is switched on."""
