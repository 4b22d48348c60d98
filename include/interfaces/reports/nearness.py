"""How near a trigger is to firing, and what holds it back."""

from __future__ import annotations

import math

from include.decision.evidence import TriggerResult
from include.interfaces.reports.numbers import number

ALMOST = 0.99  # a trigger that did not fire is never drawn at its mark


def nearness(leaf: TriggerResult) -> float:
    """How much of what it takes is there: 1 or more where it fired, else less than 1; it has to have a threshold.

    >>> nearness(TriggerResult(trigger="performance", fired=False, reason="", value=4.0, threshold=5.0, distance=3.0))
    0.4
    """
    if not leaf.threshold:
        return 0.0
    if leaf.distance is not None and math.isfinite(leaf.distance):
        there = 1.0 - leaf.distance / abs(leaf.threshold)
    elif leaf.value is not None and math.isfinite(leaf.value):
        there = leaf.value / leaf.threshold
    else:
        there = leaf.strength  # of an infinite value, which no record holds
    return max(there, 1.0) if leaf.fired else min(max(there, 0.0), ALMOST)


def held_back(leaf: TriggerResult) -> str:
    """Whether size or chance is what a trigger with a p-value wants most; empty where neither does.

    With a distance of 0 it is something else, which the trigger's reason names.
    """
    known = leaf.value is not None and leaf.threshold and leaf.p_value is not None
    if leaf.fired or not known or leaf.distance is None or leaf.distance <= 0.0:
        return ""
    assert leaf.value is not None  # known
    assert leaf.threshold is not None  # known
    if nearness(leaf) < max(leaf.value / leaf.threshold, 0.0) - 1e-9:
        return f"held back by its p-value of {number(leaf.p_value)}, all tests counted"
    return "held back by its size"
