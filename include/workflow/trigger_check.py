"""Check triggers: would the model be retrained? By its latest decision, or by metrics that the caller measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from numbers import Real
from typing import Any

from include.decision.decision import Severity
from include.decision.evidence import TriggerResult
from include.decision.severity import severity_of
from include.decision.signals import SignalKind
from include.detectors import ModelPerformanceMonitor
from include.errors import DataError, NotOnRecord, did_you_mean
from include.orchestrator.answers import check_metrics, unjudged_metrics
from include.scoring import METRICS
from include.workflow.deployment import Deployment, now, to_come

MOST_STRENGTH = 1e6


@dataclass(frozen=True, kw_only=True)
class MetricCheck:
    """One metric of the caller's beside its baseline.

    Parameters
    ----------
    current, baseline : float
    drop : float
        How much it worsened, in the unit of `threshold`: a share of the baseline, or for shares of right answers a
        difference; below 0 it has become better.
    threshold : float
        The worsening from which on a retrain is due.
    fired : bool
    severity : Severity
    """

    metric: str
    current: float
    baseline: float
    drop: float
    threshold: float
    fired: bool
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class TriggerCheck:
    """Whether a retrain is due, and why.

    Parameters
    ----------
    should_retrain : bool
    reason : str
        One sentence.
    run_id : str
        The run whose decision this is; empty where the caller's metrics were judged.
    at : datetime
        As of when the run looked; now for the caller's metrics.
    blocked_by : sequence of str
    triggers : sequence of TriggerResult
        Of the decision.
    metrics : sequence of MetricCheck
        Of the caller; the worst by its threshold first.
    unjudged : sequence of str
        Metrics that could not be judged, a few words each.
    """

    model_name: str
    should_retrain: bool
    reason: str
    at: datetime
    run_id: str = ""
    blocked_by: Sequence[str] = ()
    triggers: Sequence[TriggerResult] = ()
    metrics: Sequence[MetricCheck] = ()
    unjudged: Sequence[str] = ()


def check_triggers(
    deployment: Deployment,
    model_name: str,
    current_metrics: Mapping[str, float] | None = None,
    *,
    baseline_metrics: Mapping[str, float] | None = None,
) -> TriggerCheck:
    """Whether a retrain of the model is due; nothing is kept, and nothing is started.

    Parameters
    ----------
    current_metrics : mapping of str to float, optional
        What the caller measured. Without rows there is no test for chance: the threshold alone decides, the policy's
        `performance_threshold` for the model's metric, what `performance` says for others, and for those that are not
        named there what is usual for the metric (accuracy, F1, precision and recall: 0.05). None: the model's latest
        decision answers.
    baseline_metrics : mapping of str to float, optional
        What to compare with; by default what the champion scored when it was accepted.

    Raises
    ------
    ConfigurationError
        For a value that no such metric can have.
    DataError
        For an unknown metric, a value that is no number, and where none of the metrics is known of the champion.
    NotOnRecord
        Where there is no decision yet, or no champion to compare with.
    """
    if current_metrics is None:
        return _as_decided(deployment, model_name)
    _check_names(model_name, {**current_metrics, **(baseline_metrics or {})})
    check_metrics("current_metrics", current_metrics)
    check_metrics("baseline_metrics", baseline_metrics or {})
    spec = deployment.spec(model_name)
    baseline = dict(baseline_metrics or _accepted(deployment, model_name))
    settings = spec.settings()
    thresholds = {**settings.performance, spec.metric: settings.performance_threshold}
    _, judged = ModelPerformanceMonitor(thresholds=thresholds).detect_degradation(current_metrics, baseline)
    if not judged:
        raise DataError(f"model {model_name}: nothing to compare these metrics with; known: {', '.join(baseline)}")
    found = [_check_of(name, entry) for name, entry in judged.items()]
    found.sort(key=lambda each: -each.drop / each.threshold)
    fired = [each for each in found if each.fired]
    said = "; ".join(f"{each.metric} worsened by {each.drop:.4g} (threshold {each.threshold:.4g})" for each in fired)
    known = {name: value for name, value in baseline.items() if name in current_metrics}
    return TriggerCheck(
        model_name=model_name, should_retrain=bool(fired), at=now(), metrics=found,
        reason=said or "no metric worsened by its threshold", unjudged=unjudged_metrics(current_metrics, known),
    )  # fmt: skip


def _check_names(model_name: str, metrics: Mapping[str, Any]) -> None:
    for name, value in metrics.items():
        if name not in METRICS:
            near = did_you_mean(name, list(METRICS))
            raise DataError(f"model {model_name}: unknown metric {name!r}{near}; known: {', '.join(METRICS)}")
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise DataError(f"model {model_name}: {name}: found {value!r}; a finite number is needed")


def _check_of(name: str, entry: Mapping[str, Any]) -> MetricCheck:
    drop, threshold = float(entry["worsening"]), float(entry["threshold"])
    fired, strength = bool(entry["degraded"]), min(drop / threshold, MOST_STRENGTH)
    answer = TriggerResult(trigger=str(SignalKind.PERFORMANCE), fired=fired, reason="", strength=strength)
    return MetricCheck(
        metric=name, current=entry["current"], baseline=entry["baseline"], drop=drop, threshold=threshold, fired=fired,
        severity=severity_of([answer] if fired else []),
    )  # fmt: skip


def _as_decided(deployment: Deployment, model_name: str) -> TriggerCheck:
    history = deployment.store.history(model_name, until=to_come(), most=1)
    if not history:
        raise NotOnRecord(f"model {model_name}: no run has decided about it yet; start one, or send current_metrics")
    analysis, decision = history[-1].analysis, history[-1].decision
    return TriggerCheck(
        model_name=model_name, should_retrain=decision.triggered, reason=decision.reason, at=analysis.run.as_of,
        run_id=analysis.run.run_id, blocked_by=decision.blocked_by, triggers=decision.triggers,
    )  # fmt: skip


def _accepted(deployment: Deployment, model_name: str) -> Mapping[str, float]:
    """What the champion scored when it was accepted."""
    champion = deployment.store.champion(model_name)
    if champion is None:
        raise NotOnRecord(f"model {model_name}: there is no champion to compare with; send baseline_metrics, too")
    scores = deployment.store.event(champion.event_id).scores
    return {**(champion.baseline.scores if champion.baseline else {}), **scores}
