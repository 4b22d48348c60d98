"""A check by a machine whose clock was years ahead: every face goes by the latest of the others, and tells of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from include.cli.overview import told_of
from include.decision.decision import Cause
from include.records.entries import EventStatus, ModelHealth
from include.workflow import fleet, health, latest_run, model_view, recommendations_of
from include.workflow.reading.scrape import scrape
from tests.reading.conftest import House, ago, leaf
from tests.records.examples import make_decision, make_measurement

YEARS = 24.0 * 365.0 * 5.0
BROKEN = make_decision(triggered=False, cause=Cause.DATA_QUALITY)
FAR = replace(BROKEN, triggers=(leaf(fired=True, value=0.9),), nearness=9.0, nearest_trigger="performance")


@pytest.fixture
def ahead(house: House) -> House:
    """A model that was checked an hour ago, and once as of five years from now."""
    house.register()
    measured = (replace(make_measurement(1, 8.0), metric="rmse"),)
    house.train(hours=40.0, champion_version=None)
    house.check(hours=1.0, run_id="today", champion_version=1, measurements=measured)
    odd = (replace(make_measurement(1, 99.0), metric="rmse"),)
    house.check(
        hours=-YEARS, run_id="ahead", champion_version=1, measurements=odd, decision=FAR, rows=7, labelled_rows=0
    )
    return house


def test_the_fleet_shows_the_latest_check_that_is_not_of_a_time_to_come_and_tells_of_the_other(ahead: House) -> None:
    [row] = fleet(ahead.deployment).rows
    assert row.last_decision is not None
    assert (row.last_decision.run_id, row.health, row.why, row.value) == ("today", ModelHealth.PASSING, "", 8.0)
    assert row.sparkline[-1] == 8.0
    assert row.nearness is None
    assert row.ahead is not None
    assert abs(row.ahead - ago(-YEARS)).total_seconds() < 60.0
    told = told_of({"why": row.why, "last_decision": None, "ahead": row.ahead.isoformat()})
    assert told == f"a check of {row.ahead:%Y-%m-%d %H:%M} says nothing: that time has not come"


def test_view_report_and_advice_go_by_it_too(ahead: House) -> None:
    view = model_view(ahead.deployment, "housing")
    assert view.row.last_decision is not None
    assert view.row.last_decision.run_id == "today"
    assert view.row.ahead is not None
    later = model_view(ahead.deployment, "housing", start=ago(48.0), end=ago(-2.0 * YEARS))
    assert "ahead" not in [each.run_id for each in later.heatmap.checks]
    assert "ahead" in [each.run_id for each in later.decisions.rows]  # not hidden where a period is asked for
    assert latest_run(ahead.store, "housing") == "today"
    assert not recommendations_of(ahead.deployment, "housing")


def test_monitor_and_metrics_go_by_it_too(ahead: House) -> None:
    assert health(ahead.deployment).well
    [model] = scrape(ahead.deployment).models
    assert (model.nearness, model.missed, model.labels_until) == (None, 0, None)


def test_a_model_that_is_not_checked_any_more_is_missed_all_the_same(house: House) -> None:
    house.register()
    house.check(hours=50.0)
    house.check(hours=-YEARS, run_id="ahead")
    [row] = fleet(house.deployment).rows
    assert (row.health, row.why.partition(" since")[0]) == (ModelHealth.UNWATCHED, "not checked")
    assert [problem.kind for problem in health(house.deployment).problems] == ["unchecked"]
    assert scrape(house.deployment).models[0].missed == 8


def test_a_model_of_which_only_such_a_check_is_on_record_was_never_checked(house: House) -> None:
    house.register()
    house.check(hours=-YEARS, run_id="ahead")
    [row] = fleet(house.deployment).rows
    assert (row.last_decision, row.why, row.ahead is not None) == (None, "never checked", True)


def test_a_retrain_of_a_time_to_come_that_failed_is_not_the_last_one_for_ever(house: House) -> None:
    house.register()
    house.train(hours=20.0)
    house.train(hours=-YEARS, run_id="ahead", status=EventStatus.FAILED, champion_version=1)
    house.check(hours=1.0, champion_version=1)
    [row] = fleet(house.deployment).rows
    assert (row.health, row.why) == (ModelHealth.PASSING, "")
    assert scrape(house.deployment).models[0].successful is True


@pytest.mark.parametrize(("hours", "counts"), [(-5.9, True), (-6.1, False), (-YEARS, False)])
def test_a_check_of_a_few_hours_ahead_counts(house: House, hours: float, counts: bool) -> None:
    house.register()
    house.check(hours=1.0, run_id="today")
    house.check(hours=hours, run_id="ahead")
    [row] = fleet(house.deployment).rows
    assert row.last_decision is not None
    assert row.last_decision.run_id == latest_run(house.store, "housing") == ("ahead" if counts else "today")
    assert (row.ahead is None) is counts
