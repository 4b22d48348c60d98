"""What every detector promises, whatever it measures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.detectors import (
    Comparison,
    ConceptDriftDetector,
    DataDriftDetector,
    DataQualityDetector,
    Detector,
    ModelPerformanceMonitor,
    OutlierDetector,
    SufficiencyDetector,
)
from include.orchestrator import standard_detectors
from include.scoring import METRICS, Baseline
from include.signals import Verdict
from include.triggers.presets import PRESETS
from tests.detectors.comparisons import compare, predicted

DETECTORS = {
    "concept_drift": ConceptDriftDetector(),
    "data_drift": DataDriftDetector(),
    "data_quality": DataQualityDetector(),
    "outliers": OutlierDetector(),
    "performance": ModelPerformanceMonitor(),
    "sufficiency": SufficiencyDetector(),
}


@pytest.fixture(params=DETECTORS.values(), ids=DETECTORS.keys())
def detector(request: pytest.FixtureRequest) -> Detector:
    found: Detector = request.param
    return found


def table(rows: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "x": rng.normal(shift, 1.0, rows), "y": rng.normal(shift, 1.0, rows), "c": rng.choice(["a", "b", "d"], rows),
    })  # fmt: skip


def comparison(recent: pd.DataFrame, *, worse: float = 1.0, minimum_rows: int = 100) -> Comparison:
    """Recent rows with labels; in the later half the model errs `worse` times as much."""
    rng = np.random.default_rng(9)
    errors = rng.normal(size=len(recent)) * np.where(np.arange(len(recent)) < len(recent) / 2, 1.0, worse)
    return compare(
        table(1000, 0), recent, labelled=predicted(errors), metric=METRICS["rmse"],
        baseline=Baseline.measure(METRICS["rmse"], predicted(rng.normal(size=500))), minimum_rows=minimum_rows,
    )  # fmt: skip


def test_every_standard_detector_is_under_this_contract() -> None:
    used = {type(detector) for detector in standard_detectors(PRESETS["balanced"], "rmse")}
    assert used == {type(detector) for detector in DETECTORS.values()}


def test_same_comparison_gives_the_same_signals(detector: Detector) -> None:
    given = comparison(table(400, 1, shift=0.2), worse=1.3)
    assert list(detector.detect(given)) == list(detector.detect(given))


def test_every_signal_has_a_reason_and_a_key_of_its_own(detector: Detector) -> None:
    signals = detector.detect(comparison(table(400, 1, shift=3.0), worse=3.0))
    keys = [(signal.kind, signal.feature, signal.statistic) for signal in signals]
    assert signals
    assert len(set(keys)) == len(keys)
    assert all(signal.reason for signal in signals)


def test_unchanged_rows_are_not_called_changed(detector: Detector) -> None:
    assert not [signal for signal in detector.detect(comparison(table(400, 1))) if signal.changed]


def test_without_recent_rows_there_is_no_data(detector: Detector) -> None:
    empty = replace(comparison(table(400, 1).iloc[:0]), labelled=None)
    signals = detector.detect(empty)
    assert {signal.verdict for signal in signals} == {Verdict.NO_DATA}
    assert all(signal.p_value is None for signal in signals)


def test_column_without_values_does_not_disturb_the_others(detector: Detector) -> None:
    recent = table(400, 1, shift=0.5)
    whole = {s for s in map(repr, detector.detect(comparison(recent))) if "'y'" not in s and "faults" not in s}
    holed = {s for s in map(repr, detector.detect(comparison(recent.assign(y=np.nan)))) if "'y'" not in s}
    assert holed == whole


@pytest.mark.parametrize("rows", [1, 3, 99, 450])
def test_below_the_minimum_of_rows_nothing_is_called_changed(detector: Detector, rows: int) -> None:
    recent = table(rows, 1, shift=8.0).assign(c="new")
    signals = detector.detect(comparison(recent, worse=20.0, minimum_rows=rows + 1))
    assert not [signal for signal in signals if signal.changed]


def test_detector_keeps_nothing_of_what_it_saw(detector: Detector) -> None:
    given = comparison(table(400, 1))
    before, settings = list(detector.detect(given)), repr(detector)
    detector.detect(comparison(table(400, 2, shift=5.0), worse=9.0))
    assert list(detector.detect(given)) == before
    assert repr(detector) == settings
