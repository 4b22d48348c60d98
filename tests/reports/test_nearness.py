"""How near a trigger is drawn to its mark, and what is said to hold it back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from include.decision.evidence import TriggerResult
from include.decision.nearness import ALMOST, nearness
from include.decision.policy.read import read_tree
from include.decision.signals import SignalKind, Verdict
from include.interfaces.reports.nearness import held_back
from tests.triggers.signals import evidence, signal


def leaf(**fields: Any) -> TriggerResult:
    return TriggerResult(**{"trigger": "data_drift", "fired": False, "reason": "why", "threshold": 0.02, **fields})


@pytest.mark.parametrize(
    ("fields", "there"),
    [
        ({"value": 0.01, "distance": 0.01}, 0.5),
        ({"value": 0.056, "distance": 0.0175, "p_value": 0.84}, 0.125),
        ({"value": 0.056, "distance": -0.036, "p_value": 0.84}, ALMOST),  # on record from before
        ({"value": 0.056, "distance": 0.0}, ALMOST),  # held back by something else
        ({"value": -0.5, "distance": 0.02}, 0.0),
        ({"value": 0.01}, 0.5),
        ({"value": 0.05, "distance": -0.03, "fired": True}, 2.5),
        ({"fired": True, "strength": 9.0}, 9.0),  # an infinite value
        ({"fired": True, "value": math.inf, "distance": -math.inf, "strength": 9.0}, 9.0),
        ({"threshold": None}, 0.0),
    ],
)
def test_trigger_reaches_its_mark_only_when_it_fires(fields: dict[str, Any], there: float) -> None:
    assert nearness(leaf(**fields)) == pytest.approx(there)


@pytest.mark.parametrize(
    ("strength", "p_value", "words"),
    [(2.8, 0.84, "held back by its p-value of 0.84"), (0.5, 0.84, "held back by its p-value of 0.84"),
     (0.5, 0.02, "held back by its size"), (0.0, 0.5, "held back by its size"), (3.0, 1e-6, "")],
)  # fmt: skip
def test_text_says_whether_size_or_chance_holds_a_trigger_back(strength: float, p_value: float, words: str) -> None:
    seen = signal(SignalKind.DATA_DRIFT, strength, feature="x", p_value=p_value)
    told = replace(seen, verdict=Verdict.STABLE) if p_value > 0.01 else seen
    found = held_back(read_tree("data_drift").decide(evidence(told)))
    assert found.startswith(words)
    assert bool(found) is bool(words)


def test_trigger_that_has_to_stay_below_a_bound_is_nearer_the_lower_it_is() -> None:
    cheap = read_tree({"training_cost": {"below": 50}})
    found = [nearness(cheap.decide(evidence(probes={"training_cost": cost}))) for cost in (200.0, 80.0, 60.0, 40.0)]
    assert found == [0.0, pytest.approx(0.4), pytest.approx(0.8), pytest.approx(1.2)]


def test_what_a_setting_or_nothing_holds_back_is_left_to_the_reason() -> None:
    assert held_back(leaf(value=0.05, distance=0.0, p_value=1e-6)) == ""
    assert held_back(leaf(value=0.01, distance=0.01)) == ""
    assert held_back(leaf(value=0.05, distance=-0.03, p_value=1e-6, fired=True)) == ""
