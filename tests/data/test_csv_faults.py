"""CSV files that are broken: quotes that nobody closed, holes, and files without their end. No row is lost unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.csv_dialect import SAMPLE_BYTES
from include.errors import DataError, SourceUnavailable
from include.registry.dialect import Dialect

ROWS = [["2026-01-01T00:00:00", "12.5", "pipe", "north", "3"], ["2026-01-02T00:00:00", "-7", "hose", "", "4"]] * 20
NAMES = ["at", "price", "what", "where", "sold"]


def written(*odd: tuple[int, int, str], last: str = "sold", delimiter: str = ",", end: str = "\n") -> str:
    """The rows as CSV, with other cells of column and row, and that column at the end."""
    rows = [list(row) for row in ROWS]
    for row, column, cell in odd:
        rows[row][column] = cell
    order = sorted(range(len(NAMES)), key=lambda place: NAMES[place] == last)
    lines = [NAMES, *rows]
    return end.join(delimiter.join(line[place] for place in order) for line in lines) + end


def read(path: Path, text: str, quote: str | None = None) -> int:
    path.write_bytes(text.encode())
    return len(frame_of(CsvBatches(path, dialect=Dialect(quote=quote))))


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize(("delimiter", "end"), [(",", "\n"), (";", "\r\n"), ("\t", "\r")])
def test_rows_that_a_quote_would_swallow_are_told_and_not_lost(
    tmp_path: Path, column: int, delimiter: str, end: str
) -> None:
    cell = '"' + ROWS[10][column]
    text = written((10, column, cell), (30, column, '"' + ROWS[30][column]), delimiter=delimiter, end=end)
    with pytest.raises(DataError, match=r"a quote that is not closed where its cell ends: 20 rows would be lost"):
        read(tmp_path / "a.csv", text)
    assert read(tmp_path / "a.csv", text, quote="") == len(ROWS)


def test_the_line_of_such_a_quote_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv: cannot be read as CSV: line 12 has a quote"):
        read(tmp_path / "a.csv", written((10, 2, '"5 inch'), (31, 2, '"7 inch')))


@pytest.mark.parametrize("row", [0, 10, 38])
def test_a_quote_that_is_never_closed_takes_no_rows_along(tmp_path: Path, row: int) -> None:
    with pytest.raises(DataError, match=r"line \d+ has a quote that is not closed"):
        read(tmp_path / "a.csv", written((row, 2, '"5 inch'), last="what"))


@pytest.mark.parametrize(
    "cell",
    [
        '"two\nlines"', '"a, b\nc, d, e"', '"1, 2\n3, 4"', '"ends in\n"', '"he said ""yes""\nand, 3, 4, left"',
        '"Main St 5\n10115, Berlin"', '"all\n12, not more"', '"all, 5\nbye"', '"Bought:\n2024-01-02, 3, 4, apples"',
        '5" pipe', '"a,b,c,d\n\n\ne,f"', '"first\r\n2026-01-01: again, 5"', '""', '"x""\ny"',
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", ["what", "sold"])
def test_cells_of_several_lines_are_cells(tmp_path: Path, cell: str, last: str) -> None:
    assert read(tmp_path / "a.csv", written((10, 2, cell), (12, 2, cell), last=last)) == len(ROWS)
    assert read(tmp_path / "a.csv", written((39, 2, cell), last=last).rstrip("\n")) == len(ROWS)


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("times", [1, 4_096])
def test_a_hole_is_found_wherever_it_is(tmp_path: Path, column: int, times: int) -> None:
    head, rest = written().split("\n", 1)
    before = rest * (SAMPLE_BYTES // len(rest) + 1)
    hole = written((20, column, "\0" * times)).split("\n", 1)[1]
    with pytest.raises(DataError, match=rf"line {before.count(chr(10)) + 22} holds a byte 0, which no text has"):
        read(tmp_path / "a.csv", f"{head}\n{before}{hole}")


@pytest.mark.parametrize("cell", ['"nev', '"', '"never, or', '"a ""b'])
def test_a_file_that_ends_within_quotes_is_worth_another_try(tmp_path: Path, cell: str) -> None:
    with pytest.raises(SourceUnavailable, match="ends within a cell in quotes: it is still being written"):
        read(tmp_path / "a.csv", written((39, 2, cell), last="what").rstrip("\n"))
