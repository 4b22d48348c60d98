"""What the records say of the monitor itself, from rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.records.entries import FailedStep, Failing, Figures, Scheduled, Waiting, Watched
from include.records.json_values import to_utc


def watched_from_row(row: Mapping[str, Any]) -> Watched:
    """Read the latest check of a model from its row."""
    labelled_at = row["labelled_at"]
    return Watched(
        model_name=row["model_name"], run_id=row["run_id"], checked_at=to_utc(row["checked_at"]), rows=row["rows"],
        labelled_rows=row["labelled_rows"], labelled_at=None if labelled_at is None else to_utc(labelled_at),
        earlier_share=row["earlier_share"], stale=row["stale"], reach=row["reach"],
    )  # fmt: skip


def waiting_from_row(row: Mapping[str, Any]) -> Waiting:
    """Read how many requests wait from their row."""
    return Waiting(model_name=row["model_name"], requests=row["requests"], since=to_utc(row["since"]))


def scheduled_from_row(row: Mapping[str, Any]) -> Scheduled:
    """Read the last check by schedule from its row."""
    return Scheduled(last=to_utc(row["last"]), waits=row["waits"])


def failing_from_row(row: Mapping[str, Any]) -> Failing:
    """Read a step that fails from its row."""
    return Failing(
        model_name=row["model_name"], step=FailedStep(row["step"]), runs=row["runs"], since=to_utc(row["since"]),
        last=to_utc(row["last"]), permanent=row["permanent"], error=row["error"],
    )  # fmt: skip


def figures_from_row(row: Mapping[str, Any]) -> Figures:
    """Read statistics from their row."""
    return Figures(**row)
