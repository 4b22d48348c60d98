"""Numbers as people write them in CSV files: 1.234,50 or 1,234.50 or 1'234.50, each column by all of its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import DataError

MOSTLY = 0.95  # share of a column's cells that are numbers, from which on it is one of numbers
_SPACES = "'  \u00a0\u202f"
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE = r"^[+-]?\d+$"
_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
_COMMA_OF_THREE = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_GROUPED_BY_COMMA = r"^[+-]?[1-9]\d{0,2}(,\d{3}){2,}(\.\d+)?$|^[+-]?[1-9]\d{0,2}(,\d{3})+\.\d+$"
_GROUPED_BY_DOT = r"^[+-]?[1-9]\d{0,2}(\.\d{3}){2,}(,\d+)?$|^[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+$"
_GROUPED_BY_SPACE = rf"^[+-]?[1-9]\d{{0,2}}([{_SPACES}]\d{{3}})+([.,]\d+)?$"


@dataclass
class Written:
    """How the cells of one column of text are written: how many of each way, counted batch by batch."""

    cells: int = 0
    plain: int = 0
    comma: int = 0
    comma_of_three: int = 0
    by_comma: int = 0
    by_dot: int = 0
    by_space: int = 0
    whole: int = 0
    example: str = ""

    def add(self, values: pa.Array) -> None:
        """Count text in: each distinct cell is looked at once."""
        found = values.drop_null().value_counts()
        cells, times = found.field(0), found.field(1)
        self.cells += pc.sum(times).as_py() or 0
        self.plain += _count(cells, times, _PLAIN)
        self.whole += _count(cells, times, _WHOLE)
        marked = pc.match_substring_regex(cells, rf"\d[,{_SPACES}]\d|\.\d{{3}}\.|^,\d")
        if not pc.any(marked).as_py():
            return
        cells, times = cells.filter(marked), times.filter(marked)
        self.comma += _count(cells, times, _COMMA)
        self.comma_of_three += _count(cells, times, _COMMA_OF_THREE)
        self.by_comma += _count(cells, times, _GROUPED_BY_COMMA)
        self.by_dot += _count(cells, times, _GROUPED_BY_DOT)
        self.by_space += _count(cells, times, _GROUPED_BY_SPACE)
        self.example = self.example or cells[0].as_py()

    @property
    def all_whole(self) -> bool:
        """Whether all cells are whole numbers."""
        return self.whole == self.cells

    @property
    def numbers(self) -> bool:
        """Whether nearly all cells are numbers, and some of them not plain ones."""
        known = self.plain + self.comma + self.by_comma + self.by_dot + self.by_space
        return known > self.plain and known >= MOSTLY * self.cells

    @property
    def has_decimal_comma(self) -> bool:
        """Whether a comma has to be that of decimals."""
        return self.comma > self.comma_of_three or self.by_dot > 0


def decimal_of(columns: Mapping[str, Written], where: str, *, dots: bool) -> str:
    """The file's decimal separator, from the columns of text that hold numbers.

    `dots` says that another column has decimals after a dot.

    Raises
    ------
    DataError
        When cells such as ``1,234`` may be one thousand or one, and no other cell of the file says which.
    """
    numbers = {name: written for name, written in columns.items() if written.numbers}
    comma = [name for name, written in numbers.items() if written.has_decimal_comma]
    grouped = [name for name, written in numbers.items() if written.by_comma]
    if comma and grouped:
        raise DataError(
            f"{where}: column {comma[0]!r} has a decimal comma ({numbers[comma[0]].example!r}), column {grouped[0]!r} "
            f"a comma between thousands ({numbers[grouped[0]].example!r}); say source.decimal and source.thousands"
        )
    if comma or grouped or dots:
        return "," if comma else "."
    unsure = next((name for name, written in numbers.items() if written.comma_of_three), None)
    if unsure is not None:
        raise DataError(
            f"{where}: column {unsure!r}: {numbers[unsure].example!r} may be a decimal number or thousands; say "
            "source.decimal: ',' or source.thousands: ','"
        )
    return "."


def plain_numbers(values: pa.Array, decimal: str, thousands: str | None) -> pa.Array:
    """Text in which numbers are written with a dot and without groups; what is no number stays as it is."""
    point, group = (",", thousands or ".") if decimal == "," else (r"\.", thousands or ",")
    group = "" if group in _SPACES else re.escape(group)
    power = r"([eE][+-]?\d+)?"
    whole = rf"\d[\d{group}{_SPACES}]*({point}\d*)?"
    numbers = pc.match_substring_regex(values, rf"^[+-]?({whole}|{point}\d+){power}$")
    bare = pc.replace_substring_regex(values, rf"[{group}{_SPACES}]", "")
    return pc.if_else(numbers, pc.replace_substring(bare, ",", ".") if decimal == "," else bare, values)


def _count(cells: pa.Array, times: pa.Array, pattern: str) -> int:
    return pc.sum(times.filter(pc.match_substring_regex(cells, pattern))).as_py() or 0


def whole_numbers(cells: pa.Array, nothing: pa.Array) -> tuple[bool, bool]:
    """Whether text holds whole numbers of 64 bits, besides words for `nothing`; and whether some begin with a zero.

    A number of more than one digit that begins with a zero is a code: 01234 is not 1234.
    """
    try:
        cells.cast(pa.int64())
    except pa.ArrowInvalid:
        bare = pc.utf8_trim_whitespace(cells)
        cells = bare.filter(pc.invert(pc.is_in(bare, nothing)))
        try:
            cells.cast(pa.int64())
        except pa.ArrowInvalid:
            return False, False
    led = cells.filter(pc.starts_with(cells, "0"))
    return True, bool(len(led)) and bool(pc.any(pc.greater(pc.binary_length(led), 1)).as_py())
