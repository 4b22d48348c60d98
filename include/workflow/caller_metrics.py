"""Check triggers: whether metrics that the caller has measured call for a retrain of the champion. Keeps nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

from include.decision.evidence import TriggerResult
from include.decision.severity import severity_of
from include.decision.signals import SignalKind
from include.detectors import ModelPerformanceMonitor
from include.errors import DataError, did_you_mean
from include.scoring import METRICS
from include.workflow.deployment import Deployment


def check_triggers(
    deployment: Deployment, model_name: str, current_metrics: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The metrics that have worsened by what matters, the worst by its threshold first; empty for none.

    Compared with what the champion had at acceptance. What matters is the policy's `performance_threshold` for the
    model's metric, what `performance` says for others, and for those that are not named there what is usual for the
    metric (accuracy, F1, precision and recall: 0.05).

    Returns
    -------
    list of dict
        For each: trigger, metric, current, baseline, drop (counted as the metric does), threshold, severity, reason.

    Raises
    ------
    DataError
        Without a champion, for an unknown metric, for a value that is no finite number, and where none of the metrics
        is known of the champion.
    """
    spec, champion = deployment.spec(model_name), deployment.store.champion(model_name)
    if champion is None or champion.baseline is None:
        raise DataError(f"model {model_name}: there is no champion to compare with")
    for name, value in current_metrics.items():
        if name not in METRICS:
            near = did_you_mean(name, list(METRICS))
            raise DataError(f"model {model_name}: unknown metric {name!r}{near}; known: {', '.join(METRICS)}")
        if isinstance(value, bool) or not math.isfinite(_number(value)):
            raise DataError(f"model {model_name}: {name}: found {value!r}; a finite number is needed")
    settings = spec.settings()
    thresholds = {**settings.performance, spec.metric: settings.performance_threshold}
    _, found = ModelPerformanceMonitor(thresholds=thresholds).detect_degradation(
        current_metrics, champion.baseline.scores
    )
    if not found:
        known = ", ".join(champion.baseline.scores)
        raise DataError(f"model {model_name}: none of these metrics is known of {champion.label}; known: {known}")
    fired = [_told(name, entry) for name, entry in found.items() if entry["degraded"]]
    return sorted(fired, key=lambda each: -float(each["drop"]) / float(each["threshold"]))


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else math.nan


def _told(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    drop, threshold = float(entry["worsening"]), float(entry["threshold"])
    kind, strength = str(SignalKind.PERFORMANCE), min(drop / threshold, 1e6)
    reason = f"{name} {entry['current']:.4g}, {entry['baseline']:.4g} at acceptance"
    answer = TriggerResult(trigger=kind, fired=True, reason=reason, strength=strength)
    return {
        "trigger": kind, "metric": name, "current": entry["current"], "baseline": entry["baseline"], "drop": drop,
        "threshold": threshold, "severity": str(severity_of([answer])), "reason": reason,
    }  # fmt: skip
