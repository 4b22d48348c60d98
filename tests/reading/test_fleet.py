"""The fleet: health of each model, order, search, pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.decision.decision import Cause
from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError
from include.records.entries import EventStatus, FleetQuery, ModelHealth
from include.records.memory import MemoryStore
from include.workflow import fleet, mute, pause_model
from tests.reading.conftest import House, ago, leaf, open_house
from tests.records.examples import make_decision, make_measurement, make_outcome
from tools.embedded_postgres import EmbeddedPostgres

NEAR = make_decision(triggered=False, triggers=(leaf(value=0.08),), nearest_trigger="performance", nearness=0.8)
OLD = replace(NEAR, nearest_trigger="model_age")
HARMED = replace(NEAR, triggers=(leaf(fired=True, value=0.2),), nearness=2.0)
BROKEN = make_decision(triggered=False, cause=Cause.DATA_QUALITY)
PROBATION = Signal(kind=SignalKind.PROBATION, statistic="rmse", verdict=Verdict.INCONCLUSIVE, reason="look 1 of 3")


def healths(house: House) -> dict[str, tuple[str, str]]:
    return {row.model_name: (str(row.health), row.why) for row in fleet(house.deployment).rows}


@pytest.mark.parametrize(
    ("made", "health", "why"),
    [
        ({}, ModelHealth.PASSING, ""),
        ({"hours": 13.5}, ModelHealth.UNWATCHED, "not checked since"),
        ({"hours": 12.5}, ModelHealth.PASSING, ""),  # a check takes its time
        ({"decision": NEAR}, ModelHealth.AT_RISK, "performance is at 80% of its threshold"),
        ({"decision": OLD}, ModelHealth.PASSING, ""),  # a calendar is no risk
        ({"decision": HARMED}, ModelHealth.FAILING, "its performance fell"),
        ({"decision": BROKEN}, ModelHealth.FAILING, "its rows are broken"),
        ({"signals": (PROBATION,)}, ModelHealth.AT_RISK, "its champion is on probation"),
        ({"signals": (replace(PROBATION, verdict=Verdict.CHANGED),)}, ModelHealth.PASSING, ""),
    ],
)
def test_health_follows_from_the_last_check(house: House, made: dict[str, Any], health: ModelHealth, why: str) -> None:
    house.register()
    house.check(hours=40.0, run_id="before")
    house.check(**made)
    found, told = healths(house)["housing"]
    assert found == health
    assert told.startswith(why)
    assert bool(told) is bool(why)


@pytest.mark.parametrize(
    ("status", "health"),
    [
        (EventStatus.FAILED, ModelHealth.FAILING),
        (EventStatus.HELD, ModelHealth.PASSING),
        (EventStatus.REJECTED, ModelHealth.PASSING),
        (EventStatus.PROMOTED, ModelHealth.PASSING),
    ],
)
def test_health_follows_from_the_last_event_that_ended(house: House, status: EventStatus, health: ModelHealth) -> None:
    house.register()
    house.train(hours=30.0, status=EventStatus.FAILED)
    house.train(hours=20.0, status=status)
    champion = house.store.champion("housing")
    house.check(hours=1.0, champion_version=None if champion is None else champion.version)
    assert healths(house)["housing"][0] == health


def test_dry_run_says_nothing_of_the_health(house: House) -> None:
    house.register()
    house.check(hours=2.0)
    house.check(hours=1.0, decision=replace(HARMED, triggered=True), dry_run=True)
    assert healths(house)["housing"] == ("passing", "")


def test_what_was_said_of_a_former_champion_is_not_said_of_the_new_one(house: House) -> None:
    house.register()
    house.train(hours=8.0, champion_version=None)
    [row] = fleet(house.deployment).rows
    assert (row.health, row.nearness, row.labelled_share) == ("at_risk", None, None)
    measured = (replace(make_measurement(1, 9.0), metric="rmse"),)
    house.check(hours=6.0, champion_version=1, measurements=measured, decision=HARMED)
    [row] = fleet(house.deployment).rows
    assert (row.health, row.why, row.value, row.nearness) == ("failing", "its performance fell", 9.0, 2.0)
    house.train(hours=4.0, champion_version=1, measurements=measured)
    [row] = fleet(house.deployment).rows
    assert row.champion is not None
    assert (row.champion.version, row.health) == (2, "at_risk")
    assert row.why == "its champion is new: no check has looked at it yet"
    assert (row.value, row.nearness, row.sparkline[-1]) == (None, None, 9.0)
    house.check(hours=1.0, champion_version=2, measurements=(replace(measured[0], version=2, value=4.0),))
    [row] = fleet(house.deployment).rows
    assert (row.health, row.value) == ("passing", 4.0)


def test_version_in_shadow_is_a_risk(house: House) -> None:
    house.register()
    house.train(hours=30.0)
    house.check(hours=20.0, run_id="second", decision=make_decision())
    with house.store.claim(house.store.events()[0].id, at=ago(20)) as claim:
        claim.begin_version(at=ago(20))
        claim.finish(make_outcome(EventStatus.HELD, shadow_checks=3), at=ago(20))
    house.check(hours=1.0)
    assert healths(house)["housing"] == ("at_risk", "a version is in shadow")


def test_models_of_all_kinds_are_counted_and_the_pressing_come_first(house: House) -> None:
    for name in ("a_passing", "b_failing", "c_gone", "d_paused", "e_off", "g_near", "h_nearer"):
        house.register(name, file=name != "c_gone", enabled=name != "e_off")
    house.stage.add("f_never")
    decisions = {"b_failing": BROKEN, "g_near": NEAR, "h_nearer": replace(NEAR, nearness=0.9)}
    for name in ("a_passing", "b_failing", "c_gone", "d_paused", "e_off", "g_near", "h_nearer"):
        house.check(name, decision=decisions.get(name))
    pause_model(house.deployment, "d_paused", by="ada", reason="new sensor")
    page = fleet(house.deployment)
    names = [row.model_name for row in page.rows]
    assert names == ["c_gone", "f_never", "b_failing", "h_nearer", "g_near", "d_paused", "e_off", "a_passing"]
    assert page.counts == {"unwatched": 2, "failing": 1, "at_risk": 2, "paused": 2, "passing": 1}
    why = {row.model_name: row.why for row in page.rows}
    assert why["c_gone"] == "it has no model file any more"
    assert why["f_never"] == "never checked"
    assert why["d_paused"].startswith("paused by ada since")
    assert why["e_off"] == "`enabled: false` in its model file"
    found = fleet(house.deployment, FleetQuery(health="at_risk"))
    assert ([row.model_name for row in found.rows], found.total, found.counts) == (names[3:5], 2, page.counts)


def test_row_tells_what_is_on_record(house: House) -> None:
    house.register(owner="ada", tags=["prices", "eu"], policy={"costs": {"training": 5, "per_unit_of_loss": 1}})
    house.train(hours=3000.0)  # older than a quarter
    house.train(hours=30.0)
    stale = Signal(
        kind=SignalKind.DATA_QUALITY, statistic="staleness", verdict=Verdict.STABLE, reason="", value=7200.0
    )  # fmt: skip
    for hours, value in ((4.0, 9.0), (3.0, None), (2.0, 7.0)):
        measured = () if value is None else (replace(make_measurement(2, value), metric="rmse"),)
        house.check(hours=hours, champion_version=2, measurements=measured, signals=(stale,), decision=NEAR)
    house.store.add_request("housing", RequestKind.API, "new rows", "ada", at=ago(1))
    mute(house.deployment, "housing", until=ago(-5), by="ada", reason="known")
    [row] = fleet(house.deployment).rows
    assert (row.owner, row.tags, row.metric, row.check_every) == ("ada", ("prices", "eu"), "rmse", timedelta(hours=6))
    assert row.champion is not None
    assert (row.champion.version, row.promised, row.value) == (2, 8.0, 7.0)
    assert row.sparkline[-3:] == (9.0, None, 7.0)
    assert (row.nearest_trigger, row.nearness) == ("performance", 0.8)
    assert row.last_decision is not None
    assert (row.last_decision.run_id, row.last_decision.fired) == ("run-2", False)
    assert row.rows_seen_at is not None
    assert abs(row.rows_seen_at - ago(4)) < timedelta(seconds=60)
    assert (row.rows, row.labelled_share) == (500, 0.8)
    assert (row.hours, row.retrains, row.cost) == (0.5, 1, 5.0)
    assert row.open_requests == 1
    assert row.muted_until is not None
    assert row.muted_until > datetime.now(UTC)


@pytest.fixture(scope="module")
def three(shared: House) -> House:
    """Three models, of two owners and without one."""
    shared.register("shop_1", owner="ada", tags=["eu"])
    shared.register("shop_2")
    shared.register("other", owner="grace", tags=["eu", "us"])
    shared.check("shop_1", hours=5.0, decision=replace(NEAR, nearness=0.2))
    shared.check("shop_2", hours=1.0, decision=replace(NEAR, nearness=0.3))
    shared.check("other", hours=3.0)
    return shared


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"search": "SHOP"}, ["shop_1", "shop_2"]),
        ({"search": "ada"}, ["shop_1"]),
        ({"search": "p_"}, ["shop_1", "shop_2"]),  # no pattern
        ({"search": "%"}, []),
        ({"search": "\x00"}, []),
        ({"search": "'; drop table x; --"}, []),
        ({"owner": "ada"}, ["shop_1"]),
        ({"owner": "ad"}, []),
        ({"tag": "eu"}, ["other", "shop_1"]),
        ({"tag": "e"}, []),
        ({"tag": "eu", "owner": "grace"}, ["other"]),
        ({"sort": "name"}, ["other", "shop_1", "shop_2"]),
        ({"sort": "nearness"}, ["shop_2", "shop_1", "other"]),
        ({"sort": "checked"}, ["shop_1", "other", "shop_2"]),
    ],
)
def test_fleet_is_searched_and_sorted(three: House, query: dict[str, Any], expected: list[str]) -> None:
    page = fleet(three.deployment, FleetQuery(**query))
    found = [row.model_name for row in page.rows]
    assert (found if "sort" in query else sorted(found)) == expected
    assert page.total == len(expected)


@pytest.fixture(scope="module")
def many(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Eleven models, of which every third was never checked."""
    with open_house(postgres, tmp_path_factory.mktemp("many")) as house:
        for number in range(11):
            house.register(f"m_{number:02d}")
            if number % 3:
                house.check(f"m_{number:02d}", hours=1.0 + number % 2, decision=replace(NEAR, nearness=number % 4 / 5))
        yield house


@pytest.mark.parametrize("sort", ["attention", "name", "nearness", "checked", "champion"])
def test_pages_forth_and_back_show_each_model_once(many: House, sort: str) -> None:
    house = many
    whole = [row.model_name for row in fleet(house.deployment, FleetQuery(sort=sort)).rows]
    pages, cursor = [], ""
    while not pages or cursor:
        page = fleet(house.deployment, FleetQuery(sort=sort, cursor=cursor, limit=4))
        pages.append([row.model_name for row in page.rows])
        cursor = page.next_cursor
    assert [len(page) for page in pages] == [4, 4, 3]
    assert [each for found in pages for each in found] == whole
    back = [pages[-1]]
    while page.previous_cursor:
        page = fleet(house.deployment, FleetQuery(sort=sort, cursor=page.previous_cursor, limit=4))
        back.insert(0, [row.model_name for row in page.rows])
    assert back == pages


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"cursor": "x"}, "cursor"), ({"cursor": "é"}, "cursor"), ({"cursor": "A" * 5000}, "cursor"),
        ({"cursor": "WyJmbGVldCIsWzEsImEiXSxmYWxzZV0"}, "of another list"), ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"), ({"sort": "nam"}, "did you mean 'name'"), ({"health": "sick"}, "known: unwatched"),
    ],
)  # fmt: skip
def test_wrong_query_is_refused_by_its_field(three: House, query: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        fleet(three.deployment, FleetQuery(**query))


def test_cursor_of_another_order_is_refused(three: House) -> None:
    cursor = fleet(three.deployment, FleetQuery(sort="name", limit=1)).next_cursor
    with pytest.raises(ConfigurationError, match="of another order"):
        fleet(three.deployment, FleetQuery(cursor=cursor))


def test_records_in_memory_are_refused(three: House) -> None:
    with pytest.raises(ConfigurationError, match="read from Postgres"):
        fleet(replace(three.deployment, store=MemoryStore()))
