"""The Python interface: what it refuses, and what its decision says that it could not judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Decision
from include.detectors import DataDriftDetector
from include.errors import ConfigurationError, DataError
from include.orchestrator import AutomaticRetrainingOrchestrator

ROWS = 500
RNG = np.random.default_rng(0)
REFERENCE, RECENT = (pd.DataFrame({"x": RNG.normal(size=rows)}) for rows in (2000, ROWS))
ACTUALS = RNG.normal(size=ROWS)
PREDICTIONS = ACTUALS + RNG.normal(0.0, 0.1, ROWS)
CLASSES = np.where(ACTUALS > 0.0, "1", "0")


def decided(predictions: Any = None, actuals: Any = None, metrics: Any = None, **settings: Any) -> Decision:
    orchestrator = AutomaticRetrainingOrchestrator(**settings)
    return orchestrator.should_retrain(REFERENCE, RECENT, predictions, actuals, metrics)


def emptied(values: np.ndarray[Any, Any], rows: int, nothing: object = np.nan) -> np.ndarray[Any, Any]:
    """`values` with nothing in the first rows."""
    made = values.astype(object if nothing is None else values.dtype)
    made[:rows] = nothing
    return made


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"data_drift_threshold": 7.0}, "data_drift_threshold: found 7"),
        ({"data_drift_threshold": 0.0}, "more than 0 and less than 1"),
        ({"data_drift_threshold": float("nan")}, "data_drift_threshold: found nan"),
        ({"performance_threshold": -1.0}, "performance_threshold: found -1; it has to be more than 0"),
        ({"performance_threshold": float("inf")}, "performance_threshold: found inf"),
        ({"min_samples_for_retraining": 0}, "min_samples_for_retraining: found 0"),
        ({"baseline_metrics": {"rmse": float("nan")}}, "baseline_metrics: rmse: found nan; it has to be finite, 0 or"),
        ({"baseline_metrics": {"accuracy": 90.0}}, "baseline_metrics: accuracy: found 90; it has to be from 0 to 1"),
    ],
)
def test_setting_out_of_range_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        AutomaticRetrainingOrchestrator(**settings)


def test_metric_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="metrics: r2: found nan; it has to be a finite number"):
        decided(metrics={"r2": float("nan")}, baseline_metrics={"r2": 0.9})


@pytest.mark.parametrize(
    ("predictions", "actuals", "words"),
    [
        (PREDICTIONS[:400], ACTUALS[:400], "predictions: 400 values, but 500 recent rows"),
        (PREDICTIONS, ACTUALS[:400], "actuals: 400 values, but 500 recent rows"),
        (PREDICTIONS[:, None], ACTUALS, r"predictions: shape \(500, 1\), but 500 recent rows"),
        (PREDICTIONS, None, "predictions: give actuals too"),
        (None, ACTUALS, "actuals: give predictions too"),
        (CLASSES, ACTUALS, "actuals are numbers that are not whole, predictions are not numbers"),
        (np.where(CLASSES == "1", "yes", "no"), CLASSES, "predictions and actuals share no class: 'no', 'yes' against"),
    ],
)
def test_answers_that_do_not_fit_are_refused(predictions: Any, actuals: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        decided(predictions, actuals)


def test_reference_without_rows_is_refused() -> None:
    with pytest.raises(DataError, match="reference: it has no rows"):
        AutomaticRetrainingOrchestrator().should_retrain(REFERENCE.iloc[:0], RECENT)


@pytest.mark.parametrize("rows", [250, 400, 500])
@pytest.mark.parametrize("nothing", [np.nan, None, np.inf])
def test_predictions_that_are_mostly_empty_are_a_fault_to_mend(rows: int, nothing: object) -> None:
    decision = decided(emptied(PREDICTIONS, rows, nothing), ACTUALS)
    assert not decision.triggered
    assert f"predictions: {rows} of 500 are missing or not finite" in decision.reason
    assert decision.recommendation.startswith("Mend the source of predictions")


def test_few_empty_answers_are_left_out_and_told() -> None:
    whole = decided(PREDICTIONS, ACTUALS)
    for decision in (decided(emptied(PREDICTIONS, 5), ACTUALS), decided(emptied(PREDICTIONS, 5, None), ACTUALS)):
        assert decision.reason == f"{whole.reason}; not judged: predictions: 5 of 500 are missing or not finite"
    late = decided(PREDICTIONS, emptied(ACTUALS, 500))
    assert late.reason.endswith("not judged: actuals: 500 of 500 are missing")
    classes = decided(emptied(CLASSES, 5, None), CLASSES)
    assert classes.reason.endswith("predictions: 5 of 500 are missing or not finite")


def test_whole_answers_are_judged_without_a_word() -> None:
    assert "not judged" not in decided(PREDICTIONS, ACTUALS).reason
    assert "not judged" not in decided(CLASSES.astype(object), CLASSES).reason
    assert "not judged" not in decided(list(PREDICTIONS), list(ACTUALS)).reason


@pytest.mark.parametrize(
    ("now", "baseline", "words"),
    [
        ({"rmse": 0.9}, {}, "rmse 0.9: its value at acceptance is not given"),
        ({}, {"rmse": 0.3}, "rmse: its value now is not given"),
        ({"RMSE": 9.0, "mae": 0.1}, {"rmse": 0.3, "mae": 0.1}, "RMSE: no such metric; known: rmse, mae, r2"),
    ],
)
def test_metric_that_cannot_be_judged_is_named_in_the_reason(
    now: dict[str, float], baseline: dict[str, float], words: str
) -> None:
    decision = decided(metrics=now, baseline_metrics=baseline)
    assert f"; not judged: {words}" in decision.reason


def test_metric_that_cannot_be_judged_is_named_beside_one_that_fires() -> None:
    decision = decided(metrics={"rmse": 0.9, "mae": 0.2}, baseline_metrics={"rmse": 0.3})
    assert decision.triggered
    assert decision.reason.endswith("not judged: mae 0.2: its value at acceptance is not given")


@pytest.mark.parametrize("given", [np.zeros((50, 2)), pd.Series(np.zeros(50)), {"a": [1.0]}, None, [[1.0]]])
@pytest.mark.parametrize("first", [True, False])
def test_what_is_no_frame_is_refused_by_name(given: object, first: bool) -> None:
    frame = pd.DataFrame({"a": np.arange(50.0)})
    pair: Any = (given, frame) if first else (frame, given)
    for judge in (AutomaticRetrainingOrchestrator().should_retrain, DataDriftDetector().detect_distribution_shift):
        with pytest.raises(DataError, match=f"the (reference|recent rows): a {type(given).__name__} instead of a Data"):
            judge(*pair)


@pytest.mark.parametrize(
    "names", [[0, 1, 2], [("a", 1), ("a", 2), ("b", 1)], [1.5, np.nan, pd.Timestamp("2026-01-01")]]
)
def test_columns_may_be_named_by_anything(names: list[Any]) -> None:
    rng = np.random.default_rng(0)
    before, after = (pd.DataFrame(dict(zip(names, rng.normal(size=(3, 400)), strict=True))) for _ in range(2))
    orchestrator, detector = AutomaticRetrainingOrchestrator(), DataDriftDetector()
    assert not orchestrator.should_retrain(before, after).triggered
    gone, new = (
        orchestrator.should_retrain(before, after[names[:2]]),
        orchestrator.should_retrain(before[names[:2]], after),
    )
    assert f"{names[2]}: the column is gone" in gone.reason
    assert not new.triggered
    assert detector.detect_distribution_shift(before, after[names[:2]])[0]


def steady(rng: np.random.Generator, rows: int) -> dict[str, Any]:
    """Columns that move with time by themselves, in rows without a time."""
    days = pd.date_range("2025-01-01", periods=rows, freq="4h")
    return {
        "day": days.strftime("%Y%m%d").astype(int), "month": days.strftime("%Y%m").astype(float),
        "meter": np.cumsum(rng.exponential(size=rows)), "left": 9e6 - np.cumsum(rng.integers(0, 4, rows)),
        "day of the year": days.day_of_year, "row of its shop": np.arange(rows) // 10, "date": days,
        "as text": [f"{number}" for number in np.cumsum(rng.integers(1, 4, rows))],
    }  # fmt: skip


@pytest.mark.parametrize("name", steady(np.random.default_rng(0), 10))
def test_what_goes_on_as_it_went_asks_for_nothing(name: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        table = pd.DataFrame({name: steady(rng, 1_900)[name], "x": rng.normal(size=1_900)})
        assert not AutomaticRetrainingOrchestrator().should_retrain(table[:1_500], table[1_500:]).triggered
        assert not DataDriftDetector(threshold=0.01).detect_distribution_shift(table[:1_500], table[1_500:])[0]


def test_a_table_sorted_by_a_column_that_drifts_is_not_taken_for_one_that_goes_on() -> None:
    rng = np.random.default_rng(1)
    before, after = (pd.DataFrame({"x": np.sort(rng.normal(m, 1.0, n))}) for m, n in ((0.0, 1_500), (1.0, 400)))
    assert AutomaticRetrainingOrchestrator().should_retrain(before, after.sample(frac=1.0, random_state=0)).triggered
    assert DataDriftDetector(threshold=0.01).detect_distribution_shift(before.sample(frac=1.0, random_state=0), after)[
        0
    ]


def test_tables_of_names_of_rows_alone_are_not_called_unchanged() -> None:
    rows = pd.DataFrame({"order": [f"o{number:05d}" for number in range(400)]})
    decision = AutomaticRetrainingOrchestrator().should_retrain(rows[:200], rows[200:])
    assert not decision.triggered
    assert "not judged: no column can be compared: order is an identifier" in decision.reason


def held(values: Any, first: int, last: int) -> Any:
    return np.where((np.arange(len(values)) >= first) & (np.arange(len(values)) < last), 0.5, values)


@pytest.mark.parametrize(("first", "last"), [(400, 800), (100, 300), (740, 800)])
def test_a_sensor_that_hangs_for_a_part_of_the_rows_blocks_and_is_no_drift_to_learn(first: int, last: int) -> None:
    rng = np.random.default_rng(0)
    reference, recent = (pd.DataFrame(rng.normal(size=(rows, 2)), columns=["x", "z"]) for rows in (3000, 800))
    recent["x"] = held(recent["x"], first, last)
    decision = AutomaticRetrainingOrchestrator().should_retrain(reference, recent)
    assert not decision.triggered
    assert f"x: 0.5 in {last - first} rows in turn" in " ".join([decision.reason, *decision.blocked_by])


def test_rows_that_are_sorted_by_a_column_are_not_of_a_sensor_that_hangs() -> None:
    rng = np.random.default_rng(0)
    reference, recent = (pd.DataFrame({"rooms": rng.integers(1, 9, n), "x": rng.normal(size=n)}) for n in (3000, 800))
    for ascending in (True, False):
        ordered = recent.sort_values("rooms", ascending=ascending)
        assert "in turn" not in AutomaticRetrainingOrchestrator().should_retrain(reference, ordered).reason
