"""JSON Lines: types by all cells of a file, rows that differ from each other, errors with file and line."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.frames import frame_of
from include.data.sources import json_lines
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.json_cells import MOST_DEEP
from include.data.sources.json_lines import JsonLinesBatches
from include.data.sources.whole_files import kind_of, read_whole
from include.errors import DataError
from include.registry.dialect import Dialect

DAY = pd.Timestamp("2026-01-01")
DEEP = f"has more than {MOST_DEEP} objects or lists"


def read(folder: Path, text: str | bytes, columns: list[str] | None = None) -> pd.DataFrame:
    file = folder / "rows.jsonl"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return frame_of(JsonLinesBatches(file, columns))


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(params=[8, json_lines.BLOCK_BYTES], ids=["a line a block", "one block"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([1, 2], "int64", [1, 2]),
        ([1, 2.5], "float64", [1.0, 2.5]),
        ([1, None], "float64", [1.0, None]),
        ([True, False], "bool", [True, False]),
        ([1.5, "?"], "str", ["1.5", "?"]),
        ([1, "?", 2.5], "str", ["1", "?", "2.5"]),
        ([True, 1, False], "str", ["true", "1", "false"]),
        (["007", "008"], "str", ["007", "008"]),
        ([2**53 + 1, 2**53], "int64", [2**53 + 1, 2**53]),
        ([2**53 + 1, 0.5], "str", ["9007199254740993", "0.5"]),
        ([2**64, 1], "str", ["18446744073709551616", "1"]),
        ([1e300, 1], "float64", [1e300, 1.0]),
        ([[1, 2.5], ["a"]], "str", ["[1, 2.5]", '["a"]']),
        (["2026-01-01", "2026-01-02 03:04"], "datetime64[us]", [DAY, pd.Timestamp("2026-01-02 03:04")]),
        (["2026-01-01", "soon"], "str", ["2026-01-01", "soon"]),
        (["2026-01-01", "2026-01-01T00:00:00Z"], "str", ["2026-01-01", "2026-01-01T00:00:00Z"]),
        (["é", "\ud800"], "str", ["é", "\ufffd"]),
    ],
)  # fmt: skip
def test_type_of_a_column_is_that_of_all_its_cells(
    tmp_path: Path, cells: list[Any], kind: str, expected: list[Any]
) -> None:
    found = read(tmp_path, lines(*({"x": cell} for cell in cells)))["x"]
    assert str(found.dtype) == kind
    assert found.astype(object).where(found.notna(), None).tolist() == expected


@pytest.mark.usefixtures("block")
def test_times_with_a_zone_are_moments(tmp_path: Path) -> None:
    found = read(tmp_path, lines({"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01 02:30:00.25+02:00"}))["at"]
    assert found.tolist() == [pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-01 00:30:00.25", tz="UTC")]


@pytest.mark.usefixtures("block")
def test_objects_in_a_row_are_columns_of_their_own(tmp_path: Path) -> None:
    rows = [{"user": {"id": 1, "from": {"country": "CH"}}}, {"user": {"id": 2}, "y": 1.5}, {"user": None}, {}]
    found = read(tmp_path, lines(*rows))
    assert sorted(found) == ["user.from.country", "user.id", "y"]
    assert found["user.id"].tolist()[:2] == [1, 2]
    assert found["user.from.country"].notna().tolist() == [True, False, False, False]


def test_columns_come_in_the_order_in_which_they_come_up_and_only_those_wanted(tmp_path: Path) -> None:
    text = lines({"b": 1}, {"a": 2, "b": 3})
    assert list(read(tmp_path, text)) == ["b", "a"]
    assert list(read(tmp_path, text, ["a", "gone"])) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        b'\xef\xbb\xbf{"x": 1}\n{"x": 2}\n', b'{"x": 1}\r\n\r\n{"x": 2}', b'\n{"x":1}\n \n{"x":2}\n\n',
        b'{"x": 1}\n{"x": 2, "y": null}\n',
    ],
    ids=["byte order mark", "other ends of lines", "empty lines", "a column of nothing"],
)  # fmt: skip
@pytest.mark.usefixtures("block")
def test_rows_are_read_however_lines_end(tmp_path: Path, text: bytes) -> None:
    assert read(tmp_path, text)["x"].tolist() == [1, 2]


def test_lines_that_are_no_utf_8_are_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"x": "\xe9"}\n{"x": "\xc3\xa9"}\n')
    rows = JsonLinesBatches(tmp_path / "x.jsonl")
    assert frame_of(rows)["x"].tolist() == ["é", "é"]
    assert rows.told == ("x.jsonl: lines that are no UTF-8 are read as Windows-1252",)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"x": 1}\n{"x": 01}\n', "line 2 is no JSON at character 8"),
        ('{"x": 1}\n\n{"x": 2\n', "line 3 ends within the object"),
        ('{"x": 1}\n{"x": 1} {"x": 2}\n', "line 2 is no JSON at character 10: Extra data"),
        ('{"x":\n1}\n', "line 1 ends within the object"),
        ('[{"x": 1},\n{"x": 2}]\n', "line 1 begins a list"),
        ('{"x": 1}\n7\n', "line 2 holds a number"),
        ('{"x": 1}\n{"x": 1, "x": 2}\n', "line 2: column 'x' is there twice"),
        ('{"x": 1}\n{"a.b": 1, "a": {"b": 2}}\n', "line 2: column 'a.b' is there twice"),
        ('{"x": 1}\n{"x": ' + "[" * 50_000 + "]" * 50_000 + "}\n", f"line 2 {DEEP}"),
        ('{"x": ' * 9000 + "1" + "}" * 9000 + "\n", f"line 1 {DEEP}"),
        ('{"x": ' + "9" * 5000 + "}\n", "line 1 cannot be read"),
        ("", "it is empty"), ("\n \n", "it is empty"),
    ],
)  # fmt: skip
def test_error_names_file_and_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl") as refused:
        read(tmp_path, text)
    assert told in str(refused.value)


def test_text_full_of_brackets_is_text(tmp_path: Path) -> None:
    assert read(tmp_path, lines(*({"x": "[" * 500} for _ in range(3))))["x"].tolist() == ["[" * 500] * 3


def test_files_of_two_bytes_a_letter_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="UTF-16; deliver it as UTF-8"):
        read(tmp_path, '{"x": 1}\n'.encode("utf-16"))


def test_a_line_without_end_is_refused_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", 1 << 16)
    with pytest.raises(DataError, match="line 2 is longer than 1 MiB"):
        read(tmp_path, '{"x": 1}\n{"x": "' + "a" * (1 << 22))


def test_memory_is_that_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(lines(*({"x": i, "name": f"n{i}"} for i in range(20_000))) * 10)
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", 1 << 16)
    tracemalloc.start()
    rows = sum(batch.rows for batch in JsonLinesBatches(file))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 200_000
    assert peak < file.stat().st_size / 5


def test_packed_files_of_a_folder_are_read_and_unfinished_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines({"x": 1}).encode()))
    (tmp_path / "b.ndjson").write_text(lines({"x": 2}))
    (tmp_path / "_c.jsonl").write_text('{"x"')
    (tmp_path / "d.jsonl").write_text("")
    rows = JsonLinesBatches(tmp_path)
    assert frame_of(rows)["x"].tolist() == [1, 2]
    assert rows.told == ("d.jsonl: it is empty and left out",)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.ndjson.gz", "rows.json", "folder"])
def test_kind_is_told_by_name_or_content(tmp_path: Path, name: str) -> None:
    text = lines({"x": "1,50", "y": 1}, {"x": "2,25", "y": 2}).encode()
    place = tmp_path / name
    (tmp_path / "folder").mkdir()
    file = place / "rows.jsonl" if name == "folder" else place
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert kind_of(place) == kind_of(tmp_path / "r*" if name == "rows.jsonl" else place) == "json_lines"
    made = read_whole(place, "json_lines", Dialect())
    assert made.table["x"].tolist() == ["1.50", "2.25"]
    assert "decimals of x come after a comma" in " ".join(made.told)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.lists(st.integers(0, 3), max_size=2),
)  # fmt: skip
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), CELLS, min_size=1), min_size=1, max_size=12)


def test_whole_numbers_beside_floats_and_truth_values_are_the_same_text_wherever_blocks_end(tmp_path: Path) -> None:
    rows = [{"b": 0.0}, {"b": 10_000_000_000}, {"b": 1.5}, {"b": None}, {"b": False}]
    expected = ["0", "10000000000", "1.5", None, "false"]
    for size in (8, 29, 10_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_lines, "BLOCK_BYTES", size)
            found = read(tmp_path, lines(*rows))["b"]
        assert [None if pd.isna(each) else each for each in found] == expected, size


@settings(max_examples=60)
@given(ROWS, st.integers(1, 60))
def test_rows_do_not_depend_on_where_blocks_end(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], size: int
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    whole = read(folder, lines(*rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "BLOCK_BYTES", size)
        cut = read(folder, lines(*rows))
    pd.testing.assert_frame_equal(whole, cut)
    assert len(whole) == len(rows)


def test_numbers_and_names_are_those_of_the_same_table_as_csv(tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1.5, 2.25, 1e-7], "k": [3, 4, 5], "name": ["a", "b", "c d"]})
    table.to_csv(tmp_path / "rows.csv", index=False)
    as_lines = read(tmp_path, lines(*table.to_dict("records")))
    pd.testing.assert_frame_equal(as_lines, frame_of(CsvBatches(tmp_path / "rows.csv")))
