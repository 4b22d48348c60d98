"""A few bad cells are a fault of those cells: they are told, and the rest of their rows is judged by and trained on."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind
from include.detectors import DataDriftDetector
from include.errors import ConfigurationError
from include.orchestrator import AutomaticRetrainingOrchestrator
from include.records.entries import EventStatus
from include.registry.loader import load_model
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.prepare import Columns, feature_table
from include.workflow.analysis.quarantine import with_impossible_cells
from include.workflow.plain_files import read_plain_files, retrain
from tests.stage import REFERENCE_DAYS, Stage, Step, day, rows_from, sales
from tests.sweeps import each_nth, first_of

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 10)
DAYS = REFERENCE_DAYS + 11
FIELDS: dict[str, Any] = {"features": ["temperature", "price", "region"]}


def spoiled(every: int, value: object = -999.0, *, start: int = REFERENCE_DAYS, end: int = DAYS) -> pd.DataFrame:
    """Prices of 1 to 3, and another value in every so many rows of some days."""
    table = sales(DAYS)
    hit = (table.index >= start * 24) & (table.index < end * 24) & (table.index % every == 0)
    return table.assign(price=table["price"].astype(object).where(~hit, value) if isinstance(value, str) else
                        table["price"].where(~hit, value))  # fmt: skip


def two_steps(stage: Stage, table: pd.DataFrame, *, force: bool = False, **fields: Any) -> tuple[Step, Step]:
    stage.add("sales", table, **{**FIELDS, **fields})
    asked = {"force": True, "reason": "please"} if force else {}
    return stage.run("sales", FIRST), stage.run("sales", LATER, **asked)


def on(step: Step, statistic: str, feature: str = "price") -> Signal | None:
    found = (s for s in step.analysis.signals if (s.statistic, s.feature) == (statistic, feature))
    return next(found, None)


@pytest.mark.parametrize(("value", "every"), each_nth(product((-999.0, 9999.0, 1e10), (7, 33, 100)), 4))
def test_sentinels_are_told_and_are_no_drift_no_outliers_and_no_block(tmp_path: Path, value: float, every: int) -> None:
    later = two_steps(Stage(tmp_path), spoiled(every, value))[1]
    told = on(later, "impossible")
    assert told is not None
    assert told.changed
    assert not told.blocks
    cells = -(-240 // every)
    assert told.value == pytest.approx(cells / 240, abs=0.01)
    for part in ("price", f"({value:.15g})", "the first is of 2026-0", "range: {price: [null, null]}"):
        assert part in told.reason
    others = [s for s in later.analysis.signals if s.changed and s.feature == "price" and s is not told]
    assert others == []
    assert on(later, "missing_rise") is None
    assert not later.decision.triggered
    assert later.decision.blocked_by == ()


def test_retrain_goes_on_with_the_rest_of_the_rows_and_says_what_was_emptied(tmp_path: Path) -> None:
    later = two_steps(Stage(tmp_path), spoiled(33), force=True)[1]
    assert later.event is not None
    assert later.event.status in (EventStatus.PROMOTED, EventStatus.HELD)
    assert later.event.details.emptied_cells == {"price": 8}
    assert set(later.event.details.dropped_rows.values()) == {0}


def test_text_in_a_few_cells_of_a_number_blocks_no_retrain_and_loses_no_row(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(DAYS), **FIELDS)
    stage.run("sales", FIRST)
    stage.write("sales", spoiled(33, "??"))
    later = stage.run("sales", LATER, force=True, reason="please")
    assert later.event is not None
    assert later.event.details.emptied_cells == {"price": 8}
    assert set(later.event.details.dropped_rows.values()) == {0}


def test_first_version_is_not_trained_on_sentinels_of_its_reference_and_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    first, later = two_steps(stage, spoiled(33, start=0))
    told = on(first, "impossible")
    assert told is not None
    assert told.reason.startswith("in the reference: price: 3.06% of the cells are impossible (-999)")
    assert first.event is not None
    assert first.event.details.emptied_cells == {"price": 22}
    again = on(later, "impossible")
    assert again is not None
    assert not again.changed  # as many as the reference had
    clean = Stage(tmp_path / "clean")
    (tmp_path / "clean").mkdir()
    plain = two_steps(clean, spoiled(33, float("nan"), start=0))[0]
    assert plain.event is not None
    assert first.event.scores == plain.event.scores


def test_column_that_is_mostly_impossible_blocks_and_the_way_out_is_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    later = two_steps(stage, spoiled(1, start=REFERENCE_DAYS + 8), force=True)[1]
    told = on(later, "impossible")
    assert told is not None
    assert told.blocks
    assert not later.decision.triggered
    assert "lift the quarantine" in later.decision.recommendation
    assert "`range`" in later.decision.recommendation
    assert [kept.fault.feature for kept in stage.store.quarantines("sales")] == ["price"]


def test_declared_range_finds_what_sight_would_not_and_forgives_what_sight_would_find(tmp_path: Path) -> None:
    low = two_steps(Stage(tmp_path), spoiled(33, 3.4), range={"price": [0, 3.2]})[1]
    told = on(low, "impossible")
    assert told is not None
    assert "(below 0, above 3.2)" in told.reason
    (tmp_path / "open").mkdir()
    open_ = two_steps(Stage(tmp_path / "open"), spoiled(33), range={"price": [None, None]})[1]
    assert on(open_, "impossible") is None


def test_range_that_is_written_later_holds_for_the_champion_too(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", spoiled(33), **FIELDS)
    stage.run("sales", FIRST)
    stage.add("sales", None, **FIELDS, range={"price": [None, None]})
    assert on(stage.run("sales", LATER), "impossible") is None


def test_champion_and_challenger_are_asked_with_the_same_cells_empty(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    two_steps(stage, spoiled(33))
    deployment = stage.deployment
    spec = load_model(deployment.models_dir, "sales")
    version = stage.store.champion("sales")
    assert version is not None
    reference = stage.store.reference("sales", version.version)
    assert reference is not None
    tables = deployment.read(spec, deployment.data_dir, as_of=LATER, seen_until=version.data_until)
    champion = with_impossible_cells(spec, Champion(version=version, reference=reference), tables)
    columns = Columns.of(champion.reference.profile, champion.reference.inputs)
    executor = RetrainingExecutor(spec=spec, artifacts=deployment.artifacts, possible=columns.possible)
    stored = executor.load(version)
    assert stored.columns == columns
    assert feature_table(tables.recent, stored.columns)["price"].isna().sum() == 8


def test_new_price_level_is_no_fault_of_cells(tmp_path: Path) -> None:
    table = sales(DAYS)
    table.loc[rows_from(REFERENCE_DAYS + 5), "price"] = 9999.0
    later = two_steps(Stage(tmp_path), table)[1]
    assert on(later, "impossible") is None


def test_calls_on_tables_leave_sentinels_out_of_drift() -> None:
    rng = np.random.default_rng(0)
    reference, recent = (pd.DataFrame({"age": rng.normal(50.0, 10.0, 2000)}) for _ in range(2))
    recent.loc[::30, "age"] = -999.0
    assert not DataDriftDetector(threshold=0.05).detect_distribution_shift(reference, recent)[0]
    decision = AutomaticRetrainingOrchestrator().should_retrain(reference, recent)
    assert not decision.triggered
    assert "impossible (-999)" in decision.reason


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ([3, 1], "the smaller first"), ([1, "2026-01-01"], "two numbers or two dates"), ([True, 1], "range"),
        ([1], "range"), ([float("inf"), None], "range"),
    ],
)  # fmt: skip
def test_range_that_cannot_be_is_refused_by_name(tmp_path: Path, bounds: list[object], said: str) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(31), **FIELDS, range={"price": bounds})
    error = _error(stage)
    assert said in error
    assert "price" in error


@pytest.mark.parametrize("column", ["region", "prise", "at", "sales_"])
def test_range_of_what_is_no_column_of_numbers_is_refused(tmp_path: Path, column: str) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(31), **FIELDS, categorical=["region"], range={column: [0, 1]})
    assert f"range: {column}" in _error(stage)


def _error(stage: Stage) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_model(stage.models, "sales")
    return str(raised.value)


def test_signals_on_impossible_cells_are_of_data_quality(tmp_path: Path) -> None:
    told = on(two_steps(Stage(tmp_path), spoiled(33))[1], "impossible")
    assert told is not None
    assert told.kind is SignalKind.DATA_QUALITY


@pytest.mark.parametrize(
    ("value", "cells"), [(-999.0, 1), (-999.0, 9), (9999.0, 9), (1e308, 1), (1e308, 9), (-1e20, 1), (-1e20, 9)]
)
def test_actuals_and_predictions_that_are_no_values_are_left_out_and_told(value: float, cells: int) -> None:
    rng = np.random.default_rng(0)
    reference, recent = (pd.DataFrame({"x": rng.normal(size=rows)}) for rows in (2000, 400))
    reference["y"] = 100.0 + 10.0 * reference["x"] + rng.normal(size=2000)
    actual = 100.0 + 10.0 * recent["x"].to_numpy() + rng.normal(size=400)
    predicted = 100.0 + 10.0 * recent["x"].to_numpy()
    bad = np.linspace(20, 380, cells).astype(int)
    clean = AutomaticRetrainingOrchestrator().should_retrain(reference, recent, predicted, actual, target="y")
    for spoilt, (one, other) in {
        "actuals": (predicted, np.where(np.isin(np.arange(400), bad), value, actual)),
        "predictions": (np.where(np.isin(np.arange(400), bad), value, predicted), actual),
    }.items():
        decision = AutomaticRetrainingOrchestrator().should_retrain(reference, recent, one, other, target="y")
        assert decision.triggered == clean.triggered
        assert f"{spoilt}: {cells} of 400 are no values ({value:.15g})" in decision.reason


def test_zero_is_a_prediction_however_far_outside() -> None:
    rng = np.random.default_rng(0)
    recent = pd.DataFrame({"x": rng.normal(size=400)})
    actual = 100.0 + rng.normal(size=400)
    predicted = np.where(np.arange(400) % 9 == 4, 0.0, actual + rng.normal(size=400))
    decision = AutomaticRetrainingOrchestrator(task="regression").should_retrain(recent, recent, predicted, actual)
    assert "no values" not in decision.reason


@pytest.mark.parametrize(
    ("column", "value"), first_of([("price", -999.0), ("sales", 1e308), ("price", 1e308), ("sales", -999.0)], 2)
)
def test_retrain_from_plain_files_neither_learns_nor_judges_by_cells_that_hold_no_value(
    tmp_path: Path, column: str, value: float
) -> None:
    table = sales(DAYS).drop(columns="at")
    bad = table.index % 40 == 5
    outcomes = []
    for name, filler in (("bad", value), ("empty", np.nan)):
        made = table.assign(**{column: table[column].mask(bad, filler)})
        made.iloc[:720].to_csv(tmp_path / "reference.csv", index=False)
        made.iloc[720:].to_csv(tmp_path / "recent.csv", index=False)
        files = read_plain_files(tmp_path / "reference.csv", tmp_path / "recent.csv")
        outcomes.append(retrain(files, "sales", minimum_rows=100, output=tmp_path / name))
    assert outcomes[0].scores == outcomes[1].scores
    assert outcomes[0].champion_scores == outcomes[1].champion_scores
    assert ("labels are no values" in outcomes[0].reason) is (column == "sales")


@pytest.mark.parametrize(("value", "every"), each_nth(product((np.inf, -np.inf), (7, 33, 100)), 2))
def test_infinite_cells_are_told_like_impossible_ones_and_ask_for_nothing(
    tmp_path: Path, value: float, every: int
) -> None:
    later = two_steps(Stage(tmp_path), spoiled(every, value), force=True)[1]
    told = on(later, "infinite")
    assert told is not None
    assert told.changed
    assert not told.blocks
    assert "mend the source" in told.reason
    assert later.event is not None
    assert later.event.details["emptied_cells"] == {"price": sum(row % every == 0 for row in range(720, 960))}
    assert [s for s in later.analysis.signals if s.changed and s.feature == "price" and s is not told] == []


def test_infinite_cells_of_the_reference_are_told_with_the_first_version(tmp_path: Path) -> None:
    first, later = two_steps(Stage(tmp_path), spoiled(33, np.inf, start=0))
    told = on(first, "infinite")
    assert told is not None
    assert told.reason.startswith("in the reference: price: 3.06% of the cells are infinite and count as empty")
    assert first.event is not None
    assert first.event.details["emptied_cells"] == {"price": 22}
    assert (again := on(later, "infinite")) is None or not again.changed


def test_column_that_is_infinite_for_days_is_quarantined_like_an_empty_one(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    later = two_steps(stage, spoiled(1, np.inf, start=REFERENCE_DAYS + 8), force=True)[1]
    assert not later.decision.triggered
    assert [kept.fault.statistic for kept in stage.store.quarantines("sales")] == ["infinite"]


@pytest.mark.parametrize(
    ("value", "every"), each_nth([(-999.0, 40), (-999.0, 100), (1e308, 200), (99999.0, 40), (np.inf, 40)], 2)
)
def test_recorded_predictions_that_are_no_values_are_the_champion_s_own_then(
    tmp_path: Path, value: float, every: int
) -> None:
    table = sales(DAYS)
    recorded = table["sales"] + np.random.default_rng(4).normal(0.0, 4.0, len(table))
    bad = (table.index >= REFERENCE_DAYS * 24) & (table.index % every == 1)
    scores = []
    for name, filler in (("bad", value), ("empty", np.nan)):
        (tmp_path / name).mkdir()
        made = table.assign(answer=recorded.mask(bad, filler))
        later = two_steps(Stage(tmp_path / name), made, prediction="answer")[1]
        scores.append(next(s.value for s in later.analysis.signals if s.statistic == "rmse"))
        if name == "bad" and np.isfinite(value):
            told = [s.reason for s in later.analysis.signals if "recorded predictions are no values" in s.reason]
            assert len(told) == 1
    assert scores[0] == scores[1]
