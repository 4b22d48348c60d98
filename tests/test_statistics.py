from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from include.scoring.statistics import (
    autocorrelation,
    block_length,
    bootstrap_means,
    effective_size,
    trend_p_value,
    welch_p_value,
)
from tests.series import autoregression, most


def test_autocorrelation_is_pearson_correlation_of_neighbours_less_its_bias() -> None:
    noise = np.random.default_rng(0).normal(size=200)
    values = noise[1:] + 0.5 * noise[:-1]
    plain = stats.pearsonr(values[:-1], values[1:]).statistic
    assert autocorrelation(values) == pytest.approx(plain + (1 + 4 * plain) / 198)
    assert autocorrelation(noise.cumsum()) <= 1.0


def test_autocorrelation_finds_the_coefficient_of_an_autoregression() -> None:
    values = autoregression(np.random.default_rng(0), rows=20_000, coefficient=0.7)
    assert autocorrelation(values) == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 3.0], [5.0] * 10, [math.nan] * 10])
def test_autocorrelation_of_too_few_pairs_or_a_constant_is_zero(values: list[float]) -> None:
    assert autocorrelation(np.array(values)) == 0.0


def test_autocorrelation_leaves_out_pairs_with_a_gap() -> None:
    values = np.array([1.0, 2.0, 1.0, 2.0, np.nan, 1.0, 2.0, 1.0, np.inf, 2.0])
    assert autocorrelation(values) == pytest.approx(-1.0)


@given(arrays(float, st.integers(0, 30), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_autocorrelation_is_always_a_correlation(values: np.ndarray) -> None:
    assert -1.0 - 1e-9 <= autocorrelation(values) <= 1.0 + 1e-9


@given(st.integers(0, 10**9), st.floats(-1, 1))
def test_effective_size_never_exceeds_the_rows(rows: int, lag1: float) -> None:
    assert 0.0 <= effective_size(rows, lag1) <= rows


def test_effective_size_gives_the_variance_of_an_autoregressions_mean() -> None:
    rng, rows, coefficient = np.random.default_rng(0), 1000, 0.8
    means = [float(autoregression(rng, rows=rows, coefficient=coefficient).mean()) for _ in range(500)]
    assert np.var(means) * effective_size(rows, coefficient) == pytest.approx(1.0, rel=0.2)


def test_blocks_are_single_rows_for_independent_rows_and_longer_for_dependent_ones() -> None:
    rng = np.random.default_rng(0)
    alternating = np.tile([1.0, -1.0], 100)
    lengths = [block_length(autoregression(rng, rows=400, coefficient=c)) for c in (0.3, 0.6, 0.9)]
    assert block_length(alternating) == 1
    assert lengths == sorted(lengths)
    assert 3 <= lengths[0] < lengths[2] <= 100


@given(arrays(float, st.integers(1, 50), elements=st.floats(-1e6, 1e6)))
def test_blocks_are_at_least_one_row_and_at_most_a_quarter_of_them(values: np.ndarray) -> None:
    assert 1 <= block_length(values) <= max(1, len(values) // 4)


def test_bootstrap_is_the_same_for_the_same_seed_only() -> None:
    values = np.random.default_rng(0).normal(size=100)
    first = bootstrap_means(values, draws=50, seed=1)
    assert first.shape == (50,)
    assert np.array_equal(first, bootstrap_means(values, draws=50, seed=1))
    assert not np.array_equal(first, bootstrap_means(values, draws=50, seed=2))


@pytest.mark.parametrize(("coefficient", "tolerance"), [(0.0, 0.1), (0.8, 0.25)])
def test_bootstrap_deviation_is_that_of_the_mean(coefficient: float, tolerance: float) -> None:
    rng, rows = np.random.default_rng(3), 2000
    deviations = [
        bootstrap_means(autoregression(rng, rows=rows, coefficient=coefficient), draws=400, seed=0).std()
        for _ in range(20)
    ]
    assert np.mean(deviations) == pytest.approx(1.0 / math.sqrt(effective_size(rows, coefficient)), rel=tolerance)


def test_bootstrap_of_a_constant_has_no_deviation() -> None:
    assert bootstrap_means(np.full(30, 2.5), draws=10, seed=0) == pytest.approx(2.5)


def test_welch_is_scipys_one_sided_test() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.normal(0.0, 1.0, 40), rng.normal(0.4, 3.0, 70)
    found = welch_p_value(
        mean_before=float(before.mean()), variance_before=float(before.var(ddof=1)), size_before=40.0,
        mean_after=float(after.mean()), variance_after=float(after.var(ddof=1)), size_after=70.0,
    )  # fmt: skip
    assert found == pytest.approx(stats.ttest_ind(after, before, equal_var=False, alternative="greater").pvalue)


@pytest.mark.parametrize(
    ("size", "variance", "rise", "expected"), [(1.9, 1.0, 9.0, 1.0), (50.0, 0.0, 0.1, 0.0), (50.0, 0.0, 0.0, 1.0)]
)
def test_welch_says_nothing_from_less_than_two_rows_and_all_without_spread(
    size: float, variance: float, rise: float, expected: float
) -> None:
    found = welch_p_value(
        mean_before=1.0, variance_before=variance, size_before=size,
        mean_after=1.0 + rise, variance_after=variance, size_after=50.0,
    )  # fmt: skip
    assert found == expected


def test_trend_is_scipys_one_sided_test_of_a_correlation_with_time() -> None:
    values = np.random.default_rng(0).normal(size=60) + np.linspace(0.0, 0.5, 60)
    expected = stats.pearsonr(np.arange(60), values, alternative="greater").pvalue
    assert trend_p_value(values, 60.0) == pytest.approx(expected)


@pytest.mark.parametrize("coefficient", [0.0, 0.8])
def test_trend_keeps_its_level_on_dependent_rows(coefficient: float) -> None:
    rng, rows, streams = np.random.default_rng(1), 1000, 1000
    size = effective_size(rows, coefficient)
    found = [
        trend_p_value(autoregression(rng, rows=rows, coefficient=coefficient), size) < 0.05 for _ in range(streams)
    ]
    assert most(0.0, streams) < np.mean(found) <= most(0.05, streams)


@pytest.mark.parametrize(
    ("values", "size", "expected"),
    [([1.0, 2.0, 3.0], 3.0, 0.0), ([3.0, 2.0, 1.0], 3.0, 1.0), ([1.0, 2.0, 3.0], 2.9, 1.0), ([2.0] * 9, 9.0, 1.0)],
)
def test_trend_of_a_line_of_a_constant_and_of_too_few_rows(values: list[float], size: float, expected: float) -> None:
    assert trend_p_value(np.array(values), size) == expected
