"""The distribution of the KS distance: scipy's values, in a time that does not grow with the rows."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from include.detectors.statistics.kolmogorov import EXACT_ROWS, NEVER, ONE_SIDED, distance_p_value
from tests.sweeps import each_nth

SIZES = (1, 4, 30, 140, 141, EXACT_ROWS, EXACT_ROWS + 1, 3_000, 10_000, 10_001, 50_000, 100_000, 100_001, 400_000)


@pytest.mark.parametrize("rows", each_nth(SIZES, 2))
def test_p_values_are_those_of_scipy(rows: int) -> None:
    sizes = np.concatenate([np.geomspace(1e-6, ONE_SIDED, 40), [2.3, 4.0, 10.0, 60.0, 250.0, 350.0]])
    for distance in [d for d in np.sqrt(sizes / rows).tolist() if d <= 1.0]:
        expected = float(np.clip(stats.kstwo.sf(distance, rows), 0.0, 1.0))
        near = 6e-4 if rows > EXACT_ROWS and rows * distance**2 < ONE_SIDED else 1e-9
        assert distance_p_value(distance, rows) == pytest.approx(expected, rel=near, abs=1e-300), distance


@pytest.mark.parametrize("rows", [2, 1_500, 200_000])
def test_distances_at_the_ends_are_certain_and_impossible(rows: int) -> None:
    assert (distance_p_value(0.0, rows), distance_p_value(1.0, rows)) == (1.0, 0.0)
    assert distance_p_value((1.01 * NEVER / rows) ** 0.5 if rows > 1_000 else 1.0, rows) == 0.0


def test_p_values_fall_as_the_distance_grows_across_all_ways_to_compute_them() -> None:
    for rows in (1_001, 20_000, 300_000):
        found = [distance_p_value(float(d), rows) for d in np.geomspace(1e-5, 0.9, 400)]
        assert all(later <= earlier + 1e-9 for earlier, later in pairwise(found))


def test_a_slight_change_among_many_rows_is_told_in_milliseconds() -> None:
    distance_p_value(0.005, 100_000)  # imports
    start = time.process_time()
    for distance in np.linspace(0.005, 0.05, 50).tolist():
        distance_p_value(distance, 100_000)  # 90 ms each where one term a row is added up
    assert time.process_time() - start < 1.0
