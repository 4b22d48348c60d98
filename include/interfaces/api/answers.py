"""What callers are told: entries of the records as JSON, under the names that they have in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, Field

from include import workflow
from include.decision.evidence import TriggerResult
from include.records.entries import ChampionChange, Event, KeptRequest, Quarantine
from include.records.entries.history import HistoryPage
from include.records.json_values import clean_json, clean_scores

if TYPE_CHECKING:
    from include.workflow.trigger_check import TriggerCheck

Entry = TypeVar("Entry")


class Page(BaseModel, Generic[Entry]):
    """Some of many entries, in the shape of Airflow's pages."""

    entries: list[Entry]
    next_cursor: str | None = Field(None, description="of the page behind; null on the last one")
    previous_cursor: str | None = Field(None, description="of the page before; null on the first one")
    total_entries: int | None = Field(None, description="of all pages; null where counting would take too long")


class RunAnswer(BaseModel):
    """A run of the DAG that has been started."""

    run_id: str
    state: str


class RequestAnswer(BaseModel):
    """A request for a retrain, and what became of it."""

    id: int
    model_name: str
    kind: str
    reason: str
    requested_by: str
    requested_at: datetime
    hyperparameters: dict[str, Any]
    notes: str
    training_data_path: str
    tries: int
    consumed_by: str | None = Field(description="the run that took it; null while it waits")
    consumed_at: datetime | None
    retry_of: int | None
    gave_up: str

    @classmethod
    def of(cls, kept: KeptRequest) -> RequestAnswer:
        """As it is on record."""
        asked = kept.request
        return cls(
            id=asked.id, model_name=asked.model_name, kind=str(asked.kind), reason=asked.reason,
            requested_by=asked.requested_by, requested_at=asked.requested_at,
            notes=asked.notes, training_data_path=asked.training_data_path,
            hyperparameters=clean_json(dict(asked.hyperparameters)), tries=asked.tries, retry_of=kept.retry_of,
            consumed_by=None if kept.consumed is None else kept.consumed.run_id,
            consumed_at=None if kept.consumed is None else kept.consumed.at, gave_up=kept.gave_up,
        )  # fmt: skip


class RetrainAnswer(BaseModel):
    """What a request for a retrain came to."""

    request: RequestAnswer
    new: bool = Field(description="false: the same request was waiting already")
    run: RunAnswer | None = Field(description="the run that was started; null for none")
    note: str = Field("", description="what the caller should know: for example that the model is paused")


class TriggerAnswer(BaseModel):
    """One trigger's answer; the parts of a combination stand in `parts`."""

    trigger: str
    label: str
    fired: bool
    reason: str
    value: float | None
    threshold: float | None
    distance: float | None
    p_value: float | None
    blocked_by: str
    parts: list[TriggerAnswer]

    @classmethod
    def of(cls, found: TriggerResult) -> TriggerAnswer:
        """As it is on record."""
        told = clean_json({name: getattr(found, name) for name in cls.model_fields if name != "parts"})
        return cls(**told, parts=[cls.of(part) for part in found.parts])


class MetricAnswer(BaseModel):
    """One metric of the caller's beside its baseline."""

    metric: str
    current: float
    baseline: float
    drop: float | None
    threshold: float
    fired: bool
    severity: str


class TriggersAnswer(BaseModel):
    """Whether a retrain is due, and why."""

    model_name: str
    should_retrain: bool
    reason: str
    at: datetime
    run_id: str = Field(description="the run whose decision this is; empty where own metrics were judged")
    blocked_by: list[str]
    triggers: list[TriggerAnswer]
    metrics: list[MetricAnswer]
    unjudged: list[str]

    @classmethod
    def of(cls, found: TriggerCheck) -> TriggersAnswer:
        """As it was found."""
        return cls(
            model_name=found.model_name, should_retrain=found.should_retrain, reason=found.reason, at=found.at,
            run_id=found.run_id, blocked_by=list(found.blocked_by), unjudged=list(found.unjudged),
            triggers=[TriggerAnswer.of(each) for each in found.triggers],
            metrics=[MetricAnswer(**clean_json(vars(each))) for each in found.metrics],
        )  # fmt: skip


class EventAnswer(BaseModel):
    """A decision that fired, and what came of it."""

    id: int
    model_name: str
    run_id: str
    status: str
    trigger_type: str
    trigger_time: datetime
    reason: str
    severity: str
    confidence: float
    cause: str
    features: list[str]
    requested_by: str
    approved_by: str
    completed_at: datetime | None
    duration: float | None = Field(description="seconds from the decision to the end; null while it is open")
    champion_version: int | None
    version: int | None
    scores: dict[str, float | None]
    champion_scores: dict[str, float | None]
    outcome: str
    error_type: str
    error: str
    details: dict[str, Any] = Field(description="hyperparameters, hash and size of the rows, gate, resources")

    @classmethod
    def of(cls, event: Event) -> EventAnswer:
        """As it is on record."""
        decision, ended = event.decision, event.completed_at
        return cls(
            id=event.id, model_name=event.model_name, run_id=event.run.run_id, status=str(event.status),
            trigger_type=event.trigger_type, trigger_time=event.triggered_at, reason=decision.reason,
            severity=str(decision.severity), confidence=decision.confidence, cause=str(decision.cause),
            features=list(decision.features), requested_by=event.run.requested_by, approved_by=event.approved_by,
            completed_at=ended, duration=None if ended is None else (ended - event.triggered_at).total_seconds(),
            champion_version=event.champion_version, version=event.version, scores=clean_scores(event.scores),
            champion_scores=clean_scores(event.champion_scores), outcome=event.outcome, error_type=event.error_type,
            error=event.error, details=clean_json(event.details.to_json()),
        )  # fmt: skip


class ApprovalAnswer(BaseModel):
    """What a run asks a person about a model."""

    run_id: str
    model_name: str | None
    subject: str
    body: str = Field(description="evidence and figures, in Markdown")
    asked_at: datetime


class ChangeAnswer(BaseModel):
    """A change of champion."""

    id: int
    model_name: str
    kind: str
    from_version: int | None
    to_version: int
    deployed_by: str
    deployed_at: datetime
    reason: str
    run_id: str

    @classmethod
    def of(cls, change: ChampionChange) -> ChangeAnswer:
        """As it is on record."""
        return cls(
            **{name: getattr(change, name) for name in cls.model_fields if name != "kind"}, kind=str(change.kind)
        )


class QuarantineAnswer(BaseModel):
    """Rows that are not trained on, and who let them in again."""

    id: int
    model_name: str
    feature: str
    statistic: str
    reason: str
    start: datetime | None = Field(description="of the rows; null: all recent rows of a model without timestamps")
    end: datetime | None
    run_id: str
    last_run_id: str
    at: datetime
    lifted_by: str | None
    lift_reason: str | None
    lifted_at: datetime | None
    accepts: bool

    @classmethod
    def of(cls, kept: Quarantine) -> QuarantineAnswer:
        """As it is on record."""
        span, lifted = kept.fault.span, kept.lifted
        return cls(
            id=kept.id, model_name=kept.model_name, feature=kept.fault.feature, statistic=kept.fault.statistic,
            reason=kept.fault.reason, start=None if span is None else span.start,
            end=None if span is None else span.end, run_id=kept.run_id, last_run_id=kept.last_run_id, at=kept.at,
            lifted_by=lifted and lifted.lifted_by, lift_reason=lifted and lifted.reason,
            lifted_at=lifted and lifted.at, accepts=bool(lifted and lifted.accepts),
        )  # fmt: skip


class CanaryAnswer(BaseModel):
    """One change of a canary."""

    id: int
    model_name: str
    version: int
    champion_version: int
    share: float
    set_by: str
    reason: str
    set_at: datetime
    running: bool


class Advice(BaseModel):
    """One piece of advice."""

    kind: str
    subject: str
    reason: str
    evidence: dict[str, float | None]


class AdviceAnswer(BaseModel):
    """What the history of a model advises."""

    model_name: str
    recommendations: list[Advice]


class StatusAnswer(BaseModel):
    """Whether the system runs, and what it did last."""

    is_running: bool = Field(description="whether the DAG is active in Airflow, so that it runs by its schedule")
    dag_id: str
    next_run: datetime | None
    runs: list[dict[str, Any]] = Field(description="the latest runs, newest first")
    models: list[str]


def page_of_all(entries: Sequence[Entry]) -> Page[Entry]:
    """All entries there are, as one page."""
    return Page[Any](entries=list(entries), total_entries=len(entries))


def page_of(rows: Sequence[Entry], found: HistoryPage[Any]) -> Page[Entry]:
    """A page of what the records hold, with the words for the pages beside it."""
    return Page[Any](
        entries=list(rows), total_entries=found.total, next_cursor=found.next_cursor or None,
        previous_cursor=found.previous_cursor or None,
    )  # fmt: skip


def champion_changes(deployment: workflow.Deployment, model_name: str) -> list[ChangeAnswer]:
    """Every change of the champion of a model, oldest first."""
    return [ChangeAnswer.of(change) for change in deployment.store.champion_changes(model_name)]
