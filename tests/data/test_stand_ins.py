"""Numbers that stand for no value, and numbers that are one: what is asked about is what a check empties, and more."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.kinds.stand_ins import StandIn, find_stand_ins
from include.data.profile import NO_EXTRAS, NumericColumn, profile_table, with_possible
from include.registry.kinds import ColumnKind, Kind

ROWS = 500
rng = np.random.default_rng(0)
HIT = rng.random(ROWS) < 0.05
NORMAL = rng.normal(10.0, 3.0, ROWS)
PRICES = rng.choice([9.99, 19.99, 29.99, 49.99], ROWS)
GRADES = rng.integers(1, 6, ROWS).astype(float)


def with_(value: float, values: npt.ArrayLike = NORMAL) -> pd.Series:
    return pd.Series(np.where(HIT, value, np.asarray(values, dtype=float)))


def found(table: pd.DataFrame, *, reference: int = 300, **options: object) -> list[StandIn]:
    return find_stand_ins(table.iloc[:reference], table, list(table.columns), recent=100, **options)  # type: ignore[arg-type]  # what the test gives


@pytest.mark.parametrize("value", [-200.0, -999.0, -1e10, 9999.0, 99999.0, -2147483648.0])
def test_number_far_outside_that_comes_again_is_found_with_its_columns(value: float) -> None:
    wide = rng.uniform(-1500.0, 1500.0, ROWS) if abs(value) > 1500.0 else rng.uniform(0.0, 1500.0, ROWS)
    told = found(pd.DataFrame({"a": with_(value), "wide": with_(value, wide), "b": NORMAL}))
    wanted = {"a": int(HIT.sum())} | (
        {"wide": int(HIT.sum())} if value in (-200.0, -999.0) or abs(value) > 1500 else {}
    )
    assert [(each.value, dict(each.columns)) for each in told] == [(value, wanted)]


@pytest.mark.parametrize(
    "values",
    [
        NORMAL, np.minimum(NORMAL, 12.0), rng.integers(0, 2, ROWS), rng.poisson(0.1, ROWS), rng.integers(1, 6, ROWS),
        np.where(HIT, 0.0, 6.0 * np.abs(NORMAL)), np.append(NORMAL[1:], 1e6), rng.lognormal(0.0, 2.0, ROWS),
        np.where(HIT, 100.0, 30.0), np.full(ROWS, 5.0), np.where(HIT, "a", "b"), HIT,
    ],
    ids=["normal", "capped", "flag", "counts", "grades", "zero", "one outlier", "heavy", "two values", "constant",
         "text", "truth"],
)  # fmt: skip
def test_nothing_is_found_where_numbers_are_values(values: object) -> None:
    assert found(pd.DataFrame({"a": values})) == []


@pytest.mark.parametrize(
    ("value", "values"),
    [
        (0.0, np.rint(rng.normal(75.0, 12.0, ROWS))),  # a blood pressure
        (-1.0, rng.poisson(40.0, ROWS) * rng.integers(0, 9, ROWS)),
        (-1.0, GRADES), (99.0, GRADES * 10.0), (999.0, GRADES * 100.0), (999.0, rng.uniform(0.0, 700.0, ROWS)),
    ],
)  # fmt: skip
def test_usual_code_beyond_a_gap_or_alone_below_zero_is_asked_about(
    value: float, values: npt.NDArray[np.float64]
) -> None:
    (told,) = found(pd.DataFrame({"a": with_(value, values)}))
    assert (told.value, dict(told.columns)) == (value, {"a": int(HIT.sum())})


@pytest.mark.parametrize(
    "values", [rng.integers(-1, 2, ROWS), rng.integers(0, 12, ROWS) * 9, rng.integers(0, 100, ROWS)]
)
def test_code_at_the_end_of_an_even_scale_is_a_value(values: npt.NDArray[np.float64]) -> None:
    assert found(pd.DataFrame({"a": values})) == []


@pytest.mark.parametrize(
    ("value", "values"),
    [(-999.0, NORMAL), (999.0, NORMAL), (-200.0, NORMAL), (1e20, NORMAL), (-1.0, GRADES), (99.0, GRADES),
     (999.0, PRICES), (0.0, NORMAL + 100.0), (-200.0, NORMAL * 6.0), (9999.0, NORMAL * 300.0), (4711.0, PRICES)],
)  # fmt: skip
@pytest.mark.parametrize("from_row", [0, 310])
def test_all_that_a_check_empties_is_asked_about_and_said_to_be(
    value: float, values: npt.NDArray[np.float64], from_row: int
) -> None:
    table = pd.DataFrame({"a": np.where(HIT & (np.arange(ROWS) >= from_row), value, values), "b": with_(value)})
    known = with_possible(profile_table(table.iloc[:300], ["a", "b"], extras=NO_EXTRAS), table, 100)
    emptied = {
        (name, number)
        for name, column in known.columns.items()
        if isinstance(column, NumericColumn)
        for number in column.possible.sentinels
    }
    told = found(table)
    assert {(name, each.value) for each in told for name in each.emptied} == emptied
    assert all(("[null, null]" in each.advice("")) == bool(each.emptied) for each in told)


def test_sentence_says_where_a_number_counts_as_empty_and_where_as_a_value() -> None:
    wide = rng.uniform(0.0, 1500.0, ROWS)
    (told,) = found(pd.DataFrame({"a": with_(-200.0), "wide": with_(-200.0, wide)}))
    assert told.text.endswith("it counts as empty in a, as a value in the others")
    assert told.advice("give --missing -200") == (
        "if it says that there is no value, give --missing -200; if it is a value, write `range: {a: [null, null]}` in "
        "the model file"
    )
    (alone,) = found(pd.DataFrame({"a": with_(-200.0, np.round(NORMAL * 6.0))}))
    assert alone.text.endswith("it counts as a value there")
    assert alone.advice("give --missing -200") == "if it says that there is no value, give --missing -200"


def test_number_that_is_a_value_of_other_columns_is_left_out_by_a_range_of_its_own() -> None:
    pressure = np.rint(np.clip(rng.normal(75.0, 5.0, ROWS), 60.0, 90.0))
    flags, spread = rng.integers(0, 2, ROWS), rng.uniform(-9.0, 9.0, ROWS)
    (zero,) = found(pd.DataFrame({"pressure": with_(0.0, pressure), "flag": flags}))
    assert list(zero.columns) == ["pressure"]
    assert "write `range: {pressure: [31, null]}` in the model file" in zero.advice("give --missing 0")
    (one,) = found(pd.DataFrame({"grade": with_(-1.0, GRADES + 4.0), "spread": np.where(HIT, -1.0, spread)}))
    assert "`range: {grade: [2, null]}`" in one.advice("give --missing -1")


def test_column_with_a_range_or_of_names_is_not_asked_about() -> None:
    table = pd.DataFrame({"a": with_(-999.0)})
    assert found(table, declared=["a"]) == []
    assert found(table, kinds={"a": ColumnKind(kind=Kind.CATEGORY)}) == []


def test_date_that_stands_for_none_is_written_as_a_date() -> None:
    days = pd.Series(pd.Timestamp("2024-01-01", tz=UTC) + pd.to_timedelta(rng.integers(0, 700, ROWS), unit="D"))
    (told,) = found(
        pd.DataFrame({"since": days.astype("datetime64[s, UTC]").mask(HIT, datetime(9999, 12, 31, tzinfo=UTC))})
    )
    assert told.written == "9999-12-31"
    assert told.text.startswith("9999-12-31 stands far outside of all other values in since")
