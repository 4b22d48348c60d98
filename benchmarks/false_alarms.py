"""How often the whole decision asks for a retrain although nothing changed, at the default budget.

    python -m benchmarks.false_alarms [--checks 2000] [--seed 0]

Each check compares 1,000 recent rows of 20 features with a reference of 5,000 rows (20,000 half-hours with season), by
the production code: profile, calibration, detectors, policy. Labels are missing, so that drift alone decides, which is
the harder case. The budget of one false retrain a quarter, spent on 360 separate windows, is 0.28 % of the checks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import signal

from include.data.calibration import calibrate
from include.data.profile import profile_table
from include.decision.decide import decide
from include.detectors import Comparison
from include.orchestrator import detect, standard_detectors
from include.triggers.policy import standard_policy
from include.triggers.presets import PRESETS
from include.triggers.trigger import Evidence

Values = npt.NDArray[np.float64]
FEATURES, WINDOW, CHECKS_PER_STREAM = 20, 1000, 100
SIX_HOURS = timedelta(hours=6)


def independent(rng: np.random.Generator, start: int, rows: int) -> Values:
    """Independent rows and features."""
    return rng.normal(size=(rows, FEATURES))


def correlated(rng: np.random.Generator, start: int, rows: int) -> Values:
    """Correlation 0.5 between any two features."""
    return np.sqrt(0.5) * rng.normal(size=(rows, 1)) + np.sqrt(0.5) * rng.normal(size=(rows, FEATURES))


def autoregressive(rng: np.random.Generator, start: int, rows: int) -> Values:
    """First-order autocorrelation 0.9 in time."""
    noise = rng.normal(size=(rows + 300, FEATURES))
    return np.asarray(signal.lfilter([np.sqrt(1 - 0.81)], [1, -0.9], noise, axis=0)[300:])


def seasonal(rng: np.random.Generator, start: int, rows: int) -> Values:
    """A day and a week, each as strong as the noise; 1,000 rows are six hours."""
    hours = (start + np.arange(rows))[:, None] * 6.0 / WINDOW
    phase = np.arange(FEATURES)[None, :]
    day, week = np.sin(2 * np.pi * hours / 24 + phase), np.sin(2 * np.pi * hours / 168 + 2 * phase)
    return day + week + rng.normal(size=(rows, FEATURES))


STREAMS: dict[str, tuple[Callable[[np.random.Generator, int, int], Values], int]] = {
    "independent": (independent, 5_000),
    "correlated features, 0.5": (correlated, 5_000),
    "autoregressive rows, 0.9": (autoregressive, 5_000),
    "daily and weekly season": (seasonal, 56_000),  # two weeks
}


def alarms(make: Callable[[np.random.Generator, int, int], Values], reference_rows: int, checks: int, seed: int) -> int:
    """Number of checks on unchanged streams that asked for a retrain."""
    settings = PRESETS["balanced"].within_budget(check_every=SIX_HOURS, window=SIX_HOURS)
    detectors, policy = standard_detectors(settings, "rmse"), standard_policy(settings)
    found = 0
    for check in range(checks):
        rng = np.random.default_rng([seed, check])
        if check % CHECKS_PER_STREAM == 0:
            table = _table(make(rng, 0, reference_rows))
            reference = profile_table(table, list(table.columns))
            calibration = calibrate(table, reference, WINDOW)
        recent = _table(make(rng, reference_rows + check * WINDOW, WINDOW))
        comparison = Comparison(
            reference=reference, recent=profile_table(recent, list(table.columns), against=reference),
            calibration=calibration,
        )  # fmt: skip
        evidence = Evidence(now=datetime.now(UTC), signals=detect(detectors, comparison))
        found += decide(policy, evidence).triggered
    return found


def _table(values: Values) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"x{number}" for number in range(values.shape[1])])


def main() -> None:
    """Print a line a stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, (make, reference_rows) in STREAMS.items():
        found = alarms(make, reference_rows, options.checks, options.seed)
        print(f"{name:26s} {found:4d} of {options.checks} checks, {found / options.checks:.2%}", flush=True)


if __name__ == "__main__":
    main()
