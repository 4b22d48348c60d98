from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from include.scoring import METRICS, LabelledRows, interval
from include.scoring.intervals import COVERAGE, around, mean_error
from include.scoring.metric import Scale
from include.scoring.statistics import bootstrap_means
from tests.scoring.samples import classified, trades
from tests.series import autoregression
from tests.sweeps import each_nth

TRIALS = 150
CLASSIFIER = ["accuracy", "balanced_accuracy", "f1", "precision", "recall", "auc", "log_loss", "brier"]


def covered(name: str, make: object, truth: float) -> float:
    found = [interval(METRICS[name], make(np.random.default_rng([3, trial]))) for trial in range(TRIALS)]  # type: ignore[operator]
    return float(np.mean([bounds is not None and bounds[0] <= truth <= bounds[1] for bounds in found]))


def least(trials: int = TRIALS) -> float:
    """The smallest share that intervals that cover 88 % may show in that many trials."""
    return 0.88 - 3.0 * math.sqrt(0.88 * 0.12 / trials)


@pytest.mark.parametrize(("lag1", "name"), each_nth(product((0.9, 0.0), CLASSIFIER), 5))
def test_interval_of_a_classifier_covers_the_true_value(name: str, lag1: float) -> None:
    truth = METRICS[name].score(classified(np.random.default_rng(0), 400_000))
    rows = 400 if lag1 == 0.0 else 4000
    share = covered(name, lambda rng: classified(rng, rows, lag1=lag1), truth)
    assert share >= least()
    assert share <= 0.99


@pytest.mark.parametrize("lag1", [0.0, 0.9])
@pytest.mark.parametrize(("name", "truth"), [("rmse", 1.0), ("mae", math.sqrt(2.0 / math.pi)), ("r2", 0.8)])
def test_interval_of_a_regression_covers_the_true_value(name: str, truth: float, lag1: float) -> None:
    def make(rng: np.random.Generator) -> LabelledRows:
        count = 300 if lag1 == 0.0 else 3000
        actual = math.sqrt(5.0) * autoregression(rng, rows=count, coefficient=lag1)
        return LabelledRows(actual=actual, predicted=actual + autoregression(rng, rows=count, coefficient=lag1))

    assert covered(name, make, truth) >= least()


@pytest.mark.parametrize("name", ["sharpe_ratio", "win_rate"])
def test_interval_of_a_trading_model_covers_the_true_value(name: str) -> None:
    truth = METRICS[name].score(trades(400_000))
    rows = [trades(250, seed=trial + 1) for trial in range(TRIALS)]
    found = [interval(METRICS[name], one) for one in rows]
    assert np.mean([bounds is not None and bounds[0] <= truth <= bounds[1] for bounds in found]) >= least()


def test_interval_of_a_drawdown_holds_those_of_the_same_rows_in_another_order() -> None:
    rows = trades()
    bounds = interval(METRICS["max_drawdown"], rows)
    assert bounds is not None
    rng = np.random.default_rng(1)
    shuffled = [METRICS["max_drawdown"].score(rows.at(rng.integers(0, 250, 250))) for _ in range(400)]
    inside = np.mean([bounds[0] <= value <= bounds[1] for value in shuffled])
    assert COVERAGE - 0.1 <= inside <= COVERAGE + 0.08


def test_mean_error_is_the_block_bootstraps_without_drawing() -> None:
    values = autoregression(np.random.default_rng(2), rows=500, coefficient=0.6) ** 2
    drawn = bootstrap_means(values, draws=20_000, seed=0).std()
    spread, _ = mean_error(values)
    assert spread >= drawn * 0.98
    alternating = np.tile([1.0, -1.0], 100) + np.repeat([0.0, 0.1], 100)
    assert mean_error(alternating)[0] >= alternating.std() / math.sqrt(len(alternating))


@pytest.mark.parametrize("right", [0, 20])
def test_share_without_an_error_of_its_own_has_an_interval_all_the_same(right: int) -> None:
    actual = np.array(["a", "b"] * 10)
    made = actual if right else np.where(actual == "a", "b", "a")
    bounds = interval(METRICS["accuracy"], LabelledRows(actual=actual, predicted=made))
    assert bounds is not None
    assert bounds[1] - bounds[0] == pytest.approx(0.13, abs=0.02)


def test_recall_of_few_positive_rows_is_as_unsure_as_they_are_few() -> None:
    actual = np.array(["yes"] * 5 + ["no"] * 995)
    bounds = interval(METRICS["recall"], LabelledRows(actual=actual, predicted=actual))
    assert bounds is not None
    assert bounds[0] < 0.7


def test_wilsons_interval_is_scipys() -> None:
    from scipy import stats

    expected = stats.binomtest(30, 100).proportion_ci(0.9, method="wilson")
    found = around(0.3, math.sqrt(0.3 * 0.7 / 100), 1e9, Scale.SHARE, support=100.0)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_two_rows_have_no_interval() -> None:
    assert interval(METRICS["rmse"], LabelledRows(actual=np.zeros(2), predicted=np.ones(2))) is None


def test_interval_of_a_metric_without_influences_is_found_by_drawing_its_rows_anew() -> None:
    def score(rows: LabelledRows) -> float:
        return float(np.median(np.abs(rows.predicted - rows.actual)))

    median = replace(METRICS["mae"], name="median", score=score, influence=None, losses=None)
    held = 0
    for trial in range(TRIALS):
        rng = np.random.default_rng(trial)
        rows = LabelledRows(actual=rng.normal(size=300), predicted=np.zeros(300))
        low, high = interval(median, rows) or (math.nan, math.nan)
        held += low <= 0.67449 <= high
    assert held / TRIALS >= least()
