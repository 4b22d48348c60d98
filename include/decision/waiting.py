"""What a version in shadow means for a decision: it keeps others waiting, and its last check fires."""

from __future__ import annotations

from include.decision.evidence import Evidence, TriggerResult
from include.decision.signals import Signal, SignalKind


def shadow_of(evidence: Evidence) -> TriggerResult | None:
    """The answer of the shadow: fired when its last check has come; None while no version is in shadow."""
    signal = next(iter(evidence.of_kind(SignalKind.SHADOW)), None)
    if signal is None:
        return None
    check, checks = signal.detail["check"], signal.detail["checks"]
    name = str(SignalKind.SHADOW)
    return TriggerResult(
        trigger=name, label=name, fired=bool(signal.detail["over"]), reason=signal.reason, strength=check / checks,
        value=check, threshold=checks, distance=checks - check,
    )  # fmt: skip


def in_shadow(evidence: Evidence) -> tuple[str, ...]:
    """Why no other version is trained now; empty if nothing is in shadow, or its end has come."""
    waiting = (signal for signal in evidence.of_kind(SignalKind.SHADOW) if not signal.detail["over"])
    return tuple(progress(signal) for signal in waiting)


def progress(signal: Signal) -> str:
    """For example ``version 3 is in shadow, check 1 of 2``."""
    version, check, checks = (int(signal.detail[name]) for name in ("version", "check", "checks"))
    return f"version {version} is in shadow, check {check} of {checks}"
