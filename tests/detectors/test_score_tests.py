from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from include.data.profile import Column, NumericColumn
from include.data.reference.scores import bin_scores
from include.detectors.data_drift import DataDriftDetector
from include.detectors.statistics import score_tests
from include.detectors.statistics.score_tests import (
    Sizes,
    as_normal,
    column_tests,
    compare_means,
    number_of_tests,
    two_sided,
)
from tests.detectors.comparisons import compare, normal_column
from tests.series import autoregression, most
from tests.sweeps import first_of

Floats = npt.NDArray[np.float64]
TRIALS = 1000


def independent(before: float, after: float) -> Sizes:
    return Sizes(before=before, after=after, spread_before=before, spread_after=after)


def columns_of(reference: object, recent: object) -> tuple[Column, Column]:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}))
    return given.reference.columns["x"], given.recent.columns["x"]


def found_in(reference: Floats, recent: Floats) -> dict[str, score_tests.Tested]:
    sizes = independent(len(reference), len(recent))
    return {found.statistic: found for found in column_tests(*columns_of(reference, recent), sizes)}


@pytest.fixture(scope="module")
def unchanged() -> dict[str, Floats]:
    """P-values of all tests on pairs of samples of the same distributions, shape (trials,)."""
    rng = np.random.default_rng(5)
    found: dict[str, list[float]] = {}
    for trial in range(TRIALS):
        draw: Callable[[int], Floats] = [rng.standard_normal, rng.standard_exponential][trial % 2]
        for name, test in found_in(draw(2000), draw(150)).items():
            found.setdefault(name, []).append(test.p_value)
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("name", ["ks", "mean_shift", "variance_shift"])
def test_p_values_are_uniform_without_change(unchanged: dict[str, Floats], name: str) -> None:
    assert len(unchanged[name]) == TRIALS
    for level in (0.01, 0.05, 0.2, 0.5):
        assert np.mean(unchanged[name] < level) <= most(level, TRIALS)
    if name != "ks":  # which is a little cautious, because sizes are rounded to whole effective rows
        assert stats.kstest(unchanged[name], "uniform").pvalue > 1e-3


@pytest.mark.parametrize("freedom", [1.0, 4.0, 30.0, 5_000.0])
def test_what_is_rare_by_students_distribution_is_as_rare_by_the_normal_one(freedom: float) -> None:
    for value in (-8.0, -2.0, 0.0, 0.5, 3.0):
        assert stats.norm.cdf(as_normal(value, freedom)) == pytest.approx(stats.t.cdf(value, freedom), rel=1e-6)


@pytest.mark.parametrize("rows", [60, 150, 400])
def test_rows_that_are_alike_beside_a_short_reference_are_not_called_changed_more_often(rows: int) -> None:
    called = 0
    for trial in range(60):
        walked = autoregression(np.random.default_rng([trial, rows]), rows=rows + 350, coefficient=0.9, columns=6)
        before, after = (pd.DataFrame(part) for part in (walked[:rows], walked[rows + 50 :]))
        called += DataDriftDetector(threshold=0.05).detect_distribution_shift(before, after)[0]
    assert called / 60 <= most(0.05, 60)


LAWS: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "uniform": lambda rng, rows: rng.random(rows),
    "mostly zero": lambda rng, rows: np.where(rng.random(rows) < 0.7, 0.0, rng.lognormal(size=rows)),
    "rounded": lambda rng, rows: rng.normal(size=rows).round(1),
    "whole": lambda rng, rows: rng.integers(0, 100, rows).astype(float),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize(("before", "after"), first_of([(40, 1000), (100, 1000), (100, 100)], 1))
def test_p_values_of_a_small_reference_are_uniform_without_change(
    law: Callable[[np.random.Generator, int], Floats], before: int, after: int
) -> None:
    """Its largest value is not the largest there is: up to 42 in 100 were below 0.05."""
    rng, trials = np.random.default_rng(11), 300
    pairs = [found_in(law(rng, before), law(rng, after)) for _ in range(trials)]
    for name in ("mean_shift", "variance_shift"):
        p_values = np.array([found[name].p_value for found in pairs])
        assert np.mean(p_values < 0.05) <= most(0.05, trials)
        assert np.mean(p_values < 0.01) <= most(0.01, trials) + 0.01


def test_p_value_of_the_variance_is_right_far_out_in_the_tail() -> None:
    """A mean of squares is skewed; 1 in 1,000 under the normal distribution would be 1 in 100 here."""
    rng, reference = np.random.default_rng(7), normal_column(1_000_000)
    squares = np.square(bin_scores(reference))
    shares = np.array(reference.counts) / reference.finite
    p_values = []
    for counts in rng.multinomial(40, shares, size=20_000):
        recent = replace(reference, rows=40, counts=tuple(counts.tolist()))
        shift = compare_means(squares, reference, recent, reference.finite, 40.0)
        assert shift is not None
        p_values.append(shift.p_value)
    assert 0.0005 < np.mean(np.array(p_values) < 0.001) < 0.0025
    assert np.mean(np.array(p_values) < 0.01) == pytest.approx(0.01, rel=0.3)


def test_mean_shift_is_as_powerful_as_the_t_test_on_a_moved_normal() -> None:
    rng, found = np.random.default_rng(3), {"ours": 0, "t": 0, "ks": 0}
    for _ in range(400):
        reference, recent = rng.normal(size=2000), rng.normal(0.2, 1.0, 200)
        tests = found_in(reference, recent)
        found["ours"] += tests["mean_shift"].p_value < 0.01
        found["ks"] += tests["ks"].p_value < 0.01
        found["t"] += stats.ttest_ind(reference, recent).pvalue < 0.01
    assert abs(found["ours"] - found["t"]) <= 0.03 * 400
    assert found["ks"] < found["t"] - 0.1 * 400


def test_mean_shift_is_more_powerful_than_the_t_test_under_heavy_tails() -> None:
    rng, ours, students = np.random.default_rng(3), 0, 0
    for _ in range(300):
        reference, recent = rng.standard_t(2, 2000), rng.standard_t(2, 200) + 0.35
        ours += found_in(reference, recent)["mean_shift"].p_value < 0.01
        students += stats.ttest_ind(reference, recent).pvalue < 0.01
    assert ours > students + 0.2 * 300


@pytest.mark.parametrize("moved", [-0.5, 0.1, 0.3])
def test_effect_of_a_moved_normal_is_the_shift_in_standard_deviations(moved: float) -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(5.0, 7.0, 50_000), rng.normal(5.0 + 7.0 * moved, 7.0, 50_000)
    assert found_in(reference, recent)["mean_shift"].effect == pytest.approx(abs(moved), abs=0.02)


@pytest.mark.parametrize("ratio", [0.6, 1.5])
def test_effect_of_a_widened_normal_is_the_logarithm_of_the_variances_ratio(ratio: float) -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(size=50_000), rng.normal(0.0, np.sqrt(ratio), 50_000)
    tests = found_in(reference, recent)
    assert tests["variance_shift"].effect == pytest.approx(abs(np.log(ratio)), abs=0.06)
    assert tests["variance_shift"].p_value < 1e-20
    assert tests["mean_shift"].effect < 0.02


def test_effects_are_the_same_under_any_rising_transformation() -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(size=3000), rng.normal(0.2, 1.3, 500)
    plain, bent = found_in(reference, recent), found_in(np.exp(3.0 * reference), np.exp(3.0 * recent))
    for name in plain:
        assert bent[name].effect == pytest.approx(plain[name].effect)
        assert bent[name].p_value == pytest.approx(plain[name].p_value)


@pytest.mark.parametrize("skewness", [-2.0, -0.5, -0.01, 0.0, 0.01, 0.3, 1.0, 3.0])
@pytest.mark.parametrize("z", [-6.0, -2.0, -0.1, 0.0, 0.1, 2.0, 6.0])
def test_two_sided_p_value_is_scipys_pearson_3(z: float, skewness: float) -> None:
    tails = stats.pearson3.cdf(z, skewness), stats.pearson3.sf(z, skewness)
    assert two_sided(z, skewness) == pytest.approx(min(2.0 * min(tails), 1.0), rel=1e-6, abs=1e-12)


def test_nearly_symmetric_p_value_joins_the_normal_one() -> None:
    assert two_sided(4.0, 0.0011) == pytest.approx(two_sided(4.0, 0.0009), rel=0.02)


def test_means_of_values_that_never_vary_are_not_compared() -> None:
    before, after = columns_of([1.0, 2.0, 3.0] * 30, [1.0, 2.0] * 30)
    assert isinstance(before, NumericColumn)
    assert isinstance(after, NumericColumn)
    assert compare_means(np.ones(len(before.counts)), before, after, 90.0, 60.0) is None


@pytest.mark.parametrize(
    ("values", "tests"), [(np.arange(30.0), 3), ([0.0, 1.0, 2.0] * 9, 3), ([0.0, 1.0] * 9, 1), ([7.0] * 9, 1),
                          (["a", "b", "c"] * 9, 1)],
)  # fmt: skip
def test_number_of_tests_is_what_is_tested(values: object, tests: int) -> None:
    before, after = columns_of(values, values)
    assert number_of_tests(before) == tests
    assert len(column_tests(before, after, independent(100.0, 100.0))) == tests


@pytest.mark.parametrize("recent", [[0.0] * 20, [9.0] * 20, [-1e308, 1e308] * 9])
def test_whatever_comes_later_no_more_is_tested_than_was_counted_on(recent: list[float]) -> None:
    before, after = columns_of([0.0] * 40 + [1.0] * 3 + [2.0], recent)
    assert len(column_tests(before, after, independent(44.0, 20.0))) <= number_of_tests(before)


def test_fewer_effective_rows_make_the_same_effect_less_certain() -> None:
    before, after = columns_of(np.arange(1000.0), np.arange(100.0, 1000.0))
    many = column_tests(before, after, independent(1000.0, 900.0))
    few = column_tests(before, after, independent(50.0, 45.0))
    assert [test.effect for test in few] == [test.effect for test in many]
    assert all(one.p_value > other.p_value for one, other in zip(few, many, strict=True))


def test_ks_p_value_is_close_to_scipys_for_independent_rows() -> None:
    rng = np.random.default_rng(6)
    reference, recent = rng.normal(size=2000), rng.normal(0.1, 1.0, 500)
    exact = stats.ks_2samp(reference, recent).pvalue
    assert np.log(found_in(reference, recent)["ks"].p_value) == pytest.approx(np.log(exact), rel=0.25)
