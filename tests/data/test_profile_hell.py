"""No column is so odd that a profile of it fails, and what is kept of it is what can be known."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.batches import Batch
from include.data.profile import (
    CATEGORIES,
    REST,
    CategoricalColumn,
    NumericColumn,
    Profile,
    profile_batches,
    profile_table,
    to_floats,
)
from include.errors import DataError

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec=None), max_size=3),
    st.sampled_from(
        [
            1e308, -1e308, 2**70, b"\xff", Decimal("1.5"), Decimal("1e400"), complex(1, 2), (1, 2), {"a": 1}, [1],
            pd.NA, pd.NaT, np.nan, "\ud800", 10**5000,
            -(10**5000), "\x00rest", "nan", "inf", "1e999", date(2026, 1, 1), time(1), timedelta(1),
            datetime(2026, 1, 1), pd.Timestamp("2026-01-01", tz="UTC"), pd.Period("2026-01"), pd.Interval(0, 1),  # noqa: DTZ001 - naive times are data too
            np.float32(1), np.int8(1), np.datetime64("2026-01-01"), frozenset(), object, print,
        ]
    ),
)  # fmt: skip
TYPES = ["object", "Float64", "Int64", "boolean", "category", "string", "float32", "float16", ">f8", "datetime64[s]"]


def as_series(cells: list[Any], kind: str) -> pd.Series[Any]:
    made = pd.Series(cells, dtype=object)
    try:
        return made.astype(kind)
    except (ValueError, TypeError, OverflowError, UnicodeError):
        return made


columns_of_cells = st.tuples(st.lists(CELLS, max_size=6), st.sampled_from(TYPES)).map(lambda pair: as_series(*pair))


@pytest.mark.parametrize("kind", ["object", "category"])
@pytest.mark.parametrize("number", [np.float32(7), np.int8(7), np.float64(7.5)])
@pytest.mark.parametrize("time", [np.datetime64("2026-01-01"), np.timedelta64(1, "D")])
def test_times_of_numpy_beside_its_numbers_do_not_end_the_process(time: Any, number: Any, kind: str) -> None:
    made = pd.Series([time, number, None], dtype=object).astype(kind)
    column = profile_table(pd.DataFrame({"x": made}), ["x"]).columns["x"]
    assert (column.rows, column.missing) == (3, 1)


def test_days_that_no_calendar_has_are_counted() -> None:
    table = pd.DataFrame({"x": pd.Series([date(2026, 1, 1), -719_163], dtype=object)})
    assert profile_table(table, ["x"], categorical=["x"]).columns["x"].rows == 2


@pytest.mark.filterwarnings("ignore")  # of pandas, while the columns are made
@settings(max_examples=300, deadline=None)
@given(columns_of_cells, columns_of_cells, st.booleans())
def test_no_column_fails(first: pd.Series[Any], second: pd.Series[Any], declared: bool) -> None:
    known = profile_table(pd.DataFrame({"x": first, "y": first}), ["x", "y"], categorical=["x"] if declared else [])
    recent = profile_table(pd.DataFrame({"x": second, "y": second}), ["x", "y"], against=known)
    for profile, cells in ((known, first), (recent, second)):
        column = profile.columns["x"]
        if isinstance(column, NumericColumn):
            assert column.finite + column.infinite + column.unreadable + column.missing == len(cells)
        else:
            assert column.present + column.missing == len(cells)
        assert min([column.missing, *vars_of(column)]) >= 0
        stored = json.loads(json.dumps(profile.to_json(), allow_nan=False))
        assert Profile.from_json(stored) == profile


def vars_of(column: NumericColumn | CategoricalColumn) -> list[int]:
    if isinstance(column, NumericColumn):
        return [column.infinite, column.unreadable, *column.counts, *column.at_edges]
    return list(column.counts.values())


def only(values: Any, **options: Any) -> NumericColumn | CategoricalColumn:
    return profile_table(pd.DataFrame({"x": values}), ["x"], **options).columns["x"]


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["1970-01-01", "1970-01-02", None], utc=True),
        pd.to_datetime(["1970-01-01", "1970-01-02", None]),
        [date(1970, 1, 1), date(1970, 1, 2), None],
    ],
)
def test_datetimes_are_seconds_since_1970(values: Any) -> None:
    column = only(values)
    assert isinstance(column, NumericColumn)
    assert (column.quantity, column.minimum, column.maximum, column.missing) == ("datetime", 0.0, 86_400.0, 1)


def test_durations_are_seconds() -> None:
    column = only(pd.to_timedelta(["1h", None, "2h"]))
    assert isinstance(column, NumericColumn)
    assert (column.quantity, column.edges) == ("duration", (3600.0, 7200.0))


def test_training_sees_dates_as_the_profile_does() -> None:
    floats, unreadable = to_floats(pd.Series(pd.to_datetime(["1970-01-02", None])))
    assert (floats[0], unreadable) == (86_400.0, 0)
    assert math.isnan(floats[1])


@pytest.mark.parametrize(
    "cells", [[date(1970, 1, 2), None], [Decimal("1.5"), 2], ["1", "x"], [True, False], [2**70, 1.5]]
)
def test_training_sees_objects_as_the_profile_does(cells: list[Any]) -> None:
    known = profile_table(pd.DataFrame({"x": [1.0, 2.0]}), ["x"])
    series = pd.Series(cells, dtype=object)
    column = profile_table(pd.DataFrame({"x": series}), ["x"], against=known).columns["x"]
    assert isinstance(column, NumericColumn)
    floats, unreadable = to_floats(series)
    assert (column.finite, column.unreadable) == (np.isfinite(floats).sum(), unreadable)


def test_values_near_the_largest_float_have_a_mean_and_no_variance() -> None:
    column = only([1e308, 1e308, -1e308, 1.7e308])
    assert isinstance(column, NumericColumn)
    assert column.mean == pytest.approx(0.675e308)
    assert math.isnan(column.variance)
    assert column.maximum == 1.7e308


def test_constant_column_has_variance_zero() -> None:
    column = only([0.1] * 1000)
    assert isinstance(column, NumericColumn)
    assert (column.variance, column.lag1, column.mean) == (0.0, 0.0, 0.1)


def test_mixed_objects_are_categories_named_as_text() -> None:
    column = only([1, "1", 1.0, True, None])
    assert isinstance(column, CategoricalColumn)
    assert (dict(column.counts), column.missing) == ({"1": 3, "True": 1}, 1)


def test_numbers_in_an_object_column_are_numbers() -> None:
    assert isinstance(only(pd.Series([1, 2.5, None], dtype=object)), NumericColumn)
    assert isinstance(only(pd.Series([Decimal("1.5"), Decimal(2)], dtype=object)), NumericColumn)


def test_times_beyond_the_calendar_and_text_that_is_no_text_have_names() -> None:
    far = only(np.array([2**50, -(2**50)], dtype="datetime64[s]"), categorical=["x"])
    assert dict(far.counts) == {str(2**50): 1, str(-(2**50)): 1}  # type: ignore[union-attr]  # declared categorical
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    known = profile_batches([Batch(1, {"x": broken})]).columns["x"]
    assert isinstance(known, CategoricalColumn)
    assert dict(known.counts) == {"\\xff": 1}


def test_a_hundred_thousand_categories_are_kept_as_the_commonest_and_a_rest() -> None:
    column = only([f"c{number}" for number in range(100_000)] + ["often"] * 3)
    assert isinstance(column, CategoricalColumn)
    assert len(column.counts) == CATEGORIES + 1
    assert (column.counts["often"], column.present) == (3, 100_003)
    again = only(["often", "c99999"], against=Profile(rows=0, columns={"x": column}))
    assert isinstance(again, CategoricalColumn)
    assert (again.counts["often"], again.counts[REST]) == (1, 1)


def test_lone_surrogates_in_names_and_values_are_kept_apart() -> None:
    cells = np.array([["\ud800"], ["\ud801"], ["a"]], dtype=object)
    table = pd.DataFrame(cells, columns=pd.Index(["\ud800"], dtype=object), dtype=object)
    profile = profile_table(table, ["\ud800"])
    column = profile.columns["\ud800"]
    assert isinstance(column, CategoricalColumn)
    assert sorted(column.counts.values()) == [1, 1, 1]
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


def test_column_that_is_there_twice_is_refused_by_name() -> None:
    table = pd.DataFrame([[1, 2, 3]], columns=["x", "x", "y"])
    with pytest.raises(DataError, match="'x' is there twice"):
        profile_table(table, ["x", "y"])
    assert set(profile_table(table, ["y"]).columns) == {"y"}


def test_a_profile_is_compact() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(5000, 20)), columns=[f"x{number}" for number in range(20)])
    profile = profile_table(table, list(table.columns))
    assert len(json.dumps(profile.to_json())) < 20 * 8000


@pytest.mark.parametrize("version", [None, 1, 4, "2"])
def test_other_schema_versions_are_refused(version: object) -> None:
    with pytest.raises(ValueError, match="known: 2, 3"):
        Profile.from_json({"schema_version": version, "rows": 0, "columns": {}})


def test_one_huge_value_does_not_drown_the_order_of_the_others() -> None:
    column = only([1.0, 2.0] * 30 + [1e12])
    assert column.neighbours.square_before == pytest.approx(15.0)


def test_constant_column_of_huge_values_has_variance_zero() -> None:
    column = only([1e200, 1e200, 1e200])
    assert isinstance(column, NumericColumn)
    assert (column.mean, column.variance) == (1e200, 0.0)


def test_differences_too_small_to_divide_by_have_no_scores() -> None:
    cross = profile_table(pd.DataFrame({"a": [0.0, 5e-324] * 10, "b": range(20)}), ["a", "b"]).cross
    assert cross is not None
    assert (cross.pairs, cross.products[:3]) == ((20, 20, 20, 20), (0, 0, 0))


@pytest.mark.parametrize("order", [["text", 1.0], [1.0, "text"]])
def test_text_in_any_batch_makes_a_column_categorical(order: list[object]) -> None:
    batches = [Batch(1, {"x": pa.array([cell])}) for cell in order]
    column = profile_batches(batches).columns["x"]
    assert isinstance(column, CategoricalColumn)
    assert dict(column.counts) == {"1": 1, "text": 1}


def test_of_equally_frequent_categories_those_first_in_the_alphabet_are_kept() -> None:
    names = [f"c{number:03}" for number in range(CATEGORIES + 50)]
    column = only(names[::-1])
    assert isinstance(column, CategoricalColumn)
    assert set(column.counts) == {*names[:CATEGORIES], REST}
