from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.decision.evidence import PastCheck, TriggerResult
from include.decision.triggers.combinators import AllOf, AnyOf
from include.decision.triggers.holding import Cooldown
from include.decision.triggers.persistence import Persistence
from tests.triggers.says import Says
from tests.triggers.signals import NOW, evidence

SIX_HOURS = timedelta(hours=6)


def check(ago: int, *fired: str, label: str = "") -> PastCheck:
    """A check so many times six hours ago at which these triggers fired."""
    results = tuple(TriggerResult(trigger=name, label=label, fired=True, reason="") for name in fired)
    return PastCheck(at=NOW - ago * SIX_HOURS, results=results)


def seen(now: bool, before: Sequence[bool]) -> list[PastCheck]:
    return [check(ago, *(["p"] if fired else [])) for ago, fired in enumerate(before, start=1)]


@given(st.booleans(), st.lists(st.booleans(), max_size=8), st.integers(1, 5), st.integers(0, 4))
def test_fires_when_it_fires_now_and_often_enough_lately(now: bool, before: list[bool], count: int, more: int) -> None:
    checks = count + more
    result = Persistence(trigger=Says(now, "p"), count=count, checks=checks).decide(evidence(past=seen(now, before)))
    times = now + sum(before[: checks - 1])
    assert result.fired is (now and times >= count)
    assert result.distance == count - times
    assert bool(result.blocked_by) is (now and times < count)


@given(st.lists(st.booleans(), max_size=8), st.integers(0, 7))
def test_one_more_time_seen_never_makes_it_quiet(before: list[bool], place: int) -> None:
    trigger = Persistence(trigger=Says(True, "p"), count=2, checks=4)
    more = [fired or spot == place for spot, fired in enumerate(before)]
    fewer, several = (trigger.decide(evidence(past=seen(True, each))).fired for each in (before, more))
    assert fewer <= several


def test_waiting_says_what_is_missing() -> None:
    result = Persistence(trigger=Says(True, "p"), count=2, checks=3).decide(evidence())
    assert result.blocked_by == "seen in 1 of the last 3 checks, 2 needed: not before the next check"


def test_order_in_which_past_checks_are_given_does_not_matter() -> None:
    trigger, past = Persistence(trigger=Says(True, "p"), count=3, checks=3), seen(True, [True, False, True])
    assert trigger.decide(evidence(past=past)) == trigger.decide(evidence(past=past[::-1]))
    assert not trigger.decide(evidence(past=past)).fired


def test_checks_of_the_version_before_do_not_count() -> None:
    trigger = Persistence(trigger=Says(True, "p"), count=2, checks=3)
    past = [check(1, "p"), check(2, "p")]
    assert trigger.decide(evidence(past=past, champion_since=NOW - 2 * SIX_HOURS)).fired
    assert not trigger.decide(evidence(past=past, champion_since=NOW - SIX_HOURS)).fired


def test_check_at_the_same_moment_or_later_is_not_an_earlier_one() -> None:
    trigger = Persistence(trigger=Says(True, "p"), count=2, checks=3)
    assert not trigger.decide(evidence(past=[check(0, "p"), check(-1, "p")])).fired


def test_combination_is_counted_as_a_whole() -> None:
    both = Persistence(trigger=AllOf((Says(True, "a"), Says(True, "b"))), count=2, checks=2)
    assert both.decide(evidence(past=[check(1, "a", "b")])).fired
    assert not both.decide(evidence(past=[check(1, "a")])).fired
    either = Persistence(trigger=AnyOf((Says(True, "a"), Says(True, "b"))), count=2, checks=2)
    assert either.decide(evidence(past=[check(1, "a")])).fired


def test_rule_that_was_set_differently_then_does_not_count() -> None:
    trigger = Persistence(trigger=Says(True, "p"), count=2, checks=2)
    assert not trigger.decide(evidence(past=[check(1, "p", label="p from 3 thresholds on")])).fired


@pytest.mark.parametrize(("count", "checks"), [(0, 3), (4, 3), (1, 0), (1, 10**6)])
def test_counts_that_make_no_sense_are_refused(count: int, checks: int) -> None:
    with pytest.raises(ValueError, match="checks"):
        Persistence(trigger=Says(True), count=count, checks=checks)


def test_what_holds_back_goes_around_it() -> None:
    with pytest.raises(ValueError, match="around it"):
        Persistence(trigger=AnyOf((Cooldown(trigger=Says(True), period=SIX_HOURS),)), count=1, checks=2)
