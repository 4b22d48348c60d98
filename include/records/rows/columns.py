"""Columns that several kinds of rows share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.decision.decision import Decision
from include.decision.evidence import TriggerResult
from include.records.entries import Run
from include.records.json_values import clean_text, to_utc

Row = dict[str, Any]
JSON_COLUMNS = frozenset(
    {
        "config",
        "detail",
        "running_errors",
        "facts",
        "distributions",
        "blocked_by",
        "features",
        "triggers",
        "trigger_metrics",
        "decision",
        "execution_metrics",
        "baseline",
        "performance_metrics",
        "parent_performance",
        "performance_delta",
        "hyperparameters",
        "memory_usage",
        "gpu_usage",
        "details",
        "answer",
        "files",
        "changed",
        "routing",
    }
)


def triggers_from_row(row: Mapping[str, Any]) -> tuple[TriggerResult, ...]:
    """Read the triggers' answers from the row of a decision."""
    return tuple(TriggerResult(**{**trigger, "strength": trigger["strength"] or 0.0}) for trigger in row["triggers"])


def decision_of(stored: Mapping[str, Any]) -> Decision:
    """Read a decision from its columns."""
    triggers = [{**trigger, "strength": trigger["strength"] or 0.0} for trigger in stored["triggers"]]
    return Decision.from_json({**stored, "confidence": stored["confidence"] or 0.0, "triggers": triggers})


def run_columns(run: Run) -> Row:
    """Return the columns that say what a run was to do."""
    return {
        "run_id": run.run_id,
        "as_of": to_utc(run.as_of),
        "request_reason": clean_text(run.reason),
        "requested_by": clean_text(run.requested_by),
        "force": run.force,
        "dry_run": run.dry_run,
        "preset": run.preset,
        "elsewhere": run.elsewhere,
    }


def run_of(row: Mapping[str, Any]) -> Run:
    """Read what a run was to do from its columns."""
    return Run(
        run_id=row["run_id"], as_of=to_utc(row["as_of"]), reason=row["request_reason"],
        requested_by=row["requested_by"], force=row["force"], dry_run=row["dry_run"], preset=row["preset"],
        elsewhere=row["elsewhere"],
    )  # fmt: skip


def time_of(at: datetime | None) -> datetime | None:
    """Return a time in UTC."""
    return None if at is None else to_utc(at)
