"""What is remembered of retrains that the gate turned down: the same evidence asks again only now and then.

A harm that this trainer cannot mend, such as a curve under a linear model, is measured again at every check. Each
retrain for it that comes to nothing doubles the time until it may ask again. What is clearly worse than it was then
asks at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from statistics import NormalDist

from include.signals import Signal, SignalKind
from include.triggers.trigger import Evidence, TriggerResult

_NORMAL = NormalDist()
_LEAST_P, _LEAST_Z = 1e-15, 0.1


def turned_down(evidence: Evidence, kind: SignalKind) -> Sequence[tuple[datetime, TriggerResult]]:
    """When retrains of this champion were turned down that signals of `kind` had asked for; the newest first."""
    return [
        (check.at, result)
        for check in evidence.declined
        for result in check.results
        if result.trigger == kind and result.fired
    ]


def held_after_refusals(evidence: Evidence, top: Signal) -> str:
    """Why a changed signal may not ask again yet; empty when it may.

    After the first refusal it waits for `Evidence.patience`, the window, until all rows are new, then for twice that.
    """
    refusals = turned_down(evidence, top.kind)
    if not refusals:
        return ""
    at, then = refusals[0]
    until = at + evidence.patience * 2 ** (len(refusals) - 1)
    if evidence.now >= until or _clearly_worse(top, then):
        return ""
    times = "once" if len(refusals) == 1 else f"{len(refusals)} times"
    return f"the gate turned down a retrain for this {times}: asked again from {until:%Y-%m-%d %H:%M} UTC on"


def _clearly_worse(now: Signal, then: TriggerResult) -> bool:
    """Whether the value has grown by what matters, and by more than chance."""
    if now.value is None or then.value is None or now.threshold is None:
        return False
    grown = now.value - then.value
    error = math.hypot(_error(now.value, now.p_value), _error(then.value, then.p_value))
    level = max(now.level or 0.0, _LEAST_P)
    return grown >= now.threshold and (not error or grown >= error * _NORMAL.inv_cdf(1.0 - min(level, 0.5)))


def _error(value: float, p_value: float | None) -> float:
    """Standard error that a value with this p-value has; 0 where it is not known."""
    if p_value is None:
        return 0.0
    return abs(value) / max(_NORMAL.inv_cdf(1.0 - min(max(p_value, _LEAST_P), 0.5)), _LEAST_Z)
