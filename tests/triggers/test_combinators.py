from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from include.triggers.combinators import AnyOf, Cooldown
from include.triggers.trigger import Evidence, TriggerResult

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Says:
    """A trigger that always answers the same."""

    fired: bool
    name: str = "says"
    blocked_by: str = ""

    def decide(self, evidence: Evidence) -> TriggerResult:
        return TriggerResult(trigger=self.name, fired=self.fired, reason=self.name, blocked_by=self.blocked_by)


def evidence(last: datetime | None = None) -> Evidence:
    return Evidence(now=NOW, signals=(), last_retrained_at=last)


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


@pytest.mark.parametrize(
    ("ago", "fired"), [(timedelta(0), False), (timedelta(days=7, seconds=-1), False), (timedelta(days=7), True)]
)
def test_cooldown_holds_back_until_its_period_has_passed(ago: timedelta, fired: bool) -> None:
    result = Cooldown(trigger=Says(True), period=timedelta(days=7)).decide(evidence(NOW - ago))
    assert result.fired is fired
    assert bool(result.blocked_by) is not fired


def test_cooldown_says_until_when() -> None:
    result = Cooldown(trigger=Says(True), period=timedelta(days=7)).decide(evidence(NOW - timedelta(days=1)))
    assert result.blocked_by == "cooling down until 2026-05-09 12:00 UTC"


def test_cooldown_has_nothing_to_say_when_nothing_fired_or_nothing_was_retrained() -> None:
    assert Cooldown(trigger=Says(False), period=timedelta(days=7)).decide(evidence(NOW)).blocked_by == ""
    assert Cooldown(trigger=Says(True), period=timedelta(days=7)).decide(evidence()).fired
