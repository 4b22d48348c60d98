from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from include.decision.signals import Signal, Verdict
from include.detectors import ModelPerformanceMonitor
from include.scoring import METRICS, Baseline
from tests.detectors.comparisons import judged
from tests.series import autoregression, most
from tests.sweeps import each_nth

ANY = dict.fromkeys(METRICS, -9.0)  # thresholds that every change reaches: what is left is the test


def signal_of(errors: object, accepted: object, *, metric: str = "rmse", **settings: object) -> Signal:
    return ModelPerformanceMonitor(**settings).detect(judged(errors, accepted, metric=metric))[0]


def test_hand_computed_worsening() -> None:
    signal = signal_of(np.tile([-2.4, 2.4], 150), np.tile([-2.0, 2.0], 150))
    assert signal.changed
    assert signal.value == pytest.approx(0.2)
    assert signal.threshold == 0.10
    assert dict(signal.detail) == pytest.approx(
        {"current": 2.4, "baseline": 2.0, "rows": 300.0, "low": 2.4, "high": 2.4, "coverage": 1.0}
    )


@pytest.mark.parametrize(("metric", "kind"), each_nth(product(("rmse", "mae", "r2"), ("normal", "t3", "ar")), 4))
def test_unchanged_errors_alarm_on_at_most_the_level(metric: str, kind: str) -> None:
    rng, level, trials = np.random.default_rng(3), 0.05, 300
    make = {
        "normal": lambda rows: rng.normal(size=rows),
        "t3": lambda rows: rng.standard_t(3, size=rows),
        "ar": lambda rows: autoregression(rng, rows=rows, coefficient=0.9),
    }[kind]
    alarms = [
        signal_of(make(300), make(500), metric=metric, thresholds=ANY, level=level).changed for _ in range(trials)
    ]
    assert np.mean(alarms) <= most(level, trials)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_errors_a_third_larger_are_found(metric: str) -> None:
    rng = np.random.default_rng(3)
    found = [signal_of(rng.normal(size=400) * 1.33, rng.normal(size=400), metric=metric).changed for _ in range(50)]
    assert np.mean(found) >= 0.9


def test_worsening_that_does_not_matter_is_stable_however_certain() -> None:
    signal = signal_of(np.tile([-1.05, 1.05], 500), np.tile([-1.0, 1.0], 500))
    assert signal.p_value is not None
    assert signal.p_value < 0.01
    assert signal.verdict is Verdict.STABLE


def test_worsening_that_chance_explains_is_stable_however_large() -> None:
    rng = np.random.default_rng(8)
    signal = signal_of(rng.standard_t(2, size=12) * 1.4, rng.standard_t(2, size=12))
    assert signal.value is not None
    assert signal.p_value is not None
    assert signal.p_value > 0.01
    assert signal.verdict is Verdict.STABLE


def test_better_model_is_stable() -> None:
    assert signal_of(np.tile([-0.5, 0.5], 100), np.tile([-1.0, 1.0], 100)).verdict is Verdict.STABLE


def test_without_labels_there_is_no_data() -> None:
    comparison = replace(judged([1.0] * 50, [1.0] * 50), labelled=None)
    assert ModelPerformanceMonitor().detect(comparison)[0].verdict is Verdict.NO_DATA


def test_without_a_baseline_there_is_no_data() -> None:
    comparison = replace(judged([1.0] * 50, [1.0] * 50), baseline=None)
    signal = ModelPerformanceMonitor().detect(comparison)[0]
    assert signal.verdict is Verdict.NO_DATA
    assert "no baseline of rmse" in signal.reason


def test_model_without_a_metric_gives_no_signal() -> None:
    assert ModelPerformanceMonitor().detect(replace(judged([1.0] * 50, [1.0] * 50), metric=None)) == []


@pytest.mark.parametrize(
    ("metric", "baseline", "current", "degraded"),
    [("rmse", 1.0, 1.1, True), ("rmse", 1.0, 1.09, False), ("mae", 2.0, 2.2, True), ("r2", 0.80, 0.76, True),
     ("r2", 0.80, 0.77, False), ("accuracy", 0.90, 0.849, True), ("accuracy", 0.90, 0.86, False),
     ("rmse", 0.0, 0.0, False), ("rmse", 0.0, 0.1, True), ("r2", -0.5, -0.6, True)],
)  # fmt: skip
def test_thresholds_are_relative_for_errors_and_r2_and_points_for_accuracy(
    metric: str, baseline: float, current: float, degraded: bool
) -> None:
    found, metrics = ModelPerformanceMonitor().detect_degradation({metric: current}, {metric: baseline})
    assert found is degraded
    assert metrics[metric]["degraded"] is degraded


def test_metrics_known_on_one_side_only_are_not_compared() -> None:
    assert ModelPerformanceMonitor().detect_degradation({"rmse": 9.0}, {"mae": 1.0}) == (False, {})


def test_baseline_of_bare_scores_never_alarms_for_want_of_rows() -> None:
    comparison = replace(judged([2.0] * 50, [1.0] * 50), baseline=Baseline(scores={"rmse": 1.0}))
    signal = ModelPerformanceMonitor().detect(comparison)[0]
    assert signal.value == pytest.approx(1.0)
    assert signal.verdict is Verdict.STABLE


@pytest.mark.parametrize("bias", [2.0, 10.0, 1000.0])
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_jump_of_the_errors_is_found_however_large(bias: float, share: float) -> None:
    rng = np.random.default_rng(4)
    errors = rng.normal(size=400) + bias * (np.arange(400) >= 400 * (1.0 - share))
    assert signal_of(errors, rng.normal(size=500)).changed
