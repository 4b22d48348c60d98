"""Lift: let quarantined rows be trained on again."""

from __future__ import annotations

from include.records.entries import Quarantine
from include.records.store import Quarantines
from include.workflow.deployment import now
from include.workflow.run_parameters import given_name, given_reason


def lift_quarantine(
    records: Quarantines, quarantine: int, *, by: str, reason: str, accepts: bool = False
) -> Quarantine:
    """Lift a quarantine by its number on record; who did, and why, is kept.

    With `accepts` later rows may look like this, too, as long as the champion stays.

    Raises
    ------
    ConfigurationError
        Without a reason, or without somebody who asks.
    DataError
        For a number unknown, or lifted before.
    """
    act = f"the lifting of quarantine {quarantine}"
    return records.lift_quarantine(
        quarantine, given_name(act, by), given_reason(act, reason), at=now(), accepts=accepts
    )
