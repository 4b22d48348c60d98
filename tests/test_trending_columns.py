"""A price that rises and a sensor that creeps, through the whole workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import SignalKind
from tests.stage import START, Stage, Step, day

REFERENCE_DAYS, DAYS = 60, 120
FIELDS = {"reference": {"start": "2026-01-01", "end": "2026-03-02"}, "policy": {"preset": "balanced"}}


def rows(seed: int = 0) -> pd.DataFrame:
    """Hourly sales, of which labels end with the reference; the price rises by a standard deviation in 25 days."""
    rng, number = np.random.default_rng(seed), DAYS * 24
    days = np.arange(number) / 24.0
    price = 50.0 + 0.04 * days + rng.normal(size=number)
    weather = rng.normal(size=number)
    sales = 100.0 + 10.0 * weather - 0.5 * price + rng.normal(size=number)
    return pd.DataFrame({
        "at": pd.date_range(START, periods=number, freq="h"), "price": price, "weather": weather,
        "sales": np.where(days < REFERENCE_DAYS, sales, np.nan),
    })  # fmt: skip


def staged(folder: Path, table: pd.DataFrame) -> Stage:
    stage = Stage(folder)
    stage.add("shop", table, **FIELDS)
    stage.run("shop", day(REFERENCE_DAYS))
    return stage


def drifting(step: Step) -> set[str]:
    return {s.feature or s.statistic for s in step.analysis.signals if s.changed and s.kind is SignalKind.DATA_DRIFT}


def since(table: pd.DataFrame, number: float) -> pd.Series:
    return table["at"] >= pd.Timestamp(day(number))


def test_price_that_goes_on_rising_asks_for_nothing(tmp_path: Path) -> None:
    stage = staged(tmp_path, rows())
    for number in range(REFERENCE_DAYS + 7, DAYS, 13):
        step = stage.run("shop", day(number))
        assert drifting(step) == set()
        assert not step.decision.triggered
        reasons = [s.reason for s in step.analysis.signals if s.feature == "price" and s.statistic == "ks"]
        assert "compared with where it would be by now" in reasons[0]


def test_price_that_jumps_asks_for_a_retrain_and_is_drawn_where_it_is(tmp_path: Path) -> None:
    table = rows()
    table.loc[since(table, REFERENCE_DAYS + 10), "price"] += 1.0
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 20), dry_run=True)
    assert "price" in drifting(step)
    assert step.decision.trigger_type == "data_drift"
    drawn = {each.name: each for each in step.analysis.distributions}["price"]
    assert 45.0 < min(drawn.edges) < max(drawn.edges) < 62.0


def test_sensor_that_stands_still_is_broken(tmp_path: Path) -> None:
    table = rows()
    table.loc[since(table, REFERENCE_DAYS), "price"] = 52.4
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 12))
    assert [(s.feature, s.statistic) for s in step.analysis.signals if s.blocks] == [("price", "constant")]
    assert not step.decision.triggered


def test_another_unit_of_a_price_that_rises_is_another_unit(tmp_path: Path) -> None:
    table = rows()
    table.loc[since(table, REFERENCE_DAYS + 30), "price"] *= 100.0
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 45))
    assert [(s.feature, s.statistic) for s in step.analysis.signals if s.blocks] == [("price", "unit_change")]


def test_empty_cells_of_a_rising_price_are_quarantined_and_the_rest_is_judged(tmp_path: Path) -> None:
    table = rows()
    gone = since(table, REFERENCE_DAYS + 4) & ~since(table, REFERENCE_DAYS + 6)
    table.loc[gone, "price"] = np.nan
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 12))
    assert not any(signal.blocks for signal in step.analysis.signals)
    assert step.analysis.rows < 9 * 24
    assert drifting(step) == set()


@pytest.mark.parametrize("cell", ["?", "n/k"])
def test_unreadable_cell_in_a_rising_price_stays_one_cell(tmp_path: Path, cell: str) -> None:
    table = rows()
    table["price"] = table["price"].map("{:.3f}".format)
    for number in (100, (REFERENCE_DAYS + 5) * 24):
        table.loc[number, "price"] = cell
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 12))
    assert drifting(step) == set()
    assert any("compared with where it would be by now" in signal.reason for signal in step.analysis.signals)


@pytest.mark.parametrize("values", [(3.75, 4.0), ("T2026", "T2025"), (True, False)], ids=["number", "name", "truth"])
def test_rate_that_is_set_anew_for_the_first_time_asks_for_nothing(tmp_path: Path, values: tuple[Any, Any]) -> None:
    table = rows()
    table["rate"] = np.where(since(table, REFERENCE_DAYS + 10), *values)
    stage = staged(tmp_path, table)
    for number in (REFERENCE_DAYS + 12, REFERENCE_DAYS + 20, REFERENCE_DAYS + 45):
        step = stage.run("shop", day(number))
        assert drifting(step) == set()
        assert not step.decision.triggered
        assert any("how often it changes is not known" in signal.reason for signal in step.analysis.signals)


def test_a_number_that_stands_for_none_stays_one_in_a_rising_price(tmp_path: Path) -> None:
    table = rows()
    table.loc[np.random.default_rng(1).random(len(table)) < 0.02, "price"] = -999.0
    stage = staged(tmp_path, table)
    step = stage.run("shop", day(REFERENCE_DAYS + 45))
    assert drifting(step) == set()
    reference = stage.store.reference("shop", 1)
    assert reference is not None
    assert set(reference.trends) == {"price"}
    assert any("compared with where it would be by now" in signal.reason for signal in step.analysis.signals)


def test_jump_to_a_number_that_stands_for_none_is_a_fault_and_no_drift(tmp_path: Path) -> None:
    table = rows()
    late = since(table, REFERENCE_DAYS + 3) & (np.random.default_rng(1).random(len(table)) < 0.1)
    table.loc[late, "price"] = -999.0
    step = staged(tmp_path, table).run("shop", day(REFERENCE_DAYS + 12))
    assert drifting(step) == set()
    assert any(s.statistic == "impossible" and s.feature == "price" and s.changed for s in step.analysis.signals)
