"""The route of the metrics in an app of its own, as the app that Airflow mounts has it, behind a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from include.interfaces.api.problems import handle_problems
from include.interfaces.metrics.router import scrape_router
from include.workflow import Deployment
from tests.waiting import wait_until
from tools.ports import free_port

PATH = "/retraining/metrics"


def app_of(deployment: Deployment, opened: list[str] | None = None) -> FastAPI:
    """An app on these records; each opening of them is noted in `opened`."""

    def opening() -> Deployment:
        if opened is not None:
            opened.append("opened")
        return deployment

    app = FastAPI(openapi_url=None)
    handle_problems(app)
    app.include_router(scrape_router(opening), prefix="/retraining")
    return app


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of a server on this machine with the app."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, 60.0)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
