"""How the tests of a policy tree share the chance of a false retrain that a check may have."""

from __future__ import annotations

from include.signals import SignalKind
from include.triggers.combinators import AllOf, AnyOf, AtLeast
from include.triggers.signal_trigger import SignalTrigger
from include.triggers.tree import members, walk
from include.triggers.trigger import Trigger

_ON_LABELS = (SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT)
_UNUSED = 2.0  # what a level is divided by that no trigger of the tree uses: its signals are on record all the same


def shared_levels(when: Trigger, level: float) -> tuple[float, float]:
    """The level of tests on labels and that of tests on inputs with which `when` fires falsely at most with `level`.

    With every test at the level ``a``, the tree fires without change with a probability of at most ``w a``. For a
    single test ``w`` is 1. At least ``n`` of ``m`` parts with ``w_1 <= ... <= w_m`` can fire only if one of any
    ``m - n + 1`` of them does (Bonferroni), and no more often than ``sum(w) / n`` (Markov); so ``any`` adds up and
    ``all`` takes the smallest. Triggers that test nothing (age, schedule, volume, requests, probes) are
    taken to fire always: they retrain as often as they say, and what the tests add to that keeps to the budget.
    Cooldown, warm-up and persistence only hold back; what they save is not given away again.

    Tests that fire only while labels are missing never meet those on labels: each of the two has the whole level.
    """
    with_labels, without = _weight(when, labels=True) or 0.0, _weight(when, labels=False) or 0.0
    if any(_on_inputs(trigger) and not trigger.only_without_labels for trigger in _tests(when)):
        both = level / max(with_labels, without, 1.0)
        return both, both
    return level / (with_labels or _UNUSED), level / (without or _UNUSED)


def _tests(when: Trigger) -> list[SignalTrigger]:
    return [trigger for trigger in walk(when) if isinstance(trigger, SignalTrigger)]


def _on_inputs(trigger: SignalTrigger) -> bool:
    return trigger.kind not in _ON_LABELS


def _weight(trigger: Trigger, *, labels: bool) -> float | None:
    """``w`` of `shared_levels` while labels are there, or are missing; None where nothing is tested, 0 for never."""
    if isinstance(trigger, SignalTrigger):
        able = not (labels and trigger.only_without_labels) if _on_inputs(trigger) else labels
        return 1.0 if able else 0.0
    weights = [_weight(member, labels=labels) for member in members(trigger)]
    tested = sorted(weight for weight in weights if weight is not None)
    if not tested:
        return None
    needed = trigger.needed if isinstance(trigger, AnyOf | AllOf | AtLeast) else 1
    least = max(needed - (len(weights) - len(tested)), 1)
    return min(sum(tested[: len(tested) - least + 1]), sum(tested) / least)
