from __future__ import annotations

import numpy as np
import pytest

from include.data.reference import joint
from include.data.reference.joint import RIDGE, CorrelationDistance, SquaredDistance
from tests.series import Floats, most


def equal(columns: int, correlation: float) -> Floats:
    return np.full((columns, columns), correlation) + (1.0 - correlation) * np.eye(columns)


def between(columns: int, change: float) -> Floats:
    """A change of each correlation."""
    return change * (1.0 - np.eye(columns))


def normal(rng: np.random.Generator, rows: int, correlations: Floats) -> Floats:
    return rng.multivariate_normal(np.zeros(len(correlations)), correlations, size=rows, method="cholesky")


def distances(truth: Floats, *, before: int, after: int, trials: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Distances of the correlations of two unchanged samples, and their p-values."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(trials):
        first, second = (np.corrcoef(normal(rng, rows, truth), rowvar=False) for rows in (before, after))
        distance = CorrelationDistance.of(first, second - first, before, after)
        found.append((distance.value / distance.mean, distance.p_value))
    ratios, p_values = np.array(found).T
    return ratios, p_values


def test_hand_computed_squared_distance() -> None:
    distance = SquaredDistance.of(np.eye(2))
    assert distance(np.array([3.0, 4.0])) == pytest.approx(25.0 / (1.0 + RIDGE))
    assert distance.mean == pytest.approx(2.0 / (1.0 + RIDGE))
    assert distance.variance == pytest.approx(4.0 / (1.0 + RIDGE) ** 2)
    assert distance(np.array([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx([25.0 / (1.0 + RIDGE), 0.0])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.98])
@pytest.mark.parametrize("columns", [2, 20])
def test_squared_distance_of_normal_values_has_its_stated_distribution(columns: int, correlation: float) -> None:
    correlations = equal(columns, correlation)
    distance = SquaredDistance.of(correlations)
    found = distance(normal(np.random.default_rng(1), 40_000, correlations))
    assert found.mean() == pytest.approx(distance.mean, rel=0.02)
    assert found.var() == pytest.approx(distance.variance, rel=0.06)
    p_values = np.array([distance.p_value(float(value)) for value in found[:20_000]])
    for level in (0.05, 0.01):
        assert np.mean(p_values < level) == pytest.approx(level, rel=0.35)
    assert np.mean(p_values < 0.001) <= 0.0025  # two moments do not make a tail, when one direction weighs most


def test_squared_distance_counts_what_contradicts_the_correlation_for_more() -> None:
    distance = SquaredDistance.of(equal(2, 0.8))
    assert distance(np.array([2.0, -2.0])) > 5.0 * distance(np.array([2.0, 2.0]))


def test_unknown_correlations_count_as_none_and_collinear_columns_as_one() -> None:
    unknown = np.array([[np.nan, np.nan], [np.nan, 1.0]])
    assert SquaredDistance.of(unknown).mean == SquaredDistance.of(np.eye(2)).mean
    assert SquaredDistance.of(equal(5, 1.0)).mean == pytest.approx(1.0, abs=0.02)


def test_correlation_distance_is_hand_computed_for_two_columns() -> None:
    distance = CorrelationDistance.of(np.eye(2), between(2, 0.3), 100.0, 100.0)
    assert distance.value == pytest.approx(0.3**2 / (1.0 + RIDGE) ** 2)


@pytest.mark.parametrize(("before", "after"), [(600, 300), (5000, 1000)])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_correlation_distance_of_unchanged_samples_has_its_stated_mean_and_level(
    before: int, after: int, correlation: float
) -> None:
    ratios, p_values = distances(equal(8, correlation), before=before, after=after, trials=80)
    assert ratios.mean() == pytest.approx(1.0, abs=0.08)
    assert np.mean(p_values < 0.05) <= most(0.05, 80)
    assert np.mean(p_values < 0.5) == pytest.approx(0.5, abs=0.2)


def test_correlation_distance_keeps_its_level_where_rows_are_few_for_the_columns() -> None:
    _, p_values = distances(np.eye(20), before=100, after=80, trials=60)
    assert np.mean(p_values < 0.05) <= most(0.05, 60)


def test_correlation_distance_adds_up_many_small_changes() -> None:
    rng, found = np.random.default_rng(3), []
    signs = np.triu(rng.choice([-1.0, 1.0], size=(20, 20)), 1)
    after = np.eye(20) + 0.04 * (signs + signs.T)  # of each pair 1.2 standard errors
    for _ in range(10):
        first = np.corrcoef(normal(rng, 5000, np.eye(20)), rowvar=False)
        second = np.corrcoef(normal(rng, 1000, after), rowvar=False)
        found.append(CorrelationDistance.of(first, second - first, 5000, 1000).p_value < 0.001)
    assert np.mean(found) >= 0.9


def test_more_inflation_makes_the_distance_scatter_more_around_the_same_mean() -> None:
    change = between(6, 0.5)  # rare, so that all is drawn
    plain, slow = (CorrelationDistance.of(equal(6, 0.4), change, 500.0, 200.0, inflation) for inflation in (1.0, 50.0))
    assert slow.mean == pytest.approx(plain.mean, rel=0.15)
    assert slow.variance > 1.2 * plain.variance  # 1.4 times, found with 20,000 draws


def test_same_matrix_gives_the_same_distance() -> None:
    one, other = (CorrelationDistance.of(equal(4, 0.2), between(4, 0.1), 300.0, 100.0) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("size", [0.0, 0.03, 0.05])
def test_what_is_no_rarity_is_told_by_few_draws_as_by_all(size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    few = CorrelationDistance.of(equal(18, 0.1), between(18, size), 2_000.0, 1_000.0)
    monkeypatch.setattr(joint, "AS_FAR", joint.DRAWS + 1)
    all_ = CorrelationDistance.of(equal(18, 0.1), between(18, size), 2_000.0, 1_000.0)
    assert few.value == all_.value
    assert few.mean == pytest.approx(all_.mean, rel=0.1)
    assert few.p_value == pytest.approx(all_.p_value, abs=0.15)


def test_what_is_a_rarity_is_told_by_all_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    before = CorrelationDistance.of(equal(18, 0.1), between(18, 0.2), 2_000.0, 1_000.0)
    monkeypatch.setattr(joint, "AS_FAR", joint.DRAWS + 1)
    assert CorrelationDistance.of(equal(18, 0.1), between(18, 0.2), 2_000.0, 1_000.0) == before
    assert before.p_value < 1e-6


def test_nearly_collinear_columns_leave_it_finite() -> None:
    distance = CorrelationDistance.of(equal(3, 1.0), between(3, 0.01), 300.0, 100.0)
    assert np.isfinite([distance.value, distance.mean, distance.variance, distance.p_value]).all()


def test_unknown_correlations_that_fit_no_rows_leave_it_finite() -> None:
    first = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.9], [0.0, 0.9, 1.0]])  # 0 in place of what is not known
    distance = CorrelationDistance.of(first, between(3, 0.1), 300.0, 100.0)
    assert np.isfinite([distance.value, distance.mean, distance.variance, distance.p_value]).all()
