from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from include.scoring import METRICS, Baseline, LabelledRows, Task, score_all

RNG = np.random.default_rng(0)
ACTUAL = RNG.normal(size=200)
PREDICTED = ACTUAL + RNG.normal(0.2, 0.5, 200)


def test_regression_metrics_are_scikit_learns() -> None:
    assert score_all(Task.REGRESSION, ACTUAL, PREDICTED) == pytest.approx({
        "rmse": metrics.root_mean_squared_error(ACTUAL, PREDICTED),
        "mae": metrics.mean_absolute_error(ACTUAL, PREDICTED),
        "r2": metrics.r2_score(ACTUAL, PREDICTED),
    })  # fmt: skip


def test_accuracy_is_scikit_learns() -> None:
    actual, predicted = RNG.choice(["a", "b"], 100), RNG.choice(["a", "b"], 100)
    assert score_all(Task.CLASSIFICATION, actual, predicted) == pytest.approx({
        "accuracy": metrics.accuracy_score(actual, predicted)
    })  # fmt: skip


@pytest.mark.parametrize(("predicted", "expected"), [([5.0, 5.0], 1.0), ([5.0, 6.0], 0.0)])
def test_r2_of_a_constant_target_is_one_or_zero(predicted: list[float], expected: float) -> None:
    assert METRICS["r2"].score(np.array([5.0, 5.0]), np.array(predicted)) == expected


@pytest.mark.parametrize("name", METRICS)
def test_smaller_mean_row_loss_is_the_better_metric(name: str) -> None:
    metric = METRICS[name]
    actual = ACTUAL if metric.task is Task.REGRESSION else np.sign(ACTUAL)
    better, worse = (actual + error for error in (PREDICTED - ACTUAL, 2.0 * (PREDICTED - ACTUAL) + 1.0))
    if metric.task is Task.CLASSIFICATION:
        better, worse = np.sign(better), np.sign(worse)
    assert metric.row_loss(actual, better).mean() < metric.row_loss(actual, worse).mean()
    scores = metric.score(actual, better), metric.score(actual, worse)
    assert (scores[0] > scores[1]) is metric.larger_is_better
    assert metric.worsening(baseline=scores[0], recent=scores[1]) > 0.0
    assert metric.worsening(baseline=scores[1], recent=scores[0]) < 0.0


def test_worsening_from_nothing_is_infinite() -> None:
    assert METRICS["rmse"].worsening(baseline=0.0, recent=0.1) == math.inf
    assert METRICS["rmse"].worsening(baseline=0.0, recent=0.0) == 0.0
    assert METRICS["r2"].worsening(baseline=0.0, recent=0.1) == -math.inf


def test_baseline_of_dependent_errors_counts_fewer_rows() -> None:
    drifting = np.repeat([1.0, 2.0, 1.0, 3.0], 25)
    measured = Baseline.measure(METRICS["mae"], LabelledRows(actual=np.zeros(100), predicted=drifting))
    assert (measured.rows, measured.loss_mean) == (100, 1.75)
    assert measured.loss_variance == pytest.approx(drifting.var(ddof=1))
    assert measured.effective_rows < 20.0
