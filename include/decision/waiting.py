"""What keeps a retrain waiting whatever the policy says: a version in shadow, or that what was seen is of the past."""

from __future__ import annotations

from datetime import datetime, timedelta

from include.decision.evidence import Evidence, TriggerResult
from include.decision.looks import ShadowCheck
from include.decision.signals import SignalKind

HELD_UP = timedelta(hours=6)  # a run that begins or is repeated so late is still one of now


def shadow_of(evidence: Evidence) -> TriggerResult | None:
    """The answer of the shadow: fired when its last check has come; None while no version is in shadow."""
    signal = next(iter(evidence.of_kind(SignalKind.SHADOW)), None)
    if signal is None:
        return None
    at, name = ShadowCheck.of(signal), str(SignalKind.SHADOW)
    return TriggerResult(
        trigger=name, label=name, fired=at.over, reason=signal.reason, strength=at.check / at.checks,
        value=float(at.check), threshold=float(at.checks), distance=float(at.checks - at.check),
    )  # fmt: skip


def in_shadow(evidence: Evidence) -> tuple[str, ...]:
    """Why no other version is trained now; empty if nothing is in shadow, or its end has come."""
    found = (ShadowCheck.of(signal) for signal in evidence.of_kind(SignalKind.SHADOW))
    return tuple(check.progress for check in found if not check.over)


def is_past(as_of: datetime, checked_until: datetime | None) -> bool:
    """Whether a run is of a past date: the same model has been checked on much later rows."""
    return checked_until is not None and checked_until - as_of > HELD_UP


def of_the_past(evidence: Evidence) -> tuple[str, ...]:
    """Why a run of a past date, such as a backfill, changes nothing; empty for any other, and for a forced one.

    The model has been checked on later rows since: what was so then is no reason to replace what is in force now.
    """
    until = evidence.checked_until
    if until is None or not is_past(evidence.now, until) or evidence.requested or not evidence.has_champion:
        return ()
    return (f"this run is of a past date: the model has been checked up to {until:%Y-%m-%d %H:%M} UTC",)
