"""Lift: let quarantined rows be trained on again."""

from __future__ import annotations

from include.records.entries import Quarantine
from include.records.store import Quarantines
from include.workflow.deployment import now


def lift_quarantine(
    records: Quarantines, quarantine: int, *, by: str, reason: str, accepts: bool = False
) -> Quarantine:
    """Lift a quarantine by its number on record; who did, and why, is kept.

    With `accepts` later rows may look like this, too, as long as the champion stays. A `DataError` for a number
    unknown, or lifted before.
    """
    return records.lift_quarantine(quarantine, by, reason, at=now(), accepts=accepts)
