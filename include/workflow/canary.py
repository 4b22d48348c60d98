"""Canary: write down which share of the traffic a version has beside the champion. It routes nothing."""

from __future__ import annotations

from include.records.entries import CanaryShare
from include.records.store import Canaries
from include.workflow.deployment import now
from include.workflow.run_parameters import given_name, given_reason


def set_canary(records: Canaries, model_name: str, version: int, share: float, *, by: str, reason: str) -> CanaryShare:
    """Keep on record that a version has `share` per cent of the traffic; 0 ends it.

    A `DataError` for a share outside 0 to 100, without a champion, or for a version that cannot have one; a
    `ConfigurationError` without a reason, or without somebody who decides.
    """
    act = f"a canary of {model_name}"
    return records.set_canary(
        model_name, version, share, set_by=given_name(act, by), reason=given_reason(act, reason), at=now()
    )
