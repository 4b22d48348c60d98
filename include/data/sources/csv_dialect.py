"""How a CSV file is written: what separates cells and decimals, whether names stand on top, in which encoding.

What its owner does not say is found out from the head of the file, and told.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from include.data.sources.other_kinds import other_kind
from include.errors import DataError
from include.registry.dialect import Dialect

SAMPLE_BYTES = 1 << 18
SAMPLE_RECORDS = 400
DELIMITERS = (",", ";", "\t", "|")
_RARE_DELIMITERS = ("^", "~", "\x01", ":")  # looked for where none of those makes columns
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_EMPTY = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(?:sep=.\s*)?(?:#[^\n]*(?:\n\s*|$))*")
_VALUE = re.compile(r"[+-]?(\d[\d.,' \u00a0\u202f]*|\.\d+)([eE][+-]?\d+)?|\d{4}-\d{2}-\d{2}.*")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+\r?$")
_SINGLE_QUOTED = re.compile(r"'[^']*'([^\w']'[^']*')*\r?")
_FEWEST_ALIKE = 0.9  # share of the records with as many cells as most, from which on a delimiter is one


def find_dialect(sample: bytes, declared: Dialect) -> Dialect:
    """What is declared, completed from the head of the file: all but decimals, which only whole columns tell."""
    encoding = declared.encoding or _BYTE_ORDER_MARKS.get(sample[:2])
    text = _decoded(sample, encoding)
    skip, delimiter, nameless = 0, declared.delimiter, 0
    if named := re.match(r"sep=(.)\r?\n", text):  # spreadsheets write so
        skip, delimiter, text = 1, delimiter or named[1], text[named.end() :]
    while text.startswith("#") and "\n" in text:  # remarks on top
        skip, text = skip + 1, text.split("\n", 1)[1]
    quote = _quote(text) if declared.quote is None else declared.quote
    whole = len(sample) < SAMPLE_BYTES
    delimiter = delimiter or _delimiter(text, quote, whole=whole)
    records = _records(text, delimiter, quote, whole=whole)
    header = declared.header
    if header is None:
        header = _has_header(records)
    if header is False:
        header = tuple(f"column_{number}" for number in range(1, len(records[0]) + 1 if records else 1))
    elif (
        header is True
        and records
        and (not _is_utf8(sample, encoding) or _has_blanks(text, delimiter) or not all(records[0]))
    ):  # names that the reader would not decode, or with their blanks, or that are missing
        header = tuple(name or f"column_{number}" for number, name in enumerate(records[0], 1))
        skip, nameless = skip + 1, sum(not name for name in records[0])
    found = replace(declared, delimiter=delimiter, quote=quote, encoding=encoding, header=header, skip=skip)
    return replace(found, told=_told(found, declared, nameless))


def is_empty(sample: bytes) -> bool:
    r"""Whether the head of a file is all there is, and holds nothing but remarks on top.

    >>> is_empty(b"\xef\xbb\xbf\n"), is_empty(b"# no sales today\n"), is_empty(b"# no sales\na,b")
    (True, True, False)
    """
    return len(sample) < SAMPLE_BYTES and _EMPTY.fullmatch(sample) is not None


def line_without_end(sample: bytes, dialect: Dialect) -> bytes:
    """The whole file with an end of its line, if it is one line without; pyarrow takes no names without rows so."""
    text = _decoded(sample, dialect.encoding)
    if len(sample) >= SAMPLE_BYTES or text.endswith(("\n", "\r")) or text.count("\n") > dialect.skip:
        return b""
    return f"{text}\n".encode(dialect.encoding or "utf-8")


def require_text(sample: bytes, encoding: str | None, where: str) -> None:
    """Refuse bytes that no text holds.

    Raises
    ------
    DataError
        With what the file is, where its first bytes say so, or with the line of the first such byte.
    """
    if kind := other_kind(sample, "CSV"):
        raise DataError(f"{where}: this is {kind} and no CSV file; deliver the table as CSV or Parquet")
    if encoding or sample[:2] in _BYTE_ORDER_MARKS or b"\0" not in sample:
        return
    line = sample[: sample.index(b"\0")].count(b"\n") + 1
    raise DataError(
        f"{where}: cannot be read as CSV: line {line} holds a byte 0, which no text has; deliver a text file, or name "
        "its encoding in source.encoding if it is of two bytes a letter (utf-16-le, utf-16-be)"
    )


def _told(found: Dialect, declared: Dialect, nameless: int) -> str:
    said = []
    if nameless:
        assert isinstance(found.header, tuple)
        said.append(f"{nameless} of {len(found.header)} columns have no name on top: they are called column_ and their "
                    "number")  # fmt: skip
    if declared.delimiter is None and found.delimiter != ",":
        said.append(f"cells end with {found.delimiter!r} (source.delimiter)")
    if declared.quote is None and found.quote == "'":
        said.append("cells are in single quotes (source.quote)")
    if declared.header is None and isinstance(found.header, tuple) and not found.skip:
        said.append("there are no names on top: the columns are column_1 and so on (source.header)")
    if declared.encoding is None and found.encoding:
        said.append(f"text is {found.encoding} (source.encoding)")
    return "; ".join(said)


def _decoded(sample: bytes, encoding: str | None) -> str:
    if encoding:
        return sample.decode(encoding, "replace")
    try:
        return sample.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return sample.removeprefix(b"\xef\xbb\xbf").decode("cp1252", "replace")


def _quote(text: str) -> str:
    """What cells are put in: where all names on top are in single quotes, these."""
    return "'" if _SINGLE_QUOTED.fullmatch(text.split("\n", 1)[0]) else '"'


def _has_blanks(text: str, delimiter: str) -> bool:
    """Whether the names on top have blanks around them."""
    return any(name != name.strip() for name in text.split("\n", 1)[0].rstrip("\r").split(delimiter))


def _is_utf8(sample: bytes, encoding: str | None) -> bool:
    """Whether the first line is UTF-8, or what was declared."""
    line = sample.split(b"\n", 1)[0]
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return bool(encoding)
    return True


def _records(text: str, delimiter: str, quote: str, *, whole: bool) -> list[list[str]]:
    """The first records; the last one of a part of a file may be cut off, and is left out."""
    options = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **options)
    found: list[list[str]] = []
    try:
        for record in reader:
            if record:
                found.append([cell.strip() for cell in record])
            if len(found) > SAMPLE_RECORDS:
                break
    except csv.Error:  # a cell of more than 128 KiB: what was read before it has to do
        whole = True
    return found if whole and len(found) <= SAMPLE_RECORDS else found[:-1]


def _delimiter(text: str, quote: str, *, whole: bool) -> str:
    """The character at which records fall into as many cells each as there are names; of several the most cells."""
    best, most = ",", (0.0, 1)
    name, *lines = text.split("\n", SAMPLE_RECORDS)[:SAMPLE_RECORDS]
    if "," not in name and sum(map(bool, map(_DECIMAL_COMMA.match, lines))) > len(lines) / 2.0:
        return ";"  # a single column
    for candidate in (*DELIMITERS, *_RARE_DELIMITERS):
        if candidate in _RARE_DELIMITERS and most[1] > 1:
            break
        records = _records(text, candidate, quote, whole=whole)
        sizes = Counter(len(record) for record in records)
        if not sizes:
            continue
        size, times = max(sizes.items(), key=lambda pair: (pair[1], pair[0]))
        alike = times / len(records)
        if size < 2 or alike < _FEWEST_ALIKE or len(records[0]) != size:
            continue
        if (alike, size) > most:
            best, most = candidate, (alike, size)
    return best


def _has_header(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first record is of names: where a column holds values, its first cell is none.

    A table of text only has names, unless its first cells come again below. Names that are 0, 1, 2 … are what pandas
    writes for a table without.
    """
    if len(records) < 2:
        return True
    first, rest = records[0], records[1:]
    if [cell for cell in first if cell] == [str(number) for number in range(sum(map(bool, first)))]:
        return True
    for_names, against, again = 0, 0, 0
    for place, cell in enumerate(first):
        below = [record[place] for record in rest if place < len(record) and record[place]]
        if not below:
            continue
        values = sum(_VALUE.fullmatch(each) is not None for each in below)
        if values >= _FEWEST_ALIKE * len(below):
            value = _VALUE.fullmatch(cell) is not None
            for_names, against = for_names + (not value), against + value
        else:
            again += cell in below
    return for_names > 0 or (against == 0 and again <= len(first) / 2.0)
