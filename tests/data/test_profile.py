from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from include.data.batches import Batch
from include.data.profile import (
    BINS,
    CATEGORIES,
    REST,
    CategoricalColumn,
    NumericColumn,
    Profile,
    profile_batches,
    profile_table,
)
from include.detectors.statistics.distances import ks_distance


def column_of(values: object, *, against: Profile | None = None, categorical: bool = False) -> object:
    table = pd.DataFrame({"x": values})
    return profile_table(table, ["x"], categorical=["x"] if categorical else [], against=against).columns["x"]


def numeric(values: object, *, against: Profile | None = None) -> NumericColumn:
    column = column_of(values, against=against)
    assert isinstance(column, NumericColumn)
    return column


def categories(values: object, *, against: Profile | None = None, categorical: bool = False) -> CategoricalColumn:
    column = column_of(values, against=against, categorical=categorical)
    assert isinstance(column, CategoricalColumn)
    return column


def profile_of(values: object, **options: object) -> Profile:
    return profile_table(pd.DataFrame({"x": values}), ["x"], **options)


def test_hand_computed_numeric_column() -> None:
    column = numeric([1.0, 2.0, 2.0, 4.0, np.nan, np.inf])
    assert (column.rows, column.missing, column.infinite, column.unreadable, column.finite) == (6, 1, 1, 0, 4)
    assert (column.mean, column.minimum, column.maximum) == (2.25, 1.0, 4.0)
    assert column.variance == pytest.approx(np.var([1, 2, 2, 4], ddof=1))
    assert column.edges == (1.0, 2.0, 4.0)
    assert column.counts == (1, 2, 1, 0)
    assert column.exact


def test_bins_include_their_upper_edge_and_a_last_one_holds_all_beyond() -> None:
    column = numeric([0.0, 1.0, 1.5, 2.0, 9.0], against=profile_of([1.0, 2.0, 2.0]))
    assert column.edges == (1.0, 2.0)
    assert column.counts == (2, 2, 1)


def test_more_distinct_values_than_bins_make_bins_of_equal_share() -> None:
    column = numeric(np.random.default_rng(0).permutation(10_000).astype(float))
    assert not column.exact
    assert len(column.edges) == BINS
    assert max(column.counts) <= math.ceil(10_000 / (BINS - 1))
    assert column.counts[-1] == 0


def test_text_in_a_column_known_as_numeric_is_counted_as_unreadable() -> None:
    column = numeric(["1", "two", None, "3.5"], against=profile_of([1.0, 2.0]))
    assert (column.unreadable, column.missing, column.finite) == (1, 1, 2)


def test_outliers_are_counted_in_the_references_deviation() -> None:
    reference = profile_of(np.tile([-1.0, 1.0], 500))
    assert numeric([0.0, 2.9, 3.1, -3.1, 100.0], against=reference).outliers == 3


def test_column_without_values_is_numeric_and_empty() -> None:
    column = numeric([None, None, None])
    assert (column.rows, column.missing, column.finite) == (3, 3, 0)
    assert math.isnan(column.mean)


def test_table_without_rows_has_a_profile() -> None:
    profile = profile_table(pd.DataFrame({"x": [1.0], "c": ["a"]}).iloc[:0], ["x", "c"])
    assert profile.rows == 0
    assert set(profile.columns) == {"x", "c"}


def test_columns_that_the_table_lacks_are_left_out() -> None:
    assert set(profile_table(pd.DataFrame({"x": [1.0]}), ["x", "gone"]).columns) == {"x"}


def test_hand_computed_categories() -> None:
    column = categories(["a", "b", "a", None])
    assert (column.rows, column.missing, column.present) == (4, 1, 3)
    assert dict(column.counts) == {"a": 2, "b": 1}


def test_categories_unknown_to_the_reference_are_counted_together() -> None:
    column = categories(["a", "new", "newer"], against=profile_of(["a", "b"]))
    assert dict(column.counts) == {"a": 1, "b": 0, REST: 2}


def test_only_the_commonest_categories_are_counted_one_by_one() -> None:
    names = [f"c{number}" for number in range(CATEGORIES + 50)]
    column = categories(names + names[:CATEGORIES])
    assert len(column.counts) == CATEGORIES + 1
    assert column.counts[REST] == 50


@pytest.mark.parametrize(
    ("before", "after"), [([1, 2, 2], [1.0, 2.0, 2.0]), ([1.0, 2.0, 2.0], [1, 2, 2]), (["1", "2", "2"], [1, 2, 2])]
)
def test_a_category_is_the_same_as_whole_float_integer_and_text(before: list[object], after: list[object]) -> None:
    reference = profile_of(before, categorical=["x"])
    assert dict(categories(after, against=reference).counts) == {"1": 1, "2": 2, REST: 0}


def test_booleans_are_categories() -> None:
    assert dict(categories([True, False, True]).counts) == {"True": 2, "False": 1}


def test_kinds_are_the_references() -> None:
    table = pd.DataFrame({"code": [1, 2, 3]})
    reference = profile_table(table, ["code"], categorical=["code"])
    assert isinstance(profile_table(table, ["code"], against=reference).columns["code"], CategoricalColumn)


@pytest.mark.parametrize(
    "values", [[1.0, 2.5, None], [None, None], ["a", "b", None], [True, False, True], [1e308, -1e308, 1e308], [np.inf]]
)
def test_profile_survives_json(values: list[object]) -> None:
    profile = profile_of(values)
    stored = json.loads(json.dumps(profile.to_json(), allow_nan=False))
    assert json.dumps(Profile.from_json(stored).to_json()) == json.dumps(profile.to_json())


def test_profile_read_back_counts_new_rows_as_the_original_does() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=900), "c": rng.choice(["a", "b"], 900)})
    profile = profile_table(table, ["x", "c"])
    again = Profile.from_json(json.loads(json.dumps(profile.to_json())))
    assert profile_table(table[:99], ["x", "c"], against=again) == profile_table(
        table[:99], ["x", "c"], against=profile
    )


def test_unknown_schema_version_is_refused() -> None:
    with pytest.raises(ValueError, match="schema version 99; known: 2"):
        Profile.from_json({"schema_version": 99, "rows": 0, "columns": {}})


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 2000), st.sampled_from([0, 1, 2]), st.floats(-1.0, 1.0))
def test_ks_distance_off_the_bins_is_too_small_by_at_most_the_bin_error(
    seed: int, rows: int, digits: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    before = np.round(rng.normal(size=2000), digits or 12)
    after = np.round(rng.normal(shift, 1.0, rows), digits or 12)
    known = profile_of(before)
    reference, recent = known.columns["x"], numeric(after, against=known)
    assert isinstance(reference, NumericColumn)
    missed = stats.ks_2samp(before, after, method="asymp").statistic - ks_distance(reference, recent)
    assert -1e-12 <= missed <= reference.bin_error + 1e-12
    assert reference.exact == (digits != 0)


@given(arrays(float, st.integers(0, 60), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_every_cell_is_counted_once(values: np.ndarray) -> None:
    column = numeric(values)
    assert (column.finite, column.rows) == (sum(column.counts), len(values))
    assert column.finite + column.missing + column.infinite + column.unreadable == column.rows
    assert list(column.edges) == sorted(set(column.edges))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
@pytest.mark.parametrize("cells", [["a", "b", None, "a"], ["a", "new", None, "b"], [None] * 4, ["\\xff", "b", "", "a"]])
def test_text_is_counted_alike_with_and_without_a_name_that_the_reference_lacks(
    kind: pa.DataType, cells: list[str | None]
) -> None:
    known = profile_table(pd.DataFrame({"c": ["a", "a", "b", "unused"]}), ["c"])
    batches = [Batch(4, {"c": pa.array(part).cast(kind)}) for part in (cells, ["b", "a", "b", None], cells)]
    column = profile_batches(batches, against=known).columns["c"]
    assert isinstance(column, CategoricalColumn)
    there = [cell for cell in (*cells, "b", "a", "b", *cells) if cell is not None]
    expected = {name: there.count(name) for name in ("a", "b", "unused")}
    assert column.counts == {**expected, REST: len(there) - sum(expected.values())}
    assert column.missing == 12 - len(there)
