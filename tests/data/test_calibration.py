from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.data.reference.blocks import FEWEST_BLOCKS
from include.data.reference.calibration import Calibration, calibrate
from include.detectors import DataDriftDetector
from tests.detectors.comparisons import compare
from tests.series import Floats, autoregression


def series(phi: float, rows: int, seed: int = 0) -> Floats:
    """A first-order autoregression of unit variance."""
    return autoregression(np.random.default_rng(seed), rows=rows, coefficient=phi)


def table_of(phi: float, rows: int = 20_000, columns: int = 20) -> pd.DataFrame:
    return pd.DataFrame({f"x{number}": series(phi, rows, number) for number in range(columns)})


def calibrated(table: pd.DataFrame, window_rows: int) -> Calibration:
    found = calibrate(table, profile_table(table, list(table.columns)), window_rows)
    assert found is not None
    return found


def test_independent_rows_are_worth_about_one_each() -> None:
    found = calibrated(table_of(0.0), 1000)
    assert 1.0 <= np.mean(list(found.inflation.values())) < 1.4
    assert 1.0 <= np.mean(list(found.spread_inflation.values())) < 1.4
    assert found.correlation_inflation == pytest.approx(1.05, abs=0.15)
    assert found.joint_inflation < 1.3
    assert found.trending == ()


def test_autoregression_is_inflated_as_theory_says() -> None:
    """Means by (1 + 0.9) / (1 - 0.9) = 19; squares and products by (1 + 0.81) / (1 - 0.81) = 9.5."""
    found = calibrated(table_of(0.9), 1000)
    assert np.mean(list(found.inflation.values())) == pytest.approx(19.0, rel=0.3)
    assert np.mean(list(found.spread_inflation.values())) == pytest.approx(9.5, rel=0.35)
    assert found.correlation_inflation == pytest.approx(9.5, rel=0.2)
    assert found.joint_inflation < 1.4


def test_a_column_unlike_the_others_stays_so() -> None:
    found = calibrated(table_of(0.0).assign(slow=series(0.95, 20_000, 99)), 1000).inflation
    assert found["slow"] > 25.0
    assert max(value for name, value in found.items() if name != "slow") < 3.0


def test_season_longer_than_the_window_leaves_hardly_a_row() -> None:
    hours = np.arange(24 * 200) % 24
    assert calibrated(pd.DataFrame({"hour": hours}), 6).inflation["hour"] > 4.0


def test_season_shorter_than_the_window_costs_no_rows() -> None:
    values = 3.0 * np.sin(np.arange(20_000) * 2 * np.pi / 10) + series(0.0, 20_000)
    assert calibrated(pd.DataFrame({"x": values}), 1000).inflation["x"] < 1.5


def test_categories_are_inflated_like_numbers() -> None:
    table = pd.DataFrame({"c": np.where(series(0.9, 20_000) > 0, "high", "low"), "constant": "same"})
    found = calibrated(table, 1000)
    assert found.inflation["c"] > 8.0
    assert found.inflation["constant"] == 1.0


def test_column_that_rises_through_the_reference_and_goes_on_rising_is_changed() -> None:
    rng, rows = np.random.default_rng(1), 6000
    rising = np.linspace(0.0, 3.0, rows + 500) + rng.normal(size=rows + 500)
    reference = pd.DataFrame({"rising": rising[:rows], "steady": rng.normal(size=rows)})
    recent = pd.DataFrame({"rising": rising[rows:], "steady": rng.normal(size=500)})
    calibration = calibrated(reference, 250)
    assert calibration.trending == ("rising",)
    assert calibration.inflation["rising"] < 5.0
    found = DataDriftDetector(threshold=0.003).detect(compare(reference, recent, calibration=calibration))
    assert {signal.feature for signal in found if signal.changed} == {"rising"}


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_columns_without_a_trend_are_seldom_taken_for_trending(phi: float) -> None:
    trending = [calibrated(table_of(phi, 4000), 200).trending, calibrated(table_of(phi, 8000), 200).trending]
    assert sum(map(len, trending)) <= 1


def test_short_reference_is_guessed_from_its_autocorrelation_where_blocks_do_not_reach() -> None:
    found = calibrated(pd.DataFrame({"x": series(0.9, 200)}), 1000)
    assert (found.block_rows, found.window_rows) == (200 // FEWEST_BLOCKS, 1000)
    assert found.inflation["x"] > 9.0


def test_correlations_in_short_blocks_count_at_least_as_autocorrelation_says() -> None:
    found = calibrated(table_of(0.9, 600), 300)
    assert found.block_rows == 30
    assert found.correlation_inflation is not None
    assert found.correlation_inflation > 7.0


def test_blocks_too_short_for_correlations_leave_them_unknown() -> None:
    assert calibrated(table_of(0.5, 380), 300).correlation_inflation is None


@pytest.mark.parametrize("rows", [0, 1, 2 * FEWEST_BLOCKS - 1])
def test_reference_that_cannot_be_cut_into_blocks_is_not_calibrated(rows: int) -> None:
    table = pd.DataFrame({"x": series(0.0, rows)})
    assert calibrate(table, profile_table(table, ["x"]), 100) is None


def test_columns_without_values_do_not_disturb_the_others() -> None:
    x = series(0.5, 2000)
    table = pd.DataFrame({"x": x, "empty": np.nan, "text": [None] * 2000})
    assert calibrated(table, 50).inflation["x"] == calibrated(pd.DataFrame({"x": x}), 50).inflation["x"]


def test_numbers_from_hell_are_calibrated_without_a_word() -> None:
    x = series(0.0, 2000)
    holed = np.where(np.arange(2000) < 700, np.nan, x)
    table = pd.DataFrame({"x": x, "wide": x * 1e307, "infinite": np.where(x > 1.0, np.inf, x), "holed": holed})
    assert all(np.isfinite(value) and value >= 1.0 for value in calibrated(table, 50).inflation.values())


def test_only_phases_of_a_season_are_compared_with_each_other() -> None:
    phases = np.arange(4800) // 60 % 4
    table = pd.DataFrame({"x": 3.0 * phases + series(0.0, 4800), "y": series(0.0, 4800, 1)})
    profile = profile_table(table, ["x", "y"])
    plain, seasonal = calibrate(table, profile, 60), calibrate(table, profile, 60, phases=phases)
    assert plain is not None
    assert seasonal is not None
    assert plain.inflation["x"] > 30.0
    assert seasonal.inflation["x"] < 2.0
    assert seasonal.block_rows == 60


def test_calibration_survives_storage() -> None:
    found = calibrated(pd.DataFrame({"x": series(0.5, 2000), "y": np.linspace(0, 9, 2000)}), 50)
    assert found.trending
    assert Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_calibration_of_an_older_version_is_read() -> None:
    found = Calibration.from_json({"inflation": {"x": 2.0}, "block_rows": 20, "window_rows": 50})
    assert (found.inflation, found.spread_inflation, found.correlation_inflation) == ({"x": 2.0}, {}, None)
