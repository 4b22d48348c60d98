"""Where a CSV file is broken: rows with too many cells, rows that a quote has swallowed, holes, and a missing end."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.data.sources.files import Files
from include.data.sources.packing import codec_of
from include.errors import DataError, SourceUnavailable
from include.registry.dialect import Dialect

LOCATED_BYTES = 1 << 28  # in which the line of a row is looked for
_TAIL = 1 << 16  # bytes of the end of a file that are looked at
_LAST_CONTROL = 13  # byte 0, the two ends of lines, and others below
_ENDS = re.compile(r"\r\n|\n|\r")
_NUMBER = re.compile(r"[+-]?[\d.,' ]*\d[\d.,' ]*(?:[eE][+-]?\d+)?%?")
_TIME = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|\d{8,19}|\d{1,2}:\d\d.*")


class Swallowed(Exception):
    """A cell that holds whole rows, or a byte 0; by what it begins with in the file, and what is wrong."""

    def __init__(self, begin: str, told: str) -> None:
        super().__init__(told)
        self.begin, self.told = begin, told


@contextmanager
def located(file: str | Path, stream: Callable[[], IO[bytes]], encoding: str | None) -> Iterator[None]:
    """Errors of rows with too many or too few cells, and of rows within a cell, with their line."""
    try:
        yield
    except Swallowed as error:
        needle = re.escape(error.begin.encode(encoding or "utf-8", "replace"))
        raise DataError(f"{file}: cannot be read as CSV: {_line(stream, needle)} {error.told}") from error
    except pa.ArrowInvalid as error:
        found = re.search(r"Expected (\d+) columns, got (\d+): ([^\n]*)", str(error))
        if found is None:
            raise
        row = re.escape(found[3].removesuffix(" ...").encode())
        where = _line(stream, b"\n" + row + (b"" if found[3].endswith(" ...") else b"\r?(\n|$)"))
        raise DataError(
            f"{file}: cannot be read as CSV: {where} has {found[2]} cells, the first one {found[1]}: "
            f"{found[3][:80]!r}; correct it, or say source.delimiter and source.quote if cells end otherwise"
        ) from error


def require_rows_apart(batch: pa.RecordBatch, dialect: Dialect) -> None:
    """Refuse a cell that holds whole rows, for a quote was not closed, or bytes 0, where a hole was left.

    A cell may have several lines. It holds rows where its first line ends as the cell's own row should, its last one
    begins as one, those between are as wide as rows, and numbers and times stand where the batch has them. Of two
    lines, as an address may have, it must end as a cell does whose quote another one has closed.

    Raises
    ------
    Swallowed
    """
    for place, cells in enumerate(batch.columns):
        if not _is_text(cells.type) or not _has_control(cells):
            continue
        for cell in cells.filter(pc.match_substring_regex(cells, r"[\n\r\x00]")).to_pylist():
            text = cell if isinstance(cell, str) else cell.decode("latin-1")
            if "\0" in text:
                raise Swallowed("\0", "holds a byte 0, which no text has: a part of the file was "
                                "never written, or is lost; deliver it anew")  # fmt: skip
            lines = _ENDS.split(text.rstrip("\r\n"))
            torn = text.endswith((dialect.quote or "\n", "\n", "\r"))  # what another cell's quote, or the end, leaves
            if len(lines) > (1 if torn else 2) and _holds_rows(lines, place, batch, dialect):
                raise Swallowed(
                    f"{dialect.quote}{lines[0]}",
                    f"has a quote that is not closed where its cell ends: {len(lines) - 1} rows would be lost in the "
                    f"cell that begins with {lines[0][:80]!r}; close it, double it if it belongs to the text, or say "
                    "source.quote: '' if no cell is in quotes",
                )


def require_end(files: Files, file: str | Path, dialect: Dialect) -> None:
    """Refuse a file on disk whose last line ends within a cell in quotes: its writer may be in it.

    One of fewer cells, and a packed one, say so themselves.
    """
    quote, delimiter = re.escape(dialect.quote or "").encode(), re.escape(dialect.delimiter or ",").encode()
    if not quote or files.distant or codec_of(file) is not None or (dialect.encoding or "").startswith("utf-16"):
        return
    with files.raw(file) as stream:
        stream.seek(max(stream.seek(0, io.SEEK_END) - _TAIL, 0))
        last = re.split(rb"[\r\n]", stream.read())[-1]
    inside = rb"(?:[^%s]|%s%s)*" % (quote, quote, quote)
    rest = re.sub(rb"(^|%s)%s%s%s(?=%s|$)" % (delimiter, quote, inside, quote, delimiter), rb"\1", last)
    if re.search(rb"%s%s%s$" % (delimiter, quote, inside), rest):
        raise SourceUnavailable(
            f"{file}: ends within a cell in quotes: it is still being written, or damaged; deliver it whole, under "
            f"another name until it is complete ({last[-80:].decode(errors='replace')!r})"
        )


def _line(stream: Callable[[], IO[bytes]], needle: bytes) -> str:
    """The number of the line that holds this, as far as it is looked for."""
    with stream() as opened:
        text = b"\n" + opened.read(LOCATED_BYTES)
    place = re.search(needle, text)
    if place is None:
        return "a row"
    begin = place.start() + place[0].startswith(b"\n")
    return f"line {text[:begin].count(10)}"


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))


def _has_control(cells: pa.Array) -> bool:
    """Whether some cell may hold an end of a line or a byte 0."""
    _, ends, data = cells.buffers()
    if data is None or not len(cells):
        return False
    end = np.frombuffer(ends, np.int32)[cells.offset + len(cells)]  # beyond it is nothing but zeros
    held = np.frombuffer(data, np.uint8)[:end]
    return bool(held.size and held.min() <= _LAST_CONTROL)


def _holds_rows(lines: Sequence[str], place: int, batch: pa.RecordBatch, dialect: Dialect) -> bool:
    delimiter = dialect.delimiter or ","
    after, before = lines[0].split(delimiter)[1:], lines[-1].split(delimiter)[:-1]
    between = {line.count(delimiter) + 1 for line in lines[1:-1] if line}
    if len(after) != batch.num_columns - 1 - place or len(before) != place or not between <= {batch.num_columns}:
        return False
    columns = [*batch.columns[place + 1 :], *batch.columns[:place]]
    written = (cell.strip(f"{dialect.quote} ") for cell in (*after, *before))
    fits = [way.fullmatch(cell) for cells, cell in zip(columns, written, strict=True) if cell and (way := _way(cells))]
    return bool(fits) and all(fits)


def _way(cells: pa.Array) -> re.Pattern[str] | None:
    """How a column's cells are written, by its first one; None for text of any kind."""
    if pa.types.is_temporal(cells.type):
        return _TIME
    if not _is_text(cells.type):
        return None if pa.types.is_boolean(cells.type) else _NUMBER
    first = next((str(cell) for cell in cells[:100].to_pylist() if cell), "")
    return next((way for way in (_NUMBER, _TIME) if way.fullmatch(first)), None)
