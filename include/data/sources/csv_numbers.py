"""Numbers as people write them in CSV files: 1.234,50 or $1,234.50 or 12 %, each column by all of its cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from include.errors import DataError

MOSTLY = 0.95  # share of a column's cells that are numbers, from which on it is one of numbers
_SPACES = "'  \u00a0\u202f"
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DECIMAL_DOT = r"^[+-]?(0?\.\d+|\d+\.(\d{1,2}|\d{4,}))([eE][+-]?\d+)?$"
_MARKS = ("%", "‰", "$", "€", "£", "¥", "₹", "USD", "EUR", "GBP", "CHF", "JPY", "INR")
_MARK = "(?:" + "|".join(map(re.escape, _MARKS)) + ")"
_BLANK = "[ \u00a0\u202f]?"
_DIGITS = rf"([+-]?[\d.,][\d.,{_SPACES}]*?)"
_MARK_BEFORE, _MARK_AFTER = rf"^([+-]?){_MARK}{_BLANK}{_DIGITS}$", rf"^{_DIGITS}{_BLANK}{_MARK}$"
_MINUS = "\u2212"
_BEGINNING, _BRACKETS = rf"^[\d.,+({_MINUS}-]|^{_MARK}", r"^\(([^()+-]*\d[^()]*)\)$"
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
    dotted: int = 0
    comma: int = 0
    comma_of_three: int = 0
    by_comma: int = 0
    by_dot: int = 0
    by_space: int = 0
    whole: int = 0
    marked: dict[str, int] = field(default_factory=dict)
    signs: int = 0
    example: str = ""

    def add(self, values: pa.Array) -> None:
        """Count text in: each distinct cell is looked at once."""
        found = values.drop_null().value_counts()
        cells, times = found.field(0), found.field(1)
        self.cells += pc.sum(times).as_py() or 0
        begin = pc.match_substring_regex(cells, _BEGINNING)
        if not pc.any(begin).as_py():
            return
        cells, times = cells.filter(begin), times.filter(begin)
        signed = _with_signs(cells)
        bare = without_marks(signed)
        marked = pc.not_equal(bare, signed)
        if pc.any(marked).as_py():
            self._count_marks(signed.filter(marked), times.filter(marked))
        self.signs += pc.sum(times.filter(pc.not_equal(signed, cells))).as_py() or 0
        cells = bare
        self.plain += _count(cells, times, _PLAIN)
        self.whole += _count(cells, times, _WHOLE)
        self.dotted += _count(cells, times, _DECIMAL_DOT)
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

    def _count_marks(self, cells: pa.Array, times: pa.Array) -> None:
        for mark in _MARKS:
            rows = pc.sum(times.filter(pc.match_substring(cells, mark))).as_py()
            if rows:
                self.marked[mark] = self.marked.get(mark, 0) + rows

    @property
    def all_marked(self) -> bool:
        """Whether nearly all cells are numbers with a mark."""
        return sum(self.marked.values()) >= MOSTLY * self.cells

    @property
    def all_whole(self) -> bool:
        """Whether all cells are whole numbers."""
        return self.whole == self.cells

    @property
    def numbers(self) -> bool:
        """Whether nearly all cells are numbers, and some of them not plain ones.

        A mark such as % or $ belongs to the column: numbers with two of them, or only some of them with one, cannot
        be compared.
        """
        known = self.plain + self.comma + self.by_comma + self.by_dot + self.by_space
        if self.marked and (len(self.marked) > 1 or sum(self.marked.values()) < MOSTLY * self.cells):
            return False
        return (known > self.plain or bool(self.marked) or self.signs > 0) and known >= MOSTLY * self.cells

    @property
    def has_decimal_comma(self) -> bool:
        """Whether a comma has to be that of decimals."""
        return self.comma > self.comma_of_three or self.by_dot > 0

    @property
    def has_decimal_dot(self) -> bool:
        """Whether most dots without a comma have to be those of decimals: 1.5 and 0.125; 1.250 may be thousands."""
        return 2 * self.dotted > self.plain - self.whole


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


def told_of(columns: Mapping[str, Written], mixed: Collection[str]) -> list[str]:
    """What is to be said of numbers in several marks, and of `mixed` columns."""
    told = [
        f"numbers of {name} have several marks, such as {' and '.join(list(each.marked)[:2])}, and are taken for names"
        for name, each in columns.items()
        if len(each.marked) > 1 and each.all_marked
    ]
    if mixed:
        names = ", ".join(sorted(mixed))
        told.append(f"decimals of {names} come after a comma in some cells and after a dot in others")
    return told


def plain_numbers(values: pa.Array, decimal: str, thousands: str | None, *, mixed: bool = False) -> pa.Array:
    """Text in which numbers are written with a dot and without groups; what is no number stays as it is.

    In a `mixed` column decimals come after a comma in some cells and after a dot in others: the only dot of a cell
    without a comma is that of its decimals.
    """
    values = without_marks(_with_signs(values))
    point, group = (",", thousands or ".") if decimal == "," else (r"\.", thousands or ",")
    group = "" if group in _SPACES else re.escape(group)
    power = r"([eE][+-]?\d+)?"
    whole = rf"\d[\d{group}{_SPACES}]*({point}\d*)?"
    numbers = pc.match_substring_regex(values, rf"^[+-]?({whole}|{point}\d+){power}$")
    if mixed:
        numbers = pc.and_(numbers, pc.invert(pc.match_substring_regex(values, r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$")))
    bare = pc.replace_substring_regex(values, rf"[{group}{_SPACES}]", "")
    return pc.if_else(numbers, pc.replace_substring(bare, ",", ".") if decimal == "," else bare, values)


def without_marks(values: pa.Array) -> pa.Array:
    """Numbers without the one mark before or after them (%, $, EUR, …); text that is no such number stays as it is.

    >>> without_marks(pa.array(["-$1,200", "12.5 %", "$5%", "100 % wool"])).to_pylist()
    ['-1,200', '12.5', '$5%', '100 % wool']
    """
    for pattern, number in ((_MARK_BEFORE, r"\1\2"), (_MARK_AFTER, r"\1")):
        if pc.any(pc.match_substring_regex(values, pattern)).as_py():
            values = pc.replace_substring_regex(values, pattern, number)
    return values


def _with_signs(values: pa.Array) -> pa.Array:
    """Numbers in brackets, and those after a typeset minus, with the minus that computers read.

    >>> _with_signs(pa.array(["(1,200.50)", "($5)", "\u22123", "(none)"])).to_pylist()
    ['-1,200.50', '-$5', '-3', '(none)']
    """
    for start, pattern, number in (("(", _BRACKETS, r"-\1"), (_MINUS, rf"^{_MINUS}([^-]*\d)", r"-\1")):
        if pc.any(pc.starts_with(values, start)).as_py():
            values = pc.replace_substring_regex(values, pattern, number)
    return values


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
