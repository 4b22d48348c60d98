"""How the page answers: HTML under a strict policy, errors included."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, JSONResponse, Response

from include.interfaces.api.access import DAG_ID
from include.interfaces.api.guards import guarded_router
from include.interfaces.api.page.rendering import render
from include.workflow.deployment import now

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {"Content-Security-Policy": POLICY}
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

log = logging.getLogger(__name__)


class PageRoute(APIRoute):
    """A route whose errors are pages, with the status and the words that the REST API has for them."""

    def get_route_handler(self) -> Handler:
        """What serves a request."""
        serve = super().get_route_handler()

        async def served(request: Request) -> Response:
            try:
                return await serve(request)
            except Exception as error:  # each has its handler in the app, the last one for what nobody foresaw
                return await _told(request, error)

        return served


def page_router() -> APIRouter:
    """A router of views: for those who may read the DAG."""
    return guarded_router(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


def page(template: str, **values: Any) -> HTMLResponse:
    """A view."""
    return HTMLResponse(render(template, now=now(), dag_id=DAG_ID, **values), headers=HEADERS)


async def _told(request: Request, error: Exception) -> Response:
    handlers = request.app.exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    answer = handler(request, error)
    assert isinstance(answer, JSONResponse)
    problem = json.loads(bytes(answer.body))
    html = render("problem.html", problem=problem, now=now(), dag_id=DAG_ID, view="", model="")
    kept = {name: value for name, value in answer.headers.items() if name in ("retry-after", "www-authenticate")}
    return HTMLResponse(html, status_code=answer.status_code, headers={**kept, **HEADERS})
