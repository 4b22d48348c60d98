from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.decision.evidence import Evidence
from include.decision.triggers.holding import Cooldown, WarmUp
from tests.triggers.says import Says

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def evidence(last: datetime | None = None) -> Evidence:
    return Evidence(now=NOW, signals=(), last_retrained_at=last)


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


def test_cooldown_leaves_on_record_what_was_measured() -> None:
    result = Cooldown(trigger=Says(True, "performance"), period=timedelta(days=7)).decide(evidence(NOW))
    assert [(leaf.trigger, leaf.fired) for leaf in result.leaves()] == [("performance", True)]


def test_warm_up_counts_from_the_promotion() -> None:
    warm = WarmUp(trigger=Says(True), period=timedelta(days=2))
    young = Evidence(now=NOW, signals=(), champion_since=NOW - timedelta(days=1), last_retrained_at=None)
    assert warm.decide(young).blocked_by == "warming up until 2026-05-04 12:00 UTC"
    old = Evidence(now=NOW, signals=(), champion_since=NOW - timedelta(days=2), last_retrained_at=NOW)
    assert warm.decide(old).fired


@given(st.integers(0, 60), st.integers(0, 30), st.integers(0, 30), st.sampled_from([Cooldown, WarmUp]))
def test_what_is_let_through_stays_let_through_and_a_longer_period_holds_longer(
    hours: int, later: int, longer: int, kind: type[Cooldown] | type[WarmUp]
) -> None:
    since, period = NOW - timedelta(hours=hours), timedelta(hours=24)

    def fired(at: datetime, length: timedelta) -> bool:
        seen = Evidence(now=at, signals=(), last_retrained_at=since, champion_since=since)
        return kind(trigger=Says(True), period=length).decide(seen).fired

    assert fired(NOW, period) is (hours >= 24)
    assert fired(NOW, period) <= fired(NOW + timedelta(hours=later), period)
    assert fired(NOW, period + timedelta(hours=longer)) <= fired(NOW, period)


def test_rollback_by_hand_cools_down_as_a_retraining_does() -> None:
    for seen in (
        Evidence(now=NOW, signals=(), rolled_back_at=NOW - timedelta(days=1)),
        Evidence(
            now=NOW, signals=(), rolled_back_at=NOW - timedelta(days=1), last_retrained_at=NOW - timedelta(days=9)
        ),
    ):
        result = Cooldown(trigger=Says(True), period=timedelta(days=7)).decide(seen)
        assert not result.fired
