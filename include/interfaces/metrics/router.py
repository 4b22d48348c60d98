"""Where metrics are scraped, behind a token of their own: Airflow's logins expire, and a scraper has none."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException
from starlette.responses import Response

from include import workflow
from include.interfaces.metrics.exposition import MEDIA_TYPE, exposed

PATH = "/metrics"
TOKEN = "RETRAINING_METRICS_TOKEN"  # noqa: S105  # the name of a variable


def may_scrape(authorization: Annotated[str, Header()] = "") -> None:
    """Refuse who does not bring the token.

    Raises
    ------
    HTTPException
        404 where no token is configured: then there are no metrics. 401 for another token, or none.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise HTTPException(404)
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise HTTPException(401, "give the token of the metrics as `Authorization: Bearer`")


def scrape_router(opened: Callable[..., Any]) -> APIRouter:
    """A router with the one route, and with a guard of its own.

    Parameters
    ----------
    opened : callable
        A dependency that opens a `include.workflow.Deployment` for one request.
    """
    router = APIRouter(dependencies=[Depends(may_scrape)], redirect_slashes=False)

    @router.get(PATH, include_in_schema=False)
    def metrics(
        deployed: workflow.Deployment = Depends(opened),  # noqa: B008  # an annotation cannot name what it is given
    ) -> Response:
        """All metrics, read from the records now; so many scrapers as there are get the same."""
        text = exposed(workflow.scrape(deployed))
        return Response(text, headers={"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store"})

    return router
