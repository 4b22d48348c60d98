"""Files of one source that write the names of their columns in several ways are read as one table, and it is told."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from include.data.batches import Batch
from include.data.sources.column_names import OneSpelling
from include.data.sources.read import read_both, read_rows
from include.errors import DataError
from tests.data.test_sources import UNTIL, assert_same, model
from tests.stage import sales
from tests.sweeps import first_of

ROWS = sales(20)


def as_line(row: dict[str, Any]) -> str:
    return json.dumps(row, default=str)


WRITE: dict[str, tuple[str, Callable[[pd.DataFrame, Path], Any]]] = {
    "csv": ("csv", lambda table, file: table.to_csv(file, index=False)),
    "parquet": ("parquet", lambda table, file: table.to_parquet(file)),
    "json_lines": ("jsonl", lambda table, file: file.write_text("\n".join(map(as_line, table.to_dict("records"))))),
}
OTHERWISE = [{"region": "Region"}, {"sales": "SALES"}, {"at": "At"}, {"price": " price "}, {"region": "re\u200bgion"}]


def in_files(place: Path, kind: str, spelled: Sequence[dict[str, str]]) -> None:
    place.mkdir()
    ending, write = WRITE[kind]
    for number, names in enumerate(spelled):
        write(ROWS[number * 120 : number * 120 + 120].rename(columns=names), place / f"{number}.{ending}")


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("otherwise", OTHERWISE)
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("others", first_of([[1], [0, 1, 2, 3]], 1))
def test_column_that_is_written_otherwise_in_some_files_is_the_same_column(
    tmp_path: Path, kind: str, otherwise: dict[str, str], listed: bool, others: list[int]
) -> None:
    in_files(tmp_path / "rows", kind, [otherwise if number in others else {} for number in range(4)])
    features = ["temperature", "price", "region"] if listed else None
    declared = None if listed else {"region": "category", "price": "number"}
    rows = read_rows(model({"kind": kind, "path": "rows"}, features=features, columns=declared), tmp_path, UNTIL)
    assert_same(rows.table[["at", "temperature", "price", "region", "sales"]])
    assert len(rows.table.columns) == 5
    [(name, other)] = otherwise.items()
    if kind != "csv" or name != "price":  # blanks around the names of a CSV file are none of theirs
        files = "1 file" if len(others) == 1 else "4 files"
        assert any(f"{other!r} is read as {name!r}: {files}, such as" in told for told in rows.told)


@pytest.mark.parametrize(("kind", "form"), [("csv", "%Y.%m"), ("json_lines", "%Y-%d-%m")])
def test_times_in_a_format_that_is_said_are_read_by_it_whatever_their_column_is_called(
    tmp_path: Path, kind: str, form: str
) -> None:
    """2026.10 was January, as the number 2026.1 that a CSV file has there."""
    months = pd.Series(pd.date_range("2026-01-01", periods=12, freq="MS"))
    table = pd.DataFrame({"AT": months.dt.strftime(form), "sales": range(12), "region": "a"})
    WRITE[kind][1](table, tmp_path / f"rows.{WRITE[kind][0]}")
    source = {"kind": kind, "path": f"rows.{WRITE[kind][0]}", "timestamp": {"format": form}}
    spec = model(source, reference={"start": "2026-01-01", "end": "2026-06-01"})
    assert read_rows(spec, tmp_path, datetime(2027, 1, 1, tzinfo=UTC)).table["at"].dt.month.tolist() == [*range(1, 13)]


def test_composed_letters_are_the_same_as_those_of_two_signs(tmp_path: Path) -> None:
    names = [unicodedata.normalize(form, "régïon") for form in ("NFD", "NFC", "NFD", "NFC")]
    in_files(tmp_path / "rows", "csv", [{"region": name} for name in names])
    spec = model({"kind": "csv", "path": "rows"}, features=["temperature", "price", names[1]])
    assert_same(read_rows(spec, tmp_path, UNTIL).table.rename(columns={names[1]: "region"}))


def test_recent_rows_have_the_columns_of_the_reference(tmp_path: Path) -> None:
    for name, spelled in (("before", {}), ("now", {"price": "PRICE"})):
        in_files(tmp_path / name, "csv", [spelled])
    source = {"kind": "csv", "reference_path": "before", "recent_path": "now"}
    reference, recent = read_both(model(source, timestamp=None, reference=None), tmp_path)
    assert list(reference.table.columns) == list(recent.table.columns)
    assert recent.table["price"].notna().all()


def test_another_column_is_no_other_spelling(tmp_path: Path) -> None:
    in_files(tmp_path / "rows", "csv", [{}, {"region": "regions"}])
    rows = read_rows(model({"kind": "csv", "path": "rows"}), tmp_path, UNTIL)
    assert {"region", "regions"} <= set(rows.table.columns)
    with pytest.raises(DataError, match="did you mean 'temperature'"):
        read_rows(model({"kind": "csv", "path": "rows"}, target="temperatur"), tmp_path, UNTIL)


@pytest.mark.parametrize(
    ("files", "named", "found"),
    [
        ([["a"], ["A"]], [], [["a"], ["a"]]),
        ([["A"], ["a"]], ["a"], [["a"], ["a"]]),
        ([["a", "A"], ["A"], ["a"]], [], [["a", "A"], ["A"], ["a"]]),
        ([["a"], ["a", "A"], ["A"]], [], [["a"], ["a", "A"], ["A"]]),
        ([["b"], ["A", "ä", "a"]], ["a"], [["b"], ["A", "ä", "a"]]),
        ([["A ", "A"]], ["a"], [["A ", "A"]]),
        ([["AT"], ["At"]], ["at", "At"], [["at"], ["At"]]),
    ],
)  # fmt: skip
def test_columns_that_a_file_tells_apart_stay_apart(
    files: list[list[str]], named: list[str], found: list[list[str]]
) -> None:
    batches = [Batch(1, {name: pa.array([1]) for name in names}, f"{place}.csv") for place, names in enumerate(files)]
    one = OneSpelling(batches, named)
    for _ in range(2):
        assert [list(batch.columns) for batch in one] == found
    assert any(" is read as " in line for line in one.told) is (files != found)


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("lacking", [0, 3])
@pytest.mark.parametrize("features", [None, ["price"]])
def test_rows_of_a_file_without_the_times_that_others_have_are_not_lost(
    tmp_path: Path, kind: str, lacking: int, features: list[str] | None
) -> None:
    in_files(tmp_path / "rows", kind, [{"at": "when"} if number == lacking else {} for number in range(4)])
    other = r"\d" if lacking == 0 else "0"
    with pytest.raises(DataError, match=rf"{lacking}\.\w+: no column 'at', which {other}\.\w+ has.*; found: "):
        read_rows(model({"kind": kind, "path": "rows"}, features=features), tmp_path, UNTIL)


def test_a_file_of_names_alone_may_lack_the_times(tmp_path: Path) -> None:
    in_files(tmp_path / "rows", "csv", [{}, {}])
    (tmp_path / "rows/9.csv").write_text("price,where\n")
    assert len(read_rows(model({"kind": "csv", "path": "rows"}), tmp_path, UNTIL).table) > 0


def test_a_csv_file_without_its_names_beside_others_is_told(tmp_path: Path) -> None:
    in_files(tmp_path / "rows", "csv", [{}, {}, {}])
    ROWS[360:480].to_csv(tmp_path / "rows/3.csv", index=False, header=False)
    with pytest.raises(DataError, match=r"3\.csv: no column 'at', which 0\.csv has; found: column_1, column_2"):
        read_rows(model({"kind": "csv", "path": "rows"}), tmp_path, UNTIL)


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("name", ["sales", "region"])
def test_a_column_that_some_files_lack_is_told(tmp_path: Path, kind: str, name: str) -> None:
    in_files(tmp_path / "rows", kind, [{}, {}, {name: "another"}, {}])
    source = model({"kind": kind, "path": "rows"}, features=["temperature", "price", "region"])
    said = f"column {name!r} is missing in 1 of 4 files, such as 2.{WRITE[kind][0]}: empty there"
    assert said in read_rows(source, tmp_path, UNTIL).told
