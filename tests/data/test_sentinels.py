"""Numbers that stand for no value: found where they are, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.profile import Extra, NumericColumn, Possible, Profile, merge_profiles, profile_table, with_possible
from include.data.profile.sentinels import sentinels_beside, sentinels_of_reference

Floats = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Floats]

COLUMNS: dict[str, Make] = {
    "ages": lambda rng, rows: np.rint(rng.uniform(18, 90, rows)),
    "normal": lambda rng, rows: rng.normal(50.0, 10.0, rows),
    "around zero": lambda rng, rows: rng.normal(0.0, 5.0, rows),
    "exponential": lambda rng, rows: rng.exponential(2.0, rows),
    "counts": lambda rng, rows: rng.poisson(3.0, rows).astype(float),
    "shares": lambda rng, rows: rng.beta(2.0, 5.0, rows),
    "years": lambda rng, rows: rng.integers(1950, 2025, rows).astype(float),
}
UNCHANGED: dict[str, Make] = {
    **COLUMNS,
    "lognormal": lambda rng, rows: rng.lognormal(0.0, 2.0, rows),
    "whole lognormal": lambda rng, rows: np.floor(rng.lognormal(0.0, 2.0, rows)),
    "t of 3": lambda rng, rows: rng.standard_t(3, rows),
    "whole t of 3": lambda rng, rows: np.rint(60.0 + 10.0 * rng.standard_t(3, rows)),
    "rare counts": lambda rng, rows: rng.poisson(0.05, rows).astype(float),
    "Pareto": lambda rng, rows: 1.0 + rng.pareto(1.0, rows),
    "whole Pareto": lambda rng, rows: np.floor(1.0 + rng.pareto(1.0, rows)),
    "very heavy": lambda rng, rows: np.floor(rng.pareto(0.5, rows)),
    "flags": lambda rng, rows: (rng.random(rows) < 0.1).astype(float),
    "prices": lambda rng, rows: rng.choice([9.99, 19.99, 29.99, 49.99], rows),
    "many zeros": lambda rng, rows: np.where(rng.random(rows) < 0.6, 0.0, rng.lognormal(3.0, 1.0, rows)),
}


def column_of(values: Floats) -> NumericColumn:
    column = profile_table(pd.DataFrame({"x": values}), ["x"], extras=Extra.CROSS).columns["x"]
    assert isinstance(column, NumericColumn)
    return column


def spoiled(rng: np.random.Generator, values: Floats, sentinel: float, share: float) -> Floats:
    hit = rng.random(len(values)) < share
    hit[[1, len(values) // 3, len(values) // 2]] = True
    return np.where(hit, sentinel, values)


@pytest.mark.parametrize("share", [0.0, 0.005, 0.03, 0.3])
@pytest.mark.parametrize("sentinel", [-999.0, -9999.0, 99999.0, 1e10, -2147483648.0, -1e10])
@pytest.mark.parametrize("kind", COLUMNS)
def test_sentinel_is_found_in_the_reference_and_beside_one(kind: str, sentinel: float, share: float) -> None:
    rng = np.random.default_rng(0)
    clean, other = COLUMNS[kind](rng, 2000), COLUMNS[kind](rng, 300)
    assert sentinels_of_reference(spoiled(rng, clean, sentinel, share)) == (sentinel,)
    assert sentinels_beside(spoiled(rng, other, sentinel, share), column_of(clean)) == (sentinel,)


@pytest.mark.parametrize(
    ("kind", "sentinel"), [("ages", -1.0), ("ages", 999.0), ("years", 9999.0), ("years", 0.0), ("years", -1.0),
                           ("normal", 999.0), ("shares", -1.0), ("counts", 99.0), ("around zero", 9999.0)]
)  # fmt: skip
def test_sentinels_of_the_column_s_own_kind_are_found(kind: str, sentinel: float) -> None:
    rng = np.random.default_rng(1)
    clean, other = COLUMNS[kind](rng, 2000), COLUMNS[kind](rng, 500)
    assert sentinels_beside(spoiled(rng, other, sentinel, 0.03), column_of(clean)) == (sentinel,)
    assert sentinels_of_reference(spoiled(rng, clean, sentinel, 0.03)) == (sentinel,)


def test_two_sentinels_on_either_side_are_found_together() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(50.0, 10.0, 2000)
    for sentinel in (-9999.0, -999.0, 9999.0):
        values = spoiled(rng, values, sentinel, 0.02)
    values[[5, 700, 900]] = -9999.0
    values[[6, 701, 901]] = -999.0
    assert set(sentinels_of_reference(values)) == {-9999.0, -999.0, 9999.0}


def test_a_spike_that_is_no_usual_code_is_found_among_measurements_only() -> None:
    rng = np.random.default_rng(0)
    clean = rng.normal(50.0, 10.0, 2000)
    assert sentinels_beside(spoiled(rng, rng.normal(50.0, 10.0, 500), -4711.0, 0.03), column_of(clean)) == (-4711.0,)
    prices = rng.choice([9.99, 19.99, 29.99], 2000)
    assert sentinels_beside(spoiled(rng, rng.choice([9.99, 19.99], 500), 4711.0, 0.03), column_of(prices)) == ()


@pytest.mark.parametrize("level", [999.0, 9999.0, 5000.0])
@pytest.mark.parametrize("from_row", [0, 250, 480, 499])
def test_new_level_of_a_price_is_no_sentinel(level: float, from_row: int) -> None:
    rng = np.random.default_rng(0)
    for clean in (rng.choice([9.99, 19.99, 29.99], 2000), rng.uniform(10.0, 20.0, 2000), np.full(2000, 9.99)):
        recent = clean[:500].copy()
        recent[from_row:] = level
        assert sentinels_beside(recent, column_of(clean)) == ()
        assert sentinels_of_reference(np.concatenate([clean, recent])) == () or from_row == 499


@pytest.mark.parametrize("moved", [1.0, 20.0, 1000.0, -1000.0])
@pytest.mark.parametrize("part", [0.05, 0.5, 1.0])
def test_distribution_that_moves_has_no_sentinels(moved: float, part: float) -> None:
    rng = np.random.default_rng(0)
    for make in (COLUMNS["normal"], COLUMNS["ages"], COLUMNS["counts"]):
        recent = make(rng, 1000)
        recent += np.where(rng.random(1000) < part, moved * recent.std(), 0.0)
        assert sentinels_beside(recent, column_of(make(rng, 2000))) == ()


@pytest.mark.parametrize("kind", UNCHANGED)
def test_unchanged_column_has_no_sentinels(kind: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        rows = int(rng.choice([40, 300, 2000]))
        clean = UNCHANGED[kind](rng, rows)
        assert sentinels_of_reference(clean) == ()
        assert sentinels_beside(UNCHANGED[kind](rng, 500), column_of(clean)) == ()


def test_minus_999_in_half_a_percent_of_300_rows_is_found_wherever_it_is() -> None:
    rng, found, there = np.random.default_rng(0), 0, 0
    known = column_of(rng.normal(50.0, 10.0, 5000))
    for _ in range(300):
        hit = rng.random(300) < 0.005
        there += bool(hit.any())
        found += bool(sentinels_beside(np.where(hit, -999.0, rng.normal(50.0, 10.0, 300)), known))
    assert found == there


@pytest.mark.parametrize("odd", [(9999, 12, 31), (1900, 1, 1), (1970, 1, 1), (2999, 12, 31)])
def test_dates_that_stand_for_none_are_found(odd: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    seconds = datetime(2024, 1, 1, tzinfo=UTC).timestamp() + 86_400.0 * rng.integers(0, 700, 1000)
    code = datetime(*odd, tzinfo=UTC).timestamp()
    assert sentinels_of_reference(np.where(rng.random(1000) < 0.01, code, seconds), "datetime") == (code,)


def profiles(values: Floats, recent: Floats, **possible: Possible) -> tuple[Profile, Profile]:
    table = pd.DataFrame({"x": recent})
    known = with_possible(profile_table(pd.DataFrame({"x": values}), ["x"]), table, len(table), possible)
    return known, profile_table(table, ["x"], against=known)


def test_profile_counts_impossible_cells_as_missing_and_in_nothing_else() -> None:
    rng = np.random.default_rng(0)
    values, holed = rng.normal(50.0, 10.0, 1000), rng.normal(50.0, 10.0, 500)
    bad = np.arange(500) % 20 == 3
    found = profiles(values, np.where(bad, -999.0, holed))[1].columns["x"]
    plain = profiles(values, np.where(bad, np.nan, holed))[1].columns["x"]
    assert isinstance(found, NumericColumn)
    assert isinstance(plain, NumericColumn)
    assert (found.impossible, found.missing, found.possible.sentinels) == (25, 25, (-999.0,))
    for field in ("counts", "at_edges", "mean", "variance", "minimum", "maximum", "outliers", "neighbours"):
        assert getattr(found, field) == getattr(plain, field)


def test_reference_is_cut_as_if_its_sentinels_were_empty() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(50.0, 10.0, 3000)
    bad = np.arange(3000) % 50 == 3
    found, plain = (column_of(np.where(bad, filler, values)) for filler in (-999.0, np.nan))
    assert found.impossible == 60
    for field in ("edges", "counts", "knots", "mean", "variance", "outliers", "missing", "exact"):
        assert getattr(found, field) == getattr(plain, field)


def test_what_is_possible_is_kept_with_the_profile() -> None:
    known = profiles(np.where(np.arange(900) % 90 == 3, 9999.0, np.arange(900.0) / 9), np.arange(50.0))[0]
    assert Profile.from_json(known.to_json()) == known
    stored = known.to_json()
    for name in ("possible", "impossible"):
        del stored["columns"]["x"][name]  # as an earlier release wrote it
    assert Profile.from_json(stored).columns["x"].possible == Possible()  # type: ignore[union-attr]  # a number


def test_declared_range_is_the_last_word() -> None:
    recent = np.where(np.arange(300) % 30 == 3, -999.0, np.arange(300.0) % 80)
    open_, low = (
        profiles(np.arange(2000.0) % 90, recent, x=possible)[1].columns["x"]
        for possible in (Possible(declared=True), Possible(low=5.0, declared=True))
    )
    assert isinstance(open_, NumericColumn)
    assert isinstance(low, NumericColumn)
    assert (open_.impossible, open_.minimum) == (0, -999.0)
    assert (low.impossible, low.minimum) == (int((recent < 5.0).sum()), 5.0)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(sorted(COLUMNS)), sentinel=st.sampled_from([-999.0, -9999.0, 99999.0]),
    cells=st.integers(2, 120), seed=st.integers(0, 1000), cuts=st.lists(st.integers(1, 299), max_size=4),
)  # fmt: skip
def test_parts_that_are_merged_know_what_the_whole_does(
    kind: str, sentinel: float, cells: int, seed: int, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    recent = COLUMNS[kind](rng, 300)
    recent[rng.permutation(290)[:cells]] = sentinel
    known, whole = profiles(COLUMNS[kind](rng, 1000), recent)
    bounds = [0, *sorted(set(cuts)), 300]
    parts = [
        profile_table(pd.DataFrame({"x": recent[start:stop]}), ["x"], against=known, start=start)
        for start, stop in pairwise(bounds)
    ]
    merged = merge_profiles(parts).columns["x"]
    assert isinstance(merged, NumericColumn)
    assert (merged.impossible, merged.missing, merged.counts) == (
        cells, cells, whole.columns["x"].counts  # type: ignore[union-attr]  # a number
    )  # fmt: skip


PRICES: dict[str, tuple[Make, float]] = {
    "list with .99": (lambda rng, rows: rng.choice([9.99, 19.99, 29.99, 49.99], rows), 999.0),
    "list of round prices": (lambda rng, rows: rng.choice([10.0, 15.0, 25.0, 40.0], rows), 999.0),
    "unequal list": (lambda rng, rows: rng.choice([5.5, 7.0, 12.0], rows, p=[0.6, 0.3, 0.1]), 99.0),
    "many prices that end with 9": (lambda rng, rows: 10.0 * rng.integers(1, 20, rows) - 1.0, 9999.0),
    "many prices that end with .99": (lambda rng, rows: 10.0 * rng.integers(1, 200, rows) - 0.01, 9999.99),
}


@pytest.mark.parametrize("kind", PRICES)
def test_price_that_is_as_usual_as_the_others_is_no_sentinel(kind: str) -> None:
    rng = np.random.default_rng(2)
    make, price = PRICES[kind]
    share = 0.3 if kind == "unequal list" else 0.2
    for clean in (make(rng, 2000), make(rng, 2000)):
        assert sentinels_of_reference(np.where(rng.random(2000) < share, price, clean)) == ()
        assert sentinels_beside(np.where(rng.random(500) < share, price, make(rng, 500)), column_of(clean)) == ()


@pytest.mark.parametrize("sentinel", [-999.0, -1.0, 99999.0, 1e10])
@pytest.mark.parametrize("share", [0.03, 0.2])
def test_sentinels_of_a_price_list_are_found(sentinel: float, share: float) -> None:
    rng = np.random.default_rng(2)
    clean, other = rng.choice([59.99, 69.99, 79.99], 2000), rng.choice([59.99, 69.99, 79.99], 500)
    assert sentinels_of_reference(np.where(rng.random(2000) < share, sentinel, clean)) == (sentinel,)
    assert sentinels_beside(np.where(rng.random(500) < share, sentinel, other), column_of(clean)) == (sentinel,)


@pytest.mark.parametrize("share", [0.03, 0.2])
@pytest.mark.parametrize(
    ("make", "sentinel"),
    [(lambda rng, rows: rng.integers(1, 6, rows), 99.0), (lambda rng, rows: rng.poisson(3.0, rows), 999.0),
     (lambda rng, rows: rng.choice([10.0, 15.0, 25.0, 40.0], rows), 9999.0)],
    ids=["grades", "counts", "a list, far above it"],
)  # fmt: skip
def test_sentinels_above_a_scale_are_found_however_frequent(make: Make, sentinel: float, share: float) -> None:
    rng = np.random.default_rng(2)
    clean, other = make(rng, 2000).astype(float), make(rng, 500).astype(float)
    assert sentinels_of_reference(np.where(rng.random(2000) < share, sentinel, clean)) == (sentinel,)
    assert sentinels_beside(np.where(rng.random(500) < share, sentinel, other), column_of(clean)) == (sentinel,)


@pytest.mark.parametrize("value", [1e308, -1e308, 1.7e300, 1e20, 3.3e38, -5e17])
@pytest.mark.parametrize("place", [0, 150, 299])
@pytest.mark.parametrize("kind", ["ages", "normal", "around zero", "shares", "prices"])
def test_single_value_beside_which_all_others_are_nothing_is_none(kind: str, place: int, value: float) -> None:
    rng = np.random.default_rng(0)
    clean, other = UNCHANGED[kind](rng, 2000), UNCHANGED[kind](rng, 300)
    known = column_of(clean)
    clean[place], other[place] = value, value
    assert sentinels_of_reference(clean) == (value,)
    assert sentinels_beside(other, known) == (value,)


def test_large_values_of_either_sign_are_found_together() -> None:
    values = np.random.default_rng(0).normal(50.0, 10.0, 300)
    values[[3, 40]] = 1.7e308, -1.7e308
    assert set(sentinels_of_reference(values)) == {1.7e308, -1.7e308}


def test_single_value_of_a_reference_that_is_sampled_is_found() -> None:
    values = np.random.default_rng(0).normal(50.0, 10.0, 450_000)
    values[[77, 1000]] = 1e300, -2e300
    found = column_of(values)
    assert (found.possible.sentinels, found.impossible) == ((-2e300, 1e300), 2)


@pytest.mark.parametrize("code", [85.0, -127.0, 127.0, 255.0])
@pytest.mark.parametrize("share", [0.01, 0.1])
def test_what_a_sensor_says_that_cannot_measure_is_found(code: float, share: float) -> None:
    rng = np.random.default_rng(4)
    degrees = np.round(rng.normal(20.0, 3.0, 2_000), 1)
    assert sentinels_of_reference(np.where(rng.random(2_000) < share, code, degrees)) == (code,)
    known = profile_table(pd.DataFrame({"x": degrees}), ["x"]).columns["x"]
    assert isinstance(known, NumericColumn)
    assert sentinels_beside(np.where(rng.random(2_000) < share, code, degrees[::-1]), known) == (code,)
