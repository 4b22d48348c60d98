"""What people look up: the fleet, one model, histories, what other settings would have done, whole tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Response
from starlette.responses import StreamingResponse

from include import workflow
from include.interfaces.api.answers import Page, page_of
from include.interfaces.api.bodies import WhatIfBody
from include.interfaces.api.guards import api_router
from include.interfaces.api.records import Deployed, Model, require_known
from include.interfaces.api.texts import Cursor, Limit, ModelFilter, Moment, RunId, Word
from include.records.entries import Answer as Answers
from include.records.entries import (
    DecisionRow,
    EventRow,
    EventStatus,
    FleetQuery,
    FleetRow,
    FleetSort,
    HistoryKind,
    HistoryPage,
    HistoryQuery,
    ModelHealth,
    ModelView,
    WhatIf,
)

router = api_router("reading")

At = Annotated[Moment | None, Query(description="without a zone it is UTC")]
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class Fleet(Page[FleetRow]):
    """A page of the fleet, and how many models of each health there are."""

    counts: Mapping[ModelHealth, int]


@router.get("/models")
def fleet(
    deployed: Deployed,
    search: Annotated[Word, Query(description="part of the name or of the owner")] = "",
    tag: Word = "",
    owner: Word = "",
    health: ModelHealth | None = None,
    sort: FleetSort = FleetSort.ATTENTION,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Fleet:
    """The models, those that need somebody first, with what their last checks left of them."""
    query = FleetQuery(
        search=search, tag=tag, owner=owner, health=health or "", sort=sort, cursor=cursor, limit=limit
    )  # fmt: skip
    found = workflow.fleet(deployed, query)
    return Fleet(
        entries=list(found.rows), counts=found.counts, total_entries=found.total,
        next_cursor=found.next_cursor or None, previous_cursor=found.previous_cursor or None,
    )  # fmt: skip


@router.get("/models/{model_name}")
def model_view(model: Model, deployed: Deployed, start: At = None, end: At = None) -> ModelView:
    """All about one model: its metric in time, drift, versions, decisions; by default of the last 90 days."""
    return workflow.model_view(deployed, model, start=start, end=end)


@router.get("/models/{model_name}/distribution")
def distribution(
    model: Model, deployed: Deployed, run_id: RunId, feature: Annotated[Word, Query(min_length=1)]
) -> dict[str, Any]:
    """Reference and recent rows of a column side by side, as a check saw them."""
    return workflow.distribution_at(deployed, model, run_id, feature).to_json()


@router.get("/decisions")
def decisions(
    deployed: Deployed,
    model_name: ModelFilter = "",
    answer: Answers | None = None,
    start: At = None,
    end: At = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[DecisionRow]:
    """Every decision, "no" included, newest first: each trigger's distance, and what blocked."""
    query = HistoryQuery(
        model_name=model_name, answer=answer or "", start=start, end=end, cursor=cursor, limit=limit
    )  # fmt: skip
    found = _history(deployed, query)
    return page_of(found.rows, found)


@router.get("/events")
def events(
    deployed: Deployed,
    model_name: ModelFilter = "",
    status: EventStatus | None = None,
    start: At = None,
    end: At = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[EventRow]:
    """The history of retrains, newest first: what triggered each, and what came of it."""
    query = HistoryQuery(
        kind=HistoryKind.EVENTS, model_name=model_name, status=status or "", start=start, end=end, cursor=cursor,
        limit=limit,
    )  # fmt: skip
    found = _history(deployed, query)
    return page_of(found.rows, found)


@router.post("/models/{model_name}/what-if")
def what_if(model: Model, deployed: Deployed, body: WhatIfBody | None = None) -> WhatIf:
    """Which recorded decisions other settings would have made otherwise; nothing is changed."""
    asked = body or WhatIfBody()
    return workflow.what_if(
        deployed, model, preset=asked.preset, settings=asked.settings, start=asked.start, end=asked.end
    )  # fmt: skip


@router.get("/export/{table}", response_class=Response, responses=CSV)
def export(
    deployed: Deployed,
    table: Annotated[str, Path(pattern=r"^[a-z_]{1,63}$", description="a table or view of the records")],
    model_name: ModelFilter = "",
    start: At = None,
    end: At = None,
) -> StreamingResponse:
    """A table as CSV. Text that a spreadsheet would take for a formula begins with an apostrophe.

    The header `X-Removed` says what retention removed of the period, which the table therefore lacks.
    """
    lines = workflow.export_csv(deployed, table, model_name=model_name, start=start, end=end)
    headers = {"Content-Disposition": f'attachment; filename="{table}.csv"'}
    if removed := workflow.removed_of(deployed, table, start=start, end=end):
        headers["X-Removed"] = removed
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)


def _history(deployed: workflow.Deployment, query: HistoryQuery) -> HistoryPage[Any]:
    if query.model_name:
        require_known(query.model_name, deployed)
    return workflow.history(deployed, query)
