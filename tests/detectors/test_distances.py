from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from include.data.profile import BINS, CategoricalColumn, Column, NumericColumn
from include.detectors.statistics.distances import (
    DIVERGENCES,
    GROUPS,
    Grouped,
    grouped,
    js_distance,
    js_divergence,
    kl_divergence,
    ks_distance,
    psi,
    wasserstein,
)
from tests.detectors.comparisons import compare
from tests.series import Floats


def columns_of(reference: object, recent: object) -> tuple[Column, Column]:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}))
    return given.reference.columns["x"], given.recent.columns["x"]


def numeric_of(reference: object, recent: object) -> tuple[NumericColumn, NumericColumn]:
    before, after = columns_of(reference, recent)
    assert isinstance(before, NumericColumn)
    assert isinstance(after, NumericColumn)
    return before, after


def distance_of(reference: object, recent: object) -> float:
    return ks_distance(*numeric_of(reference, recent))


def shares_of(reference: list[float], recent: list[float]) -> Grouped:
    return Grouped(np.array(reference), np.array(recent))


def random_shares(rng: np.random.Generator, groups: int) -> Grouped:
    return Grouped(*(rng.dirichlet(np.full(groups, 0.7)).clip(1e-9) for _ in range(2)))


def exact_wasserstein(reference: object, recent: object) -> float:
    values = np.asarray(reference, dtype=float)
    return float(stats.wasserstein_distance(values, np.asarray(recent, dtype=float))) / float(np.std(values, ddof=1))


def test_hand_computed_ks_distance() -> None:
    assert distance_of([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 4.0, 5.0]) == pytest.approx(0.5)


@pytest.mark.parametrize("distinct", [2, 10, BINS])
def test_ks_distance_is_scipys_when_bins_are_exact(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    reference = rng.integers(0, distinct, 3000).astype(float)
    recent = np.minimum(rng.integers(0, distinct, 500), reference.max() - rng.integers(0, 2, 500)).astype(float)
    assert distance_of(reference, recent) == pytest.approx(stats.ks_2samp(reference, recent).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("reference", "recent"),
    [([10.0] * 50, [5.0] * 50), ([10.0] * 50, [15.0] * 50), ([0.0] * 40 + [1.0] * 10, [-1.0] * 50),
     ([0.0, 1.0] * 25, [0.5] * 50), ([0.0, 1.0] * 25, [-0.5, 0.5] * 25)],
)  # fmt: skip
def test_ks_distance_is_scipys_for_recent_values_that_the_reference_did_not_have(
    reference: list[float], recent: list[float]
) -> None:
    assert distance_of(reference, recent) == pytest.approx(stats.ks_2samp(reference, recent).statistic, abs=1e-12)


@pytest.mark.parametrize("moved", [-9.0, -0.3, 0.0, 0.05, 1.0])
def test_ks_distance_is_scipys_within_the_share_of_one_bin_otherwise(moved: float) -> None:
    rng = np.random.default_rng(0)
    reference, recent = rng.normal(size=5000), rng.normal(moved, 1.2, 700)
    exact = stats.ks_2samp(reference, recent).statistic
    assert exact - 1.0 / (BINS - 1) - 1e-9 <= distance_of(reference, recent) <= exact + 1e-9


def test_many_equal_values_that_move_down_are_seen_among_many_distinct_ones() -> None:
    rng = np.random.default_rng(0)
    reference = np.where(np.arange(2000) % 2 == 0, 0.0, rng.exponential(size=2000))
    assert distance_of(reference, np.where(reference == 0.0, -1.0, reference)) == pytest.approx(0.5, abs=0.01)


def test_hand_computed_divergences() -> None:
    shares = shares_of([0.5, 0.3, 0.2], [0.4, 0.4, 0.2])
    assert psi(shares) == pytest.approx(-0.1 * math.log(0.8) + 0.1 * math.log(4 / 3))  # 0.05108
    assert kl_divergence(shares) == pytest.approx(0.4 * math.log(0.8) + 0.4 * math.log(4 / 3))  # 0.02582
    middle = 0.5 * math.log2(0.5 / 0.45) + 0.3 * math.log2(0.3 / 0.35)  # from the reference to the mixture
    assert js_distance(shares) == pytest.approx(
        math.sqrt((middle + 0.4 * math.log2(0.4 / 0.45) + 0.4 * math.log2(0.4 / 0.35)) / 2.0)
    )


@pytest.mark.parametrize("groups", [2, 5, 10, 200])
def test_divergences_are_scipys(groups: int) -> None:
    rng = np.random.default_rng(groups)
    for _ in range(50):
        shares = random_shares(rng, groups)
        first, second = shares.reference / shares.reference.sum(), shares.recent / shares.recent.sum()
        shares = Grouped(first, second)
        assert kl_divergence(shares) == pytest.approx(stats.entropy(second, first), abs=1e-9)
        assert psi(shares) == pytest.approx(stats.entropy(second, first) + stats.entropy(first, second), abs=1e-9)
        distance = jensenshannon(first, second, base=2)
        assert js_distance(shares) == pytest.approx(distance, abs=1e-9)
        assert js_divergence(shares) == pytest.approx(distance**2, abs=1e-9)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_divergences_are_zero_between_equals_and_above_it_else(name: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        shares = random_shares(rng, 10)
        same = Grouped(shares.reference, shares.reference)
        assert DIVERGENCES[name](same) == pytest.approx(0.0, abs=1e-9)
        assert DIVERGENCES[name](Grouped(*(s / s.sum() for s in (shares.reference, shares.recent)))) > 0.0


def test_threshold_of_the_divergence_is_reached_where_the_distance_is_its_root() -> None:
    shares = shares_of([0.5, 0.5], [0.9, 0.1])  # a divergence of 0.147: below 0.15, though its root is far above
    assert 0.14 < js_divergence(shares) < 0.15 < 0.38 < js_distance(shares)


def test_js_distance_of_sides_with_nothing_in_common_is_one() -> None:
    assert js_distance(shares_of([1.0, 1e-300], [1e-300, 1.0])) == pytest.approx(1.0)


@pytest.mark.parametrize("values", [np.arange(1000.0), np.random.default_rng(0).normal(size=20_000)])
def test_numbers_are_grouped_in_tenths_of_the_reference(values: Floats) -> None:
    shares = grouped(*columns_of(values, values))
    assert len(shares.reference) == GROUPS
    assert shares.reference == pytest.approx(0.1, abs=0.003)
    assert shares.recent == pytest.approx(shares.reference)


def test_a_heavy_value_is_never_split() -> None:
    shares = grouped(*columns_of([0.0] * 700 + list(range(1, 301)), [0.0] * 1000))
    assert shares.reference.max() == pytest.approx(700.5 / (1000 + len(shares.reference) / 2))
    assert len(shares.reference) < GROUPS


def test_hand_computed_shares_have_half_a_count_more_in_each_group() -> None:
    shares = grouped(*columns_of(["a"] * 6 + ["b"] * 3, ["a"] * 4))
    order = np.argsort(shares.recent)
    assert shares.reference[order] == pytest.approx(np.array([3.5, 6.5]) / 10.0)
    assert shares.recent[order] == pytest.approx(np.array([0.5, 4.5]) / 5.0)


def test_unseen_categories_are_groups_too() -> None:
    shares = grouped(*columns_of(["a", "b"] * 50, ["new", "newer"] * 50))
    assert sorted(shares.recent) == pytest.approx(np.array([0.5, 0.5, 50.5, 50.5]) / 102.0)


@pytest.mark.parametrize("known", [300, 2_000, 100_000])
def test_unchanged_long_tail_is_no_more_of_a_distance_than_ten_groups(known: int) -> None:
    rng = np.random.default_rng(known)
    far = [
        psi(grouped(*columns_of(*(rng.integers(known, size=n).astype(str) for n in (3000, 400))))) for _ in range(60)
    ]
    assert np.mean(far) < 1.5 * (GROUPS - 1) * (1 / 3000 + 1 / 400)


def test_divergences_of_whole_columns_are_finite_whatever_is_gone() -> None:
    for reference, recent in ([[1.0] * 50, [2.0] * 50], [list(range(100)), [1e308] * 9], [["a"] * 5, ["b"] * 5]):
        before, after = columns_of(reference, recent)
        assert all(math.isfinite(measure(grouped(before, after))) for measure in DIVERGENCES.values())


@pytest.mark.parametrize("size", [50, 1000])
def test_unchanged_psi_is_about_what_its_docstring_says(size: int) -> None:
    rng = np.random.default_rng(size)
    reference = rng.normal(size=5000)
    found = [psi(grouped(*columns_of(reference, rng.normal(size=size)))) for _ in range(60)]
    assert np.mean(found) == pytest.approx((GROUPS - 1) * (1 / 5000 + 1 / size), rel=0.25)


def test_hand_computed_wasserstein() -> None:
    spread = math.sqrt(2.0)
    assert wasserstein(*numeric_of([0.0, 2.0], [0.0, 0.0, 0.0, 2.0])) == (pytest.approx(0.5 / spread), 0.0)
    # Half of the rows move from 2 to 4, of which only "between 2 and 4" is known: 1, found as 0.5 with an error of 0.5.
    assert wasserstein(*numeric_of([0.0, 2.0], [0.0, 4.0])) == pytest.approx((0.5 / spread, 0.5 / spread))


@pytest.mark.parametrize("seed", range(10))
def test_wasserstein_is_scipys_when_all_values_lie_at_edges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rng.integers(2, BINS)) * 10.0 ** rng.integers(-6, 7)
    reference, recent = np.concatenate([values, rng.choice(values, 2000)]), rng.choice(values[: len(values) // 2], 300)
    found, error = wasserstein(*numeric_of(reference, recent))
    assert found == pytest.approx(exact_wasserstein(reference, recent), abs=1e-9)
    assert error == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), rows=st.sampled_from([20, 400, 700, 3000]), recent_rows=st.integers(1, 500),
    shift=st.floats(-20.0, 20.0), scale=st.floats(0.0, 30.0), digits=st.sampled_from([0, 1, 12]),
)  # fmt: skip
def test_wasserstein_is_off_by_at_most_its_stated_error(
    seed: int, rows: int, recent_rows: int, shift: float, scale: float, digits: int
) -> None:
    rng = np.random.default_rng(seed)
    reference = np.round(rng.normal(size=rows), digits) + np.arange(rows) % 3
    recent = np.round(rng.normal(shift, scale, recent_rows), digits)
    found, error = wasserstein(*numeric_of(reference, recent))
    assert abs(found - exact_wasserstein(reference, recent)) <= error + 1e-9 * (1.0 + found)


def test_wasserstein_of_a_shift_within_the_range_is_about_the_shift() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=50_000)
    found, error = wasserstein(*numeric_of(reference, reference + 0.5))
    assert found == pytest.approx(0.5, abs=0.01)
    assert error < 0.05


def test_wasserstein_of_a_constant_reference_is_not_known() -> None:
    assert math.isnan(wasserstein(*numeric_of([1.0] * 9, [2.0] * 9))[0])


def test_wasserstein_beyond_the_range_of_floats_is_not_a_number_and_no_error() -> None:
    found = wasserstein(*numeric_of([-1.7e308, 0.0, 1.7e308], [1.7e308] * 3))[0]
    assert not math.isfinite(found)


def test_categories_have_no_ks_distance_but_divergences() -> None:
    before, after = columns_of(["a", "b"] * 50, ["a"] * 100)
    assert isinstance(before, CategoricalColumn)
    assert psi(grouped(before, after)) > 1.0
