"""What is on record: events and their approval, reports, audits, quarantined rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from include import workflow
from include.interfaces.api import airflow_api
from include.interfaces.api.access import Caller
from include.interfaces.api.answers import ApprovalAnswer, EventAnswer, Page, QuarantineAnswer, page_of, page_of_all
from include.interfaces.api.bodies import AnswerBody, LiftBody
from include.interfaces.api.guards import acting, answering, api_router
from include.interfaces.api.records import Deployed, Model, require_known
from include.interfaces.api.texts import Cursor, Limit, ModelFilter, Moment, RowId, RunId

router = api_router("records")

TYPES: Mapping[str, str] = {
    "html": "text/html; charset=utf-8", "json": "application/json", "md": "text/markdown; charset=utf-8",
    "text": "text/plain; charset=utf-8",
}  # fmt: skip
PAGE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {media.partition(";")[0]: {} for media in TYPES.values()}}
}


@router.get("/events/{event_id}")
def event(event_id: RowId, deployed: Deployed) -> EventAnswer:
    """A decision that fired, and what came of it."""
    return EventAnswer.of(deployed.store.event(event_id))


@router.get("/approvals")
async def approvals(request: Request) -> Page[ApprovalAnswer]:
    """What runs ask a person now, before they retrain or publish."""
    return page_of_all([ApprovalAnswer(**each) for each in await airflow_api.waiting_approvals(request)])


@router.post("/events/{event_id}/approval", dependencies=answering("retraining.approval"))
async def approve(request: Request, event_id: RowId, deployed: Deployed, body: AnswerBody) -> EventAnswer:
    """Answer the question whether an event may be executed; a no ends it as held."""
    found = await run_in_threadpool(deployed.store.event, event_id)
    await airflow_api.answer_approval(request, found.run.run_id, found.model_name, approved=body.approve)
    return EventAnswer.of(await run_in_threadpool(deployed.store.event, event_id))


@router.get("/models/{model_name}/report", response_class=Response, responses=DOCUMENT)
def report(
    model: Model, deployed: Deployed, run_id: RunId | None = None, format: Literal["html", "json", "md"] = "json"
) -> Response:
    """What a run saw of the model, what it decided and why, and what came of it; by default the latest run."""
    from include.interfaces.reports.files import FORMATS

    chosen = run_id or workflow.latest_run(deployed.store, model)
    return _document(FORMATS[format](workflow.report_of(deployed, model, chosen)), format)


@router.get("/audit", response_class=Response, responses=DOCUMENT)
def audit(
    deployed: Deployed,
    start: Annotated[Moment, Query(description="first moment of the period")],
    end: Annotated[Moment, Query(description="its end, excluded")],
    model_name: ModelFilter = "",
    format: Literal["html", "json", "md", "text"] = "json",
) -> Response:
    """Who did what, when, why, on which data and with what outcome."""
    from include.interfaces.reports.audit import FORMATS

    if model_name:
        require_known(model_name, deployed)
    return _document(FORMATS[format](workflow.audit(deployed, start, end, model_name)), format)


@router.get("/quarantines")
def quarantines(
    deployed: Deployed, model_name: ModelFilter = "", cursor: Cursor = "", limit: Limit = 50
) -> Page[QuarantineAnswer]:
    """Rows that are or were in quarantine, newest first."""
    if model_name:
        require_known(model_name, deployed)
    found = workflow.quarantines_page(deployed, model_name, cursor=cursor, limit=limit)
    return page_of([QuarantineAnswer.of(each) for each in found.rows], found)


@router.post("/quarantines/{quarantine_id}/lift", dependencies=acting("retraining.lift"))
def lift(quarantine_id: RowId, deployed: Deployed, by: Caller, body: LiftBody) -> QuarantineAnswer:
    """Let quarantined rows be trained on again: they are mended, or were in order."""
    kept = workflow.lift_quarantine(deployed.store, quarantine_id, by=by, reason=body.reason, accepts=body.accept)
    return QuarantineAnswer.of(kept)


def _document(text: str, format: str) -> Response:
    headers = {"Content-Security-Policy": PAGE} if format == "html" else {}
    return Response(text, media_type=TYPES[format], headers=headers)
