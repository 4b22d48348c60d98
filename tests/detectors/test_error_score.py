from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from include.detectors.statistics.error_score import ErrorScore
from include.scoring.row_errors import row_errors
from tests.series import Floats


def fitted(errors: Floats) -> ErrorScore:
    found = ErrorScore.fit(errors)
    assert found is not None
    return found


def test_hand_computed_scores() -> None:
    score = ErrorScore(scale=2.0, freedom=3.0)
    assert score(np.array([0.0, 2.0, 6.0])).tolist() == pytest.approx([-1.0, 0.0, 4.0 * 36.0 / (12.0 + 36.0) - 1.0])


def test_score_is_the_derivative_of_scipys_likelihood_by_the_log_of_the_scale() -> None:
    errors, step = np.array([0.1, 1.0, 3.0, 20.0]), 1e-5
    up, down = (stats.t(4, scale=2.0 * math.exp(by)).logpdf(errors) for by in (step, -step))
    assert ErrorScore(scale=2.0, freedom=4.0)(errors) == pytest.approx((up - down) / (2.0 * step), abs=1e-6)


def test_sensitivity_is_the_derivative_of_the_mean_score_by_the_log_of_the_errors() -> None:
    errors, score, step = np.array([0.5, 1.0, 4.0]), ErrorScore(scale=1.0, freedom=3.0), 1e-6
    rise = float(np.mean(score(errors * math.exp(step)) - score(errors * math.exp(-step)))) / (2.0 * step)
    assert score.sensitivity(errors) == pytest.approx(rise, abs=1e-6)


@pytest.mark.parametrize(("freedom", "low", "high"), [(1.0, 1.0, 1.5), (3.0, 2.0, 4.0), (1e6, 10.0, 100.0)])
def test_fit_finds_how_heavy_the_tails_are(freedom: float, low: float, high: float) -> None:
    errors = np.abs(stats.t(freedom).rvs(size=20_000, random_state=np.random.default_rng(0))) * 7.0
    found = fitted(errors)
    assert low <= found.freedom <= high
    assert found.scale == pytest.approx(7.0, rel=0.06)


def test_mean_score_of_the_fitted_errors_is_zero() -> None:
    errors = np.abs(np.random.default_rng(0).standard_t(2, size=500))
    assert float(fitted(errors)(errors).mean()) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("factor", [1e-300, 1e-6, 1e6, 1e300])
def test_scores_know_no_unit(factor: float) -> None:
    errors = np.abs(np.random.default_rng(0).standard_t(3, size=300))
    assert fitted(errors * factor)(errors * factor) == pytest.approx(fitted(errors)(errors), abs=1e-6)


def test_nothing_can_be_fitted_to_perfect_predictions() -> None:
    assert ErrorScore.fit(np.zeros(10)) is None


@given(arrays(float, st.integers(1, 40), elements=st.floats(0, 1e300)))
def test_scores_are_bounded_whatever_the_errors(errors: Floats) -> None:
    score = ErrorScore.fit(errors)
    if score is not None:
        scores = score(errors)
        assert np.all((scores >= -1.0) & (scores <= score.freedom))
        assert score.scale > 0.0


def test_row_errors_are_absolute_or_right_and_wrong() -> None:
    assert row_errors(np.array([1.0, 5.0]), np.array([3.0, 4.0]), classes=False).tolist() == [2.0, 1.0]
    assert row_errors(np.array(["a", "b"]), np.array(["a", "c"]), classes=True).tolist() == [0.0, 1.0]


def test_row_errors_without_a_finite_number_are_nan() -> None:
    errors = row_errors(np.array([np.nan, np.inf, 1e308]), np.array([1.0, 1.0, -1e308]), classes=False)
    assert np.isnan(errors).all()


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equal length"):
        row_errors(np.zeros(2), np.zeros(1), classes=False)
