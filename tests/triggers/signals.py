"""Signals and evidence, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime

from include.decision.evidence import Evidence
from include.decision.request import Request, RequestKind
from include.decision.signals import Signal, SignalKind, Verdict

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
THRESHOLDS = {
    SignalKind.RETRAIN_GAIN: ("rmse", 0.05),
    SignalKind.PERFORMANCE: ("rmse", 0.05),
    SignalKind.CONCEPT_DRIFT: ("error_increase", 0.15),
    SignalKind.DATA_DRIFT: ("ks", 0.02),
    SignalKind.OUTLIERS: ("outlier_share", 0.05),
    SignalKind.DATA_QUALITY: ("missing", 0.05),
}


def signal(kind: SignalKind, strength: float, *, feature: str = "", p_value: float | None = None) -> Signal:
    """A signal whose value is `strength` times its threshold; changed from 1 on."""
    statistic, threshold = THRESHOLDS[kind]
    chance = (1e-6 if strength >= 1.0 else 0.4) if p_value is None else p_value
    return Signal(
        kind=kind, statistic=statistic, feature=feature, value=strength * threshold, threshold=threshold,
        p_value=chance, level=0.01, verdict=Verdict.CHANGED if strength >= 1.0 else Verdict.STABLE,
        reason=f"{kind} {feature} {strength:g}",
    )  # fmt: skip


def missing(kind: SignalKind) -> Signal:
    """A signal of that kind without data."""
    statistic = THRESHOLDS[kind][0]
    return Signal(kind=kind, statistic=statistic, verdict=Verdict.NO_DATA, reason=f"{kind} not known")


def enough(rows: int = 500) -> Signal:
    """The signal that there are enough rows."""
    return Signal(
        kind=SignalKind.SUFFICIENCY, statistic="rows", verdict=Verdict.STABLE, value=float(rows), reason=f"{rows} rows"
    )


def few() -> Signal:
    """The signal that there are too few rows."""
    return Signal(
        kind=SignalKind.SUFFICIENCY, statistic="rows", verdict=Verdict.INCONCLUSIVE, value=3.0,
        reason="3 recent rows, 100 needed",
    )  # fmt: skip


def broken(feature: str = "price") -> Signal:
    """A fault in the data that forbids to train on them."""
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic="column_gone", feature=feature, verdict=Verdict.CHANGED, blocks=True,
        value=1.0, reason=f"{feature}: the column is gone",
    )  # fmt: skip


def evidence(*signals: Signal, **state: object) -> Evidence:
    """Evidence of a model with a champion."""
    return Evidence(**{"now": NOW, "signals": signals, **state})  # type: ignore[arg-type]  # as Evidence says


def request(kind: RequestKind, *, number: int = 1) -> Request:
    """A request that waits."""
    return Request(
        id=number, model_name="m", kind=kind, key=f"k{number}", reason="because", requested_by="me", requested_at=NOW
    )
