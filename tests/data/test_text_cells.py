"""Text is read by one rule, whatever it comes from: CSV, Parquet, DataFrames and queries give the same columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from include.data.arrays import floats_of_decimals
from include.data.batches import CursorBatches
from include.data.frames import frame_of
from include.data.kinds.decimals import Said
from include.data.kinds.find import find_kinds
from include.data.kinds.text_cells import plain_text
from include.data.pairs import profile_pair
from include.data.profile import to_floats
from include.data.sources.whole_files import read_whole
from include.errors import DataError
from include.registry.dialect import Dialect
from include.registry.kinds import Kind
from tests.sweeps import each_nth

ROWS = 240
RNG = np.random.default_rng(5)
VALUES = np.round(RNG.normal(50.0, 12.0, ROWS), 1)
LARGE = RNG.integers(1_000, 999_999, ROWS)
SMALL = np.round(RNG.uniform(0.2, 9.0, ROWS), 3)


def grouped(value: float, group: str, decimal: str) -> str:
    return f"{value:,.2f}".replace(",", "#").replace(".", decimal).replace("#", group)


def comma(value: float, places: int = 1) -> str:
    return f"{value:.{places}f}".replace(".", ",")


def with_stray(cells: list[str], stray: str) -> list[str]:
    return [*cells[:17], stray, *cells[18:]]


WRITTEN: dict[str, tuple[list[Any], Any]] = {
    "percent": ([f"{v}%" for v in VALUES], VALUES),
    "percent after a blank": ([f"{v} %" for v in VALUES], VALUES),
    "decimal comma": ([comma(v) for v in VALUES], VALUES),
    "decimal comma of three": ([comma(v, 3) for v in SMALL], SMALL),
    "blank between thousands": ([grouped(v, " ", ",") for v in LARGE], LARGE),
    "narrow blank": ([grouped(v, "\u202f", ",") for v in LARGE], LARGE),
    "apostrophe": ([grouped(v, "'", ".") for v in LARGE], LARGE),
    "English": ([grouped(v, ",", ".") for v in LARGE], LARGE),
    "German": ([grouped(v, ".", ",") for v in LARGE], LARGE),
    "Indian": (["12,34,567"] * 100 + ["1,23,456"] * 140, [1_234_567.0] * 100 + [123_456.0] * 140),
    "dollars": ([f"${v:.2f}" for v in VALUES], VALUES),
    "brackets": ([f"({v})" if v < 40 else str(v) for v in VALUES], np.where(VALUES < 40, -VALUES, VALUES)),
    "minus after": ([f"{v}-" if v < 40 else str(v) for v in VALUES], np.where(VALUES < 40, -VALUES, VALUES)),
    "blanks around": ([f" {v} " for v in VALUES], VALUES),
    "clock": ([f"{v % 24:02d}:{v % 60:02d}" for v in LARGE], LARGE % 24 * 3600 + LARGE % 60 * 60),
    "length of time": ([f"{v} days 01:00:00" for v in range(ROWS)], np.arange(ROWS) * 86_400.0 + 3_600.0),
}


def from_frame(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    return plain_text([table], Said(where="the rows"))[0][0]


def from_csv(table: pd.DataFrame, folder: Path, delimiter: str = ",") -> pd.DataFrame:
    table.to_csv(folder / "rows.csv", index=False, sep=delimiter)
    return read_whole(folder / "rows.csv", "csv", Dialect()).table


def from_semicolons(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    return from_csv(table, folder, ";")


def from_parquet(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table.to_parquet(folder / "rows.parquet", index=False)
    return read_whole(folder / "rows.parquet", "parquet", Dialect()).table


class Rows:
    """As much of a cursor as is read."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.description = [(name,) for name in table]
        self.left = [tuple(row) for row in table.astype(object).where(table.notna(), None).itertuples(index=False)]

    def fetchmany(self, size: int, /) -> list[tuple[Any, ...]]:
        found, self.left = self.left[:size], self.left[size:]
        return found


def from_query(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    return plain_text([frame_of(CursorBatches(Rows(table), rows=50))], Said(where="the query"))[0][0]


READERS = (from_frame, from_csv, from_semicolons, from_parquet, from_query)
Read = Callable[[pd.DataFrame, Path], pd.DataFrame]


def beside(cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": cells, "name": RNG.choice(["a", "b"], ROWS)})


def kind_and_cells(read: Read, table: pd.DataFrame, folder: Path) -> tuple[Kind, Any]:
    pair = profile_pair(made := read(table, folder), made)
    return pair.kinds["x"].kind, pair.reference["x"]


@pytest.mark.parametrize(("way", "read"), each_nth(product(WRITTEN, READERS), 3))
def test_numbers_as_people_write_them_are_numbers_in_every_reader(read: Read, way: str, tmp_path: Path) -> None:
    cells, expected = WRITTEN[way]
    for table in (beside(cells), beside(cells).assign(x=[None, *cells[1:]])):
        kind, found = kind_and_cells(read, table, tmp_path)
        floats, unreadable = to_floats(found)
        assert (kind, unreadable) == (Kind.CALENDAR if way == "length of time" else Kind.NUMBER, 0)
        there = table["x"].notna().to_numpy()
        assert np.allclose(floats[there], np.asarray(expected, dtype=float)[there])
        assert np.isnan(floats[~there]).all()


@pytest.mark.parametrize(
    ("way", "stray", "read"),
    each_nth(
        product(
            ("percent", "decimal comma", "English", "blanks around", "clock"),
            ("unknown", "#REF!", "12.34.56", "NA", "?"), READERS,
        ), 3,
    ),
)  # fmt: skip
def test_one_stray_cell_is_one_unreadable_cell(read: Read, way: str, stray: str, tmp_path: Path) -> None:
    cells, expected = WRITTEN[way]
    kind, found = kind_and_cells(read, beside(with_stray(cells, stray)), tmp_path)
    floats, unreadable = to_floats(found)
    assert (kind, unreadable) == (Kind.NUMBER, 0 if stray in ("NA", "?") else 1)
    assert np.allclose(np.delete(floats, 17), np.delete(np.asarray(expected, dtype=float), 17))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("word", ["NA", "?", "null"])
def test_words_for_an_empty_cell_do_not_make_names_of_numbers(read: Read, word: str, tmp_path: Path) -> None:
    cells = [word if place % 5 == 0 else cell for place, cell in enumerate(WRITTEN["percent"][0])]
    kind, found = kind_and_cells(read, beside(cells), tmp_path)
    assert kind is Kind.NUMBER
    assert found.isna().sum() == ROWS // 5


CODES = [f"0{n}" for n in RNG.integers(1_000, 1_030, ROWS)]
NEIGHBOURS = [str(2**53 + n) for n in RNG.integers(0, 4, ROWS)]
TRUTHS = RNG.choice(["true", "True", "1", "0", "1.0", "false"], ROWS).tolist()


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("stray", [None, "NA", "unknown"])
@pytest.mark.parametrize(
    ("cells", "kind", "names"), [(CODES, Kind.CATEGORY, 30), (NEIGHBOURS, Kind.CATEGORY, 4), (TRUTHS, Kind.BOOLEAN, 2)]
)
def test_codes_stay_codes_and_truth_stays_truth(
    read: Read, cells: list[str], kind: Kind, names: int, stray: str | None, tmp_path: Path
) -> None:
    made = read(beside(cells if stray is None else with_stray(cells, stray)), tmp_path)
    pair = profile_pair(made, made)
    found = {str(cell) for cell in pair.reference["x"].dropna()}
    assert pair.kinds["x"].kind is kind
    assert len(found - {"unknown"}) == names


def test_whole_numbers_beyond_floats_are_codes_unless_they_move_with_time() -> None:
    days = pd.Series(pd.date_range("2026-01-01", periods=ROWS, freq="h", tz="UTC"))
    table = pd.DataFrame({"code": 2**60 + RNG.integers(0, 4, ROWS), "at": days.dt.as_unit("ns").astype("int64")})
    for rows in (table, table.astype(str), table.astype("Int64")):
        kinds = find_kinds(rows, {}, times=days, window_rows=24)
        assert (kinds["code"].kind, kinds["at"].kind) == (Kind.CATEGORY, Kind.CALENDAR)


OBJECTS: dict[str, tuple[Any, Kind]] = {
    "Decimal": ([Decimal(str(v)) for v in VALUES], Kind.NUMBER),
    "Decimal and None": ([None, *(Decimal(str(v)) for v in VALUES[1:])], Kind.NUMBER),
    "numbers and text": ([v if place % 2 else comma(v) for place, v in enumerate(VALUES)], Kind.NUMBER),
    "truth and text": ([True if v > 50 else "false" for v in VALUES], Kind.BOOLEAN),
    "dictionary": (pd.arrays.ArrowExtensionArray(pa.array(["1.5%", "2%"] * 120).dictionary_encode()), Kind.NUMBER),
    "nullable whole": (pd.array([None, *range(ROWS - 1)], dtype="Int64"), Kind.CALENDAR),
    "nullable truth": (pd.array([None, True, False] * 80, dtype="boolean"), Kind.BOOLEAN),
    "string": (pd.array([f"{v} %" for v in VALUES], dtype="string"), Kind.NUMBER),
    "categorical of text": (pd.Categorical([comma(v) for v in VALUES]), Kind.NUMBER),
    "categorical of numbers": (pd.Categorical(RNG.integers(0, 4, ROWS)), Kind.NUMBER),
    "dates": ([dt.date(1960, 1, 1) + dt.timedelta(days=int(v) % 9_000) for v in LARGE], Kind.TIME),
    "with a zone": (pd.to_datetime(LARGE * 1_000, unit="s", utc=True).tz_convert("Europe/Zurich"), Kind.TIME),
    "timedelta": (pd.to_timedelta(LARGE, unit="s"), Kind.NUMBER),
    "time of day": ([dt.time(int(v) % 24, int(v) % 60) for v in LARGE], Kind.NUMBER),
}


@pytest.mark.parametrize("read", [from_frame, from_csv, from_parquet])
@pytest.mark.parametrize("way", OBJECTS)
def test_objects_are_what_their_text_is(read: Read, way: str, tmp_path: Path) -> None:
    cells, kind = OBJECTS[way]
    if way in ("truth and text", "numbers and text"):
        cells = [str(cell) for cell in cells] if read is from_parquet else cells  # which has no mixed columns
    assert kind_and_cells(read, beside(cells), tmp_path)[0] is kind


@pytest.mark.parametrize("kind", [pa.decimal128(28, 3), pa.decimal128(38, 3), pa.decimal256(60, 3)])
def test_decimals_are_the_floats_that_their_text_is(kind: pa.DataType) -> None:
    expected = np.round(RNG.normal(0.0, 1e6, 4_000), 3)
    values = pa.array([None, *expected.astype(str)]).cast(kind)
    for part, first in ((values, 0), (values.slice(1_001), 1_000), (values.slice(1_001, 500), 1_000)):
        found = part.drop_null() if first == 0 else part
        assert floats_of_decimals(found).to_pylist() == expected[first:][: len(found)].tolist()
    assert floats_of_decimals(values)[0].as_py() is None
    huge = pa.array(["12345678901234567890.123", "-0.001"]).cast(kind)
    assert floats_of_decimals(huge).to_pylist() == [12345678901234567890.123, -0.001]


def test_bytes_are_text() -> None:
    table = pd.DataFrame({"x": [b"Z\xfcrich", "Zürich".encode(), None], "n": [b"1,5", b"2,5", b"3,25"]})
    made = from_frame(table, Path())
    assert made["x"].fillna("-").tolist() == ["Zürich", "Zürich", "-"]
    assert to_floats(made["n"])[0].tolist() == [1.5, 2.5, 3.25]


@pytest.mark.parametrize("read", [from_frame, from_csv, from_parquet, from_query])
def test_what_may_be_thousands_or_decimals_is_refused_only_where_no_cell_tells(read: Read, tmp_path: Path) -> None:
    unsure = [f"{v:,}" for v in LARGE]
    with pytest.raises(DataError, match=r"column 'x': '\d+,\d{3}' may be a decimal number or thousands"):
        read(beside(unsure), tmp_path)
    for telling, expected in (
        (with_stray(unsure, "x")[:200] + ["0,512"] * 40, LARGE / 1_000.0), (unsure[:200] + ["1,234,567"] * 40, LARGE),
        (unsure[:200] + ["12,3456"] * 40, LARGE / 1_000.0), (unsure[:200] + ["1,5"] * 40, LARGE / 1_000.0),
    ):  # fmt: skip
        floats = to_floats(read(beside(telling), tmp_path)["x"])[0]
        there = np.isfinite(floats[:200])
        assert np.allclose(floats[:200][there], expected[:200][there])


@pytest.mark.parametrize("read", READERS)
def test_decimals_of_three_digits_beside_a_decimal_comma(read: Read, tmp_path: Path) -> None:
    table = beside([f"{v:.3f}" for v in SMALL]).assign(other=WRITTEN["decimal comma"][0])
    made = read(table, tmp_path)
    assert np.allclose(to_floats(made["x"])[0], SMALL)  # 0.512 has a zero that no thousands have
    assert np.allclose(to_floats(made["other"])[0], VALUES)
    thousands = [f"{v:,}".replace(",", ".") for v in LARGE]
    with pytest.raises(DataError, match=r"column 'k': '\d+\.\d{3}' may be a decimal .* other columns have both"):
        read(table.assign(k=thousands), tmp_path)
    assert np.allclose(to_floats(read(table[["other"]].assign(x=thousands), tmp_path)["x"])[0], LARGE)


def test_what_other_columns_decided_is_told(tmp_path: Path) -> None:
    table = beside([f"{v:,}".replace(",", ".") for v in LARGE]).assign(other=WRITTEN["decimal comma"][0])
    table.to_parquet(tmp_path / "rows.parquet")
    table.to_csv(tmp_path / "rows.csv", sep=";")
    for name, kind in (("rows.parquet", "parquet"), ("rows.csv", "csv")):
        told = " ".join(read_whole(tmp_path / name, kind, Dialect()).told)
        assert "come after a comma (source.decimal)" in told
        assert "dots of x" in told
        assert "thousands (source.thousands)" in told


def test_the_owner_says_what_cannot_be_told(tmp_path: Path) -> None:
    table = beside([f"{v:,}" for v in LARGE])
    table.to_parquet(tmp_path / "rows.parquet")
    table.to_csv(tmp_path / "rows.csv")
    for name, kind in (("rows.parquet", "parquet"), ("rows.csv", "csv")):
        for said, expected in (
            (Dialect(decimal=","), LARGE / 1_000.0), (Dialect(thousands=","), LARGE),
            (Dialect(thousands=""), LARGE / 1_000.0),
        ):  # fmt: skip
            made = read_whole(tmp_path / name, kind, said).table
            assert np.allclose(to_floats(made["x"])[0], expected), (name, said)


def test_the_reference_decides_whether_a_column_is_one_of_numbers() -> None:
    reference, recent = beside(WRITTEN["percent"][0]), beside(["broken"] * ROWS)
    pair = profile_pair(reference, pd.concat([recent] * 4))
    assert pair.kinds["x"].kind is Kind.NUMBER
    assert to_floats(pair.reference["x"])[1] == 0
    assert to_floats(pair.recent["x"])[1] == 4 * ROWS


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("small_first", [True, False])
def test_how_numbers_are_written_is_told_by_all_files_of_a_folder(kind: str, small_first: bool, tmp_path: Path) -> None:
    percent = beside(WRITTEN["percent"][0]).assign(sum=["1,234,567"] * 40 + [f"{v:,}" for v in LARGE[40:]])
    small = percent.tail(10).assign(x=["bad", "bad", *percent["x"].tail(8)])
    for place, table in enumerate((small, percent) if small_first else (percent, small)):
        getattr(table, f"to_{kind}")(tmp_path / f"{place}.{kind}", index=False)
    made = read_whole(tmp_path, kind, Dialect()).table
    assert to_floats(made["x"])[1] == 2
    assert to_floats(made["sum"])[1] == 0
    assert np.nanmin(to_floats(made["sum"])[0]) >= 1_000.0
