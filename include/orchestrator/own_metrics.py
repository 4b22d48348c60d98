"""Metrics that a caller has measured, as the evidence that triggers look at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from numbers import Real

from include.decision.evidence import Evidence
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError

Moment = datetime | str


def evidence_of(
    *, now: datetime, drift_metrics: Mapping[str, float], current_metrics: Mapping[str, float],
    baseline_metrics: Mapping[str, float], last_trained_at: Moment | None, new_samples: int | None,
    trained_samples: int | None,
) -> Evidence:  # fmt: skip
    """The evidence of a caller's own metrics: a signal for each of them, and what is known of time and volume.

    A metric that is no finite number is no measurement: it becomes a signal without a value, with the reason.
    """
    signals = [_signal(SignalKind.DATA_DRIFT, name, value, {}) for name, value in drift_metrics.items()]
    for name in sorted({*current_metrics, *baseline_metrics}):
        sides = {"current": current_metrics.get(name), "baseline": baseline_metrics.get(name)}
        known = {side: number for side, value in sides.items() if (number := _finite(value)) is not None}
        signals.append(_signal(SignalKind.PERFORMANCE, name, None, known))
    return Evidence(
        now=now, signals=tuple(signals), champion_since=None if last_trained_at is None else moment(last_trained_at),
        trained_rows=trained_samples, new_rows=new_samples,
    )  # fmt: skip


def moment(given: Moment, name: str = "last_trained_at") -> datetime:
    """A time, also as ISO text; UTC where it has no zone. A `ConfigurationError` for what is none."""
    try:
        read = given if isinstance(given, datetime) else datetime.fromisoformat(given)
    except (TypeError, ValueError) as error:
        wanted = "a time is needed, for example 2026-01-31T02:00:00Z"
        raise ConfigurationError(name, f"found {given!r}; {wanted}") from error
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return float(value)


def _signal(kind: SignalKind, name: str, value: object, detail: Mapping[str, float]) -> Signal:
    known = _finite(value)
    reason = "" if known is not None or value is None else f"{name} is {value!r}, no finite number"
    return Signal(
        kind=kind, statistic=name, verdict=Verdict.INCONCLUSIVE, reason=reason, value=known, detail=detail
    )  # fmt: skip
