"""Rows of one moment that share what happened then: two hundred shops that report once a day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from include.detectors import ConceptDriftDetector
from include.detectors.performance import compare_with_baseline
from include.scoring import METRICS, Baseline, LabelledRows, interval
from include.scoring.dependence import by_moment
from include.scoring.intervals import mean_error
from include.scoring.labelled_rows import moments_of
from include.scoring.paired import paired_gain
from tests.detectors.comparisons import compare
from tests.series import Floats, most

NOTHING = pd.DataFrame({"x": np.arange(20.0)})
TRIALS, LEVEL, SHOPS = 400, 0.05, 200


def panel(rng: np.random.Generator, days: int, shared: float, shops: int = SHOPS) -> tuple[Floats, np.ndarray]:
    """Normal values of variance 1, of which the share `shared` is the day's; and the days."""
    moment = np.repeat(np.arange(days), shops)
    noise = np.sqrt(1.0 - shared) * rng.normal(size=days * shops)
    return np.sqrt(shared) * rng.normal(size=days)[moment] + noise, moment


def rows(errors: Floats, moment: np.ndarray | None) -> LabelledRows:
    return LabelledRows(actual=np.zeros(len(errors)), predicted=errors, moment=moment)


@pytest.mark.parametrize("shared", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("days", [3, 10, 40])
def test_a_mean_of_rows_that_share_their_day_is_called_different_at_most_at_the_level(days: int, shared: float) -> None:
    found, by_rows = [], []
    for trial in range(TRIALS):
        values, moment = panel(np.random.default_rng([days, trial]), days, shared)
        for which, held in ((moment, found), (None, by_rows)):
            spread, freedom = mean_error(values, moment=which)
            held.append(float(stats.t.sf(values.mean() / spread, freedom)) < LEVEL)
    assert np.mean(found) <= most(LEVEL, TRIALS) + (0.02 if days < 5 else 0.0)
    if shared == 0.05:
        assert np.mean(by_rows) > most(LEVEL, TRIALS)  # what no autocorrelation of neighbours shows


@pytest.mark.parametrize("days", [3, 10])
def test_rows_that_have_nothing_in_common_prove_about_as_much_as_without_times(days: int) -> None:
    found = []
    for trial in range(TRIALS):
        values, moment = panel(np.random.default_rng([days, trial]), days, 0.0)
        spread, freedom = mean_error(values + 0.25, moment=moment)
        found.append(float(stats.t.sf((values.mean() + 0.25) / spread, freedom)) < LEVEL)
    assert np.mean(found) > 0.9


def test_a_challenger_that_fits_the_days_shocks_by_chance_is_not_proven_better() -> None:
    """Both are off by a constant, so that whose is better is decided by the days and not by the rows."""
    proven = {True: 0, False: 0}
    for trial in range(TRIALS):
        rng = np.random.default_rng(trial)
        shocks, moment = panel(rng, 6, 0.4)
        for known in proven:
            day = moment if known else None
            champion, challenger = rows(shocks - 0.1, day), rows(shocks + 0.1, day)
            proven[known] += paired_gain(METRICS["rmse"], champion, challenger).p_value < LEVEL
    assert proven[True] / TRIALS <= most(LEVEL, TRIALS)
    assert proven[False] / TRIALS > 0.2


def test_an_unchanged_model_is_called_worse_at_most_at_the_level() -> None:
    metric, worse = METRICS["rmse"], {True: 0, False: 0}
    for trial in range(TRIALS):
        rng = np.random.default_rng(trial)
        (before, days), (after, later) = panel(rng, 20, 0.2), panel(rng, 10, 0.2)
        for known in worse:
            baseline = Baseline.measure(metric, rows(before, days if known else None))
            found = compare_with_baseline(metric, baseline, rows(after, later if known else None))
            worse[known] += found.p_value < LEVEL
    assert worse[True] / TRIALS <= most(LEVEL, TRIALS)
    assert worse[False] / TRIALS > 0.15


def test_errors_that_share_their_day_are_no_concept_drift() -> None:
    drifted = {True: 0, False: 0}
    for trial in range(200):
        errors, moment = panel(np.random.default_rng(trial), 12, 0.5)
        for known in drifted:
            labelled = rows(errors, moment if known else None)
            comparison = compare(NOTHING, NOTHING, labelled=labelled, metric=METRICS["rmse"], minimum_rows=100)
            drifted[known] += any(signal.changed for signal in ConceptDriftDetector(threshold=0.0).detect(comparison))
    assert drifted[True] / 200 <= most(0.02, 200)
    assert drifted[False] / 200 > 0.2


def test_an_interval_holds_the_truth_where_rows_share_their_day() -> None:
    held = {True: 0, False: 0}
    for trial in range(TRIALS):
        errors, moment = panel(np.random.default_rng(trial), 20, 0.3)
        for known in held:
            low, high = interval(METRICS["rmse"], rows(errors, moment if known else None)) or (0.0, 0.0)
            held[known] += low <= 1.0 <= high
    assert held[True] / TRIALS >= 0.84
    assert held[False] / TRIALS < 0.75


@pytest.mark.parametrize(
    "moment", [None, np.zeros(6, dtype=int), np.arange(6)], ids=["no times", "one moment", "each its own"]
)
def test_rows_count_where_nothing_shows_what_moments_share(moment: np.ndarray | None) -> None:
    assert by_moment(np.arange(6.0), moment) is None


@pytest.mark.parametrize("constant", [np.zeros(6), np.full(6, 1e300)])
def test_constant_values_have_no_moments(constant: Floats) -> None:
    assert by_moment(constant, np.array([0, 0, 1, 1, 2, 2])) is None


def test_unequal_moments_keep_the_mean() -> None:
    values, moment = np.array([5.0, 5.0, 5.0, 0.0, 1.0, 9.0]), np.array([0, 0, 0, 1, 1, 2])
    found = by_moment(values, moment)
    assert found is not None
    assert len(found) == 3
    assert found.mean() == pytest.approx(values.mean())


def test_moments_go_with_rows_that_are_chosen_and_joined() -> None:
    times = np.array(["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"], dtype="datetime64[D]")
    some = rows(np.zeros(4), moments_of(times))
    assert moments_of(times[2:]) is None
    chosen = some.where(np.array([True, True, False, True])).moment
    assert chosen is not None
    assert chosen.tolist() == [0, 0, 2]
    joined = LabelledRows.joined([some, rows(np.zeros(0), None), rows(np.zeros(2), None), some]).moment
    assert joined is not None
    assert len(np.unique(joined)) == 3 + 2 + 3
    assert (np.diff(joined) >= 0).all()
    assert LabelledRows.joined([rows(np.zeros(2), None)] * 2).moment is None


def test_weights_and_a_metric_that_leaves_rows_out_go_together() -> None:
    some = LabelledRows(
        actual=np.array([0.0, 1.0, 2.0, 4.0]), predicted=np.ones(4), weight=np.array([1.0, 2.0, 1.0, 1.0])
    )
    assert interval(METRICS["mape"], some) is not None


def test_what_doubles_is_found_all_the_same() -> None:
    metric, found = METRICS["rmse"], {"worse": 0, "drift": 0}
    for trial in range(50):
        rng = np.random.default_rng(trial)
        (before, days), (after, later) = panel(rng, 20, 0.2), panel(rng, 10, 0.2)
        grown = rows(np.where(later < 5, after, 2.0 * after), later)  # in the middle of the window
        found["worse"] += (
            compare_with_baseline(metric, Baseline.measure(metric, rows(before, days)), grown).p_value < 0.01
        )
        comparison = compare(NOTHING, NOTHING, labelled=grown, metric=metric, minimum_rows=100)
        found["drift"] += any(signal.changed for signal in ConceptDriftDetector().detect(comparison))
    assert min(found.values()) >= 45
