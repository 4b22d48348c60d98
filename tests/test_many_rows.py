"""A check of more rows than it looks at closely comes to what one of all rows comes to, and says what it looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.sources import sieve
from include.decision.signals import Signal, SignalKind
from tests.stage import Stage, Step, day, sales

FIRST, CHECKED = 30, 45
OF_ALL = (SignalKind.DATA_DRIFT, SignalKind.OUTLIERS, SignalKind.DATA_QUALITY, SignalKind.SUFFICIENCY)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def checked(stage: Stage, table: pd.DataFrame, most: int, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A first version on the first thirty days, and the check of the ten days before the 45th, of `most` rows."""
    stage.add("sales", table, policy={"preset": "balanced"})
    stage.run("sales", day(FIRST))
    monkeypatch.setattr(sieve, "MOST_ROWS", most)
    return stage.run("sales", day(CHECKED), dry_run=True)


def dense(table: pd.DataFrame) -> pd.DataFrame:
    """Ten rows of each hour."""
    rng = np.random.default_rng(1)
    many = table.loc[table.index.repeat(10)].reset_index(drop=True)
    at = many["at"] + pd.to_timedelta(np.tile(np.arange(10) * 6, len(table)), unit="min")
    return many.assign(at=at, temperature=many["temperature"] + rng.normal(0.0, 5.0, len(many)),
                       sales=many["sales"] + rng.normal(0.0, 3.0, len(many)))  # fmt: skip


def shown(step: Step, *kinds: SignalKind) -> dict[tuple[str, str, str], Signal]:
    return {(s.kind, s.feature, s.statistic): s for s in step.analysis.signals if s.kind in kinds}


def test_what_is_counted_of_all_rows_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = dense(sales(CHECKED))
    table.loc[table["at"] >= day(38), "price"] *= 1.2
    few, whole = (
        checked(Stage(tmp_path / name), table, most, monkeypatch) for name, most in (("few", 500), ("whole", 10**6))
        if not (tmp_path / name).mkdir()
    )  # fmt: skip
    assert few.analysis.rows == whole.analysis.rows == 2_400
    assert few.analysis.labelled_rows == whole.analysis.labelled_rows
    assert few.analysis.facts.new_rows == whole.analysis.facts.new_rows
    known = shown(whole, *OF_ALL)
    for key, signal in shown(few, *OF_ALL).items():
        if key[2] == "reading":
            continue
        assert signal.verdict == known[key].verdict
        assert signal.value == (None if known[key].value is None else pytest.approx(known[key].value, rel=0.01))
    assert any(signal.changed and signal.feature == "price" for signal in shown(few, SignalKind.DATA_DRIFT).values())


def test_what_is_measured_on_a_part_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    step = checked(stage, dense(sales(CHECKED)), 500, monkeypatch)
    [measured] = [s for s in step.analysis.signals if s.kind is SignalKind.PERFORMANCE and s.statistic == "rmse"]
    assert measured.reason.endswith("on 300 of 2,400 rows, evenly over the window")
    [reading] = [s for s in step.analysis.signals if s.statistic == "reading"]
    assert "all 2,400 recent rows are counted" in reading.reason
    assert {measurement.rows for measurement in step.analysis.measurements} == {300}
    drift = shown(step, SignalKind.DATA_DRIFT).values()
    assert drift
    assert not any("evenly" in signal.reason for signal in drift)


def test_harm_is_found_on_a_part(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    step = checked(stage, dense(sales(CHECKED, change=34)), 500, monkeypatch)
    assert step.decision.triggered
    assert any(s.changed for s in shown(step, SignalKind.PERFORMANCE).values())


def test_broken_rows_among_many_are_set_aside(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    table = dense(sales(CHECKED))
    gone = (table["at"] >= day(38)) & (table["at"] < day(41))
    table = table.assign(price=table["price"].mask(gone))
    step = checked(stage, table, 500, monkeypatch)
    [fault] = step.analysis.facts.faults
    assert fault.feature == "price"
    assert fault.span is not None
    assert abs((fault.span.start - day(38)).total_seconds()) < 12 * 3600
    assert abs((fault.span.end - day(41)).total_seconds()) < 12 * 3600
    counted = table[(table["at"] >= day(35)) & ~((table["at"] >= fault.span.start) & (table["at"] < fault.span.end))]
    assert step.analysis.rows == len(counted)


def test_quiet_rows_stay_quiet_however_few_are_looked_at(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.add("sales", dense(sales(60)), policy={"preset": "balanced"})
    stage.run("sales", day(FIRST))
    monkeypatch.setattr(sieve, "MOST_ROWS", 400)
    steps = [stage.run("sales", day(at), dry_run=True) for at in (40, 46, 52, 58)]
    assert not any(step.decision.triggered for step in steps)
