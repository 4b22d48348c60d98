"""RetrainingReport: what one run saw of one model, what it decided, and what came of it, as far as it is on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.decision.decision import Decision
from include.decision.signals import Signal, SignalKind
from include.errors import ConfigurationError, NotOnRecord
from include.records.entries import (
    Analysis,
    Budget,
    ChampionChange,
    Check,
    Event,
    Failure,
    KeptRequest,
    Mark,
    Version,
)
from include.records.json_values import clean_json, clean_scores
from include.records.store import Store
from include.workflow.advice import Recommendation, RecommendationKind, recommend
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.failing import bring_in
from include.workflow.hindsight import look_back
from include.workflow.people import QUARTER, budget_of, check_model

SCHEMA_VERSION = 1
MOST_CHECKS = 200  # of the history: 50 days of six-hourly checks
MOST_SIGNALS = 100  # changed ones, the most telling first; a report must stay readable however many columns there are
MOST_VERSIONS = 10
MOST_FAILURES = 20
REMEMBERED = timedelta(days=14)  # failures that are older are history


@dataclass(frozen=True, kw_only=True)
class RetrainingReport:
    """Everything a report shows.

    Parameters
    ----------
    metric : str
        The model's primary metric.
    analysis : Analysis
    decision : Decision
    event : Event or None
        None when the decision did not fire.
    change : ChampionChange or None
        The former champion that the run brought back; None for none.
    history : sequence of Check
        Up to this run's `as_of`, oldest first; the run itself is among them unless it was a dry run.
    versions : sequence of Version
        The latest, oldest first.
    requests : sequence of KeptRequest
        Those that the run consumed, and those that were waiting when the report was made.
    recommendations : sequence of Recommendation
    backtest : str
        Picture of the model's last policy backtest as SVG; empty for none.
    failures : sequence of Failure
        Steps of the model that failed in the 14 days before the report was made, newest first.
    budget : Budget or None
        What marks have spent of the false retrains that the policy allows; None where that was not to be counted.
    mark : Mark or None
        What somebody said of this decision in hindsight; None for nothing.
    """

    metric: str
    analysis: Analysis
    decision: Decision
    event: Event | None
    change: ChampionChange | None = None
    history: Sequence[Check] = ()
    versions: Sequence[Version] = ()
    requests: Sequence[KeptRequest] = ()
    recommendations: Sequence[Recommendation] = ()
    backtest: str = ""
    failures: Sequence[Failure] = ()
    budget: Budget | None = None
    mark: Mark | None = None

    @property
    def changed(self) -> list[Signal]:
        """Signals that changed: broken data first, then by how far beyond its threshold each is."""
        found = [signal for signal in self.analysis.signals if signal.changed]
        return sorted(found, key=lambda signal: (not signal.blocks, -(signal.value or 0.0) / (signal.threshold or 1.0)))

    @property
    def quality(self) -> list[Signal]:
        """What is wrong with the rows as such."""
        return [signal for signal in self.changed if signal.kind is SignalKind.DATA_QUALITY]

    @property
    def course(self) -> list[tuple[datetime, float, float | None, float | None]]:
        """The metric in time: end of the window, value, and its 90 % interval where there is one."""
        return [
            (check.analysis.window_end, measured.value, measured.low, measured.high)
            for check in self.history
            for measured in check.analysis.measurements
            if measured.metric == self.metric and measured.version == check.analysis.champion_version
        ]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that fulfils ``docs/retraining_report.schema.json``."""
        analysis, run = self.analysis, self.analysis.run
        shown = self.changed[:MOST_SIGNALS]
        report = {
            "schema_version": SCHEMA_VERSION,
            "model": analysis.model_name,
            "run": {"id": run.run_id, "as_of": _time(run.as_of), "reason": run.reason, "by": run.requested_by,
                    "force": run.force, "dry_run": run.dry_run, "preset": run.preset},
            "window": {"start": _time(analysis.window_start), "end": _time(analysis.window_end), "rows": analysis.rows,
                       "labelled_rows": analysis.labelled_rows},
            "champion": analysis.champion_version,
            "decision": self.decision.to_json(),
            "event": None if self.event is None else _event(self.event),
            "rollback": None if self.change is None else _change(self.change),
            "signals": {"measured": len(analysis.signals), "changed": len(self.changed),
                        "shown": [_signal(signal) for signal in shown]},
            "distributions": [each.to_json() for each in analysis.distributions],
            "metric": {"name": self.metric, "course": [
                {"at": _time(at), "value": value, "low": low, "high": high} for at, value, low, high in self.course
            ]},
            "measurements": [
                {"metric": each.metric, "version": each.version, "value": each.value, "low": each.low,
                 "high": each.high, "rows": each.rows} for each in analysis.measurements
            ],
            "events": [
                {"at": _time(check.analysis.window_end), "id": check.event.id, "trigger": check.event.trigger_type,
                 "status": str(check.event.status), "version": check.event.version}
                for check in self.history if check.event is not None
            ],
            "versions": [_version(version) for version in self.versions],
            "requests": [_request(kept) for kept in self.requests],
            "recommendations": [each.to_json() for each in self.recommendations],
            "failures": [_failure(each) for each in self.failures],
            "budget": None if self.budget is None else {"allowed": self.budget.allowed, "marked": self.budget.marked},
            "mark": None if self.mark is None else _mark(self.mark),
            "removed": analysis.removed,
        }  # fmt: skip
        cleaned: dict[str, Any] = clean_json(report)
        return cleaned


def make_report(
    store: Store, model_name: str, run_id: str, *, metric: str, backtest: str = "", allowed: float | None = None
) -> RetrainingReport:
    """The report of one run on one model, from the records.

    Parameters
    ----------
    allowed : float, optional
        False retrains a quarter that the model's policy allows; None: marks are not counted.

    Raises
    ------
    NotOnRecord
        For a run without a decision; it says what failed.
    """
    analysis, found = store.analysis(model_name, run_id), store.decision(model_name, run_id)
    if analysis is None or found is None:
        failed = store.failures.find(model_name=model_name, run_id=run_id, most=1)
        why = f": {failed[0].sentence}" if failed else ""
        raise NotOnRecord(f"model {model_name}: run {run_id} has no decision on record{why}")
    changes = store.champion_changes(model_name)
    history = store.history(model_name, until=analysis.run.as_of, most=MOST_CHECKS)
    marks = store.people.marks(model_name, since=now() - QUARTER, until=now())
    budget = None if allowed is None else budget_of(model_name, allowed, marks, at=now())
    return RetrainingReport(
        metric=metric,
        analysis=analysis,
        decision=found[0],
        event=found[1],
        change=next((each for each in changes if each.run_id == run_id and each.event_id is None), None),
        history=history,
        versions=store.versions(model_name)[-MOST_VERSIONS:],
        requests=store.requests(model_name=model_name, run_id=run_id),
        recommendations=[*hindsight_of(store, model_name, marks, budget), *recommend(history)],
        backtest=backtest,
        failures=store.failures.find(model_name=model_name, since=now() - REMEMBERED, most=MOST_FAILURES),
        budget=budget,
        mark=next((mark for mark in marks if mark.run_id == run_id), None),
    )


def recommendations_of(deployment: Deployment, model_name: str) -> list[Recommendation]:
    """All that the records of a model advise: its latest checks, what failed, what people said; most urgent first.

    Raises
    ------
    NotOnRecord
        For a model that has no file and of which nothing is on record.
    """
    check_model(deployment, model_name)
    store = deployment.store
    bring_in(store, deployment.artifacts)
    history = store.history(model_name, until=to_come(), most=MOST_CHECKS)
    marks = store.people.marks(model_name, since=now() - QUARTER, until=now())
    budget, broken = None, []
    try:
        allowed = deployment.spec(model_name).settings().false_retrains_per_quarter
        budget = budget_of(model_name, allowed, marks, at=now())
    except ConfigurationError as error:  # the file is gone or broken: what a run would say of it, before it does
        told = f"its model file cannot be used: {error}"
        broken = [Recommendation(kind=RecommendationKind.FIX_FAILURE, subject=model_name, reason=told)]
    said = hindsight_of(store, model_name, marks, budget)
    known = any(each.kind is RecommendationKind.FIX_FAILURE for each in said)
    return [*([] if known else broken), *said, *recommend(history)]


def hindsight_of(store: Store, model_name: str, marks: Sequence[Mark], budget: Budget | None) -> list[Recommendation]:
    """What the failures of a model, and marks of its decisions, advise."""
    found = store.watch.failing(since=now() - REMEMBERED, before=to_come())
    return look_back(model_name, [each for each in found if each.model_name == model_name], marks, budget)


def report_of(deployment: Deployment, model_name: str, run_id: str) -> RetrainingReport:
    """What that run saw of the model, decided and did, and the picture of the model's last backtest.

    Of a model whose file is gone or has mistakes the settings are those that a run last saw.
    """
    drawn = deployment.artifacts.read(f"backtests/{model_name}.svg") or ""
    bring_in(deployment.store, deployment.artifacts)
    try:
        spec = deployment.spec(model_name)
        metric, allowed = spec.metric, spec.settings().false_retrains_per_quarter
    except ConfigurationError:
        if (seen := deployment.store.watch.registered(model_name)) is None:
            raise
        metric, allowed = seen["metric"], seen["effective"]["settings"]["false_retrains_per_quarter"]
    return make_report(deployment.store, model_name, run_id, metric=metric, backtest=drawn, allowed=allowed)


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _failure(failure: Failure) -> Mapping[str, Any]:
    return {
        "at": _time(failure.at), "run": failure.run_id, "step": str(failure.step), "error_type": failure.error_type,
        "error": failure.error, "permanent": failure.permanent,
    }  # fmt: skip


def _mark(mark: Mark) -> Mapping[str, Any]:
    return {"verdict": str(mark.verdict), "by": mark.by, "reason": mark.reason, "at": _time(mark.at)}


def _signal(signal: Signal) -> Mapping[str, Any]:
    return {
        "kind": str(signal.kind), "feature": signal.feature, "statistic": signal.statistic, "value": signal.value,
        "threshold": signal.threshold, "p_value": signal.p_value, "blocks": signal.blocks, "reason": signal.reason,
    }  # fmt: skip


def _event(event: Event) -> Mapping[str, Any]:
    return {
        "id": event.id, "status": str(event.status), "outcome": event.outcome, "error_type": event.error_type,
        "error": event.error, "champion": event.champion_version, "version": event.version,
        "scores": clean_scores(event.scores), "champion_scores": clean_scores(event.champion_scores),
        "completed_at": _time(event.completed_at),
    }  # fmt: skip


def _change(change: ChampionChange) -> Mapping[str, Any]:
    return {
        "kind": str(change.kind), "from": change.from_version, "to": change.to_version, "reason": change.reason,
        "by": change.deployed_by, "at": _time(change.deployed_at),
    }  # fmt: skip


def _version(version: Version) -> Mapping[str, Any]:
    details = version.details
    return {
        "version": version.version, "status": str(version.status), "created_at": _time(version.created_at),
        "parent": version.parent, "event": version.event_id, "sha256": version.artifact_sha256,
        "scores": {} if version.baseline is None else clean_scores(version.baseline.scores),
        "training_rows": details.training_data_size, "data_hash": details.training_data_hash,
        "hyperparameters": details.hyperparameters or {},
    }  # fmt: skip


def _request(kept: KeptRequest) -> Mapping[str, Any]:
    request = kept.request
    return {
        "id": request.id, "kind": str(request.kind), "reason": request.reason, "by": request.requested_by,
        "at": _time(request.requested_at), "hyperparameters": dict(request.hyperparameters),
        "consumed_by": None if kept.consumed is None else kept.consumed.run_id,
    }  # fmt: skip
