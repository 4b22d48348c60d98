"""Backfills, and other runs of a date that the model has been checked beyond, leave alone what is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.decision.decision import Decision
from include.decision.waiting import HELD_UP, is_past
from include.records.entries import Run
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST = day(REFERENCE_DAYS + 1)
TURNED = {"training": {"estimator": "linear", "rows": "latest"}}


def in_force(stage: Stage) -> Any:
    store = stage.store
    champion = store.champion("shop")
    assert champion is not None
    changes = [change.to_version for change in store.champion_changes("shop")]
    return champion.version, changes, store.last_retrained_at("shop", until=day(999)), store.quarantines("shop")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A model that was retrained never, and whose rows were wrong for a while and are right again."""
    made = Stage(tmp_path)
    table = sales(80)
    wrong = (table["at"] >= day(40)) & (table["at"] < day(50))
    table.loc[wrong, "sales"] = 200.0 - table.loc[wrong, "sales"]  # the relation turned, and turned back
    made.add("shop", table, **TURNED)
    made.run("shop", FIRST)
    return made


def decided(stage: Stage, at: datetime, **asked: Any) -> Decision:
    return stage.run("shop", at, run_id=f"backfill__{at.isoformat()}", **asked).decision


def test_backfill_retrains_nothing_that_its_own_date_would_have_retrained(stage: Stage) -> None:
    assert not stage.run("shop", day(75)).decision.triggered
    before = in_force(stage)
    decision = decided(stage, day(50))
    assert decision.trigger_type in ("performance", "concept_drift", "retrain_gain")
    assert not decision.triggered
    assert decision.blocked_by == ("this run is of a past date: the model has been checked up to 2026-03-17 00:00 UTC",)
    assert in_force(stage) == before


def test_the_same_run_in_its_time_retrains(stage: Stage) -> None:
    assert decided(stage, day(50)).triggered


def test_forced_run_of_a_past_date_is_obeyed(stage: Stage) -> None:
    stage.run("shop", day(75))
    assert decided(stage, day(50), force=True, reason="I want it").triggered


def test_request_waits_for_a_run_of_now(stage: Stage) -> None:
    stage.run("shop", day(75))
    workflow.request_retrain(stage.deployment, "shop", "please", by="ada")
    assert not decided(stage, day(50)).triggered
    assert stage.run("shop", day(76)).decision.triggered


@pytest.mark.parametrize(
    ("late", "past"),
    [(timedelta(0), False), (HELD_UP, False), (HELD_UP + timedelta(seconds=1), True), (-timedelta(days=9), False)],
)
def test_run_that_was_held_up_is_of_now(late: timedelta, past: bool) -> None:
    assert is_past(FIRST, FIRST + late) == past
    assert not is_past(FIRST, None)


def test_backfill_of_a_broken_stretch_leaves_the_quarantine_of_later_rows(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    table = sales(80)
    for begin, end in ((42, 44), (70, 80)):
        broken = (table["at"] >= day(begin)) & (table["at"] < day(end))
        table.loc[broken, "price"] = -999.0
    stage.add("shop", table)
    stage.run("shop", FIRST)
    stage.run("shop", day(75))
    before = in_force(stage)
    decided(stage, day(50))
    after = in_force(stage)
    assert after[:3] == before[:3]
    later = [kept for kept in after[3] if kept.fault.span.end > day(60)]
    assert later == list(before[3])


def test_dry_run_of_a_later_date_makes_no_run_one_of_the_past(stage: Stage) -> None:
    stage.run("shop", day(75), dry_run=True)
    assert decided(stage, day(50)).triggered


def test_cleared_backfill_decides_as_before(stage: Stage) -> None:
    stage.run("shop", day(75))
    first = decided(stage, day(50))
    assert decided(stage, day(50)) == first
    run = Run(run_id=f"backfill__{day(50).isoformat()}", as_of=day(50))
    assert workflow.event_in_run(stage.deployment, "shop", run) is None


def test_check_by_a_clock_that_was_years_ahead_keeps_no_later_run_waiting(stage: Stage) -> None:
    stage.run("shop", datetime(2126, 1, 1, tzinfo=UTC))
    assert decided(stage, day(50)).triggered
