"""What is remembered of retrains that the gate turned down: the same evidence asks again only now and then.

A harm that this trainer cannot mend, such as a curve under a linear model, is measured again at every check. Each
retrain for it that comes to nothing doubles the time until it may ask again. When any harm is clearly worse than it
was then, the evidence is another, and asks at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

from include.decision.evidence import Evidence, PastCheck, TriggerResult
from include.decision.signals import HARM, Signal, SignalKind

_NORMAL = NormalDist()
_CERTAIN = _NORMAL.inv_cdf(0.999)
_LEAST_P, _LEAST_Z = 1e-15, 0.1


def turned_down(evidence: Evidence, kind: SignalKind) -> Sequence[PastCheck]:
    """Checks whose retrain of this champion was turned down, and that signals of `kind` called for; newest first."""
    return [
        check for check in evidence.declined if any(result.fired and result.trigger == kind for result in check.results)
    ]


def held_after_refusals(evidence: Evidence, kind: SignalKind) -> str:
    """Why changed signals of a kind may not ask again yet; empty when they may.

    After the first refusal they wait for `Evidence.patience`, the window, until all rows are new, then for twice that.
    A refusal of clearly worse evidence than the one before counts as the first.
    """
    refusals = turned_down(evidence, kind)
    kinds = sorted({kind, *HARM})
    if not refusals or any(_worse(_seen(evidence, each), _remembered(refusals[0], each)) for each in kinds):
        return ""
    alike = 1
    for later, earlier in itertools.pairwise(refusals):
        if any(_worse(_remembered(later, each), _remembered(earlier, each)) for each in kinds):
            break
        alike += 1
    until = refusals[0].at + evidence.patience * 2 ** (alike - 1)
    if evidence.now >= until:
        return ""
    times = "once" if alike == 1 else f"{alike} times"
    return f"the gate turned down a retrain for this {times}: tried again from {until:%Y-%m-%d %H:%M} UTC on"


def _seen(evidence: Evidence, kind: SignalKind) -> Signal | None:
    """The strongest signal of a kind now."""
    known = [signal for signal in evidence.of_kind(kind) if signal.value is not None]
    return max(known, key=lambda signal: signal.value or 0.0, default=None)


def _remembered(check: PastCheck, kind: SignalKind) -> TriggerResult | None:
    """What its trigger had seen at that check."""
    return next((result for result in check.results if result.trigger == kind and result.value is not None), None)


def _worse(later: Signal | TriggerResult | None, earlier: TriggerResult | None) -> bool:
    """Whether a value has grown by what matters, and by more than chance."""
    if later is None or later.value is None or later.threshold is None or earlier is None or earlier.value is None:
        return False
    grown = later.value - earlier.value
    error = math.hypot(_error(later.value, later.p_value), _error(earlier.value, earlier.p_value))
    return grown >= later.threshold and grown >= error * _CERTAIN


def _error(value: float, p_value: float | None) -> float:
    """Standard error that a value with this p-value has; 0 where it is not known."""
    if p_value is None:
        return 0.0
    return abs(value) / max(_NORMAL.inv_cdf(1.0 - min(max(p_value, _LEAST_P), 0.5)), _LEAST_Z)
