from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from include.data.reference.shrinkage import FEWEST, STEADY, _inverse_trigamma, moderate


def test_worked_example_after_smyth() -> None:
    """Section 6.2 of the paper step by step: moments of the log-variances give the prior, then the posterior."""
    estimates, freedom = np.array([0.2, 0.5, 1.0, 2.5, 6.0, 0.1]), 4.0
    logs = np.log(estimates) - special.digamma(2.0) + np.log(2.0)
    trigamma = logs.var(ddof=1) - special.polygamma(1, 2.0)
    prior = 2.0 * _inverse_trigamma(float(trigamma))
    assert special.polygamma(1, prior / 2.0) == pytest.approx(trigamma)
    common = np.exp(logs.mean() + special.digamma(prior / 2.0) - np.log(prior / 2.0))
    found = moderate(estimates, freedom)
    assert found.values == pytest.approx((prior * common + freedom * estimates) / (prior + freedom))
    assert found.freedom == pytest.approx(prior + freedom)
    assert np.all(np.diff(found.values[np.argsort(estimates)]) > 0.0)
    assert np.ptp(found.values) < np.ptp(estimates)


def test_scattered_variances_are_recovered_with_their_prior() -> None:
    rng, prior, freedom, common = np.random.default_rng(0), 8.0, 10.0, 3.0
    true = common * prior / rng.chisquare(prior, 20_000)
    found = moderate(true * rng.chisquare(freedom, len(true)) / freedom, freedom)
    assert found.freedom - freedom == pytest.approx(prior, rel=0.1)
    raw = np.mean(np.square(np.log(true * rng.chisquare(freedom, len(true)) / freedom / true)))
    assert np.mean(np.square(np.log(found.values / true))) < 0.7 * raw


def test_equal_variances_become_one() -> None:
    rng = np.random.default_rng(1)
    found = moderate(2.0 * rng.chisquare(19, 50) / 19, 19)
    if found.freedom > 1000:
        assert np.ptp(found.values) < 0.05
    steady = moderate(np.full(10, 2.0), 19)
    assert steady.freedom == STEADY
    assert np.ptp(steady.values) < 1e-3


def test_fewer_than_four_are_left_as_they_are() -> None:
    estimates = np.array([0.1, 1.0, 9.0])
    assert len(estimates) < FEWEST
    found = moderate(estimates, 19)
    assert (found.values.tolist(), found.freedom) == (estimates.tolist(), 19)


def test_upper_end_covers_the_true_variance_as_often_as_it_says() -> None:
    rng, freedom = np.random.default_rng(2), 19.0
    covered = []
    for _ in range(200):
        true = 5.0 * 6.0 / rng.chisquare(6.0, 20)
        found = moderate(true * rng.chisquare(freedom, 20) / freedom, freedom)
        covered.append(np.mean(found.upper(0.8) >= true))
    assert np.mean(covered) == pytest.approx(0.8, abs=0.03)


def test_hand_computed_upper_end() -> None:
    found = moderate(np.array([1.0, 2.0]), 10.0)
    assert found.upper(0.8) == pytest.approx(np.array([10.0, 20.0]) / stats.chi2.ppf(0.2, 10))


@pytest.mark.parametrize("value", [1e-5, 0.01, 1.0, 50.0, 1e6])
def test_inverse_trigamma_inverts(value: float) -> None:
    assert special.polygamma(1, _inverse_trigamma(value)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(("value", "answer"), [(0.0, STEADY), (1e-12, STEADY), (1e20, 1e-4)])
def test_inverse_trigamma_ends_where_it_is_told_to(value: float, answer: float) -> None:
    assert _inverse_trigamma(value) == pytest.approx(answer)
