"""A column's kind is that of all its cells in the reference, in every reader and spelling."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.kinds.conform import conform
from include.data.kinds.find import find_kinds
from include.registry.kinds import ColumnKind, Kind, Kinds, declared_kinds

ROWS = 4_000
RNG = np.random.default_rng(0)
HOURS = pd.date_range("2025-07-01", periods=ROWS, freq="h")
NORMAL = RNG.normal(size=ROWS)
WALK = np.cumsum(NORMAL)
LETTERS = RNG.choice(list("abcdefgh"), ROWS)


def autoregressive(phi: float) -> Any:
    values = np.empty(ROWS)
    values[0] = NORMAL[0]
    for row in range(1, ROWS):
        values[row] = phi * values[row - 1] + NORMAL[row]
    return values


def kind_of(cells: Any, window_rows: int = 24 * 14, *, ordered: bool = True) -> Kind:
    table = pd.DataFrame({"x": cells})
    times = pd.Series(HOURS.tz_localize("UTC")) if ordered else None
    return find_kinds(table, {}, times=times, window_rows=window_rows)["x"].kind


def with_stray(cells: Any, stray: str) -> Any:
    text = pd.Series(cells).astype(str).to_numpy(dtype=object)
    text[RNG.integers(len(text))] = stray
    return text


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (NORMAL, Kind.NUMBER), (WALK, Kind.NUMBER), (autoregressive(0.9), Kind.NUMBER),
        (autoregressive(0.99), Kind.NUMBER), (RNG.lognormal(0, 2, ROWS), Kind.NUMBER),
        (RNG.poisson(3, ROWS), Kind.NUMBER), (NORMAL + 0.001 * np.arange(ROWS), Kind.NUMBER),
        (HOURS.hour, Kind.NUMBER), (HOURS.day_of_week, Kind.NUMBER), (HOURS.day, Kind.CALENDAR),
        (np.sin(HOURS.hour / 24 * 2 * np.pi), Kind.NUMBER), ((np.arange(ROWS) % 960 < 24).astype(int), Kind.NUMBER),
        (np.full(ROWS, 3.5), Kind.NUMBER), (np.full(ROWS, np.nan), Kind.NUMBER),
        (RNG.integers(0, 2, ROWS), Kind.NUMBER),
        (with_stray(NORMAL, "?"), Kind.NUMBER), (with_stray(NORMAL, "n/a"), Kind.NUMBER),
        (with_stray(NORMAL, "#REF!"), Kind.NUMBER), (NORMAL.astype(str), Kind.NUMBER),
        (HOURS.month, Kind.CALENDAR), (HOURS.year, Kind.CALENDAR), (HOURS.month_name(), Kind.CALENDAR),
        (HOURS.quarter, Kind.CALENDAR),
        (HOURS.day_of_year, Kind.CALENDAR), (HOURS.isocalendar().week, Kind.CALENDAR), (np.arange(ROWS), Kind.CALENDAR),
        (1_000 - np.arange(ROWS), Kind.CALENDAR), (HOURS, Kind.CALENDAR), (HOURS.strftime("%Y-%m-%d"), Kind.CALENDAR),
        (HOURS.tz_localize("UTC"), Kind.CALENDAR), (np.cumsum(RNG.exponential(size=ROWS)), Kind.CALENDAR),
        (np.repeat([4.25, 4.0, 3.75, 3.5, 3.75], ROWS // 5), Kind.CALENDAR),
        (with_stray(HOURS.month, "?"), Kind.CALENDAR),
        (np.arange(ROWS) + RNG.normal(0, 20, ROWS), Kind.CALENDAR),
        (pd.to_datetime("1950-01-01") + pd.to_timedelta(RNG.integers(0, 20_000, ROWS), unit="D"), Kind.TIME),
        (LETTERS, Kind.CATEGORY), (with_stray(LETTERS, "7"), Kind.CATEGORY),
        (RNG.zipf(1.4, ROWS).astype(str) + "z", Kind.CATEGORY),
        ([f"0{n}" for n in RNG.integers(1000, 9000, ROWS) % 50 + 1200], Kind.CATEGORY),
        (np.where(NORMAL > 0, "true", "false"), Kind.BOOLEAN),
        (with_stray(np.where(NORMAL > 0, "True", "False"), "x"), Kind.BOOLEAN),
        (NORMAL > 0, Kind.BOOLEAN),
        ([f"u-{n}" for n in range(ROWS)], Kind.IDENTIFIER), (RNG.permutation(ROWS) + 5_000, Kind.IDENTIFIER),
        ([f"the parcel number {n} came too late" for n in range(ROWS)], Kind.TEXT),
        ([[1, 2]] * ROWS, Kind.NESTED), ([{"a": 1}] * ROWS, Kind.NESTED),
    ],
    ids=range(47),
)  # fmt: skip
def test_kinds(cells: Any, kind: Kind) -> None:
    assert kind_of(cells) is kind


@pytest.mark.parametrize("cells", [np.sort(NORMAL), np.sort(HOURS.month), np.sort(RNG.integers(0, 99, ROWS))])
def test_a_table_that_somebody_sorted_does_not_move_with_time(cells: Any) -> None:
    assert kind_of(cells, ordered=False) is Kind.NUMBER


@pytest.mark.parametrize("seed", range(20))
def test_columns_that_vary_are_hardly_ever_taken_for_calendars(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slow = np.convolve(rng.normal(size=ROWS + 200), np.ones(200) / 200, "valid")[:ROWS]
    for cells in (rng.normal(size=ROWS), slow, np.cumsum(rng.normal(size=ROWS)), rng.integers(0, 3, ROWS)):
        assert kind_of(cells) is Kind.NUMBER


def test_a_word_for_missing_is_a_name_where_it_is_as_frequent_as_the_others() -> None:
    def values(word: str, share: float, names: int = 5) -> tuple[str, ...]:
        cells = np.where(RNG.random(ROWS) < share, word, RNG.choice([f"n{n}" for n in range(names)], ROWS))
        return find_kinds(pd.DataFrame({"x": cells}), {})["x"].values

    assert values("None", 0.7) == ("None",)
    assert values("NA", 0.005, names=150) == ("NA",)  # Namibia among the countries
    assert values("NA", 0.02) == values("null", 0.01) == values("nan", 0.5) == values("", 0.5) == ()


def test_words_for_missing_are_emptied_and_the_others_stay() -> None:
    table = pd.DataFrame({"x": ["None", "a", "NA", ""], "n": ["1.5", "NA", "?", "2"]})
    kinds = {"x": ColumnKind(kind=Kind.CATEGORY, values=("None",)), "n": ColumnKind(kind=Kind.NUMBER)}
    made = conform(table, kinds)
    assert made["x"].fillna("-").tolist() == ["None", "a", "-", "-"]
    assert made["n"].fillna("-").tolist() == ["1.5", "-", "-", "2"]


def test_truth_in_words_is_a_number_where_numbers_are_usual() -> None:
    kinds: Kinds = {"x": ColumnKind(kind=Kind.NUMBER)}
    assert conform(pd.DataFrame({"x": ["true", "FALSE", "?"]}), kinds)["x"].fillna("-").tolist() == ["1", "0", "-"]
    assert conform(pd.DataFrame({"x": ["true", "2.5", "3"]}), kinds)["x"].tolist() == ["true", "2.5", "3"]


def test_truth_in_any_spelling_is_one_value() -> None:
    kinds: Kinds = {"x": ColumnKind(kind=Kind.BOOLEAN)}
    for cells in ([True, False, True], ["true", "FALSE", "True"], [1, 0, 1], ["1", "0", "1.0"], [1.0, 0.0, 1.0]):
        assert [str(cell) for cell in conform(pd.DataFrame({"x": cells}), kinds)["x"]] == ["True", "False", "True"]
    assert conform(pd.DataFrame({"x": ["true", "maybe"]}), kinds)["x"].tolist() == ["True", "maybe"]


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ([1.0, -999.0, 2.0], [-999]), ([1, -999, 2], ["-999"]), (["a", "unknown", "b"], ["unknown"]),
        (pd.to_datetime(["2026-01-01", "9999-12-31", "2026-01-02"]), ["9999-12-31"]), (["1", "-999", "x"], [-999]),
    ],
)  # fmt: skip
def test_what_the_owner_calls_missing_is_missing(cells: Any, missing: list[Any]) -> None:
    table = pd.DataFrame({"x": cells})
    made = conform(table, find_kinds(table, {}), missing)
    assert made["x"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
@pytest.mark.parametrize(
    ("given", "gone"),
    [
        (date(2026, 1, 31), [True, True, False]),
        ("20260131", [True, True, False]),
        ("2026-01-31T00:00:00+00:00", [True, True, False]),
        ("2026-W05", [False, False, False]),
        (date(9999, 12, 31), [False, False, False]),
        ("0001-01-01", [False, False, False]),
        ("2026-01-31T12:00", [False, False, False]),
        (20260131, [False, False, False]),
    ],
)
def test_a_day_that_stands_for_nothing_may_be_one_that_the_column_cannot_hold(
    unit: str, given: object, gone: list[bool]
) -> None:
    times = pd.Series(pd.to_datetime(["2026-01-31 00:00", "2026-01-31 23:59", "2026-02-01 00:00"])).astype(
        f"datetime64[{unit}]"
    )
    for at in (times, times.dt.tz_localize("Asia/Tokyo")):
        made = conform(pd.DataFrame({"at": at}), {}, (given,))  # type: ignore[arg-type]
        assert made["at"].isna().tolist() == gone


def test_the_model_file_has_the_last_word_and_what_was_known_comes_before_what_is_found() -> None:
    table = pd.DataFrame(
        {"zip": RNG.integers(1000, 9999, ROWS), "size": RNG.choice(["s", "m", "l"], ROWS), "n": NORMAL}
    )
    declared = declared_kinds({"zip": "category", "size": ["s", "m", "l"]})
    kinds = find_kinds(table, declared, known={"n": ColumnKind(kind=Kind.CALENDAR, why="it was one")})
    assert [kinds[name].kind for name in table] == [Kind.CATEGORY, Kind.ORDINAL, Kind.CALENDAR]
    assert set(conform(table, kinds)["size"].tolist()) == {0.0, 1.0, 2.0}
    before = {name: ColumnKind.from_json(kind.to_json()) for name, kind in kinds.items()}
    assert before == kinds
    assert find_kinds(table, {}, known=before)["zip"].kind is Kind.NUMBER  # no longer declared: found again


AGES = {
    "signed up": lambda rng: HOURS - pd.to_timedelta(rng.exponential(365.0, ROWS), unit="D"),
    "signed up years ago": lambda rng: HOURS - pd.to_timedelta(rng.uniform(0.0, 5 * 365.0, ROWS), unit="D"),
    "delivered": lambda rng: HOURS + pd.to_timedelta(rng.uniform(0.0, 60.0, ROWS), unit="D"),
    "the day before": lambda rng: (HOURS - pd.to_timedelta(rng.integers(0, 90, ROWS), unit="D")).normalize(),
    "often empty": lambda rng: pd.Series(HOURS - pd.to_timedelta(rng.exponential(90.0, ROWS), unit="D")).where(
        rng.random(ROWS) < 0.2
    ),
}
FIXED = {
    "born": lambda rng: pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 20_000, ROWS), unit="D"),
    "planned": lambda rng: pd.Timestamp("2025-06-01") + pd.to_timedelta(rng.integers(0, 300, ROWS), unit="D"),
    "ends": lambda rng: pd.Timestamp("2030-01-01") + pd.to_timedelta(rng.integers(0, 300, ROWS), unit="D"),
}


@pytest.mark.parametrize("written", ["times", "text", "zoned"])
@pytest.mark.parametrize(("name", "kind"), [*((n, Kind.CALENDAR) for n in AGES), *((n, Kind.TIME) for n in FIXED)])
def test_dates_at_a_distance_from_their_row_move_with_time(name: str, kind: Kind, written: str) -> None:
    cells = pd.Series((AGES | FIXED)[name](np.random.default_rng(5)))
    if written == "text":
        cells = cells.dt.strftime("%Y-%m-%d %H:%M:%S")
    elif written == "zoned":
        cells = cells.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    assert kind_of(cells) is kind


@pytest.mark.parametrize("column", ["customer_id", "OrderNo", "key"])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_of_customers_who_come_again_move_with_time_and_those_of_shops_do_not(column: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    newest = np.cumsum(rng.random(ROWS) < 0.3) + 1_000
    table = pd.DataFrame({column: 1 + (rng.random(ROWS) * newest).astype(int), "shop_id": rng.integers(1, 400, ROWS),
                          "amount": np.round(100.0 + 0.01 * np.arange(ROWS) + 50.0 * rng.random(ROWS))})  # fmt: skip
    found = find_kinds(table, {}, times=pd.Series(HOURS.tz_localize("UTC")), window_rows=24 * 14)
    assert [found[name].kind for name in table] == [Kind.CALENDAR, Kind.NUMBER, Kind.NUMBER]


def test_numbers_of_customers_of_whom_most_come_once_are_no_quantity() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"customer_id": rng.integers(1, 9 * ROWS, ROWS), "amount": rng.integers(1, 9 * ROWS, ROWS),
                          "shop_id": rng.integers(1, ROWS // 4, ROWS)})  # fmt: skip
    found = find_kinds(table, {}, times=pd.Series(HOURS.tz_localize("UTC")), window_rows=24 * 14)
    assert [found[name].kind for name in table] == [Kind.IDENTIFIER, Kind.NUMBER, Kind.NUMBER]


DAYS = pd.Series(HOURS.tz_localize("UTC"))
SWITCHES = {
    "season": np.where(HOURS.month < 9, "summer", np.where(HOURS.month < 12, "autumn", "winter")),
    "tariff since last week": np.where(np.arange(ROWS) < ROWS - 168, "old", "new"),
    "switched on since yesterday": np.arange(ROWS) >= ROWS - 24,
    "lot": np.array([f"L{hour // 120}" for hour in range(ROWS)]),
    "shift": np.array(list("ABCD"))[np.arange(ROWS) // 336 % 4],
}


@pytest.mark.parametrize("name", SWITCHES)
def test_names_that_stand_still_for_longer_than_a_window_move_with_time(name: str) -> None:
    cells = pd.Series(SWITCHES[name])
    found = find_kinds(pd.DataFrame({"x": cells}), {}, times=DAYS, window_rows=240)["x"]
    assert found.kind is Kind.CALENDAR
    assert found.named
    assert conform(cells.to_frame("x"), {"x": found})["x"].tolist() == cells.tolist()


@pytest.mark.parametrize(
    "cells",
    [
        np.where(np.arange(ROWS) == 700, "b", "a"), np.where(np.arange(ROWS) == ROWS - 1, "b", "a"),
        np.where(np.arange(ROWS) % 960 < 24, "on", "off"), np.where(HOURS.hour < 6, "night", "day"), LETTERS,
    ],
    ids=["one stray", "a stray at the end", "a rare event", "night", "letters"],
)  # fmt: skip
def test_names_that_come_again_are_compared(cells: Any) -> None:
    assert kind_of(cells, 240) in (Kind.CATEGORY, Kind.BOOLEAN)


@pytest.mark.parametrize("window", [3, 5, 7, 10])
@pytest.mark.parametrize("share", [0.5, 0.75])
def test_names_in_no_order_are_compared_in_windows_of_a_few_rows(share: float, window: int) -> None:
    assert kind_of(np.where(RNG.random(ROWS) < share, "a", "b"), window) in (Kind.CATEGORY, Kind.BOOLEAN)


def test_a_few_odd_rows_at_the_beginning_set_nothing_anew() -> None:
    assert kind_of(np.where(np.arange(ROWS) < 4, "init", "ready"), 240) is Kind.CATEGORY


BY_THEIR_VALUES: dict[str, Any] = {
    "amount": np.round(RNG.lognormal(3.0, 1.0, ROWS), 2), "age": RNG.integers(18, 90, ROWS),
    "grade": RNG.choice([1, 2, 3], ROWS, p=[0.5, 0.3, 0.2]), "name": LETTERS,
    "born": pd.Timestamp("1980-01-01") + pd.to_timedelta(RNG.integers(0, 9_000, ROWS), unit="D"),
    "customer_id": RNG.integers(1, 300, ROWS),
}  # fmt: skip


@pytest.mark.parametrize("moments", [1, 2, 12, 40])
@pytest.mark.parametrize("name", BY_THEIR_VALUES)
def test_sorting_the_rows_of_each_moment_by_a_column_makes_no_calendar_of_it(name: str, moments: int) -> None:
    batch = np.arange(ROWS) * moments // ROWS
    cells = pd.Series(BY_THEIR_VALUES[name]).groupby(batch).transform(lambda rows: np.sort(rows.to_numpy()))
    times = pd.Series(pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(batch, unit="D"))
    found = find_kinds(pd.DataFrame({name: cells}), {}, times=times, window_rows=ROWS // 8)[name]
    assert found.kind in (Kind.NUMBER, Kind.CATEGORY, Kind.TIME)


@pytest.mark.parametrize("moments", [4, 12, 40])
@pytest.mark.parametrize("step", [1, 7])
def test_numbers_that_the_rows_of_one_batch_are_given_in_turn_move_with_time(moments: int, step: int) -> None:
    times = pd.Series(HOURS.tz_localize("UTC"))[np.arange(ROWS) * moments // ROWS]
    given = np.cumsum(RNG.integers(1, step + 1, ROWS))
    found = find_kinds(pd.DataFrame({"x": given}), {}, times=times.reset_index(drop=True), window_rows=400)
    assert found["x"].kind is Kind.CALENDAR
