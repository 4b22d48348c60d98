"""The app that Airflow mounts at ``/retraining``."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from include.interfaces.api.airflow_api import AIRFLOW_APP
from include.interfaces.api.guards import guarded_router
from include.interfaces.api.limits import Limits
from include.interfaces.api.page.routers import ROUTERS
from include.interfaces.api.problems import MEDIA_TYPE, handle_problems
from include.interfaces.api.records import opened
from include.interfaces.api.routes import evidence, fleet, people, retraining, settings, system, versions
from include.interfaces.metrics.router import scrape_router

PREFIX = "/retraining"
API, PAGE = "/api/v1", "/page"
TITLE = "Model retraining"
ROUTES = (system, fleet, retraining, versions, evidence, people, settings)


class MountedApp(FastAPI):
    """Remembers the app that it is mounted in: Starlette puts another in its place on the way in."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope[AIRFLOW_APP] = scope.get("app")
        await super().__call__(scope, receive, send)


def create_app() -> FastAPI:
    """The app: nothing in it is open, its own description included; metrics have a guard of their own."""
    app = MountedApp(
        title=TITLE, version="1", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        description="Keeps the registered models good: what was decided and why, and what a person may do about it.",
    )  # fmt: skip
    app.add_middleware(Limits)
    handle_problems(app)
    for routes in ROUTES:
        app.include_router(routes.router, prefix=API)
    for router in ROUTERS:
        app.include_router(router, prefix=PAGE)
    app.include_router(_description())
    app.include_router(scrape_router(opened))
    return app


#: A name with a line break does not get here: Airflow itself says that there is no such path.
OF_AIRFLOW = {"schema": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}}


def _description() -> Any:
    router = guarded_router()

    @router.get(f"{API}/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> JSONResponse:
        """The OpenAPI document of this app."""
        return JSONResponse(described(request.app, request.scope.get("root_path", "")))

    return router


def described(app: FastAPI, root: str) -> dict[str, Any]:
    """The OpenAPI document; `root` is where the app is mounted. Problems are told under their own media type."""
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, servers=[{"url": root}]
    )
    for path, operations in made["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status[0] in "45" and "application/json" in answer.get("content", {}):
                    answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
                    if status == "404" and "{" in path:
                        answer["content"] |= {"application/json": OF_AIRFLOW}
    return made
