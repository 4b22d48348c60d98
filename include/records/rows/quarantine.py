"""Quarantined spans as rows and back, for both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.data.rows.spans import Span
from include.detectors.broken_rows import Fault
from include.errors import NotOnRecord
from include.records.entries import Analysis, Lifting, Quarantine
from include.records.json_values import clean_text, to_utc
from include.records.rows.columns import Row


def quarantine_rows(analysis: Analysis, at: datetime) -> list[Row]:
    """Rows of ``quarantined_spans`` with the run's date, of what an analysis found broken; none for a dry run."""
    return [
        {
            "model_name": analysis.model_name,
            "feature": clean_text(fault.feature),
            "statistic": clean_text(fault.statistic),
            "reason": clean_text(fault.reason),
            "span_start": None if fault.span is None else to_utc(fault.span.start),
            "span_end": None if fault.span is None else to_utc(fault.span.end),
            "run_id": analysis.run.run_id,
            "last_run_id": analysis.run.run_id,
            "champion_version": analysis.champion_version,
            "quarantined_at": to_utc(at),
            "as_of": to_utc(analysis.run.as_of),
        }
        for fault in analysis.facts.faults
        if not analysis.run.dry_run
    ]


def quarantine_from_row(row: Mapping[str, Any]) -> Quarantine:
    """Read a quarantine from its row."""
    span = None if row["span_start"] is None else Span(to_utc(row["span_start"]), to_utc(row["span_end"]))
    lifted = None
    if row["lifted_at"] is not None:
        lifted = Lifting(
            lifted_by=row["lifted_by"], reason=row["lift_reason"], at=to_utc(row["lifted_at"]), accepts=row["accepts"]
        )
    return Quarantine(
        id=row["id"],
        model_name=row["model_name"],
        fault=Fault(feature=row["feature"], statistic=row["statistic"], reason=row["reason"], span=span),
        run_id=row["run_id"],
        last_run_id=row["last_run_id"],
        champion_version=row["champion_version"],
        at=to_utc(row["quarantined_at"]),
        lifted=lifted,
    )


def lifting_row(quarantine_id: int, lifted_by: str, reason: str, *, at: datetime, accepts: bool) -> Row:
    """Return the columns that lift a quarantine, and its id."""
    return {
        "id": quarantine_id,
        "lifted_by": clean_text(lifted_by),
        "lift_reason": clean_text(reason),
        "lifted_at": to_utc(at),
        "accepts": accepts,
    }


def not_to_be_lifted(quarantine_id: int) -> NotOnRecord:
    """The error for a quarantine that there is not, or not any more."""
    return NotOnRecord(f"there is no quarantine {quarantine_id} that is not lifted already")
