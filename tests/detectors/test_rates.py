from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from include.data.profile import profile_table
from include.detectors.statistics.rates import absence_lag1, inflation_of_flags, rise_p_value, shortfall
from include.scoring.statistics import autocorrelation
from tests.series import autoregression, most


@pytest.mark.parametrize(("before", "after"), [(3, 9), (0, 4), (50, 51), (10, 0)])
def test_rise_is_the_exact_conditional_binomial_test(before: int, after: int) -> None:
    expected = stats.binomtest(after, before + after, 200 / 1200, alternative="greater").pvalue
    assert rise_p_value(before / 1000, 1000, after / 200, 200) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3])
@pytest.mark.parametrize("level", [0.05, 0.001])
def test_rise_keeps_its_level(share: float, level: float) -> None:
    rng, trials = np.random.default_rng(0), 4000
    before, after = rng.binomial(5000, share, trials) / 5000, rng.binomial(1000, share, trials) / 1000
    alarms = [rise_p_value(b, 5000, a, 1000) < level for b, a in zip(before, after, strict=True)]
    assert np.mean(alarms) <= most(level, trials)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_autocorrelation_of_empty_cells_is_told_by_the_pairs(kind: str) -> None:
    rng = np.random.default_rng(0)
    empty = autoregression(rng, rows=5000, coefficient=0.9) < -1.0
    cells = rng.normal(size=5000) if kind == "numbers" else rng.choice(["a", "b"], 5000).astype(object)
    table = pd.DataFrame({"x": pd.Series(cells).where(~empty)})
    found = absence_lag1(profile_table(table, ["x"]).columns["x"])
    assert found == pytest.approx(autocorrelation(empty.astype(float)), abs=0.005)


@pytest.mark.parametrize("cells", [[1.0] * 9, [np.nan] * 9, [], [1.0]])
def test_column_that_is_never_or_always_empty_has_no_bursts(cells: list[float]) -> None:
    column = profile_table(pd.DataFrame({"x": np.array(cells, dtype=float)}), ["x"]).columns["x"]
    assert absence_lag1(column) == 0.0
    assert inflation_of_flags(0.0, 0.5) == inflation_of_flags(1.0, 0.5) == 1.0


@pytest.mark.parametrize("share", [0.02, 0.3])
@pytest.mark.parametrize("coefficient", [0.5, 0.9])
def test_inflation_of_flags_is_how_much_more_their_share_varies(share: float, coefficient: float) -> None:
    rng, rows = np.random.default_rng(0), 1000
    flags = autoregression(rng, rows=rows, coefficient=coefficient, columns=4000) < stats.norm.ppf(share)
    measured = rows * flags.mean(axis=0).var() / (share * (1.0 - share))
    together = (flags[1:] & flags[:-1]).mean()
    lag1 = (together - share**2) / (share * (1.0 - share))
    assert inflation_of_flags(share, lag1) == pytest.approx(measured, rel=0.12)


def test_shortfall_keeps_its_level_on_counts_that_vary() -> None:
    rng, trials, level = np.random.default_rng(0), 2000, 0.01
    counts = rng.poisson(rng.gamma(5.0, 20.0, (trials, 21)))
    alarms = [shortfall(rows, earlier)[1] < level for rows, *earlier in counts.tolist()]
    assert np.mean(alarms) <= most(level, trials)


def test_shortfall_is_the_prediction_of_a_normal_variable() -> None:
    earlier = [100, 300, 200, 400, 250, 350]
    mean, p_value = shortfall(50, earlier)
    scale = np.std(earlier, ddof=1) * np.sqrt(1 + 1 / 6)
    assert (mean, p_value) == (pytest.approx(np.mean(earlier)), pytest.approx(stats.t.cdf((50 - mean) / scale, 5)))
    assert shortfall(100, earlier)[1] == pytest.approx(1 / 6)  # one of six had no more
    assert shortfall(0, [7])[1] == shortfall(0, [0, 0, 0])[1] == 1.0
