"""A CSV file is read as what it holds, however it is written; what had to be found out is told."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.errors import DataError
from include.registry.dialect import Dialect

ROWS = 300
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "price": RNG.normal(1_500, 900, ROWS).round(2),
        "count": RNG.integers(0, 50, ROWS),
        "city": RNG.choice(["Zürich", "Genève", "Bern, BE"], ROWS),
        "at": pd.date_range("2026-01-01", periods=ROWS, freq="h").strftime("%Y-%m-%d %H:%M:%S"),
    }
)


def read(folder: Path, content: bytes, name: str = "rows.csv", **dialect: Any) -> tuple[pd.DataFrame, tuple[str, ...]]:
    (folder / name).write_bytes(content)
    batches = CsvBatches(folder / name, dialect=Dialect(**dialect))
    return frame_of(batches), batches.told


def written(encoding: str = "utf-8", **how: Any) -> bytes:
    return TABLE.to_csv(index=False, **how).encode(encoding)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (written(), ()),
        (written(sep=";"), ("cells end with ';'",)),
        (written(sep="\t"), ("cells end with '\\t'",)),
        (written(sep="|"), ("cells end with '|'",)),
        (written(sep=";", decimal=","), ("cells end with ';'", "decimals come after a comma")),
        (written("latin-1"), ("no UTF-8",)),
        (written("utf-8-sig"), ()),
        (written("utf-16"), ("text is utf-16",)),
        (written("cp1252", sep=";", decimal=","), ("decimals come after a comma", "no UTF-8")),
        (b"sep=;\n" + written(sep=";"), ("cells end with ';'",)), (b"# of 2026\n# by us\n" + written(), ()),
        (written(lineterminator="\r\n"), ()), (written(quotechar="'", quoting=1), ("cells are in single quotes",)),
        (written(sep=";", quotechar="'", quoting=2), ("cells are in single quotes", "cells end with ';'")),
        (written().replace(b",", b", ").replace(b"Bern, ", b"Bern,").replace(b' "', b'"'), ()),
    ],
)  # fmt: skip
def test_the_same_rows_in_any_dialect_are_the_same_rows(tmp_path: Path, content: bytes, told: tuple[str, ...]) -> None:
    found, said = read(tmp_path, content)
    pd.testing.assert_frame_equal(found.assign(at=found["at"].astype(str)), TABLE.astype({"at": str}))
    assert all(each in "; ".join(said) for each in told)
    assert bool(said) == bool(told)


def test_compressed_files_are_read_as_others(tmp_path: Path) -> None:
    found, _ = read(tmp_path, gzip.compress(written("cp1252", sep=";", decimal=",")), "rows.csv.gz")
    assert found["price"].tolist() == TABLE["price"].tolist()
    assert found["city"].tolist() == TABLE["city"].tolist()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.234,50", "12,5", "-3", "1.000.000,25"], [1234.5, 12.5, -3, 1_000_000.25]),
        (["1 234,50", "12,5", "-3"], [1234.5, 12.5, -3]),
        (["1'234.50", "12.5", "-3"], [1234.5, 12.5, -3]),
        (["1,234.50", "12.5", "-3"], [1234.5, 12.5, -3]),
        (["1,234,567", "1,234", "999"], [1_234_567, 1234, 999]),
        (["0,5", "0,25", "7"], [0.5, 0.25, 7]),
        (["12.5%", "3 %", "-7%", "1,250.5%"], [12.5, 3, -7, 1250.5]),
        (["$1,234.50", "-$12.5", "$ -3", "($7.25)"], [1234.5, -12.5, -3, -7.25]),
        (["1.234,50 €", "-12,5 €", "3 €"], [1234.5, -12.5, 3]),
        (["12.5 USD", "-3 USD", "1,000.25 USD"], [12.5, -3, 1000.25]),
        (["(1,234.50)", "12.5", "(0.5)"], [-1234.5, 12.5, -0.5]),
        (["\u22121.5", "2.5", "\u2212.25"], [-1.5, 2.5, -0.25]),
        (["1.5", "2,5", "-0.125", "1234,75", "2.8375"], [1.5, 2.5, -0.125, 1234.75, 2.8375]),
        (["1.234", "2,5", "1.000.000", "12.500"], [1234, 2.5, 1_000_000, 12_500]),
    ],
)
def test_numbers_are_read_as_they_are_meant(tmp_path: Path, cells: list[str], expected: list[float]) -> None:
    content = "\n".join(["x;n", *(f'"{cell}";1' for cell in cells * 40)])
    found, _ = read(tmp_path, content.encode())
    assert pd.to_numeric(found["x"]).tolist() == expected * 40


def test_a_comma_that_may_be_either_is_refused_and_the_owner_says_it(tmp_path: Path) -> None:
    content = "\n".join(["x;n", *["1,234;1", "17,500;2"] * 40]).encode()
    with pytest.raises(DataError, match=r"rows\.csv: column 'x': '1,234' may be a decimal number or thousands"):
        read(tmp_path, content)
    for said, expected in (({"decimal": ","}, [1.234, 17.5]), ({"thousands": ","}, [1234, 17500])):
        assert pd.to_numeric(read(tmp_path, content, **said)[0]["x"]).tolist()[:2] == expected


def test_one_comma_that_is_certain_decides_for_the_file(tmp_path: Path) -> None:
    content = "\n".join(["x;y", *["1,234;0,5"] * 40]).encode()
    assert read(tmp_path, content)[0].to_numpy().tolist()[0] == [1.234, 0.5]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("usual", "odd", "kind"),
    [
        ("7", "01234", "text"), ("01234", "7", "text"), ("7", "9007199254740993.0", "float"), ("7", "1.5", "float"),
        ("7", str(2**64), "text"), ("7", "?", "text"), ("2026-01-01", "2026-01-01 10:00", "time"),
        ("2026-01-01 10:00:00", "2026-01-01 10:00:00.25", "time"), ("true", "unknown", "text"), ("1.5", "x", "text"),
    ],
)  # fmt: skip
def test_a_cell_means_the_same_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: str, odd: str, kind: str, *, late: bool
) -> None:
    monkeypatch.setattr("include.data.sources.csv_batches.CSV_BLOCK_BYTES", 1 << 10)
    cells = [usual] * 999 + [odd] if late else [odd] + [usual] * 999
    found, _ = read(tmp_path, "\n".join(["a,x", *(f"1,{cell}" for cell in cells)]).encode())
    values = found["x"]
    if kind == "text":
        assert values.tolist() == cells
    elif kind == "float":
        assert values.tolist() == [float(cell) for cell in cells]
    else:
        assert pd.api.types.is_datetime64_any_dtype(values)


def test_whole_numbers_that_floats_would_merge_stay_two(tmp_path: Path) -> None:
    for cells in (["9007199254740992", "9007199254740993"], ["9007199254740992", "9007199254740993", ""]):
        found, _ = read(tmp_path, "\n".join(["id,x", *(f"{cell},1" for cell in cells * 30)]).encode())
        assert found["id"].nunique() == 2


def test_names_on_top_are_told_from_values(tmp_path: Path) -> None:
    values = [f"{n}, State-gov, {n * 1000}, {'>50K' if n % 3 else '<=50K'}" for n in range(17, 90)]
    found, said = read(tmp_path, "\n".join(values).encode())
    assert (len(found), list(found)) == (73, ["column_1", "column_2", "column_3", "column_4"])
    assert found["column_2"].unique().tolist() == ["State-gov"]
    assert "no names on top" in said[0]
    named, said = read(tmp_path, "\n".join(values).encode(), header=("age", "work", "weight", "income"))
    assert (list(named), said) == (["age", "work", "weight", "income"], ())
    for header in ("age,work,weight,income", "0,1,2,3", "age,work,95,income"):
        assert list(read(tmp_path, "\n".join([header, *values]).encode())[0]) == header.split(",")


def test_one_cell_of_another_encoding_is_read_and_the_others_stay(tmp_path: Path) -> None:
    content = written().replace("Zürich".encode(), "Zürich".encode("latin-1"), 1)
    assert read(tmp_path, content)[0]["city"].tolist() == TABLE["city"].tolist()


@pytest.mark.parametrize(
    "cells", [["$5", "€5"], ["5%", "0.05"], ["100 % wool", "5 % silk"], ["(555) 123", "(555) 124"], ["$5%", "$6%"]]
)
def test_names_with_marks_of_numbers_stay_names(tmp_path: Path, cells: list[str]) -> None:
    found, said = read(tmp_path, "\n".join(["x;n", *(f"{cell};1" for cell in cells * 40)]).encode())
    assert found["x"].tolist() == cells * 40
    assert any("several marks, such as $ and €" in line for line in said) == (cells == ["$5", "€5"])


@pytest.mark.parametrize("separator", [";", ","])
def test_decimals_that_change_from_dot_to_comma_are_read_beside_columns_with_dots(
    tmp_path: Path, separator: str
) -> None:
    lines = [separator.join((f"{n}.5", f"{n}.25" if n < 50 else f'"{n},25"')) for n in range(100)]
    found, said = read(tmp_path, "\n".join([f"dots{separator}both", *lines]).encode())
    assert pd.to_numeric(found["dots"]).tolist() == [n + 0.5 for n in range(100)]
    assert pd.to_numeric(found["both"]).tolist() == [n + 0.25 for n in range(100)]
    assert any("after a comma in some cells and after a dot in others" in line for line in said)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_in_a_folder_is_left_out_and_told(tmp_path: Path, content: bytes) -> None:
    for name, text in (("a.csv", b"x,y\n1,2\n"), ("b.csv", content), ("c.csv", b"x,y\n3,4\n")):
        (tmp_path / name).write_bytes(text)
    batches = CsvBatches(tmp_path)
    assert sum(batch.rows for batch in batches) == 2
    assert "b.csv: it is empty and left out" in batches.told


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("names", ["a,b", '"a","b"', "a;b", " a, b", "\ufeffa,b", "#none today\na,b", "a,b,stra\xdfe"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_names_without_rows_are_a_table_without_rows(tmp_path: Path, names: str, end: str, encoding: str) -> None:
    if encoding == "latin-1" and "\ufeff" in names:
        return
    table, _ = read(tmp_path, f"{names}{end}".encode(encoding))
    assert list(table.columns[:2]) == ["a", "b"]
    assert table.empty


@pytest.mark.parametrize("content", [b"", b"# nothing today", b"# nothing\n# today\n\n", b"sep=;\n", b"\xff\xfe"])
def test_a_file_of_remarks_is_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    (tmp_path / "b.csv").write_bytes(content)
    batches = CsvBatches(tmp_path)
    assert sum(batch.rows for batch in batches) == 1
    assert "b.csv: it is empty and left out" in batches.told


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff\xfe" * 50, b"a,b\n1,2,3\n1\n", b'a,b\n"1,2\n3,4\n'])
def test_what_is_no_table_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match=r"rows\.csv: cannot be read as CSV"):
        read(tmp_path, content)


def test_compressed_files_of_a_folder_are_read_beside_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(written())
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(TABLE.iloc[:100].to_csv(index=False).encode()))
    assert len(frame_of(CsvBatches(tmp_path))) == ROWS + 100


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><body>502 Bad gateway</body></html>", "a web page"), (b"\n<!DOCTYPE html>\n<p>a,b\n1,2", "a web page"),
        (b'<?xml version="1.0"?><rows/>', "XML"), (b'{"a": 1, "b": 2}\n{"a": 2, "b": 3}\n', "JSON"),
        (b'[\n  {"a": 1,\n "b": 2}]', "JSON"), (written("utf-32"), "UTF-32"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_its_kind(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=rf"rows\.csv: this is .*{says}.* and no CSV file; deliver the table as CSV"):
        read(tmp_path, content)


@pytest.mark.parametrize("delimiter", ["^", "~", "\x01", ":"])
def test_delimiters_that_are_rare_are_found_where_no_other_makes_columns(tmp_path: Path, delimiter: str) -> None:
    table, told = read(tmp_path, TABLE[["price", "count"]].to_csv(index=False, sep=delimiter).encode())
    assert table.columns.tolist() == ["price", "count"]
    assert "(source.delimiter)" in told[0]


@pytest.mark.parametrize("column", ["at", "city"])
def test_a_single_column_stays_one(tmp_path: Path, column: str) -> None:
    table, _ = read(tmp_path, TABLE[[column]].to_csv(index=False).encode())
    assert table.columns.tolist() == [column]


@pytest.mark.parametrize("first", ["1.203", "12.345", "-3.772"])
def test_file_whose_own_cells_do_not_tell_is_read_as_the_others_of_its_folder(tmp_path: Path, first: str) -> None:
    (tmp_path / "part-1.csv").write_text(f'a,b\n"-0,6635",{first}\n')
    (tmp_path / "part-2.csv").write_text('a,b\n"0,61",0.637\n"1,5",2.5\n')
    found = frame_of(CsvBatches(tmp_path))
    assert pd.to_numeric(found["b"]).tolist() == [float(first), 0.637, 2.5]
    assert pd.to_numeric(found["a"]).tolist() == [-0.6635, 0.61, 1.5]
