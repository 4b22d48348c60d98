"""How often the gate promotes a challenger that is no better, by number of held-out rows and autocorrelation of errors.

    python -m benchmarks.gate_level [--trials 600] [--seed 0]

Prints the share promoted at level 5 %, and in brackets what the block bootstrap alone would have promoted.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy import signal, stats

from include.retraining.gate import GateVerdict, PromotionGate
from include.scoring import METRICS, LabelledRows
from include.statistics import block_length, bootstrap_means

LEVEL, DRAWS = 0.05, 2000
ROWS = (20, 50, 100, 300, 1000)
AUTOCORRELATIONS = (0.0, 0.5, 0.9, 0.97)


def promoted(rows: int, lag1: float, trials: int, seed: int) -> tuple[float, float]:
    """Shares of equal challengers promoted: by the gate, and by the block bootstrap alone."""
    gate = PromotionGate(metric=METRICS["mae"], level=LEVEL, floors={})
    rng = np.random.default_rng([seed, rows, round(100 * lag1)])
    by_gate = by_bootstrap = 0
    for _ in range(trials):
        noise = rng.normal(size=rows + 300)
        cut = signal.lfilter([np.sqrt(1 - lag1**2)], [1, -lag1], noise)[300:]  # champion's loss less challenger's
        actual = np.zeros(rows)
        champion, challenger = (LabelledRows(actual=actual, predicted=100.0 + more) for more in (cut, 0.0 * cut))
        by_gate += gate.judge(champion, challenger).verdict is GateVerdict.PROMOTE
        spread = bootstrap_means(cut, draws=DRAWS, seed=0).std()
        freedom = max(rows / block_length(cut) - 1.0, 1.0)
        by_bootstrap += float(stats.t.sf(cut.mean() / spread, freedom)) < LEVEL
    return by_gate / trials, by_bootstrap / trials


def main() -> None:
    """Print a line for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("rows    " + "".join(f"{lag1:>16g}" for lag1 in AUTOCORRELATIONS))
    for rows in ROWS:
        shares = [promoted(rows, lag1, options.trials, options.seed) for lag1 in AUTOCORRELATIONS]
        print(f"{rows:<8d}" + "".join(f"{gate:9.1%} ({alone:5.1%})" for gate, alone in shares), flush=True)


if __name__ == "__main__":
    main()
