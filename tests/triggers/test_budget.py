from __future__ import annotations

import itertools
from datetime import timedelta

import numpy as np
import pytest

from include.decision.policy.budget import Levels, shared_levels
from include.decision.policy.presets import MEASURED, PRESETS
from include.decision.policy.read import read_tree
from include.decision.signals import Signal, SignalKind
from include.decision.triggers.signal_trigger import SignalTrigger
from include.decision.triggers.tree import walk
from tests.triggers.signals import evidence, missing, signal

LEVEL = 0.01
TREES = {
    "any": ({"any": ["performance", "concept_drift"]}, 2.0),
    "one": ("performance", 1.0),
    "drift beside performance": ({"any": ["data_drift", "performance"]}, 2.0),
    "seed": ({"all": [{"any": ["data_drift", "performance"]}, {"model_age": "7d"}]}, 2.0),
    "all": ({"all": ["data_drift", "performance"]}, 1.0),
    "three": ({"any": ["data_drift", "performance", "outliers"]}, 3.0),
    "two of three": ({"at_least": {"count": 2, "of": ["data_drift", "performance", "outliers"]}}, 1.5),
    "two of three, one of them time": (
        {"at_least": {"count": 2, "of": ["data_drift", "performance", "model_age"]}}, 2.0,
    ),
    "smallest of all": ({"all": [{"any": ["data_drift", "performance"]}, "outliers"]}, 1.0),
    "held": ({"persistence": {"count": 2, "checks": 3, "of": {"any": ["data_drift", "performance"]}}}, 2.0),
}  # fmt: skip


@pytest.mark.parametrize(("written", "shares"), TREES.values(), ids=TREES.keys())
def test_tests_of_a_tree_share_the_level(written: object, shares: float) -> None:
    assert shared_levels(read_tree(written), LEVEL).performance == pytest.approx(LEVEL / shares)


def test_presets_share_among_those_that_can_fire_at_a_time() -> None:
    assert shared_levels(MEASURED, LEVEL) == Levels(gain=LEVEL, performance=LEVEL / 2, drift=LEVEL / 2)


def test_drift_alone_has_the_whole_level_while_labels_are_missing() -> None:
    tree = read_tree({"any": ["performance", {"data_drift": {"without_labels": True}}]})
    assert shared_levels(tree, LEVEL)[1:] == (LEVEL, LEVEL)


def test_harm_that_fires_beside_the_gain_shares_with_it() -> None:
    beside = {"any": ["retrain_gain", "performance", {"concept_drift": {"without_gain": True}}]}
    assert shared_levels(read_tree(beside), LEVEL)[:2] == (LEVEL / 2, LEVEL / 2)
    apart = {"any": ["retrain_gain", {"performance": {"without_gain": True}}]}
    assert shared_levels(read_tree(apart), LEVEL)[:2] == (LEVEL, LEVEL)


def test_settings_keep_the_budget_of_their_own_tree() -> None:
    three = PRESETS["balanced"].replace(when=read_tree({"any": ["data_drift", "performance", "outliers"]}))
    schedule = {"check_every": timedelta(hours=6), "window": timedelta(days=28)}
    assert three.within_budget(**schedule).drift_level == pytest.approx(PRESETS["balanced"].drift_level * 2 / 3)


@pytest.mark.parametrize("written", [written for written, _ in TREES.values()], ids=TREES.keys())
def test_no_dependence_between_tests_makes_a_tree_fire_falsely_more_often_than_its_level(written: object) -> None:
    """The worst case over all ways in which tests at the shared level can fire together: a linear programme."""
    from scipy.optimize import linprog

    tree = read_tree(written)
    at_most = 0.3  # a level that shows more than rounding
    each = shared_levels(tree, at_most).performance
    kinds = [t.kind for t in walk(tree) if isinstance(t, SignalTrigger)]
    outcomes = list(itertools.product([False, True], repeat=len(kinds)))
    old = {"champion_since": evidence().now - timedelta(days=99)}
    fires = [tree_fires(tree, dict(zip(kinds, outcome, strict=True)), old) for outcome in outcomes]
    sums = np.array([[1.0] * len(outcomes), *([float(o[i]) for o in outcomes] for i in range(len(kinds)))])
    worst = linprog([-float(f) for f in fires], A_eq=sums, b_eq=[1.0, *[each] * len(kinds)], bounds=(0, 1))
    assert -worst.fun <= at_most + 1e-9


def tree_fires(tree: object, changed: dict[SignalKind, bool], state: dict[str, object]) -> bool:
    signals: list[Signal] = [signal(kind, 2.0 if fired else 0.1) for kind, fired in changed.items()]
    if SignalKind.PERFORMANCE not in changed:
        signals.append(missing(SignalKind.PERFORMANCE))
    inner = tree.trigger if hasattr(tree, "trigger") else tree  # what a persistence holds back
    fired: bool = inner.decide(evidence(*signals, **state)).fired  # type: ignore[attr-defined]  # a trigger
    return fired
