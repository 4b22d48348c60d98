"""Analyses and decisions as rows and back. Both stores keep these rows, so that both lose and keep the same things."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from include.decision.decision import Decision
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import DataError
from include.records.entries import Analysis, Facts, Measurement
from include.records.json_values import (
    clean_json,
    clean_scores,
    cleaner,
    distinct_names,
    name_cleaner,
    read_scores,
    to_utc,
)
from include.records.rows.columns import Row, decision_of, run_columns, run_of, time_of

if TYPE_CHECKING:
    from include.detectors.statistics.running_errors import RunningErrors


def analysis_row(analysis: Analysis, at: datetime) -> Row:
    """Return a row of ``retraining_runs`` and one of ``retraining_analyses``, which share their key and no more."""
    return {
        "model_name": analysis.model_name,
        **run_columns(analysis.run),
        "window_start": None if analysis.window_start is None else to_utc(analysis.window_start),
        "window_end": to_utc(analysis.window_end),
        "rows": analysis.rows,
        "labelled_rows": analysis.labelled_rows,
        "champion_version": analysis.champion_version,
        "data_hash": analysis.facts.data_hash or None,
        "running_errors": None if analysis.running is None else analysis.running.to_json(),
        "facts": analysis.facts.to_json(),
        "distributions": clean_json([each.to_json() for each in analysis.distributions]),
        "analyzed_at": to_utc(at),
    }


def analysis_from_rows(row: Mapping[str, Any], signals: Iterable[Row], measurements: Iterable[Row]) -> Analysis:
    """Read an analysis from its row, and the rows of its signals and measurements."""
    from include.data.reference.distributions import Distribution

    return Analysis(
        model_name=row["model_name"],
        run=run_of(row),
        window_start=time_of(row["window_start"]),
        window_end=to_utc(row["window_end"]),
        rows=row["rows"],
        labelled_rows=row["labelled_rows"],
        champion_version=row["champion_version"],
        signals=tuple(signal_from_row(signal) for signal in signals),
        measurements=tuple(_measurement(measurement) for measurement in measurements),
        running=running_errors(row),
        facts=Facts.from_json(row["facts"]),
        distributions=tuple(Distribution.from_json(each) for each in row["distributions"]),
        removed_at=time_of(row.get("removed_at")),
        analyzed_at=time_of(row.get("analyzed_at")),
    )


def running_errors(row: Mapping[str, Any]) -> RunningErrors | None:
    """Read the state of the running errors from the row of an analysis."""
    stored = row["running_errors"]
    if stored is None:
        return None
    from include.detectors.statistics.running_errors import RunningErrors

    return RunningErrors.from_json(stored)


def signal_rows(analysis: Analysis, at: datetime) -> list[Row]:
    """Return rows of ``model_drift_monitoring``; a `DataError` if two signals of the analysis have the same key."""
    clean = cleaner()
    features = distinct_names([signal.feature for signal in analysis.signals], name_cleaner(clean))
    statistics = distinct_names([signal.statistic for signal in analysis.signals], clean)
    rows = [
        {
            "model_name": analysis.model_name,
            "run_id": analysis.run.run_id,
            "as_of": to_utc(analysis.run.as_of),
            "kind": str(signal.kind),
            "feature": features[signal.feature],
            "statistic": statistics[signal.statistic],
            "verdict": str(signal.verdict),
            **{name: _number(getattr(signal, name)) for name in ("value", "threshold", "p_value", "level")},
            "blocks": bool(signal.blocks),
            "reason": clean(signal.reason),
            "detail": clean_scores(signal.detail, clean),
            "measured_at": to_utc(at),
        }
        for signal in analysis.signals
    ]
    _refuse_duplicates(rows, "signal", ("kind", "feature", "statistic"))
    return rows


def measurement_rows(analysis: Analysis, at: datetime) -> list[Row]:
    """Return rows of ``model_performance_tracking``; a `DataError` if a metric of a version comes twice."""
    metrics = distinct_names([measurement.metric for measurement in analysis.measurements], cleaner())
    rows = [
        {
            "model_name": analysis.model_name,
            "run_id": analysis.run.run_id,
            "as_of": to_utc(analysis.run.as_of),
            "version": measurement.version,
            "metric": metrics[measurement.metric],
            "value": None if math.isnan(measurement.value) else float(measurement.value),
            "rows": measurement.rows,
            "low": _number(measurement.low),
            "high": _number(measurement.high),
            "measured_at": to_utc(at),
        }
        for measurement in analysis.measurements
    ]
    _refuse_duplicates(rows, "measurement", ("version", "metric"))
    return rows


def decision_row(analysis: Analysis, decision: Decision, at: datetime) -> Row:
    """Return a row of ``retraining_decisions``."""
    return {
        "model_name": analysis.model_name,
        "run_id": analysis.run.run_id,
        **clean_json(decision.to_json()),
        "confidence": float(decision.confidence),
        "decided_at": to_utc(at),
    }


def decision_from_row(row: Mapping[str, Any]) -> Decision:
    """Read a decision from its row."""
    return decision_of({name: row[name] for name in Decision.__dataclass_fields__})


def signal_from_row(row: Mapping[str, Any]) -> Signal:
    """Read a signal from its row."""
    return Signal(
        kind=SignalKind(row["kind"]),
        statistic=row["statistic"],
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        feature=row["feature"],
        value=row["value"],
        threshold=row["threshold"],
        p_value=row["p_value"],
        level=row["level"],
        blocks=row["blocks"],
        detail=read_scores(row["detail"]),
    )


def _measurement(row: Mapping[str, Any]) -> Measurement:
    value = math.nan if row["value"] is None else row["value"]
    return Measurement(
        version=row["version"], metric=row["metric"], value=value, rows=row["rows"], low=row["low"], high=row["high"]
    )


def _number(value: float | None) -> float | None:
    """Keep a number for a column, which unlike JSON may hold infinity: "infinitely worse" must still count as worse."""
    return None if value is None or math.isnan(value) else float(value)


def _refuse_duplicates(rows: Iterable[Row], what: str, key: tuple[str, ...]) -> None:
    seen = set()
    for row in rows:
        values = tuple(row[name] for name in key)
        if values in seen:
            raise DataError(f"{row['model_name']}: two {what}s for {', '.join(map(str, values))}; keep one")
        seen.add(values)
