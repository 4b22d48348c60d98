from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from include.scoring import METRICS, LabelledRows
from include.scoring.paired import paired_gain
from tests.series import autoregression, most

RMSE = METRICS["rmse"]


def rows(errors: object) -> LabelledRows:
    values = np.asarray(errors, dtype=float)
    return LabelledRows(actual=np.zeros(len(values)), predicted=values)


def test_gain_is_the_relative_cut_of_the_mean_loss() -> None:
    rng = np.random.default_rng(0)
    champion, challenger = rng.normal(size=500), 0.5 * rng.normal(size=500)
    found = paired_gain(RMSE, rows(champion), rows(challenger))
    assert found.gain == pytest.approx(1.0 - np.mean(challenger**2) / np.mean(champion**2))
    assert found.p_value < 1e-6
    assert found.half_width(0.1) == pytest.approx(float(stats.t.isf(0.05, found.freedom)) * found.error)


def test_independent_rows_give_the_paired_t_test_or_a_more_careful_one() -> None:
    rng = np.random.default_rng(1)
    champion, challenger = rng.normal(size=300), 0.95 * rng.normal(size=300)
    exact = stats.ttest_rel(champion**2, challenger**2, alternative="greater").pvalue
    assert 0.7 * exact <= paired_gain(RMSE, rows(champion), rows(challenger)).p_value <= 1.3 * exact + 0.1


@pytest.mark.parametrize(("champion", "challenger", "p_value"), [(1.0, 1.0, 0.5), (1.0, 0.5, 0.0), (0.5, 1.0, 1.0)])
def test_losses_without_any_spread(champion: float, challenger: float, p_value: float) -> None:
    assert paired_gain(RMSE, rows([champion] * 30), rows([challenger] * 30)).p_value == p_value


def test_a_perfect_champion_cannot_be_beaten() -> None:
    assert paired_gain(RMSE, rows([0.0] * 30), rows([0.0] * 30)).gain == 0.0


LEVEL, TRIALS, ROWS = 0.05, 500, 1000


def forecasters(rng: np.random.Generator, lag1: float, cut: float) -> tuple[LabelledRows, LabelledRows]:
    """Errors of correlation 0.9, autocorrelated in what both share; those of the challenger smaller by `cut`."""
    shared = np.sqrt(0.9) * autoregression(rng, rows=ROWS, coefficient=lag1)
    one, other = (shared + np.sqrt(0.1) * rng.normal(size=ROWS) for _ in range(2))
    return rows(one), rows((1.0 - cut) * other)


def classifiers(rng: np.random.Generator, lag1: float, points: float) -> tuple[LabelledRows, LabelledRows]:
    """Two models, one of them right and the other wrong on 5 % of the rows, which are autocorrelated."""
    place = stats.norm.cdf(autoregression(rng, rows=ROWS, coefficient=lag1))
    differ, champion_right = place < 0.05, rng.random(ROWS) < (0.05 - points) / 0.1
    return rows((differ & ~champion_right) | (place > 0.85)), rows((differ & champion_right) | (place > 0.85))


@pytest.mark.parametrize("lag1", [0.0, 0.9])
@pytest.mark.parametrize(("name", "make"), [("rmse", forecasters), ("accuracy", classifiers)])
def test_equal_challenger_is_found_better_at_most_at_the_level(name: str, make: Any, lag1: float) -> None:
    rng = np.random.default_rng(2)
    found = [paired_gain(METRICS[name], *make(rng, lag1, 0.0)).p_value < LEVEL for _ in range(TRIALS)]
    assert np.mean(found) <= most(LEVEL, TRIALS)


@pytest.mark.parametrize(("name", "make", "gain"), [("rmse", forecasters, 0.05), ("accuracy", classifiers, 0.02)])
def test_gain_of_five_per_cent_or_two_points_is_mostly_found_on_a_thousand_rows(
    name: str, make: Any, gain: float
) -> None:
    rng = np.random.default_rng(3)
    found = [paired_gain(METRICS[name], *make(rng, 0.0, gain)).p_value < LEVEL for _ in range(TRIALS)]
    assert np.mean(found) >= 0.8
