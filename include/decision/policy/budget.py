"""How the tests of a policy tree share the chance of a false retrain that a check may have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from include.decision.evidence import Trigger
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.signal_trigger import SignalTrigger
from include.decision.triggers.tree import members, walk

_UNUSED = 2.0  # what a level is divided by that no trigger of the tree uses: its signals are on record all the same


class Levels(NamedTuple):
    """Significance levels: of what a retrain would gain, of other tests on labels, and of tests on inputs."""

    gain: float
    performance: float
    drift: float


class _Known(IntEnum):
    """What a check may find measured: each implies the ones before it."""

    INPUTS = 0
    LABELS = 1
    GAIN = 2


#: What has to be measured for a test of the kind to be made; tests on inputs need neither labels nor a gain.
_NEEDS: Mapping[SignalKind, _Known] = {
    SignalKind.RETRAIN_GAIN: _Known.GAIN,
    SignalKind.PERFORMANCE: _Known.LABELS,
    SignalKind.CONCEPT_DRIFT: _Known.LABELS,
}


def shared_levels(when: Trigger, level: float) -> Levels:
    """The levels with which `when` fires falsely at most with the probability `level`.

    With every test at the level ``a``, the tree fires without change with a probability of at most ``w a``. For a
    single test ``w`` is 1. At least ``n`` of ``m`` parts with ``w_1 <= ... <= w_m`` can fire only if one of any
    ``m - n + 1`` of them does (Bonferroni), and no more often than ``sum(w) / n`` (Markov); so ``any`` adds up and
    ``all`` takes the smallest. Triggers that test nothing (age, schedule, volume, requests, probes) are
    taken to fire always: they retrain as often as they say, and what the tests add to that keeps to the budget.
    Cooldown, warm-up and persistence only hold back; what they save is not given away again.

    Tests that fire only while labels are missing never meet those on labels: whoever does not meet has the whole level.
    So with tests that fire only while the gain of a retrain is not known. They meet it only where harm is grave and a
    gain is seen that may be chance, which is rare where nothing changed (`benchmarks.decisions` counts it).
    """
    weights = {known: _weight(when, known) or 0.0 for known in _Known}
    tests = [trigger for trigger in walk(when) if isinstance(trigger, SignalTrigger)]
    found = []
    for group in (_Known.GAIN, _Known.LABELS, _Known.INPUTS):
        mine = [trigger for trigger in tests if _needs(trigger) is group]
        met = [weights[known] for known in _Known if any(_able(trigger, known) for trigger in mine)]
        found.append(level / (max(met, default=0.0) or _UNUSED))
    return Levels(*found)


def _needs(trigger: SignalTrigger) -> _Known:
    return _NEEDS.get(trigger.kind, _Known.INPUTS)


def _able(trigger: SignalTrigger, known: _Known) -> bool:
    """Whether the trigger can fire when so much is measured."""
    last = _Known.INPUTS if trigger.only_without_labels else _Known.LABELS if trigger.only_without_gain else _Known.GAIN
    return _needs(trigger) <= known <= last


def _weight(trigger: Trigger, known: _Known) -> float | None:
    """``w`` of `shared_levels` when so much is measured; None where nothing is tested, 0 for never."""
    if isinstance(trigger, SignalTrigger):
        return 1.0 if _able(trigger, known) else 0.0
    weights = [_weight(member, known) for member in members(trigger)]
    tested = sorted(weight for weight in weights if weight is not None)
    if not tested:
        return None
    needed = trigger.needed if isinstance(trigger, AnyOf | AllOf | AtLeast) else 1
    least = max(needed - (len(weights) - len(tested)), 1)
    return min(sum(tested[: len(tested) - least + 1]), sum(tested) / least)
