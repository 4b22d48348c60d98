from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, Verdict
from include.detectors import Comparison, ModelPerformanceMonitor
from include.scoring import METRICS, Baseline, LabelledRows
from tests.detectors.comparisons import compare
from tests.scoring.samples import classified, trades
from tests.series import most
from tests.sweeps import each_nth

ANY = dict.fromkeys(METRICS, 1e-9)  # every worsening matters: what is left is the test
NAMES = ["balanced_accuracy", "f1", "precision", "recall", "auc", "log_loss", "brier"]
TABLE = pd.DataFrame({"x": np.arange(400.0)})
LEVEL, TRIALS = 0.05, 150


def comparison(name: str, recent: LabelledRows, accepted: LabelledRows) -> Comparison:
    metric = METRICS[name]
    return compare(TABLE, TABLE, labelled=recent, metric=metric, baseline=Baseline.measure(metric, accepted))


def signal_of(name: str, recent: LabelledRows, accepted: LabelledRows, **settings: object) -> Signal:
    return ModelPerformanceMonitor(**settings).detect(comparison(name, recent, accepted))[0]  # type: ignore[arg-type]


def alarms(name: str, *, lag1: float, rows: int) -> float:
    found = []
    for trial in range(TRIALS):
        rng = np.random.default_rng([1, trial])
        accepted, recent = classified(rng, rows, lag1=lag1), classified(rng, rows, lag1=lag1)
        found.append(signal_of(name, recent, accepted, thresholds=ANY, level=LEVEL).changed)
    return float(np.mean(found))


@pytest.mark.parametrize("name", each_nth(NAMES, 3))
def test_unchanged_classifier_is_called_worse_at_most_at_the_level(name: str) -> None:
    assert alarms(name, lag1=0.0, rows=400) <= most(LEVEL, TRIALS)


@pytest.mark.parametrize("name", each_nth(NAMES, 4))
def test_unchanged_classifier_with_dependent_luck_is_called_worse_little_more_often(name: str) -> None:
    """Scores and luck are autocorrelated by 0.9: a thousand rows are worth fewer than a hundred."""
    assert alarms(name, lag1=0.9, rows=1000) <= most(0.08, TRIALS)


@pytest.mark.parametrize("name", NAMES)
def test_classifier_whose_labels_are_often_swapped_is_found(name: str) -> None:
    found = []
    for trial in range(40):
        rng = np.random.default_rng([2, trial])
        accepted, recent = classified(rng, 1000, hardness=0.5), classified(rng, 1000, hardness=0.5)
        swap = rng.random(1000) < 0.2
        actual = np.where(swap, np.where(recent.actual == "yes", "no", "yes"), recent.actual)
        worse = LabelledRows(
            actual=actual, predicted=recent.predicted, probability=recent.probability, classes=recent.classes
        )
        found.append(signal_of(name, worse, accepted).changed)
    assert np.mean(found) >= 0.8


def test_trading_model_that_lost_its_edge_is_found() -> None:
    accepted = trades(1000, seed=1)
    lost = LabelledRows(
        actual=trades(1000, seed=2).actual, predicted=trades(1000, seed=3).predicted, periods_per_year=252.0
    )
    assert signal_of("sharpe_ratio", trades(1000, seed=4), accepted).verdict is Verdict.STABLE
    assert signal_of("sharpe_ratio", lost, accepted).changed


def test_metric_that_the_rows_do_not_allow_is_inconclusive_and_says_why() -> None:
    rows = classified(np.random.default_rng(0), 400)
    alone = rows.where(rows.actual == "yes")
    signal = signal_of("auc", alone, rows)
    assert signal.verdict is Verdict.INCONCLUSIVE
    assert "auc cannot be computed on the recent rows: all labels are 'yes'" in signal.reason


def test_interval_and_coverage_go_on_record() -> None:
    rng = np.random.default_rng(0)
    signal = signal_of("f1", classified(rng, 100), classified(rng, 400))
    assert signal.detail["low"] < signal.detail["current"] < signal.detail["high"]
    assert signal.detail["coverage"] == 0.25
    assert "25% of recent rows labelled" in signal.reason
