"""Any split of the rows into parts, merged in any order, gives the profile of the whole.

``RETRAINING_TEST_SPLITS=2000`` tries that many random splits.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from include.data.batches import FrameBatches
from include.data.profile import (
    CategoricalColumn,
    Column,
    NumericColumn,
    Profile,
    ProfileBuilder,
    merge_profiles,
    profile_batches,
    profile_table,
)
from include.errors import DataError
from include.scoring.statistics import autocorrelation

ROWS = 60
SPLITS = int(os.environ.get("RETRAINING_TEST_SPLITS", "60"))


def table_of(seed: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=rows)) * 10.0 ** rng.integers(-2, 7) + 10.0 ** rng.integers(-3, 4)
    x[rng.random(rows) < 0.1] = np.nan
    x[rng.random(rows) < 0.05] = np.inf
    return pd.DataFrame(
        {
            "x": x,
            "heavy": rng.standard_cauchy(rows) ** 3,
            "few": rng.integers(0, 4, rows),
            "c": np.where(rng.random(rows) < 0.1, None, rng.choice(["a", "b", "new"], rows)),
            "flag": rng.random(rows) < 0.3,
            "t": pd.date_range("2026-01-01", periods=rows, freq="h", tz="UTC"),
            "holed": pd.Series(pd.date_range("1960-01-01", periods=rows, freq="97h")).where(rng.random(rows) < 0.8),
            "span": pd.Series(pd.to_timedelta(rng.integers(-9, 9, rows), unit="h")).where(rng.random(rows) < 0.8),
            "maybe": pd.Series(rng.random(rows) < 0.3, dtype="boolean").mask(rng.random(rows) < 0.3),
            "never": np.full(rows, np.nan),
        }
    )


NAMES = list(table_of(0).columns)
REFERENCE = profile_table(table_of(1).replace({"c": {"new": "a"}}), NAMES)


def assert_alike(found: Profile, expected: Profile) -> None:
    """Integers equal, floats within 1e-9 of the scale of the values (here at least 1e-5 of their mean)."""
    assert (found.rows, found.places, found.cross) == (expected.rows, expected.places, expected.cross)
    assert list(found.columns) == list(expected.columns)
    for name, column in found.columns.items():
        assert_columns_alike(column, expected.columns[name])


def assert_columns_alike(found: Column, expected: Column) -> None:
    assert type(found) is type(expected)
    for entry in dataclasses.fields(found):
        first, second = getattr(found, entry.name), getattr(expected, entry.name)
        if entry.name == "neighbours":
            assert first.pairs == second.pairs
            assert first.lag1 == pytest.approx(second.lag1, abs=1e-9)
            np.testing.assert_allclose(np.array(first.ends), np.array(second.ends), rtol=1e-9)
        elif isinstance(first, float):
            assert first == pytest.approx(second, rel=1e-9, abs=1e-9 * scale_of(expected), nan_ok=True)
        else:
            assert first == second


def scale_of(column: Column) -> float:
    spread = column.variance if isinstance(column, NumericColumn) else 0.0
    return math.sqrt(spread) if spread > 0.0 else 0.0


def parts_of(table: pd.DataFrame, cuts: list[int]) -> list[tuple[int, pd.DataFrame]]:
    bounds = [0, *sorted(cuts), len(table)]
    return [(start, table.iloc[start:stop]) for start, stop in itertools.pairwise(bounds)]


@settings(max_examples=SPLITS, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, ROWS), max_size=12), st.randoms(use_true_random=False))
def test_parts_in_any_order_give_the_whole(seed: int, cuts: list[int], order: random.Random) -> None:
    table = table_of(seed)
    parts = [profile_table(part, NAMES, against=REFERENCE, start=start) for start, part in parts_of(table, cuts)]
    order.shuffle(parts)
    assert_alike(merge_profiles(parts), profile_table(table, NAMES, against=REFERENCE, start=0))


def test_parts_without_rows_and_parts_of_one_row_change_nothing() -> None:
    table = table_of(3)
    cuts = [*range(0, ROWS, 1), *range(0, ROWS, 5)]
    parts = [profile_table(part, NAMES, against=REFERENCE, start=start) for start, part in parts_of(table, cuts)]
    assert sum(part.rows == 0 for part in parts) == 13
    for order in (parts, parts[::-1], parts[1::2] + parts[::2]):
        assert_alike(merge_profiles(order), profile_table(table, NAMES, against=REFERENCE, start=0))


def test_cells_of_another_type_are_counted_in_every_part() -> None:
    known = profile_table(pd.DataFrame({"x": [1.0, 2.0], "c": ["a", "b"]}), ["x", "c"])
    dates = pd.Series(pd.date_range("2026-01-01", periods=6)).where([True, True, False] * 2)
    table = pd.DataFrame({"x": dates, "c": [1.0, np.nan, 3.0, 4.0, 5.0, 6.0]})
    parts = [profile_table(table[at : at + 2], ["x", "c"], against=known, start=at) for at in (4, 0, 2)]
    merged = merge_profiles(parts)
    assert_alike(merged, profile_table(table, ["x", "c"], against=known, start=0))
    assert [column.retyped for column in merged.columns.values()] == [4, 5]
    assert [column.retyped for column in known.columns.values()] == [0, 0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(1, ROWS - 1), min_size=2, max_size=5), st.integers(1, 4))
def test_merging_may_be_nested(seed: int, cuts: list[int], inner: int) -> None:
    table = table_of(seed)
    parts = [profile_table(part, NAMES, against=REFERENCE, start=start) for start, part in parts_of(table, cuts)]
    nested = merge_profiles([merge_profiles(parts[inner:] or parts[-1:]), *parts[: min(inner, len(parts) - 1)]])
    assert_alike(nested, profile_table(table, NAMES, against=REFERENCE, start=0))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, ROWS), max_size=6))
def test_batches_of_a_stream_give_the_whole(seed: int, cuts: list[int]) -> None:
    table = table_of(seed)
    builder = ProfileBuilder(known=REFERENCE.columns)
    for _, part in parts_of(table, cuts):
        for batch in FrameBatches(part):
            builder.add(batch)
    assert_alike(builder.finish(), profile_table(table, NAMES, against=REFERENCE))


# Squares of others are beyond the range of floats.
MODERATE = st.floats(-1e70, 1e70).filter(lambda value: value == 0.0 or abs(value) > 1e-70)


@settings(max_examples=100, deadline=None)
@given(
    arrays(float, st.integers(0, 20), elements=MODERATE | st.sampled_from([np.nan, np.inf, 0.0])),
    st.integers(0, 20),
)
def test_lag1_of_merged_parts_is_the_autocorrelation_of_the_series(values: np.ndarray, cut: int) -> None:
    table = pd.DataFrame({"x": values})
    known = profile_table(table, ["x"])
    parts = [
        profile_table(part, ["x"], against=known, start=start)
        for start, part in parts_of(table, [min(cut, len(values))])
    ]
    before, after = values[:-1], values[1:]
    usable = np.isfinite(before) & np.isfinite(after)
    for side in (before[usable], after[usable]):  # a series constant but for rounding has no autocorrelation to compare
        if len(side) and np.ptp(side) <= 1e-5 * np.max(np.abs(values[np.isfinite(values)])):
            return
    merged = merge_profiles(parts).columns["x"]
    assert merged.lag1 == pytest.approx(autocorrelation(values), abs=1e-6)


def test_parts_of_unknown_place_lose_the_pair_at_the_seam() -> None:
    table = pd.DataFrame({"x": np.arange(10.0)})
    known = profile_table(table, ["x"])
    halves = [profile_table(table[:5], ["x"], against=known), profile_table(table[5:], ["x"], against=known)]
    assert merge_profiles(halves).columns["x"].neighbours.pairs == 8
    assert profile_table(table, ["x"], against=known).columns["x"].neighbours.pairs == 9


def test_a_row_in_two_parts_is_refused() -> None:
    part = profile_table(table_of(0), NAMES, against=REFERENCE, start=0)
    with pytest.raises(DataError, match="row 0 is in two"):
        merge_profiles([part, part])


@pytest.mark.parametrize(("first", "second"), [([1.0, 2.0], [1.0, 3.0]), (["a"], ["b"]), ([1.0], ["b"])])
def test_parts_of_different_references_are_refused(first: list[object], second: list[object]) -> None:
    parts = [profile_table(pd.DataFrame({"x": values}), ["x"]) for values in (first, second)]
    with pytest.raises(DataError, match="column 'x'"):
        merge_profiles(parts)


def test_no_parts_are_refused() -> None:
    with pytest.raises(DataError, match="no profiles"):
        merge_profiles([])


def test_column_that_a_part_lacks_counts_as_empty_there() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": ["a", "b", "a"]})
    known = profile_table(table, ["x", "c"])
    whole = table.assign(x=[1.0, np.nan, np.nan], c=[None, "b", "a"])
    parts = [
        profile_table(whole[["x"]][:1], ["x", "c"], against=known, start=0),
        profile_table(whole[["c"]][1:], ["x", "c"], against=known, start=1),
    ]
    assert_alike(merge_profiles(parts), profile_table(whole, ["x", "c"], against=known, start=0))


def test_streams_may_lack_a_column_in_some_batches() -> None:
    known = profile_table(pd.DataFrame({"x": [1.0, 2.0], "c": ["a", "b"]}), ["x", "c"])
    builder = ProfileBuilder(known=known.columns)
    for table in (pd.DataFrame({"x": [1.0]}), pd.DataFrame({"c": ["a"]}), pd.DataFrame({"x": [2.0]})):
        for batch in FrameBatches(table):
            builder.add(batch)
    x, c = builder.finish().columns.values()
    assert (x.rows, x.missing, x.neighbours.pairs) == (3, 1, 0)
    assert (c.rows, c.missing) == (3, 2)


def correlations(table: pd.DataFrame, against: Profile | None = None) -> float:
    cross = profile_table(table, list(table.columns), against=against).cross
    assert cross is not None
    return float(cross.correlations()[0, 1])


@pytest.mark.parametrize("transform", [lambda x: x, lambda x: np.exp(3.0 * x), lambda x: np.sinh(5.0 * x)])
@pytest.mark.parametrize("rho", [0.0, 0.5, -0.9])
def test_correlation_of_scores_is_that_of_the_normal_variables_under_any_tails(transform: object, rho: float) -> None:
    normal = np.random.default_rng(0).multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], 20_000)
    found = correlations(pd.DataFrame(transform(normal), columns=["a", "b"]))  # type: ignore[operator]  # one of three
    assert found == pytest.approx(rho, abs=0.05)


def test_correlation_change_with_unchanged_marginals_is_seen() -> None:
    rng = np.random.default_rng(0)
    before = pd.DataFrame(rng.lognormal(size=(5000, 2)), columns=["a", "b"])
    known = profile_table(before, ["a", "b"])
    after = pd.DataFrame({"a": np.sort(before["a"]), "b": np.sort(before["b"])})
    recent = profile_table(after, ["a", "b"], against=known)
    assert recent.columns["a"].counts == known.columns["a"].counts
    assert correlations(before) == pytest.approx(0.0, abs=0.05)
    assert correlations(after, known) == pytest.approx(1.0, abs=0.01)


def test_cross_moments_leave_out_rows_where_one_of_a_pair_is_missing() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    table = pd.DataFrame(
        {"a": np.where(rng.random(4000) < 0.5, np.nan, x), "b": np.where(rng.random(4000) < 0.2, np.inf, x)}
    )
    cross = profile_table(table, ["a", "b"]).cross
    assert cross is not None
    both = int((table["a"].notna() & np.isfinite(table["b"])).sum())
    assert cross.pairs == (table["a"].count(), both, both, np.isfinite(table["b"]).sum())
    assert correlations(table) == pytest.approx(1.0, abs=0.03)


def test_constant_columns_have_no_correlation() -> None:
    assert math.isnan(correlations(pd.DataFrame({"a": np.arange(9.0), "b": np.ones(9)})))


def test_a_rare_flag_still_has_a_score() -> None:
    flag = (np.arange(1000) % 100 == 0).astype(int)
    assert correlations(pd.DataFrame({"a": flag, "b": flag})) == pytest.approx(1.0)


def test_categories_and_kinds_of_a_cut_do_not_depend_on_the_batches() -> None:
    table = pd.concat([table_of(seed, 500) for seed in range(4)], ignore_index=True)
    whole = profile_table(table, NAMES)
    pieces = [batch.slice(at, 130) for batch in FrameBatches(table) for at in range(0, batch.rows, 130)]
    assert_alike(profile_batches(pieces), whole)
    assert isinstance(whole.columns["flag"], CategoricalColumn)


def test_sampled_cut_does_not_depend_on_the_batches_and_counts_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.data.profile.cut.SAMPLE_ROWS", 3000)
    table = pd.concat([table_of(seed, 5000) for seed in range(2)], ignore_index=True)
    whole = profile_table(table, NAMES)
    pieces = [batch.slice(at, 777) for batch in FrameBatches(table) for at in range(0, batch.rows, 777)]
    assert_alike(profile_batches(pieces), whole)
    assert_alike(profile_batches(iter(pieces)), whole)
    x = whole.columns["heavy"]
    assert isinstance(x, NumericColumn)
    assert (x.finite, x.edges[0], x.edges[-1], x.counts[-1]) == (10_000, table["heavy"].min(), table["heavy"].max(), 0)
    assert (x.mean, x.exact) == (pytest.approx(table["heavy"].mean()), False)
    few = whole.columns["few"]
    assert isinstance(few, NumericColumn)
    assert few.exact
    assert x.bin_error < 2 * 0.043 + 1 / 512  # twice the rank error of 1500 rows at probability 0.999, and one bin
