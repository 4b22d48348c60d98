"""How often the gate promotes: a challenger that is no better, and one that is truly better.

    python -m benchmarks.gate_level [--trials 1000] [--rows 1000] [--seed 0]

Both models predict the same rows, so what counts is how much their errors differ, not how large they are.

RMSE: `alike` is the correlation of the two models' errors. Both hold what neither can know (noise, a missing feature),
so that two versions trained on the same world rarely come below 0.8. The challenger's errors are those of the champion
in that part, independent in the rest, and as a whole 0 % or 5 % smaller.

Accuracy: `apart` is the share of rows that one of the two gets right and the other wrong. The champion is right on
80 %, the challenger on as many, or on 2 points more. No test that knows only who was right can find 2 points on 1,000
independent rows in 80 % of cases once `apart` exceeds 6.4 %: that many coin throws vary too much.

Errors follow each other independently, or as a first-order autoregression of 0.9: of RMSE in what both share
(`shared`), or in all of it (`all`); of accuracy in where the two differ, or also in who is right there. With `all`
1,000 rows carry as much as about a hundred, and a small gain cannot be proven on them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import signal, stats

from include.scoring import METRICS, LabelledRows
from include.scoring.paired import paired_gain

Floats = npt.NDArray[np.float64]
Pair = tuple[LabelledRows, LabelledRows]

LEVEL = 0.05
ALIKE, RMSE_CUT = (0.0, 0.5, 0.8, 0.9, 0.95), 0.05
APART, POINTS, WRONG = (0.025, 0.04, 0.06, 0.08, 0.12), 0.02, 0.2
LAG1 = 0.9
DEPENDENCE = {"independent": (0.0, 0.0), "shared": (LAG1, 0.0), "all": (LAG1, LAG1)}  # of what both share, of the rest


def series(rng: np.random.Generator, rows: int, lag1: float) -> Floats:
    """Standard normal values, each tied to the one before."""
    noise = rng.normal(size=rows + 300)
    return np.asarray(signal.lfilter([math.sqrt(1.0 - lag1**2)], [1.0, -lag1], noise)[300:])


def forecasters(rng: np.random.Generator, rows: int, likeness: float, gain: float, lags: tuple[float, float]) -> Pair:
    """A champion whose errors have standard deviation 1, and a challenger whose are smaller by `gain`."""
    shared = math.sqrt(likeness) * series(rng, rows, lags[0])
    one, other = (shared + math.sqrt(1.0 - likeness) * series(rng, rows, lags[1]) for _ in range(2))
    actual = np.zeros(rows)
    return LabelledRows(actual=actual, predicted=one), LabelledRows(actual=actual, predicted=(1.0 - gain) * other)


def classifiers(rng: np.random.Generator, rows: int, likeness: float, gain: float, lags: tuple[float, float]) -> Pair:
    """Two models apart on the share `likeness` of the rows; `lags`: of where they are, and of who is right there."""
    place, luck = (stats.norm.cdf(series(rng, rows, lag1)) for lag1 in lags)
    champion_alone = (likeness - gain) / 2.0  # share of the rows that only the champion gets right
    both_wrong = place > 1.0 - (WRONG - (likeness - champion_alone))
    differ, champion_right = place < likeness, luck < champion_alone / likeness
    actual = np.zeros(rows)
    return (
        LabelledRows(actual=actual, predicted=((differ & ~champion_right) | both_wrong).astype(float)),
        LabelledRows(actual=actual, predicted=((differ & champion_right) | both_wrong).astype(float)),
    )


def promoted(metric: str, make: Callable[[np.random.Generator], Pair], trials: int, seed: int) -> float:
    """Share of challengers that the gate's test finds better."""
    rng = np.random.default_rng(seed)
    return sum(paired_gain(METRICS[metric], *make(rng)).p_value < LEVEL for _ in range(trials)) / trials


def table(metric: str, rows: int, trials: int, seed: int) -> Iterator[str]:
    """A line for each likeness of the two models: promoted when equal, and when better."""
    make, likeness, gain, name = (
        (forecasters, ALIKE, RMSE_CUT, "alike") if metric == "rmse" else (classifiers, APART, POINTS, "apart")
    )
    yield f"{metric:<10}" + "".join(f"{kind:>22}" for kind in DEPENDENCE)
    yield f"{name:<10}" + "".join(f"{'equal':>12}{f'+{gain:.0%}':>10}" for _ in DEPENDENCE)
    for value in likeness:
        line = f"{value:<10g}"
        for lags in DEPENDENCE.values():
            for better, width in ((0.0, 12), (gain, 10)):
                pair = partial(make, rows=rows, likeness=value, gain=better, lags=lags)
                share = promoted(metric, pair, trials, seed)
                line += f"{share:>{width}.1%}"
        yield line


def main() -> None:
    """Print a table for each metric."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for metric in ("rmse", "accuracy"):
        for line in table(metric, options.rows, options.trials, options.seed):
            print(line, flush=True)


if __name__ == "__main__":
    main()
