from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats.contingency import association

from include.data.profile import BINS, CategoricalColumn, NumericColumn, Profile
from include.detectors import Comparison, DataDriftDetector
from include.detectors.data_drift import ks_distance
from include.signals import Signal, Verdict
from tests.detectors.comparisons import compare
from tests.series import Floats, autoregression, most

CHECKS, LEVEL, FEATURES = 200, 0.05, 20


def distance_of(reference: Floats, recent: Floats) -> float:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}))
    before, after = given.reference.columns["x"], given.recent.columns["x"]
    assert isinstance(before, NumericColumn)
    assert isinstance(after, NumericColumn)
    return ks_distance(before, after)


def signal_of(reference: object, recent: object, *, minimum_rows: int = 10, **settings: float) -> Signal:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}), minimum_rows=minimum_rows)
    return DataDriftDetector(**settings).detect(given)[0]


def categories(**counts: int) -> Profile:
    """A profile whose rows are independent."""
    rows = sum(counts.values())
    return Profile(rows=rows, columns={"c": CategoricalColumn(rows=rows, missing=0, counts=counts)})


def normal(columns: int, *, rho: float) -> object:
    return lambda rng, rows: (
        np.sqrt(1.0 - rho) * rng.normal(size=(rows, columns)) + np.sqrt(rho) * rng.normal(size=(rows, 1))
    )


def false_alarms(make: object) -> float:
    rng, names = np.random.default_rng(1), [f"x{number}" for number in range(FEATURES)]
    detector = DataDriftDetector(threshold=LEVEL)
    alarms = [
        detector.detect_distribution_shift(
            pd.DataFrame(make(rng, 600), columns=names), pd.DataFrame(make(rng, 300), columns=names)
        )[0]
        for _ in range(CHECKS)
    ]
    return float(np.mean(alarms))


def test_hand_computed_distance() -> None:
    assert distance_of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 4.0, 5.0])) == pytest.approx(0.5)


@pytest.mark.parametrize("distinct", [2, 10, BINS])
def test_distance_is_scipys_when_bins_are_exact(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    reference = rng.integers(0, distinct, 3000).astype(float)
    recent = np.minimum(rng.integers(0, distinct, 500), reference.max() - rng.integers(0, 2, 500)).astype(float)
    assert distance_of(reference, recent) == pytest.approx(stats.ks_2samp(reference, recent).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("reference", "recent"),
    [([10.0] * 50, [5.0] * 50), ([10.0] * 50, [15.0] * 50), ([0.0] * 40 + [1.0] * 10, [-1.0] * 50),
     ([0.0, 1.0] * 25, [0.5] * 50), ([0.0, 1.0] * 25, [-0.5, 0.5] * 25)],
)  # fmt: skip
def test_distance_is_scipys_for_recent_values_that_the_reference_did_not_have(
    reference: list[float], recent: list[float]
) -> None:
    found = distance_of(np.array(reference), np.array(recent))
    assert found == pytest.approx(stats.ks_2samp(reference, recent).statistic, abs=1e-12)


@pytest.mark.parametrize("moved", [-9.0, -0.3, 0.0, 0.05, 1.0])
def test_distance_is_scipys_within_the_share_of_one_bin_otherwise(moved: float) -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(size=5000), rng.normal(moved, 1.2, 700)
    exact = stats.ks_2samp(reference, recent).statistic
    assert exact - 1.0 / (BINS - 1) - 1e-9 <= distance_of(reference, recent) <= exact + 1e-9


def test_many_equal_values_that_move_down_are_seen_among_many_distinct_ones() -> None:
    rng = np.random.default_rng(0)
    reference = np.where(np.arange(2000) % 2 == 0, 0.0, rng.exponential(size=2000))
    moved = np.where(reference == 0.0, -1.0, reference)
    assert distance_of(reference, moved) == pytest.approx(0.5, abs=0.01)


def test_p_value_is_close_to_scipys_for_independent_rows() -> None:
    rng = np.random.default_rng(6)
    reference, recent = rng.normal(size=2000), rng.normal(0.1, 1.0, 500)
    signal = signal_of(reference, recent)
    assert signal.p_value is not None
    assert np.log(signal.p_value) == pytest.approx(np.log(stats.ks_2samp(reference, recent).pvalue), rel=0.25)


def test_cramers_v_and_its_p_value_are_scipys() -> None:
    given = Comparison(reference=categories(a=300, b=150, c=50), recent=categories(a=90, b=90, c=20))
    signal = DataDriftDetector().detect(given)[0]
    table = np.array([[300, 150, 50], [90, 90, 20]])
    assert signal.statistic == "cramers_v"
    assert signal.value == pytest.approx(association(table, method="cramer"))
    assert signal.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_rare_categories_are_pooled() -> None:
    given = Comparison(reference=categories(a=800, b=190, c=5, d=5), recent=categories(a=70, b=20, c=10, d=0))
    table = np.array([[800, 190, 10], [70, 20, 10]])
    assert DataDriftDetector().detect(given)[0].p_value == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue
    )


def test_one_category_on_both_sides_is_stable() -> None:
    signal = signal_of(["a"] * 200, ["a"] * 200)
    assert (signal.verdict, signal.value, signal.p_value) == (Verdict.STABLE, 0.0, 1.0)


def test_new_category_that_takes_over_is_changed() -> None:
    assert signal_of(["a", "b"] * 100, ["new", "b"] * 100).changed


def test_level_is_divided_by_the_number_of_columns() -> None:
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(200, 4)), columns=list("abcd"))
    assert {signal.level for signal in DataDriftDetector(threshold=0.04).detect(compare(table, table))} == {0.01}


def test_significant_difference_below_the_smallest_effect_is_stable() -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(size=200_000), rng.normal(0.03, 1.0, 200_000)
    signal = signal_of(reference, recent)
    assert signal.p_value is not None
    assert signal.p_value < 1e-6
    assert signal.verdict is Verdict.STABLE
    assert signal_of(reference, recent, minimum_effect=0.005).changed


@pytest.mark.parametrize("moved", [0.3, -0.3, 2.0])
def test_moved_column_is_changed_and_named(moved: float) -> None:
    rng = np.random.default_rng(0)
    reference = pd.DataFrame(rng.normal(size=(1000, 5)), columns=list("abcde"))
    recent = pd.DataFrame(rng.normal(size=(1000, 5)), columns=list("abcde"))
    recent["c"] += moved
    found, metrics = DataDriftDetector().detect_distribution_shift(reference, recent)
    assert found
    assert [name for name, entry in metrics.items() if entry["verdict"] == "changed"] == ["c"]


def test_change_of_spread_alone_is_changed() -> None:
    rng = np.random.default_rng(0)
    assert signal_of(rng.normal(size=1000), rng.normal(0.0, 2.0, 1000)).changed


def test_strongly_autocorrelated_rows_are_too_few_to_tell() -> None:
    rng = np.random.default_rng(0)
    wandering = rng.normal(size=300).cumsum()
    assert signal_of(wandering, wandering + 100.0).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("reference", "recent"), [([], [1.0] * 50), ([1.0] * 50, []), ([np.nan] * 50, [1.0] * 50)])
def test_side_without_values_is_no_data(reference: list[float], recent: list[float]) -> None:
    assert signal_of(reference, recent).verdict is Verdict.NO_DATA


def test_twenty_unchanged_features_alarm_on_at_most_the_level() -> None:
    assert false_alarms(normal(FEATURES, rho=0.0)) <= most(LEVEL, CHECKS)


def test_twenty_unchanged_correlated_features_alarm_on_at_most_the_level() -> None:
    assert false_alarms(normal(FEATURES, rho=0.5)) <= most(LEVEL, CHECKS)


def test_twenty_unchanged_autocorrelated_features_alarm_on_at_most_the_level() -> None:
    def make(rng: np.random.Generator, rows: int) -> Floats:
        return autoregression(rng, rows=rows, coefficient=0.9, columns=FEATURES)

    assert false_alarms(make) <= most(LEVEL, CHECKS)


def test_unchanged_categories_alarm_on_at_most_the_level() -> None:
    def make(rng: np.random.Generator, rows: int) -> object:
        return rng.choice(list("abcdef"), size=(rows, FEATURES), p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02])

    assert false_alarms(make) <= most(LEVEL, CHECKS)


@pytest.mark.parametrize("shift", [2.0, 10.0, 1000.0])
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_jump_within_the_recent_rows_is_changed_however_large(shift: float, share: float) -> None:
    rng = np.random.default_rng(0)
    recent = rng.normal(size=240) + shift * (np.arange(240) >= 240 * (1.0 - share))
    assert signal_of(rng.normal(size=2000), recent).changed
