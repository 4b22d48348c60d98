"""Numbers that differ in how they were computed are the same numbers, and others are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.profile import NumericColumn, profile_table
from include.data.profile.near import distinct, reach, snapped
from include.orchestrator import AutomaticRetrainingOrchestrator
from tests.series import Floats

Written = Callable[[Floats], Floats]

SAME: dict[str, tuple[Written, Written]] = {
    "a tenth, and divided by ten": (lambda n: n * 0.1, lambda n: n / 10.0),
    "divided by ten, and a tenth": (lambda n: n / 10.0, lambda n: n * 0.1),
    "added up": (lambda n: np.round(n / 10.0, 1), lambda n: np.array([sum([0.1] * int(each)) for each in n])),
    "32 bits, then 64": (lambda n: (n / 10.0).astype("float32").astype(float), lambda n: n / 10.0),
    "64 bits, then 32": (lambda n: 1000.0 + n / 10.0, lambda n: (1000.0 + n / 10.0).astype("float32").astype(float)),
    "both, then one": (lambda n: np.where(np.arange(len(n)) % 2, n * 0.1, n / 10.0), lambda n: n / 10.0),
    "what a sum leaves of 0": (lambda n: np.where(n < 6, 0.0, n), lambda n: np.where(n < 6, 5e-17, n)),
    "the same beside many values": (
        lambda n: np.where(n < 6, 0.0, n + np.random.default_rng(1).normal(size=len(n))),
        lambda n: np.where(n < 6, -3e-17, n + np.random.default_rng(2).normal(size=len(n))),
    ),
    "degrees to and fro": (lambda n: n + 15.0, lambda n: ((n + 15.0) * 9.0 / 5.0 + 32.0 - 32.0) * 5.0 / 9.0),
    "with a tax": (lambda n: (n * 100 + 99) / 100 * 1.19, lambda n: (n * 100 + 99) * 1.19 / 100),
}


def fired(before: Written, after: Written, seed: int) -> bool:
    """Whether a retrain is wanted for rows without labels, written in these two ways."""
    rng = np.random.default_rng(seed)
    tables = [
        pd.DataFrame({"a": written(rng.integers(0, 10, rows).astype(float)), "b": rng.normal(size=rows)})
        for written, rows in ((before, 4000), (after, 800))
    ]
    return AutomaticRetrainingOrchestrator().should_retrain(*tables).triggered


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_another_last_digit_is_no_drift(before: Written, after: Written) -> None:
    assert not any(fired(before, after, seed) for seed in range(4))


@pytest.mark.parametrize("step", [1e-3, 1e-2, 0.5])
def test_a_small_step_that_all_rows_make_is_drift(step: float) -> None:
    def apart(numbers: Floats) -> Floats:
        return numbers + np.random.default_rng(0).uniform(0.0, step, len(numbers))

    assert all(fired(apart, lambda n: apart(n) + 2.0 * step, seed) for seed in range(3))


@pytest.mark.parametrize("start", [0.0, 1.0, 1e6, 1.7e9, 4e12])
def test_whole_numbers_stay_apart_however_large(start: float) -> None:
    numbers = start + np.arange(200.0)
    assert distinct(np.repeat(numbers, 3)).tolist() == numbers.tolist()
    assert (reach(numbers) < 0.5).all()


@given(st.lists(st.floats(-1e12, 1e12, allow_nan=False), min_size=1, max_size=40, unique=True))
def test_what_an_edge_stands_for_never_overlaps_with_the_next(values: list[float]) -> None:
    edges = distinct(np.sort(np.array(values)))
    near = reach(edges)
    assert (edges[:-1] + near[:-1] <= edges[1:] - near[1:]).all()
    assert snapped(edges, edges).tolist() == edges.tolist()


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=40, unique=True), st.floats(1e-3, 1e3))
def test_values_keep_their_number_and_their_bins_when_their_last_digits_move(values: list[int], unit: float) -> None:
    exact = np.sort(np.array(values)) * unit
    moved = np.nextafter(exact, np.where(np.arange(len(exact)) % 2, np.inf, -np.inf))
    mixed = np.sort(np.concatenate([exact, moved]))
    assert len(distinct(mixed)) == len(values)
    known = profile_table(pd.DataFrame({"x": exact}), ["x"])
    columns = [profile_table(pd.DataFrame({"x": each}), ["x"], against=known).columns["x"] for each in (exact, moved)]
    assert all(isinstance(column, NumericColumn) and column.at_edges == (1,) * len(values) for column in columns)
