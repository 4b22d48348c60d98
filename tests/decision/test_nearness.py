"""How near a whole policy is: which trigger it hangs on."""

from __future__ import annotations

from typing import Any

import pytest

from include.decision.decide import decide
from include.decision.decision import Decision
from include.decision.evidence import Evidence
from include.decision.nearness import ALMOST, nearest
from include.decision.policy.read import read_tree
from include.decision.signals import SignalKind
from tests.triggers.signals import evidence, signal

NEAR = signal(SignalKind.CONCEPT_DRIFT, 0.8, p_value=1e-9)
FAR = signal(SignalKind.OUTLIERS, 0.2, p_value=1e-9)
FIRED = signal(SignalKind.PERFORMANCE, 3.0, p_value=1e-9)


def share(tree: Any, *signals: Any, **facts: Any) -> tuple[str, float | None]:
    found = nearest(read_tree(tree).decide(evidence(*signals, **facts)))
    return found.trigger, None if found.share is None else round(found.share, 3)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"any": ["concept_drift", "outliers"]}, ("concept_drift", 0.8)),
        ({"all": ["concept_drift", "outliers"]}, ("outliers", 0.2)),
        ({"any": ["outliers"]}, ("outliers", 0.2)),
        ({"any": [{"all": ["concept_drift", "outliers"]}, "outliers"]}, ("outliers", 0.2)),
        ({"at_least": {"count": 2, "of": ["concept_drift", "outliers", "performance"]}}, ("concept_drift", 0.8)),
        ({"any": ["concept_drift", "new_data"]}, ("concept_drift", 0.8)),
        ({"all": ["concept_drift", "new_data"]}, ("", None)),  # a hash has no distance
        ({"persistence": {"count": 2, "checks": 3, "of": "concept_drift"}}, ("concept_drift", 0.0)),
    ],
)
def test_of_alternatives_the_nearest_counts_of_conditions_the_farthest(tree: Any, expected: tuple[str, Any]) -> None:
    assert share(tree, NEAR, FAR, FIRED) == expected


def test_what_fired_is_beyond_one_and_what_a_cooldown_holds_stays_so() -> None:
    assert share("performance", FIRED) == ("performance", 3.0)
    held = {"cooldown": {"period": "9d", "of": "performance"}}
    assert share(held, FIRED, last_retrained_at=evidence().now) == ("performance", 3.0)


def test_rule_that_has_to_be_seen_twice_is_as_near_as_it_was_seen() -> None:
    seen = share({"persistence": {"count": 2, "checks": 3, "of": "performance"}}, FIRED)
    assert seen == ("performance", 0.5)


def test_nothing_measured_has_no_distance() -> None:
    assert share({"any": ["performance", "outliers"]}) == ("", None)


def test_trigger_that_did_not_fire_is_never_at_its_mark() -> None:
    assert share("performance", signal(SignalKind.PERFORMANCE, 0.9999, p_value=1e-9)) == ("performance", ALMOST)


def test_decision_keeps_how_near_the_policy_was() -> None:
    tree = read_tree({"any": ["concept_drift", "outliers"]})
    found = decide(tree, evidence(NEAR, FAR))
    assert (found.nearest_trigger, found.nearness) == ("concept_drift", pytest.approx(0.8))
    assert Decision.from_json(found.to_json()) == found
    older = {key: value for key, value in found.to_json().items() if not key.startswith("near")}
    assert Decision.from_json(older).nearness is None
    assert decide(tree, Evidence(now=evidence().now, signals=())).nearness is None
