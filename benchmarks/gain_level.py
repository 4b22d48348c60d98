"""How often a champion that knows all there is to know is called improvable, and how often one that errs is found.

    python -m benchmarks.gain_level [--trials 300]

Eight features and the errors are independent rows, or autocorrelated by 0.9. The champion knows the true relation, or
believes in half the slope (regression) or in a third of it (classes, judged by log-loss). Printed for each: the share
of trials with p below 0.05, and with p below 0.0156 and a gain of 5 % or more, which is what `balanced` asks for a
window of four weeks that is checked every six hours.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.retraining.prepare import Columns
from include.retraining.retrain_gain import CorrectionTrial
from include.scoring import METRICS, LabelledRows

Values = npt.NDArray[np.float64]

FEATURES = 8
NAMES = tuple(f"x{number}" for number in range(FEATURES))
COLUMNS = Columns(features=NAMES, categorical=())
DETECTOR = CorrectionTrial(threshold=0.05, level=0.0156, minimum_rows=100)


def autocorrelated(rng: np.random.Generator, rows: int, rho: float, columns: int) -> Values:
    """Standard normal columns whose neighbours are correlated by `rho`."""
    from scipy.signal import lfilter

    shocks = rng.normal(size=(rows + 300, columns))
    return np.asarray(lfilter([np.sqrt(1.0 - rho**2)], [1.0, -rho], shocks, axis=0))[300:]


def champion_on(x: Values, luck: Values, *, classes: bool, believed: float) -> LabelledRows:
    """Labels of a relation with slope 1, and the answers of a champion that believes in another slope."""
    from scipy.stats import norm

    if not classes:
        return LabelledRows(actual=x + luck, predicted=believed * x)
    chance = norm.cdf(believed * x)
    return LabelledRows(
        actual=np.where(norm.cdf(luck) < norm.cdf(x), "yes", "no").astype(object),
        predicted=np.where(chance > 0.5, "yes", "no").astype(object),
        probability=np.column_stack([1.0 - chance, chance]), classes=("no", "yes"),
    )  # fmt: skip


def trial(seed: int, rows: int, rho: float, *, classes: bool, believed: float) -> tuple[bool, bool]:
    """Whether p is below 0.05, and whether the detector says changed."""
    rng = np.random.default_rng(seed)
    values, luck = autocorrelated(rng, rows, rho, FEATURES), autocorrelated(rng, rows, rho, 1)[:, 0]
    labelled = champion_on(values[:, 0], luck, classes=classes, believed=believed)
    metric = METRICS["log_loss" if classes and believed < 1.0 else "accuracy" if classes else "rmse"]
    signal = DETECTOR.detect(pd.DataFrame(values, columns=list(NAMES)), COLUMNS, labelled, metric)
    return (signal.p_value or 0.0) < 0.05, signal.changed


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=300)
    trials = parser.parse_args().trials
    print("rows  autocorrelation  task            champion     p < 0.05   changed")
    for rows in (300, 1000, 3000):
        for rho in (0.0, 0.9):
            for classes in (False, True):
                for believed, name in ((1.0, "knows"), (1.0 / 3.0 if classes else 0.5, "errs")):
                    found = [trial(seed, rows, rho, classes=classes, believed=believed) for seed in range(trials)]
                    shares = np.mean(np.array(found, dtype=float), axis=0)
                    task = "classification" if classes else "regression"
                    asked = f"{rows:5d}  {rho:15.1f}  {task:14s}  {name:10s}"
                    print(f"{asked}  {shares[0]:8.1%}  {shares[1]:8.1%}", flush=True)


if __name__ == "__main__":
    main()
