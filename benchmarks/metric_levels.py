"""How often intervals of metrics miss, and how often an unchanged classifier is called worse.

    python -m benchmarks.metric_levels [--trials 400]

A classifier of two classes with known probabilities. Its scores and its luck are independent from row to row, or each a
first-order autoregression of 0.9. Printed: the share of 90 % intervals that hold the metric's true value, and the share
of comparisons of recent rows with as many rows at acceptance that are significant at 5 %.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
from scipy import signal, special

from include.detectors.performance import compare_with_baseline
from include.scoring import METRICS, Baseline, LabelledRows, interval

NAMES = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "auc", "log_loss", "brier")
Floats = npt.NDArray[np.float64]


def rows_of(rng: np.random.Generator, rows: int, lag1: float) -> LabelledRows:
    """Labelled rows of the classifier."""
    scores, luck = (_series(rng, rows, lag1) for _ in range(2))
    chance = special.expit(1.5 * scores - 0.5)
    actual = np.where(special.ndtr(luck) < chance, "yes", "no").astype(object)
    predicted = np.where(chance > 0.5, "yes", "no").astype(object)
    return LabelledRows(
        actual=actual, predicted=predicted, probability=np.column_stack([1.0 - chance, chance]), classes=("no", "yes"),
        positive="yes",
    )  # fmt: skip


def _series(rng: np.random.Generator, rows: int, lag1: float) -> Floats:
    noise = rng.normal(size=rows + 200) * np.sqrt(1.0 - lag1**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -lag1], noise)[200:])


def measure(name: str, rows: int, lag1: float, trials: int, truth: float) -> tuple[float, float]:
    """Share of intervals that hold `truth`, and of comparisons without a change that are significant at 5 %."""
    metric, held, alarms, usable = METRICS[name], 0, 0, 0
    for trial in range(trials):
        rng = np.random.default_rng([trial, rows, round(lag1 * 100)])
        before, after = rows_of(rng, rows, lag1), rows_of(rng, rows, lag1)
        bounds = None if metric.hindrance(after) or metric.hindrance(before) else interval(metric, after)
        if bounds is None:
            continue
        usable += 1
        held += bounds[0] <= truth <= bounds[1]
        alarms += compare_with_baseline(metric, Baseline.measure(metric, before), after).p_value < 0.05
    return held / usable, alarms / usable


def main() -> None:
    """Print a line a metric and kind of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=400)
    options = parser.parse_args()
    many = rows_of(np.random.default_rng(0), 1_000_000, 0.0)
    for rows, lag1 in ((200, 0.0), (1_000, 0.0), (400, 0.9), (4_000, 0.9)):
        for name in NAMES:
            held, alarms = measure(name, rows, lag1, options.trials, METRICS[name].score(many))
            print(
                f"{rows:6d} rows, lag-1 {lag1:.1f}  {name:18s} held {held:6.1%}  called worse {alarms:6.1%}", flush=True
            )


if __name__ == "__main__":
    main()
