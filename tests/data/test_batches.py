"""A profile is the same wherever its rows come from."""

from __future__ import annotations

import gzip
import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.data.batches import Batch, CursorBatches, FrameBatches, Spooled
from include.data.profile import NumericColumn, Profile, profile_batches, profile_table
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.parquet_batches import ParquetBatches
from include.errors import DataError, SourceUnavailable

NAMES = ["x", "n", "c", "flag", "t"]


def frame(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": np.where(rng.random(rows) < 0.05, np.nan, rng.normal(size=rows)),
            "n": rng.integers(-5, 300, rows),
            "c": np.where(rng.random(rows) < 0.05, None, rng.choice(["a", "b", "c"], rows)),
            "flag": rng.random(rows) < 0.5,
            "t": pd.date_range("2026-01-01", periods=rows, freq="min", tz="UTC").as_unit("us"),
        }
    )


def loosened(profile: Profile) -> Profile:
    """Without the last bits of sums, which depend on how the rows were split into batches."""
    columns = {}
    for name, column in profile.columns.items():
        if isinstance(column, NumericColumn):
            column = replace(column, mean=float(f"{column.mean:.9g}"), variance=float(f"{column.variance:.9g}"))
        assert abs(column.lag1) <= 1.0
        columns[name] = replace(column, neighbours=replace(column.neighbours, **dict.fromkeys(SUMS, 0.0)))
    return replace(profile, columns=columns)


SUMS = ("mean_before", "mean_after", "square_before", "square_after", "product")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    table = frame()
    table.to_parquet(tmp_path / "whole.parquet", row_group_size=130)
    table.to_csv(tmp_path / "whole.csv", index=False)
    for number, at in enumerate(range(0, 1000, 300)):
        part = table[at : at + 300]
        (tmp_path / "parts" / f"day={number}").mkdir(parents=True)
        part.to_parquet(tmp_path / "parts" / f"day={number}" / "rows.parquet")
        part.to_csv(tmp_path / f"part-{number}.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (ParquetBatches, "whole.parquet"),
        (ParquetBatches, "parts"),
        (ParquetBatches, "parts/*/*.parquet"),
        (CsvBatches, "whole.csv"),
        (CsvBatches, "part-*.csv"),
    ],
)
def test_files_give_the_profile_of_the_frame(place: Path, source: type, path: str) -> None:
    batches = source(place / path)
    known = profile_batches(batches, NAMES)
    assert loosened(known) == loosened(profile_table(frame(), NAMES))
    assert loosened(profile_batches(batches, against=known)) == loosened(profile_table(frame(), NAMES, against=known))


def test_query_gives_the_profile_of_the_frame() -> None:
    names = ["x", "n", "c"]
    connection = sqlite3.connect(":memory:")
    frame()[names].to_sql("rows", connection, index=False)
    expected = profile_table(frame(), names)
    for against in (None, expected):
        cursor = connection.execute("SELECT x, n, c FROM rows ORDER BY rowid")
        found = profile_batches(CursorBatches(cursor, rows=77), against=against)
        assert loosened(found) == loosened(profile_table(frame(), names, against=against))
    connection.close()


def test_query_without_rows_has_its_columns() -> None:
    connection = sqlite3.connect(":memory:")
    profile = profile_batches(CursorBatches(connection.execute("SELECT 1 AS x WHERE 0")))
    assert (profile.rows, list(profile.columns)) == (0, ["x"])
    with pytest.raises(DataError, match="SELECT"):
        list(CursorBatches(connection.execute("CREATE TABLE t (x)")))
    connection.close()


def test_only_the_columns_asked_for_are_read(place: Path) -> None:
    for source in (
        ParquetBatches(place / "whole.parquet", ["c", "gone"]),
        CsvBatches(place / "whole.csv", ["c", "gone"]),
    ):
        assert {name for batch in source for name in batch.columns} == {"c"}


def test_type_of_a_csv_column_is_that_of_all_its_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.data.sources.csv_batches.CSV_BLOCK_BYTES", 1 << 10)
    rows = [f"{number},{number},," for number in range(500)] + ["1.5,many,7,x"]
    (tmp_path / "late.csv").write_text("\n".join(["a,b,c,d", *rows]), encoding="utf-8")
    batches = CsvBatches(tmp_path / "late.csv")
    types = {str(name): values.type for batch in batches for name, values in batch.columns.items()}
    assert types == {"a": pa.float64(), "b": pa.string(), "c": pa.float64(), "d": pa.string()}
    profile = profile_batches(batches)
    assert (profile.rows, profile.columns["b"].missing) == (501, 0)


def test_text_is_read_as_dictionary_codes(place: Path) -> None:
    batch = list(ParquetBatches(place / "whole.parquet"))[-1]
    assert pa.types.is_dictionary(batch.columns["c"].type)


@pytest.mark.parametrize("source", [ParquetBatches, CsvBatches])
def test_what_is_not_there_may_come(tmp_path: Path, source: type) -> None:
    for path in (tmp_path, tmp_path / "gone", tmp_path / "*.x"):
        with pytest.raises(SourceUnavailable, match="no such file"):
            list(source(path))


@pytest.mark.parametrize(
    ("source", "content"),
    [(ParquetBatches, b"no Parquet at all"), (CsvBatches, b"a,b\n1\n1,2,3\n"), (CsvBatches, b"")],
)
def test_damaged_file_is_named(tmp_path: Path, source: type, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(DataError, match="bad: cannot be read as"):
        list(source(tmp_path / "bad"))


@pytest.mark.parametrize("content", [b"PAR1 no", b""])
def test_half_a_file_may_become_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(SourceUnavailable, match="bad: ends in the middle"):
        list(ParquetBatches(tmp_path / "bad"))


def test_packed_file_of_nothing_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(DataError, match="it is empty"):
        list(CsvBatches(tmp_path / "a.csv.gz"))


def test_file_without_rows_has_its_columns(tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_bytes(b"x,n,c,flag,t\n")
    frame()[:0].to_parquet(tmp_path / "none.parquet")
    for batches in (CsvBatches(tmp_path / "header.csv"), ParquetBatches(tmp_path / "none.parquet")):
        profile = profile_batches(batches)
        assert (profile.rows, list(profile.columns)) == (0, NAMES)


def test_columns_that_are_there_twice_are_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(table, tmp_path / "twice.parquet")
    (tmp_path / "twice.csv").write_text("x,x\n1,2\n", encoding="utf-8")
    for batches in (ParquetBatches(tmp_path / "twice.parquet"), CsvBatches(tmp_path / "twice.csv")):
        with pytest.raises(DataError, match="'x' is there twice"):
            list(batches)


def test_column_that_nobody_asked_for_may_be_there_twice(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_arrays([pa.array([1])] * 3, names=["x", "x", "y"]), tmp_path / "twice.parquet")
    (tmp_path / "twice.csv").write_text("x,x,y\n1,a,1\n", encoding="utf-8")
    for source, file in ((ParquetBatches, "twice.parquet"), (CsvBatches, "twice.csv")):
        assert [list(batch.columns) for batch in source(tmp_path / file, ["y"])] == [["y"], ["y"]]


def test_spooled_rows_can_be_read_again() -> None:
    with Spooled(iter(FrameBatches(frame(10)))) as batches:
        first, second = list(batches), list(batches)
    assert [batch.rows for batch in first] == [batch.rows for batch in second] == [10]
    assert first[0].columns["n"] == second[0].columns["n"]


def test_frames_of_numbers_are_not_copied() -> None:
    numbers = np.arange(10.0)
    batch = next(iter(FrameBatches(pd.DataFrame({"x": numbers}, copy=False))))
    assert np.shares_memory(batch.columns["x"].to_numpy(), numbers)


def test_a_slice_ends_with_the_batch() -> None:
    batch = Batch.of(pa.RecordBatch.from_pydict({"x": [1, 2, 3]}))
    assert (batch.slice(2, 5).rows, batch.slice(2, 5).columns["x"].to_pylist()) == (1, [3])


def test_no_value_of_a_stream_is_lost_at_a_seam() -> None:
    table = pd.DataFrame({"x": np.sin(np.arange(140_000) / 7.0)})
    column = profile_table(table, ["x"]).columns["x"]
    assert column.neighbours.pairs == 139_999
    assert column.lag1 == pytest.approx(math.cos(1 / 7.0), abs=1e-3)
