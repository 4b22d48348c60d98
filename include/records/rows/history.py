"""A check from its rows, for both stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from include.decision.signals import Verdict
from include.records.entries import Check, Event
from include.records.rows.analyses import analysis_from_rows, decision_from_row
from include.records.rows.columns import Row


def check_from_rows(
    analysis: Mapping[str, Any],
    signals: Iterable[Row],
    measurements: Iterable[Row],
    decision: Mapping[str, Any],
    event: Event | None,
) -> Check:
    """Read a check, without what only a report of the run itself needs."""
    changed = [row for row in signals if row["verdict"] == Verdict.CHANGED]
    lean = {**analysis, "running_errors": None, "distributions": []}
    return Check(
        analysis=analysis_from_rows(lean, changed, measurements), decision=decision_from_row(decision), event=event
    )
