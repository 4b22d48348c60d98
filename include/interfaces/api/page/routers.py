"""All views of the page."""

from __future__ import annotations

from include.interfaces.api.page import decision, files, fleet, model, system, versions, what_if

ROUTERS = tuple(each.router for each in (files, fleet, model, decision, what_if, versions, system))
