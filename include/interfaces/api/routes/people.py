"""What people say: pauses, mutes, remarks, marks of decisions; and how the system itself is: failures, figures."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from include import workflow
from include.interfaces.api import airflow_api
from include.interfaces.api.access import Caller
from include.interfaces.api.answers import Page, page_of_all
from include.interfaces.api.bodies import AnnotationBody, MarkBody, MuteBody, ReasonBody
from include.interfaces.api.guards import acting, api_router, operating
from include.interfaces.api.records import Deployed, Model, require_known
from include.interfaces.api.texts import Limit, ModelFilter, Moment, RowId, RunIdOrNone
from include.records.entries import Annotation, Budget, Failure, Figures, Mark, Mute, Pause, Problem

router = api_router("people")

Since = Annotated[Moment, Query(description="from then on; without a zone it is UTC")]
Until = Annotated[Moment, Query(description="before then")]


class PauseAnswer(BaseModel):
    """Whether a model is paused, and by whom."""

    paused: bool
    pause: Pause | None


class HealthAnswer(BaseModel):
    """How the monitor itself is."""

    well: bool
    at: datetime
    models: int
    problems: list[Problem]


class BudgetAnswer(BaseModel):
    """How much of the false retrains that a model's policy allows were spent, by the marks of people."""

    model_name: str
    allowed: float
    marked: int
    spent: float | None
    overdrawn: bool
    since: datetime

    @classmethod
    def of(cls, budget: Budget) -> BudgetAnswer:
        """As it was counted."""
        return cls(**{name: getattr(budget, name) for name in cls.model_fields})


@router.get("/models/{model_name}/pause")
def pause_of(model: Model, deployed: Deployed) -> PauseAnswer:
    """The pause that holds a model, if one does."""
    pause = workflow.pause_of(deployed, model)
    return PauseAnswer(paused=pause is not None, pause=pause)


@router.post("/models/{model_name}/pause", dependencies=operating("retraining.pause"))
def pause_model(model: Model, deployed: Deployed, by: Caller, body: ReasonBody) -> Pause:
    """Have runs leave the model alone until it is resumed; requests to it wait."""
    return workflow.pause_model(deployed, model, by=by, reason=body.reason)


@router.post("/models/{model_name}/resume", dependencies=operating("retraining.resume"))
def resume_model(model: Model, deployed: Deployed, by: Caller, body: ReasonBody) -> Pause:
    """Let the next run look at a paused model again."""
    return workflow.resume_model(deployed, model, by=by, reason=body.reason)


@router.get("/mutes")
def mutes(deployed: Deployed) -> Page[Mute]:
    """The mutes that hold now, oldest first."""
    return page_of_all(workflow.mutes(deployed))


@router.post("/mutes", dependencies=operating("retraining.mute"))
def mute(deployed: Deployed, by: Caller, body: MuteBody) -> Mute:
    """Tell nobody of a model (or, without a name, of any) until then; it is looked at and retrained as ever."""
    return workflow.mute(deployed, body.model_name, until=body.until, by=by, reason=body.reason)


@router.post("/mutes/{mute_id}/unmute", dependencies=operating("retraining.unmute"))
def unmute(mute_id: RowId, deployed: Deployed, by: Caller, body: ReasonBody) -> Mute:
    """End a mute before its time."""
    return workflow.unmute(deployed, mute_id, by=by, reason=body.reason)


@router.get("/models/{model_name}/annotations")
def remarks(model: Model, deployed: Deployed) -> Page[Annotation]:
    """The remarks about a model, in order of the moments that they are about."""
    return page_of_all(workflow.annotations_of(deployed, model))


@router.post("/models/{model_name}/annotations", dependencies=acting("retraining.annotate"))
def annotate(model: Model, deployed: Deployed, by: Caller, body: AnnotationBody) -> Annotation:
    """Write down a remark about a moment in the life of a model."""
    return workflow.annotate(deployed, model, at=body.at, text=body.text, by=by)


@router.get("/marks")
def marks(deployed: Deployed, since: Since, until: Until, model_name: ModelFilter = "") -> Page[Mark]:
    """The last mark of each marked decision that was made in a period."""
    if model_name:
        require_known(model_name, deployed)
    return page_of_all(workflow.marks(deployed, model_name, since=since, until=until))


@router.post("/models/{model_name}/marks", dependencies=acting("retraining.mark"))
def mark(model: Model, deployed: Deployed, by: Caller, body: MarkBody) -> Mark:
    """Say of a decision that it was a false alarm, or right; false alarms are counted against the budget."""
    return workflow.mark_decision(
        deployed, model, body.run_id, verdict=body.verdict, by=by, reason=body.reason
    )  # fmt: skip


@router.get("/models/{model_name}/budget")
def budget(model: Model, deployed: Deployed) -> BudgetAnswer:
    """How many of the false retrains that the policy allows in 90 days were marked as such."""
    return BudgetAnswer.of(workflow.budget_spent(deployed, model))


@router.get("/health")
async def health(request: Request, deployed: Deployed) -> HealthAnswer:
    """What is wrong with the monitor itself: models unchecked, sources stale, components of Airflow away."""
    away = await airflow_api.components_away(request)
    found = await run_in_threadpool(workflow.health, deployed, also=away)
    return HealthAnswer(well=found.well, at=found.at, models=found.models, problems=list(found.problems))


@router.get("/statistics")
def statistics(deployed: Deployed, start: Since, end: Until, model_name: ModelFilter = "") -> Page[Figures]:
    """What a period came to, by model and trigger: checks, retrains, how they ended, hours, cost and gain."""
    if model_name:
        require_known(model_name, deployed)
    return page_of_all(workflow.statistics_of_system(deployed, start=start, end=end, model_name=model_name))


@router.get("/failures")
def failures(
    deployed: Deployed,
    model_name: ModelFilter = "",
    run_id: RunIdOrNone = "",
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    limit: Limit = 50,
) -> Page[Failure]:
    """The latest failures of steps, newest first: a missing source, a broken model file, a training that raised."""
    if model_name:
        require_known(model_name, deployed)
    found = workflow.failures(deployed, model_name, run_id=run_id, since=since, until=until, most=limit)
    return Page[Failure](entries=list(found))
