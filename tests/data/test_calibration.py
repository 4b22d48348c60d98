from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import signal

from include.data.calibration import BLOCKS, Calibration, calibrate
from include.data.profile import profile_table


def series(phi: float, rows: int, seed: int = 0) -> np.ndarray:
    """A first-order autoregression of unit variance."""
    noise = np.random.default_rng(seed).normal(size=rows + 500)
    return np.asarray(signal.lfilter([np.sqrt(1 - phi**2)], [1, -phi], noise)[500:])


def calibrated(table: pd.DataFrame, window_rows: int) -> Calibration:
    found = calibrate(table, profile_table(table, list(table.columns)), window_rows)
    assert found is not None
    return found


def test_independent_rows_are_worth_about_one_each() -> None:
    table = pd.DataFrame({f"x{i}": series(0.0, 20_000, i) for i in range(20)})
    assert 1.0 <= np.mean(list(calibrated(table, 1000).inflation.values())) < 1.6


def test_autoregression_is_inflated_as_its_indicators_vary() -> None:
    # The sum of the autocorrelations of "below the median" of a Gaussian series, (2 / pi) * asin(0.9 ** k), gives 13.6;
    # a little less at the other quartiles, a little more at the upper bound that is taken.
    table = pd.DataFrame({f"x{i}": series(0.9, 20_000, i) for i in range(20)})
    assert 12.0 < np.mean(list(calibrated(table, 1000).inflation.values())) < 20.0


def test_season_longer_than_the_window_leaves_hardly_a_row() -> None:
    hours = np.arange(24 * 200) % 24
    assert calibrated(pd.DataFrame({"hour": hours}), 6).inflation["hour"] > 4.0


def test_categories_are_inflated_like_numbers() -> None:
    table = pd.DataFrame({"c": np.where(series(0.9, 20_000) > 0, "high", "low"), "constant": "same"})
    inflation = calibrated(table, 1000).inflation
    assert inflation["c"] > 8.0
    assert inflation["constant"] == 1.0


def test_short_reference_is_guessed_from_its_autocorrelation_where_blocks_do_not_reach() -> None:
    table = pd.DataFrame({"x": series(0.9, 200)})
    found = calibrated(table, 1000)
    assert (found.block_rows, found.window_rows) == (200 // BLOCKS, 1000)
    assert found.inflation["x"] > 9.0


@pytest.mark.parametrize("rows", [0, 1, 39])
def test_reference_that_cannot_be_cut_into_blocks_is_not_calibrated(rows: int) -> None:
    table = pd.DataFrame({"x": series(0.0, rows)})
    assert calibrate(table, profile_table(table, ["x"]), 100) is None


def test_columns_without_values_do_not_disturb_the_others() -> None:
    x = series(0.5, 2000)
    table = pd.DataFrame({"x": x, "empty": np.nan, "text": [None] * 2000})
    assert calibrated(table, 50).inflation["x"] == calibrated(pd.DataFrame({"x": x}), 50).inflation["x"]


def test_calibration_survives_storage() -> None:
    found = calibrated(pd.DataFrame({"x": series(0.5, 2000)}), 50)
    assert Calibration.from_json(found.to_json()) == found
