"""Triggers on time, volume, data and probes; what all have in common is in tests/contracts/test_triggers.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.decision.request import RequestKind
from include.decision.signals import SignalKind
from include.decision.triggers.data_volume import DataVolumeTrigger
from include.decision.triggers.model_age import ModelAgeTrigger
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.probe import ProbeTrigger
from include.decision.triggers.requests import ManualTrigger, RedTeamTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.signal_trigger import SignalTrigger
from tests.triggers.signals import NOW, broken, evidence, request, signal

DAY = timedelta(days=1)


def test_age_is_counted_in_days_to_the_moment() -> None:
    trigger = ModelAgeTrigger(age=7 * DAY)
    young = trigger.decide(evidence(champion_since=NOW - 5 * DAY))
    assert (young.fired, young.value, young.threshold, young.distance) == (False, 5.0, 7.0, 2.0)
    assert young.reason == "last trained 5 days ago, due after 7, 2 days to go"
    assert trigger.decide(evidence(champion_since=NOW - 7 * DAY)).fired


def test_retraining_that_promoted_nothing_starts_the_age_anew() -> None:
    tried = evidence(champion_since=NOW - 30 * DAY, last_retrained_at=NOW - DAY)
    assert not ModelAgeTrigger(age=7 * DAY).decide(tried).fired


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_age_only_grows_with_time(hours: int, more: int) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    first, later = (
        ModelAgeTrigger(age=14 * DAY).decide(evidence(champion_since=since, now=since + timedelta(hours=h)))
        for h in (hours, hours + more)
    )
    assert first.fired <= later.fired
    assert (later.distance or 0.0) <= (first.distance or 0.0)


def test_moment_between_two_checks_counts_at_the_next_and_once() -> None:
    daily = ScheduleTrigger(cron="0 2 * * *")
    trained = datetime(2026, 5, 2, 6, tzinfo=UTC)
    before = daily.decide(evidence(now=datetime(2026, 5, 3, 0, tzinfo=UTC), champion_since=trained))
    assert (before.fired, before.distance) == (False, pytest.approx(2.0))
    after = daily.decide(evidence(now=datetime(2026, 5, 3, 6, tzinfo=UTC), champion_since=trained))
    assert (after.fired, after.reason) == (True, "due since 2026-05-03 02:00 UTC (0 2 * * *)")
    retrained = datetime(2026, 5, 3, 6, tzinfo=UTC)
    again = daily.decide(evidence(now=NOW, champion_since=trained, last_retrained_at=retrained))
    assert not again.fired


@pytest.mark.parametrize("cron", ["", "daily", "0 2 * *", "0 2 * * * *", "61 2 * * *", "0 0 30 2 *", "@daily"])
def test_what_is_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match="is not a schedule: write for example"):
        ScheduleTrigger(cron=cron)


def test_volume_fires_on_rows_or_on_their_share() -> None:
    both = DataVolumeTrigger(rows=1000, share=0.2)
    assert both.decide(evidence(new_rows=200, trained_rows=1000)).fired
    assert both.decide(evidence(new_rows=1000, trained_rows=10**6)).fired
    few = both.decide(evidence(new_rows=150, trained_rows=1000))
    assert (few.fired, few.value, few.threshold, few.distance) == (False, 150.0, 200.0, 50.0)


def test_rows_are_enough_where_the_training_rows_are_not_known() -> None:
    assert DataVolumeTrigger(rows=10, share=0.2).decide(evidence(new_rows=10)).fired
    unknown = DataVolumeTrigger(share=0.2).decide(evidence(new_rows=10))
    assert unknown.reason == "it is not known how many rows the champion was trained on"


def test_new_data_fire_once() -> None:
    trigger = NewDataTrigger()
    assert trigger.decide(evidence(data_hash="new", trained_data_hash="old")).fired
    assert not trigger.decide(evidence(data_hash="new", trained_data_hash="new")).fired
    assert "last retraining" in trigger.decide(evidence(data_hash="new")).reason


def test_reported_data_fire_whatever_the_rows_are() -> None:
    told = evidence(requests=(request(RequestKind.NEW_DATA),), data_hash="a", trained_data_hash="a")
    assert NewDataTrigger().decide(told).fired
    assert NewDataTrigger(requests_only=True).decide(told).fired
    changed = evidence(data_hash="new", trained_data_hash="old")
    assert not NewDataTrigger(requests_only=True).decide(changed).fired


@pytest.mark.parametrize("kind", list(RequestKind))
def test_each_kind_of_request_is_heard_by_one_trigger(kind: RequestKind) -> None:
    asked = evidence(requests=(request(kind),))
    heard = [t for t in (ManualTrigger(), RedTeamTrigger(), NewDataTrigger()) if t.decide(asked).fired]
    assert len(heard) == 1


def test_probe_fires_at_its_bound_from_either_side() -> None:
    slow = ProbeTrigger(probe="inference_latency", above=200.0)
    assert [slow.decide(evidence(probes={"inference_latency": v})).fired for v in (199.9, 200.0)] == [False, True]
    cheap = ProbeTrigger(probe="training_cost", below=50.0)
    assert [cheap.decide(evidence(probes={"training_cost": v})).fired for v in (50.1, 50.0)] == [False, True]
    assert cheap.decide(evidence(probes={"training_cost": 80.0})).distance == pytest.approx(30.0)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1e300, float("inf"), float("-inf")])
def test_strength_of_any_value_is_a_finite_number(value: float) -> None:
    for trigger in (ProbeTrigger(probe="p", above=0.0), ProbeTrigger(probe="p", below=1.0)):
        assert 0.0 <= trigger.decide(evidence(probes={"p": value})).strength <= 1e6


@pytest.mark.parametrize("bounds", [{}, {"above": 1.0, "below": 2.0}, {"above": float("nan")}])
def test_probe_needs_one_bound(bounds: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="one bound"):
        ProbeTrigger(probe="p", **bounds)


def test_fault_that_does_not_block_may_fire_and_one_that_blocks_never_does() -> None:
    quality = SignalTrigger(kind=SignalKind.DATA_QUALITY)
    assert quality.decide(evidence(signal(SignalKind.DATA_QUALITY, 2.0, feature="x"))).fired
    gone = quality.decide(evidence(broken("price")))
    assert (gone.fired, gone.reason) == (False, "price: the column is gone")


def test_strength_asks_for_more_than_the_threshold() -> None:
    twice = SignalTrigger(kind=SignalKind.PERFORMANCE, strength=2.0)
    mild, strong = (twice.decide(evidence(signal(SignalKind.PERFORMANCE, s))) for s in (1.9, 2.0))
    assert (mild.fired, strong.fired) == (False, True)
    assert mild.threshold == pytest.approx(0.1)
    with pytest.raises(ValueError, match="1 or more"):
        SignalTrigger(kind=SignalKind.PERFORMANCE, strength=0.5)
