"""Numbers as people write them in CSV files: 1.234,50 or $1,234.50 or 12 %, each column by all of its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import EXACT, LONG, POWER
from include.data.kinds.beside_text import number_beside_text

MOSTLY = 0.95  # share of a column's cells that are numbers, from which on it is one of numbers
MOST_WORDS, LEAST_NUMBERS = 3, 0.5  # different words among numbers, and share of these, where the words do not count
RARE = 0.01  # share of a column's cells with a separator, up to which those of one way of writing are slips
_SPACES = "'\u2019 \u00a0\u2009\u202f"
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_DOTTED = r"^[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?$"
_MARKS = ("%", "‰", "$", "€", "£", "¥", "₹", "USD", "EUR", "GBP", "CHF", "JPY", "INR")
_MARK = "(?:" + "|".join(map(re.escape, _MARKS)) + ")"
_BLANK = "[ \u00a0\u202f]?"
_DIGITS = rf"([+-]?[\d.,][\d.,{_SPACES}]*?)"
_MARK_BEFORE, _MARK_AFTER = rf"^([+-]?){_MARK}{_BLANK}{_DIGITS}$", rf"^{_DIGITS}{_BLANK}{_MARK}$"
_MINUS = "\u2212"
_BEGINNING, _BRACKETS = rf"^[\d.,+({_MINUS}-]|^{_MARK}", r"^\(([^()+-]*\d[^()]*)\)$"
_MINUS_AFTER = r"^(\d[\d.,]*)-$"  # as SAP writes
_WHOLE = r"^[+-]?\d+$"
_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
_COMMA_OF_THREE = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_DOT_OF_THREE = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
_GROUPED_BY_COMMA = (
    r"^[+-]?[1-9]\d{0,2}(,\d{3}){2,}(\.\d+)?$|^[+-]?[1-9]\d{0,2}(,\d{3})+\.\d+$"
    r"|^[+-]?[1-9]\d?(,\d{2})+,\d{3}(\.\d+)?$"  # as in India
)
_GROUPED_BY_DOT = r"^[+-]?[1-9]\d{0,2}(\.\d{3}){2,}(,\d+)?$|^[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+$"
_GROUPED_BY_SPACE = rf"^[+-]?[1-9]\d{{0,2}}([{_SPACES}]\d{{3}})+([.,]\d+)?$"
_DOT_AFTER_SPACE = rf"^[+-]?[1-9]\d{{0,2}}([{_SPACES}]\d{{3}})+\.\d+$"
_COMMA_AFTER_SPACE = rf"^[+-]?\d[\d{_SPACES}]*[{_SPACES}]\d{{3}},\d+$"


@dataclass
class Written:
    """How the cells of one column of text are written: how many of each way, counted batch by batch.

    `nothing` of the `cells` are words for an empty one. `dotted` are those whose dot has to be that of decimals. Floats
    could not tell the `large` of the `whole` ones apart; `rounded` are as large, but without their digits (9.0072E+15).
    Of `words` that are no numbers there are no more than one beyond `MOST_WORDS`. `beside_text` is a cell such as
    12.5 kg, where nearly all are written so.
    """

    cells: int = 0
    nothing: int = 0
    plain: int = 0
    dotted: int = 0
    dot_of_three: int = 0
    comma: int = 0
    comma_of_three: int = 0
    by_comma: int = 0
    by_dot: int = 0
    by_space: int = 0
    comma_after_space: int = 0
    whole: int = 0
    large: int = 0
    rounded: int = 0
    marked: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    signs: int = 0
    example: str = ""
    dot_example: str = ""
    odd_example: str = ""
    beside_text: str = ""

    def add(self, values: pa.Array, nothing: pa.Array) -> None:
        """Count text in: each distinct cell is looked at once; `nothing` are words for an empty cell."""
        found = values.drop_null().value_counts()
        cells, times = found.field(0), found.field(1)
        if not self.cells:
            self.beside_text = number_beside_text(cells.filter(pc.invert(pc.is_in(cells, nothing))))
        self.cells += pc.sum(times).as_py() or 0
        self.nothing += pc.sum(times.filter(pc.is_in(cells, nothing))).as_py() or 0
        begin = pc.match_substring_regex(cells, _BEGINNING)
        if len(self.words) <= MOST_WORDS:
            self._count_words(cells, times, pc.invert(pc.or_(begin, pc.is_in(cells, nothing))))
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
        whole = pc.match_substring_regex(cells, _WHOLE)
        self.whole += pc.sum(times.filter(whole)).as_py() or 0
        self.large += _count_large(cells, times, LONG)
        self.rounded += _count_large(cells, times, POWER)
        self.odd_example = self.odd_example or next(iter(cells.filter(pc.invert(whole)).slice(0, 1).to_pylist()), "")
        three = pc.match_substring_regex(cells, _DOT_OF_THREE)
        threes = pc.sum(times.filter(three)).as_py() or 0
        self.dot_of_three += threes
        self.dotted += _count(cells, times, _DOTTED) - threes
        self.dot_example = self.dot_example or next(iter(cells.filter(three).slice(0, 1).to_pylist()), "")
        marked = pc.match_substring_regex(cells, rf"\d[,{_SPACES}]\d|\.\d{{3}}\.|^,\d")
        if not pc.any(marked).as_py():
            return
        cells, times = cells.filter(marked), times.filter(marked)
        self.comma += _count(cells, times, _COMMA)
        self.comma_of_three += _count(cells, times, _COMMA_OF_THREE)
        self.by_comma += _count(cells, times, _GROUPED_BY_COMMA)
        self.by_dot += _count(cells, times, _GROUPED_BY_DOT)
        self.by_space += _count(cells, times, _GROUPED_BY_SPACE)
        self.dotted += _count(cells, times, _DOT_AFTER_SPACE)
        self.comma_after_space += _count(cells, times, _COMMA_AFTER_SPACE)
        self.example = self.example or cells[0].as_py()

    def _count_words(self, cells: pa.Array, times: pa.Array, chosen: pa.Array) -> None:
        few = (each.filter(chosen).slice(0, MOST_WORDS + 1).to_pylist() for each in (cells, times))
        for word, rows in zip(*few, strict=True):
            self.words[word] = self.words.get(word, 0) + rows

    def _count_marks(self, cells: pa.Array, times: pa.Array) -> None:
        for mark in _MARKS:
            rows = pc.sum(times.filter(pc.match_substring(cells, mark))).as_py()
            if rows:
                self.marked[mark] = self.marked.get(mark, 0) + rows

    def __add__(self, other: Written) -> Written:
        """Both columns together."""
        sums = {
            name: getattr(self, name) + getattr(other, name) for name, value in vars(self).items() if type(value) is int
        }
        texts = [name for name, value in vars(self).items() if type(value) is str]
        examples = {name: getattr(self, name) or getattr(other, name) for name in texts}
        counted = [_summed(*both) for both in ((self.marked, other.marked), (self.words, other.words))]
        return Written(**sums, **examples, marked=counted[0], words=counted[1])

    @property
    def filled(self) -> int:
        """Cells that are no words for an empty one."""
        return self.cells - self.nothing

    @property
    def known(self) -> int:
        """Cells that are numbers."""
        return self.plain + self.comma + self.by_comma + self.by_dot + self.by_space

    @property
    def meant(self) -> int:
        """Filled cells, without those of a few words among numbers."""
        few = sum(self.words.values()) if len(self.words) <= MOST_WORDS else 0
        return self.filled - few if self.known >= LEAST_NUMBERS * self.filled else self.filled

    @property
    def all_marked(self) -> bool:
        """Whether nearly all cells are numbers with a mark."""
        return sum(self.marked.values()) >= MOSTLY * self.meant

    @property
    def odd(self) -> int:
        """Cells that are no whole numbers."""
        return self.filled - self.whole

    @property
    def codes(self) -> bool:
        """Whether these are whole numbers that floats could not tell apart, but for fewer cells of another kind.

        Of amounts as large as that some have decimals, or a power of ten instead of their digits; a single one among
        identifiers is a slip.
        """
        return self.large > self.odd - self.rounded and not self.marked

    @property
    def numbers(self) -> bool:
        """Whether nearly all cells are numbers, and some of them not plain ones, or such as 1.234.

        A mark such as % or $ belongs to the column: numbers with two of them, or only some of them with one, cannot
        be compared.
        """
        if self.codes or (self.marked and (len(self.marked) > 1 or not self.all_marked)):
            return False
        written = self.known > self.plain or bool(self.marked) or self.signs > 0 or self.dot_of_three > 0
        return written and self.known >= MOSTLY * self.meant

    @property
    def has_decimal_comma(self) -> bool:
        """Whether a comma has to be that of decimals, but for slips."""
        return self._often(self.comma - self.comma_of_three + self.by_dot + self.comma_after_space)

    @property
    def has_decimal_dot(self) -> bool:
        """Whether a dot has to be that of decimals: in 1.5, 0.125, 12.3456; not in 1.234.567, and 1.250 may be both."""
        return self.dotted > self.by_dot and self._often(self.dotted)

    @property
    def has_grouping_comma(self) -> bool:
        """Whether a comma has to stand between thousands, but for slips."""
        return self._often(self.by_comma)

    @property
    def decimal(self) -> str:
        """What comes before decimals, where the column's own cells tell it; empty where they do not."""
        if self.has_decimal_comma:
            return ","
        return "." if self.has_decimal_dot or self.has_grouping_comma else ""

    @property
    def mixed(self) -> bool:
        """Whether decimals come after a comma in some cells and after a dot in others."""
        return self.has_decimal_comma and self.has_decimal_dot

    def _often(self, cells: int) -> bool:
        return cells > RARE * (self.known - self.whole)


def plain_numbers(values: pa.Array, decimal: str, thousands: str | None, *, mixed: bool = False) -> pa.Array:
    """Text in which numbers are written with a dot and without groups; what is no number stays as it is.

    A group is one of three digits, or of two before the last as in India: of 1,5 and 0,512 no thousands are made.
    In a `mixed` column decimals come after a comma in some cells and after a dot in others: the only dot of a cell
    without a comma is that of its decimals.
    """
    values = _without_spaces(without_marks(_with_signs(values)))
    point = "," if decimal == "," else r"\."
    group = ("." if decimal == "," else ",") if thousands in (None, decimal) else thousands
    gap = f"[{'' if not group or group in _SPACES else re.escape(group)}{_SPACES}]"
    power = r"([eE][+-]?\d+)?"
    whole = rf"(\d+|[1-9]\d{{0,2}}({gap}\d{{2,3}})*{gap}\d{{3}})({point}\d*)?"
    numbers = pc.match_substring_regex(values, rf"^[+-]?({whole}|{point}\d+){power}$")
    if mixed:
        numbers = pc.and_(numbers, pc.invert(pc.match_substring_regex(values, r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$")))
    bare = pc.replace_substring_regex(values, gap, "")
    return pc.if_else(numbers, pc.replace_substring(bare, ",", ".") if decimal == "," else bare, values)


def _without_spaces(values: pa.Array) -> pa.Array:
    """Numbers with blanks or apostrophes between thousands and a dot before decimals, which can be read in one way."""
    chosen = pc.match_substring_regex(values, _DOT_AFTER_SPACE)
    if not pc.any(chosen).as_py():
        return values
    return pc.if_else(chosen, pc.replace_substring_regex(values, f"[{_SPACES}]", ""), values)


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
    """Numbers in brackets, those after a typeset minus, and those before a minus, with a minus before them.

    >>> _with_signs(pa.array(["(1,200.50)", "($5)", "\u22123", "(none)", "1.200,50-"])).to_pylist()
    ['-1,200.50', '-$5', '-3', '(none)', '-1.200,50']
    """
    for start, pattern, number in (("(", _BRACKETS, r"-\1"), (_MINUS, rf"^{_MINUS}([^-]*\d)", r"-\1")):
        if pc.any(pc.starts_with(values, start)).as_py():
            values = pc.replace_substring_regex(values, pattern, number)
    if pc.any(pc.ends_with(values, "-")).as_py():
        values = pc.replace_substring_regex(values, _MINUS_AFTER, r"-\1")
    return values


def _summed(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in (*one, *other)}


def _count(cells: pa.Array, times: pa.Array, pattern: str) -> int:
    return pc.sum(times.filter(pc.match_substring_regex(cells, pattern))).as_py() or 0


def _count_large(cells: pa.Array, times: pa.Array, pattern: str) -> int:
    """How many of the cells that are written so are numbers from 2^53 on."""
    found = pc.match_substring_regex(cells, pattern)
    if not pc.any(found).as_py():
        return 0
    sizes = pc.utf8_ltrim(cells.filter(found), characters="+-").cast(pa.float64())
    return pc.sum(times.filter(found).filter(pc.greater_equal(sizes, float(EXACT)))).as_py() or 0
