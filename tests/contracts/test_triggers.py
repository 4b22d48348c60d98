"""What every trigger and every combination promises, whatever it looks at."""

from __future__ import annotations

import ast
import dataclasses
import json
import math
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import include.decision.triggers
from include.decision.policy.catalogue import SIGNALS, TRIGGERS
from include.decision.policy.read import read_tree
from include.decision.request import RequestKind
from include.decision.signals import HARM, SignalKind
from include.decision.triggers import AllOf, AnyOf, AtLeast, Evidence, PastCheck, Trigger, TriggerResult
from include.decision.triggers.tree import members, walk
from tests.triggers.signals import NOW, evidence, request, signal

DAY = timedelta(days=1)


class QueueTrigger:
    """A rule of an owner's, as the example of `own` names it."""

    def __init__(self, **settings: object) -> None:
        self.settings = settings

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Fires from a queue of ten on."""
        length = evidence.probes.get("queue")
        return TriggerResult(
            trigger="queue", fired=length is not None and length >= 10, reason=f"queue: {length}", value=length
        )


OWNERS = ModuleType("my_rules")
OWNERS.QueueTrigger = QueueTrigger  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _owners_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "my_rules", OWNERS)


EXAMPLES = {name: read_tree(entry.example) for name, entry in TRIGGERS.items()}
SINGLE = {name: tree for name, tree in EXAMPLES.items() if not members(tree)}
#: Further ones, and those of the examples that `given_evidence` gives other numbers to look at.
WRITTEN: dict[str, Any] = {
    "strong performance": {"performance": {"strength": 2}},
    "data_drift without labels": {"data_drift": {"without_labels": True}},
    "data_volume": {"data_volume": {"rows": 500, "share": "20%"}},
    "new_data reported": {"new_data": {"requests_only": True}},
    "model_size": {"model_size": {"above": 100}},
    "training_cost": {"training_cost": {"below": 50}},
}
FIRST = {"first_version": SINGLE.pop("first_version")}  # where there is no champion, nothing else counts
LEAVES = {**SINGLE, **{name: read_tree(written) for name, written in WRITTEN.items()}}
TREES = {
    **EXAMPLES,
    **LEAVES,
    **FIRST,
    "all": read_tree({"all": [{"any": ["data_drift", "performance"]}, {"model_age": "7d"}]}),
    "persistence": read_tree({"persistence": {"count": 1, "checks": 3, "of": "performance"}}),
}
KINDS = tuple(SIGNALS)


def given_evidence(strength: float, **state: object) -> Evidence:
    """Evidence on which every trigger has something to say: more of everything with more `strength`."""
    signals = [signal(kind, strength, feature="x") for kind in KINDS if kind not in HARM]
    measured = {SignalKind.PERFORMANCE: {"current": min(0.99, 0.6 / strength)}}
    harm = [replace(signal(kind, strength), detail=measured.get(kind, {})) for kind in HARM]
    known: dict[str, object] = {
        "champion_since": NOW - 30 * DAY * strength, "new_rows": int(1000 * strength), "trained_rows": 3000,
        "data_hash": "new" if strength >= 1 else "old", "trained_data_hash": "old",
        "probes": {
            "model_size": 100 * strength, "inference_latency": 200 * strength, "queue": 10 * strength,
            "training_cost": 50 / strength,
        },
        "requests": tuple(request(kind, number=n) for n, kind in enumerate(RequestKind)) if strength >= 1 else (),
    }  # fmt: skip
    return evidence(*signals, *harm, **{**known, **state})


NOTHING = Evidence(now=NOW, signals=())


@pytest.fixture(params=TREES.values(), ids=TREES.keys())
def trigger(request: pytest.FixtureRequest) -> Trigger:
    found: Trigger = request.param
    return found


def test_every_trigger_is_under_this_contract() -> None:
    assert {type(each) for tree in TREES.values() for each in walk(tree)} == {e.made for e in TRIGGERS.values()}


def test_same_evidence_gives_the_same_answer(trigger: Trigger) -> None:
    seen = given_evidence(1.5)
    before = repr(seen)
    assert trigger.decide(seen) == trigger.decide(seen)
    assert repr(seen) == before


def test_answer_has_a_reason_and_numbers_that_can_be_kept(trigger: Trigger) -> None:
    for strength in (0.01, 0.9, 1.0, 3.0):
        for result in (trigger.decide(given_evidence(strength)), trigger.decide(NOTHING)):
            for leaf in result.leaves():
                assert leaf.reason
                assert leaf.trigger
                assert math.isfinite(leaf.strength)
                assert TriggerResult(**json.loads(json.dumps(leaf.to_json()))) == leaf


def test_nothing_known_does_not_fire_and_says_what_is_missing(trigger: Trigger) -> None:
    result = trigger.decide(NOTHING)
    assert not result.fired
    assert result.blocked_by == ""
    assert all(leaf.reason and leaf.value is None for leaf in result.leaves())


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES.keys())
def test_single_trigger_says_its_name_its_label_and_its_distance(leaf: Trigger) -> None:
    far, near = leaf.decide(given_evidence(0.01)), leaf.decide(given_evidence(3.0))
    for result in (far, near):
        assert result.label == getattr(leaf, "label", None)
        assert result.label.startswith(result.trigger)
        if result.distance is not None:
            assert result.fired is (result.distance <= 0.0) or "labels have arrived" in result.reason
    assert not far.fired
    assert near.fired or "labels have arrived" in near.reason


def test_labels_are_different_where_rules_are() -> None:
    labels = [getattr(leaf, "label", "") for leaf in LEAVES.values()]
    assert len(set(labels)) == len(labels)


def test_triggers_are_frozen_values(trigger: Trigger) -> None:
    for each in walk(trigger):
        assert dataclasses.is_dataclass(each)
        assert not isinstance(each, type)
        assert each.__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has it
        assert hash(each) == hash(replace(each))


def test_nothing_in_the_room_asks_a_clock() -> None:
    folder = include.decision.triggers.__path__[0]
    for file in sorted(Path(folder).glob("*.py")):
        names = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        assert not names & {"utcnow", "today", "monotonic", "perf_counter"}, file.name
        assert "datetime.now" not in file.read_text(), file.name


@settings(max_examples=60)
@given(st.sampled_from(sorted(TREES)), st.floats(0.01, 5.0), st.floats(1.0, 3.0), st.booleans())
def test_more_drift_never_makes_it_quiet(name: str, strength: float, more: float, cooled: bool) -> None:
    if name == "data_drift without labels":  # labels that show harm tell more: the policy then fires on performance
        return
    state = {"last_retrained_at": NOW - 10 * DAY if cooled else NOW - DAY}
    stronger = given_evidence(strength * more, **state)
    weaker = given_evidence(strength, **state, champion_since=stronger.champion_since)
    assert TREES[name].decide(weaker).fired <= TREES[name].decide(stronger).fired


@settings(max_examples=60)
@given(
    st.permutations(["performance", "concept_drift", "data_drift", "outliers", "model_age", "manual"]),
    st.lists(st.floats(0.1, 3.0), min_size=len(KINDS), max_size=len(KINDS)), st.integers(1, 6),
)  # fmt: skip
def test_order_of_the_members_does_not_matter(names: list[str], strengths: list[float], count: int) -> None:
    signals = [signal(kind, each, feature="x") for kind, each in zip(KINDS, strengths, strict=True)]
    seen = evidence(*signals, champion_since=NOW - 10 * DAY * strengths[0], last_retrained_at=NOW - DAY)
    cooled = TREES["cooldown"]
    for given_order in (names, sorted(names)):
        parts = (*(LEAVES[name] for name in given_order), cooled)
        trees = (AnyOf(parts), AllOf(parts), AtLeast(count, parts))
        found = [(tree.decide(seen).fired, bool(tree.decide(seen).blocked_by)) for tree in trees]
        if given_order is names:
            first = found
        else:
            assert found == first


@settings(max_examples=40)
@given(st.permutations(range(4)), st.lists(st.floats(0.1, 3.0), min_size=4, max_size=4))
def test_order_of_the_signals_does_not_matter(order: list[int], strengths: list[float]) -> None:
    signals = [signal(SignalKind.DATA_DRIFT, each, feature=f"x{n}") for n, each in enumerate(strengths)]
    for tree in (LEAVES["data_drift"], TREES["at_least"]):
        assert tree.decide(evidence(*signals)).fired is tree.decide(evidence(*(signals[n] for n in order))).fired


@settings(max_examples=40)
@given(st.sampled_from(["model_age", "schedule", "cooldown", "warm_up"]), st.integers(0, 2000), st.integers(0, 2000))
def test_what_waits_for_time_fires_from_one_moment_on(name: str, hours: int, more: int) -> None:
    since = NOW - timedelta(hours=hours)
    early = evidence(signal(SignalKind.PERFORMANCE, 2.0), champion_since=since, last_retrained_at=since)
    late = replace(early, now=NOW + timedelta(hours=more))
    assert TREES[name].decide(early).fired <= TREES[name].decide(late).fired
    assert TREES[name].decide(late) == TREES[name].decide(replace(late, signals=list(late.signals)))


def test_earlier_answers_do_not_change_a_trigger_that_does_not_count_them(trigger: Trigger) -> None:
    seen = given_evidence(1.5)
    past = [PastCheck(at=NOW - DAY, results=tuple(trigger.decide(seen).leaves()))]
    assert trigger.decide(replace(seen, past=past)).fired is trigger.decide(seen).fired


def test_combinations_keep_every_answer(trigger: Trigger) -> None:
    singles = [each for each in walk(trigger) if not members(each)]
    labels = [leaf.label for leaf in trigger.decide(given_evidence(1.5)).leaves()]
    assert labels == [getattr(each, "label", "") for each in singles]
