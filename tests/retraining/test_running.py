from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from include.detectors.statistics.running_errors import RunningErrors
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST, FEW_HOURS = day(REFERENCE_DAYS), timedelta(hours=6)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model that has its first version."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(60))
    stage.run("sales", FIRST)
    return stage


def errors_at(stage: Stage, at: datetime, run_id: str = "") -> RunningErrors:
    running = stage.run("sales", at, **({"run_id": run_id} if run_id else {})).analysis.running
    assert running is not None
    return running


def labelled_since(stage: Stage, at: datetime) -> int:
    champion = stage.store.champion("sales")
    assert champion is not None
    assert champion.data_until is not None
    times = pd.to_datetime(sales(60)["at"])
    return int(((times >= champion.data_until) & (times < at)).sum())


def test_rows_of_overlapping_windows_are_counted_once(stage: Stage) -> None:
    for at in (day(36), day(36) + FEW_HOURS, day(40), day(47)):
        running = errors_at(stage, at)
        assert running.rows == labelled_since(stage, at)
        assert running.until == at - timedelta(hours=1)


def test_repeated_run_and_a_second_one_at_the_same_time_count_nothing_twice(stage: Stage) -> None:
    errors_at(stage, day(36))
    once = errors_at(stage, day(40))
    assert errors_at(stage, day(40)) == once
    assert errors_at(stage, day(40), run_id="by hand") == once
    assert errors_at(stage, day(41)).rows == labelled_since(stage, day(41))


def test_run_for_a_past_time_disturbs_no_later_one(stage: Stage) -> None:
    errors_at(stage, day(38))
    errors_at(stage, day(36), run_id="as of a past day")
    assert errors_at(stage, day(40)).rows == labelled_since(stage, day(40))


def test_new_champion_starts_anew(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(70, change=45))
    stage.run("sales", FIRST)
    before = errors_at(stage, day(51))
    champion = stage.store.champion("sales")
    assert champion is not None
    assert champion.version == 2
    after = errors_at(stage, day(52))
    assert after.rows == 24 < before.rows
    assert after.since == day(51)


def test_model_without_timestamps_has_no_running_errors(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    table = sales(40).drop(columns="at")
    stage.data.mkdir(exist_ok=True)
    for name, part in {"old": table[:720], "new": table[720:]}.items():
        part.to_csv(stage.data / f"{name}.csv", index=False)
    stage.add(
        "sales", table, timestamp=None, reference=None, window=None,
        source={"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"},
    )  # fmt: skip
    stage.run("sales", FIRST)
    assert stage.run("sales", FIRST + FEW_HOURS).analysis.running is None
