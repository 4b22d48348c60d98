"""How often the whole decision asks for a retrain although nothing changed, at the default budget.

    python -m benchmarks.false_alarms [--checks 2000] [--seed 0] [--rules]

Each check compares 1,000 recent rows of 20 features with a reference of 5,000 rows (two weeks with season), by
the production code: profiles, calibration, seasons, detectors, policy. Labels are missing, so that drift alone decides,
which is the harder case. The budget of one false retrain a quarter, spent on 360 separate windows, is 0.28 % of the
checks. With ``--rules`` the same for fixed thresholds in place of the calibrated tests.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import signal

from include.data.profile import Extra, profile_table
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.data.reference.trends import without_trends
from include.decision.decide import decide
from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.detectors import Comparison
from include.detectors.catalogue import detect, standard_detectors

Values = npt.NDArray[np.float64]
FEATURES, WINDOW, CHECKS_PER_STREAM = 20, 1000, 20
SIX_HOURS = timedelta(hours=6)
TIME = "time"
Maker = Callable[[np.random.Generator, int, int], Values]

#: The thresholds of the presets in use elsewhere.
RULES = (("psi", 0.1), ("psi", 0.2), ("psi", 0.25), ("psi", 0.3), ("js_distance", 0.1), ("js_distance", 0.15),
         ("js_distance", 0.2), ("js_divergence", 0.1), ("p_value", 0.05), ("ks", 0.1),
         ("wasserstein", 0.1))  # fmt: skip


def independent(rng: np.random.Generator, start: int, rows: int) -> Values:
    """Independent rows and features."""
    return rng.normal(size=(rows, FEATURES))


def correlated(rng: np.random.Generator, start: int, rows: int) -> Values:
    """Correlation 0.5 between any two features."""
    found: Values = np.sqrt(0.5) * rng.normal(size=(rows, 1)) + np.sqrt(0.5) * rng.normal(size=(rows, FEATURES))
    return found


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


STREAMS: dict[str, tuple[Maker, int]] = {
    "independent": (independent, 5_000),
    "correlated features, 0.5": (correlated, 5_000),
    "autoregressive rows, 0.9": (autoregressive, 5_000),
    "daily and weekly season": (seasonal, 56_000),  # two weeks
}


def alarms(
    make: Maker, reference_rows: int, checks: int, seed: int, *, thresholds: Mapping[str, float] | None = None
) -> int:
    """Number of checks on unchanged streams that called for a retrain; with fixed thresholds if some are given."""
    settings = PRESETS["balanced"].within_budget(check_every=SIX_HOURS, window=SIX_HOURS)
    settings = settings.replace(drift_thresholds=thresholds or {})
    detectors, policy = standard_detectors(settings, "rmse"), standard_policy(settings)
    found = 0
    for check in range(checks):
        rng = np.random.default_rng([seed, check])
        if check % CHECKS_PER_STREAM == 0:
            reference = reference_of(stream_table(make(rng, 0, reference_rows), 0))
        start = reference_rows + check * WINDOW
        comparison = compare(reference, stream_table(make(rng, start, WINDOW), start))
        evidence = Evidence(now=datetime.now(UTC), signals=detect(detectors, comparison))
        found += decide(policy, evidence).triggered
    return found


def reference_of(table: pd.DataFrame) -> ReferenceProfiles:
    """What production keeps of a stream's reference; all columns but the time are inputs."""
    inputs = [name for name in table.columns if name != TIME]
    return make_reference(table, inputs, window=SIX_HOURS, window_rows=WINDOW, timestamp=TIME)


def compare(reference: ReferenceProfiles, recent: pd.DataFrame) -> Comparison:
    """What production makes of a window's rows."""
    start = recent[TIME].iloc[0].to_pydatetime()
    moment = start + SIX_HOURS / 2
    now = reference.by(moment)
    rows = without_trends(recent, recent[TIME], reference.trends, moment)
    return Comparison(
        reference=now.matching(start, start + SIX_HOURS),
        recent=profile_table(rows, list(now.profile.columns), against=now.profile, extras=Extra.CROSS),
        calibration=reference.calibration,
        ahead=reference.ahead(moment),
    )


def stream_table(values: Values, start: int) -> pd.DataFrame:
    """A stream's rows from number `start` on, each with its time: 1,000 in six hours."""
    table = pd.DataFrame(values, columns=[f"x{number}" for number in range(values.shape[1])])
    milliseconds = (start + np.arange(len(values))) * (SIX_HOURS // timedelta(milliseconds=1)) // WINDOW
    return table.assign(**{TIME: pd.to_datetime(milliseconds, unit="ms", utc=True)})


def main() -> None:
    """Print a line a stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rules", action="store_true", help="measure the usual fixed thresholds instead")
    options = parser.parse_args()
    for name, (make, reference_rows) in STREAMS.items():
        for statistic, threshold in RULES if options.rules else [("", 0.0)]:
            rule = {statistic: threshold} if statistic else None
            found = alarms(make, reference_rows, options.checks, options.seed, thresholds=rule)
            told = f"{statistic} {threshold:g}" if statistic else ""
            print(
                f"{name:26s} {told:18s} {found:4d} of {options.checks} checks, {found / options.checks:.2%}", flush=True
            )


if __name__ == "__main__":
    main()
