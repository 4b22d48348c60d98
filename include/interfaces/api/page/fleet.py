"""The view of all models: those first that need somebody."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse, RedirectResponse

from include import workflow
from include.interfaces.api.access import DAG_ID
from include.interfaces.api.page.addresses import Place, Rows, Word
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.page.charts.small import nearness_bar, sparkline
from include.interfaces.api.records import Deployed
from include.records.entries import FleetQuery

router = page_router()

SORTS = {
    "attention": "what needs somebody", "nearness": "nearest to a retrain", "name": "name",
    "checked": "longest without a check", "champion": "oldest champion",
}  # fmt: skip
UNSEEN = "never checked"


@router.get("/", response_class=RedirectResponse)
def start() -> RedirectResponse:
    """The first view."""
    return RedirectResponse("fleet", status_code=307)


@router.get("/fleet")
def fleet(
    deployed: Deployed,
    search: Word = "",
    tag: Word = "",
    owner: Word = "",
    health: Word = "",
    sort: Word = "attention",
    cursor: Place = "",
    limit: Rows = 50,
    dag_id: Annotated[str, Query(max_length=250)] = "",
) -> HTMLResponse:
    """One row a model."""
    if dag_id and dag_id != DAG_ID:
        return page("other_dag.html", view="fleet", model="", other=dag_id)
    query = FleetQuery(
        search=search.strip(), tag=tag.strip(), owner=owner.strip(), health=health, sort=sort, cursor=cursor,
        limit=min(limit, 200),
    )  # fmt: skip
    return page(
        "fleet.html", view="fleet", model="", found=workflow.fleet(deployed, query), query=query, sorts=SORTS,
        bar=nearness_bar, spark=sparkline,
    )  # fmt: skip
