"""How near a trigger, or a whole policy, is to firing: the share of what it takes that is there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from include.decision.evidence import TriggerResult

ALMOST = 0.99  # a trigger that did not fire is never told at its mark


@dataclass(frozen=True)
class Nearest:
    """The trigger on which it hangs whether a policy fires, and the share of its threshold that is there.

    Parameters
    ----------
    trigger : str
        Its name; empty where no trigger can be near, as requests and schedules have no threshold.
    share : float or None
        1 or more where it fires, or would were nothing holding it back; else from 0 to `ALMOST`.
    """

    trigger: str = ""
    share: float | None = None


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


def nearest(answer: TriggerResult) -> Nearest:
    """The trigger that decides how near a policy is: of alternatives the nearest, of what has to concur the farthest.

    >>> near = TriggerResult(trigger="performance", fired=False, reason="", value=9.0, threshold=10.0)
    >>> far = TriggerResult(trigger="outliers", fired=False, reason="", value=1.0, threshold=10.0)
    >>> nearest(TriggerResult(trigger="all", fired=False, reason="", threshold=2.0, parts=(near, far)))
    Nearest(trigger='outliers', share=0.1)
    """
    if not answer.parts:
        return _of_leaf(answer)
    parts = sorted(map(nearest, answer.parts), key=lambda part: -1.0 if part.share is None else part.share)
    if len(parts) == 1:  # something that holds one trigger back, or counts how often it fired
        return parts[0] if answer.value is None or answer.fired else _capped(parts[0], nearness(answer))
    needed = int(answer.threshold or 1)
    return parts[-needed]


def _of_leaf(leaf: TriggerResult) -> Nearest:
    if leaf.threshold:
        return Nearest(leaf.trigger, nearness(leaf))
    return Nearest(leaf.trigger, 1.0) if leaf.fired else Nearest()


def _capped(part: Nearest, most: float) -> Nearest:
    return part if part.share is None else Nearest(part.trigger, min(part.share, most))
