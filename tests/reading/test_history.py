"""Pages of decisions and events: filters, order, cursors."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from include.errors import ConfigurationError, NotOnRecord
from include.records.entries import EventStatus, HistoryQuery
from include.workflow import history, mark_decision
from tests.reading.conftest import House, ago, leaf
from tests.records.examples import make_decision

BLOCKED = make_decision(triggered=False, blocked_by=("cooling down",), triggers=(leaf(fired=True, value=0.2),))


def live(house: House) -> House:
    """Two models; one of three checks of each fired, one was blocked."""
    for name in ("housing", "shop"):
        house.register(name)
        for number in range(9):
            hours = 100.0 - 10 * number
            if number % 3 == 0:
                status = EventStatus.FAILED if number == 6 else EventStatus.HELD
                house.train(name, hours=hours, run_id=f"r{number}", status=status)
            else:
                house.check(name, hours=hours, run_id=f"r{number}", decision=BLOCKED if number % 3 == 1 else None)
    return house


@pytest.fixture(scope="module")
def lived(shared: House) -> House:
    """A history that the tests only read."""
    return live(shared)


def runs(page: Any) -> list[str]:
    return [f"{row.model_name}/{row.run_id}" for row in page.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"model_name": "shop"}, [f"shop/r{number}" for number in range(8, -1, -1)]),
        ({"model_name": "shop", "answer": "fired"}, ["shop/r6", "shop/r3", "shop/r0"]),
        ({"answer": "blocked"}, ["shop/r7", "housing/r7", "shop/r4", "housing/r4", "shop/r1", "housing/r1"]),
        ({"model_name": "shop", "answer": "quiet"}, ["shop/r8", "shop/r5", "shop/r2"]),
        ({"model_name": "shop", "start": ago(45)}, ["shop/r8", "shop/r7", "shop/r6"]),
        ({"model_name": "shop", "end": ago(75)}, ["shop/r2", "shop/r1", "shop/r0"]),
        ({"kind": "events", "status": "failed"}, ["shop/r6", "housing/r6"]),
        ({"kind": "events", "model_name": "housing"}, ["housing/r6", "housing/r3", "housing/r0"]),
    ],
)
def test_history_is_filtered_newest_first(lived: House, query: dict[str, Any], expected: list[str]) -> None:
    page = history(lived.deployment, HistoryQuery(**query))
    found = runs(page)
    if "model_name" not in query:  # decided in the same second: which model comes first is chance
        found, expected = sorted(found), sorted(expected)
    assert found == expected
    assert page.total == len(expected)
    assert (page.next_cursor, page.previous_cursor) == ("", "")


@pytest.mark.parametrize("kind", ["decisions", "events"])
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_pages_forth_and_back_show_each_row_once(lived: House, kind: str, limit: int) -> None:
    whole = runs(history(lived.deployment, HistoryQuery(kind=kind)))
    page = history(lived.deployment, HistoryQuery(kind=kind, limit=limit))
    pages = [runs(page)]
    while page.next_cursor:
        page = history(lived.deployment, HistoryQuery(kind=kind, limit=limit, cursor=page.next_cursor))
        pages.append(runs(page))
        assert len(pages) < 30
    assert [each for found in pages for each in found] == whole
    back = [pages[-1]]
    while page.previous_cursor:
        page = history(lived.deployment, HistoryQuery(kind=kind, limit=limit, cursor=page.previous_cursor))
        back.insert(0, runs(page))
        assert len(back) < 30
    assert back == pages


def test_rows_that_come_meanwhile_do_not_move_a_page(house: House) -> None:
    lived = live(house)
    first = history(lived.deployment, HistoryQuery(model_name="shop", limit=3))
    before = runs(history(lived.deployment, HistoryQuery(model_name="shop", limit=3, cursor=first.next_cursor)))
    lived.check("shop", hours=0.5, run_id="late")
    after = history(lived.deployment, HistoryQuery(model_name="shop", limit=3, cursor=first.next_cursor))
    assert runs(after) == before


def test_decision_tells_each_triggers_distance_and_what_people_said(house: House) -> None:
    lived = live(house)
    quiet = leaf("schedule", value=None)
    decision = replace(BLOCKED, triggers=(leaf(value=0.08), quiet), nearest_trigger="performance", nearness=0.8)
    lived.check("shop", hours=0.5, run_id="last", decision=decision)
    mark_decision(lived.deployment, "shop", "last", verdict="right", by="ada", reason="it was")
    mark_decision(lived.deployment, "shop", "last", verdict="false_alarm", by="ada", reason="it was not")
    row = history(lived.deployment, HistoryQuery(model_name="shop", limit=1)).rows[0]
    assert (row.answer, row.blocked_by, row.nearness, row.mark) == ("blocked", ("cooling down",), 0.8, "false_alarm")
    assert [(each.trigger, each.nearness) for each in row.triggers] == [
        ("performance", pytest.approx(0.8)), ("schedule", None)
    ]  # fmt: skip


def forged(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"kind": "versions"}, "known: decisions, events"),
        ({"answer": "maybe"}, "known: fired, blocked, quiet"),
        ({"status": "failed"}, "for decisions give `answer`"),
        ({"kind": "events", "answer": "fired"}, "for events give `status`"),
        ({"start": ago(1), "end": ago(2)}, "is not before"),
        ({"start": ago(1).replace(tzinfo=None)}, "no time zone"),
        ({"limit": 1000}, "from 1 to 200"),
        ({"cursor": forged("decisions", ["no time", "a", "b"], False)}, "cursor"),
        ({"cursor": forged("decisions", ["2026-01-01T00:00:00+00:00", "a\x00", "b"], False)}, "cursor"),
        ({"cursor": forged("decisions", ["2026-01-01T00:00:00+00:00", "\ud800", "b"], False)}, "cursor"),
        ({"cursor": forged("decisions", [1, 2, 3], False)}, "cursor"),
        ({"cursor": forged("decisions", [], False)}, "cursor"),
        ({"cursor": forged("decisions", {"a": 1}, False)}, "cursor"),
        ({"kind": "events", "cursor": forged("events", ["2026-01-01T00:00:00+00:00", 10**30], False)}, "cursor"),
        ({"kind": "events", "cursor": forged("events", ["2026-01-01T00:00:00+00:00", True], False)}, "cursor"),
        ({"kind": "events", "cursor": forged("decisions", ["2026-01-01T00:00:00+00:00", "a", "b"], False)}, "another"),
    ],
)
def test_wrong_query_is_refused_by_its_field(lived: House, query: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        history(lived.deployment, HistoryQuery(**query))


@pytest.mark.parametrize("name", ["housin", "\x00", "\ud800", "../housing", "x" * 5000])
def test_unknown_model_is_not_on_record(lived: House, name: str) -> None:
    with pytest.raises(NotOnRecord, match="nothing is on record"):
        history(lived.deployment, HistoryQuery(model_name=name))
