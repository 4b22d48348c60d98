from __future__ import annotations

from datetime import UTC, datetime

import pytest

from include.decision.evidence import Evidence
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from tests.triggers.says import Says

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def evidence() -> Evidence:
    return Evidence(now=NOW, signals=())


@pytest.mark.parametrize(("answers", "fired"), [((), False), ((False,), False), ((False, True), True)])
def test_any_fires_when_one_of_them_does(answers: tuple[bool, ...], fired: bool) -> None:
    result = AnyOf(tuple(Says(answer, f"t{i}") for i, answer in enumerate(answers))).decide(evidence())
    assert result.fired is fired
    assert len(result.parts) == len(answers)


def test_any_puts_each_answer_on_record_nested_ones_too() -> None:
    tree = AnyOf((Says(True, "a"), AnyOf((Says(False, "b"), Says(True, "c")))))
    assert [leaf.trigger for leaf in tree.decide(evidence()).leaves()] == ["a", "b", "c"]


def test_any_says_what_blocks_only_while_nothing_else_fires() -> None:
    blocked = Says(False, "b", blocked_by="cooling")
    assert AnyOf((blocked, Says(False))).decide(evidence()).blocked_by == "cooling"
    assert AnyOf((blocked, Says(True))).decide(evidence()).blocked_by == ""


@pytest.mark.parametrize("answers", [(True,), (True, True), (True, False), (False, False), (True, True, False)])
def test_all_fires_when_every_one_does(answers: tuple[bool, ...]) -> None:
    assert AllOf(tuple(Says(answer) for answer in answers)).decide(evidence()).fired is all(answers)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_at_least_counts(count: int) -> None:
    for fired in range(4):
        members = tuple(Says(place < fired) for place in range(3))
        assert AtLeast(count, members).decide(evidence()).fired is (fired >= count)


def test_all_is_blocked_only_when_nothing_but_the_block_is_in_the_way() -> None:
    blocked = Says(False, blocked_by="cooling")
    assert AllOf((Says(True), blocked)).decide(evidence()).blocked_by == "cooling"
    assert AllOf((Says(False), blocked)).decide(evidence()).blocked_by == ""
    assert AtLeast(2, (Says(True), blocked, Says(False))).decide(evidence()).blocked_by == "cooling"


def test_no_says_what_is_missing() -> None:
    result = AllOf((Says(True, "performance"), Says(False, "model_age"))).decide(evidence())
    assert result.reason == "1 of 2 needed; missing model_age: model_age"


@pytest.mark.parametrize("count", [0, 3, -1])
def test_counts_that_make_no_sense_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="count"):
        AtLeast(count, (Says(True), Says(False)))


def test_all_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        AllOf(())
