"""Two DataFrames through the Python API, against a loop of scipy's two-sample KS test over the same columns.

    OMP_NUM_THREADS=1 python -m benchmarks.frames [--rows 200000] [--columns 40] [--runs 3] [--kinds normal,whole]

CPU seconds, medians of runs that take turns in one process, for columns of several kinds; "moved" has changed a little,
"gaps" is 1 % empty (scipy is given the others). With and without ``OMP_NUM_THREADS=1`` the figures should be alike.
Also what ``should_retrain`` costs on the same tables. 1 when the columns of "normal" cost more than half of the loop.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from include.detectors import DataDriftDetector
from include.orchestrator import AutomaticRetrainingOrchestrator

MOST = 0.5  # times the loop
MOVED = 0.02  # standard deviations
Make = Callable[[np.random.Generator, int, float], npt.NDArray[np.float64] | npt.NDArray[np.int64]]


def _gaps(rng: np.random.Generator, rows: int, moved: float) -> npt.NDArray[np.float64]:
    return np.where(rng.random(rows) < 0.01, np.nan, rng.normal(moved, 1.0, rows))


KINDS: dict[str, Make] = {
    "normal": lambda rng, rows, moved: rng.normal(moved, 1.0, rows),
    "moved": lambda rng, rows, moved: rng.normal(moved + MOVED, 1.0, rows) if moved else rng.normal(size=rows),
    "lognormal": lambda rng, rows, moved: rng.lognormal(moved, 1.0, rows),
    "gaps": _gaps,
    "whole": lambda rng, rows, moved: rng.integers(0, 1_000, rows),
    "codes": lambda rng, rows, moved: rng.integers(0, 10, rows),
    "numbers": lambda rng, rows, moved: rng.integers(0, 10**9, rows),
}


def tables(kind: str, rows: int, columns: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A reference, and recent rows of the same distribution but where the kind says otherwise."""
    rng = np.random.default_rng(0)
    moved = 1e-9 if kind == "moved" else 0.0
    before, after = (
        pd.DataFrame({f"x{number}": KINDS[kind](rng, rows, shift) for number in range(columns)})
        for shift in (0.0, moved)
    )
    return before, after


def loop(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """What is compared with."""
    for name in before.columns:
        stats.ks_2samp(before[name].dropna(), after[name].dropna())


def ours(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Three tests and five measures of each column, and what its cells are."""
    DataDriftDetector(threshold=0.05).detect_distribution_shift(before, after)


def decision(before: pd.DataFrame, after: pd.DataFrame) -> None:
    """All detectors that need no model."""
    AutomaticRetrainingOrchestrator().should_retrain(before, after)


def seconds(work: Callable[[pd.DataFrame, pd.DataFrame], None], before: pd.DataFrame, after: pd.DataFrame) -> float:
    """CPU of one call."""
    start = time.process_time()
    work(before, after)
    return time.process_time() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=40)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kinds", default=",".join(KINDS))
    chosen = parser.parse_args()
    for work in (loop, ours, decision):
        work(*tables("normal", 1_000, 2))  # imports
    ratios = {}
    for kind in chosen.kinds.split(","):
        before, after = tables(kind, chosen.rows, chosen.columns)
        found: dict[str, list[float]] = {"loop": [], "ours": [], "decision": []}
        for _ in range(chosen.runs):
            for name, work in zip(found, (loop, ours, decision), strict=True):
                found[name].append(seconds(work, before, after))
        usual = {name: statistics.median(each) for name, each in found.items()}
        ratios[kind] = usual["ours"] / usual["loop"]
        print(
            f"{kind:10s} ks_2samp {usual['loop']:6.2f} CPU s  detect_distribution_shift {usual['ours']:6.2f} CPU s  "
            f"ratio {ratios[kind]:5.2f}  should_retrain {usual['decision']:6.2f} CPU s",
            flush=True,
        )
    return int(ratios.get("normal", 0.0) > MOST)


if __name__ == "__main__":
    sys.exit(main())
