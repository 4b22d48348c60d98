"""What holds a trigger back; how near it is to firing is in `include.decision.nearness`."""

from __future__ import annotations

from include.decision.evidence import TriggerResult
from include.decision.nearness import nearness
from include.interfaces.reports.numbers import number


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
