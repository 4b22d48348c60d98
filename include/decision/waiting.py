"""What a version in shadow means for a decision: it keeps others waiting, and its last check fires."""

from __future__ import annotations

from include.decision.evidence import Evidence, TriggerResult
from include.decision.looks import ShadowCheck
from include.decision.signals import SignalKind


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
