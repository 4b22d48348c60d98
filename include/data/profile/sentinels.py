"""Numbers that stand for "no value": -999 among ages, 9999-12-31 among dates. Found where a spike stands far outside.

A distribution that moves, a new price level and a heavy tail have none: what is found is one number (or up to three on
a side), equal in all its cells, beyond a gap that the column has nowhere else, and among cells of the usual kind.

What only may be one is an outlying value (`outlying_values`): a check leaves it, and `init` asks the model's owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import product

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import NumericColumn, Quantity

SAMPLE = 200_000  # values looked at where no bins are cut
MOST = 3  # such numbers on either side of a column
FEWEST_VALUES = 30  # other values below which nothing is said
ALONE, FAR, NEAR, SIGN = 20.0, 5.0, 1.0, 0.1  # distances in units of the range of all other values
TIMES_GAP, TIMES_GAP_ANY = 3.0, 10.0  # the same in units of the widest gap among them
REPEATED, SHARE = 3, 0.002  # cells, and share of them, where the number alone is not telling enough
BEYOND = (
    2.0**52
)  # distance in units of the size of all others from which on no float holds their sum: 1e308 among prices
LARGE = 999.0  # size from which on one cell of a usual code, far outside, is enough
MOST_LEVEL = 0.5  # share of the cells from its first one on, above which a number is the column's new level
SMOOTH = 0.02  # share that no single value of the others exceeds in a column of measurements
FEWEST_DISTINCT = 50  # different values that such a column has
LIST = 20  # different values that a list of prices or sizes has at most
PRICE = 100.0  # ranges of the others above them, within which a number may be one more price
USUAL = 0.5  # its share of the cells in units of how often two of the others are equal, from which on it is of the list
ALIKE = 0.5  # share of the others with its last digit before the point, from which on it is one of them: 9.99, 49, 999
FLOOR, FLOOR_CELLS = 0.01, 30  # share and number of a reference's cells at its least value, where it cannot go lower
FEW_DISTINCT = 10  # other values up to which only a usual code is looked at

Floats = npt.NDArray[np.float64]


def _codes() -> frozenset[float]:
    digits = {float(digit * places) for places in range(3, 11) for digit in "987"}
    digits |= {9.0, 99.0, 99.9, 999.9, 999.99, 9999.9, 9999.99, 1e6, 1e9, 1e10, 1e20, 9.999e20, 1e30, 1e36, 1e37, 1e38}
    widest = {32767.0, 65535.0, 2147483647.0, 4294967295.0, float(2**63), 3.4028234663852886e38, 1.7976931348623157e308}
    negative = {-number for number in digits | widest} | {-1.0, -32768.0, -2147483648.0}
    sensors = {85.0, -127.0, 127.0, 255.0}  # what thermometers say that cannot measure, and the largest of one byte
    return frozenset(
        digits | widest | negative | sensors | {0.0, 12345.0, 123456.0, 123456789.0, 88.0, 77.0, -88.0, -77.0}
    )


def _dates() -> frozenset[float]:
    days = [(1, 1, 1), (1601, 1, 1), (1753, 1, 1), (1800, 1, 1), (1899, 12, 30), (1899, 12, 31), (1900, 1, 1),
            (1901, 1, 1), (1904, 1, 1), (1970, 1, 1), (1999, 9, 9), (2038, 1, 19), (2099, 12, 31), (2100, 1, 1),
            (2200, 1, 1), (2262, 4, 11), (2999, 12, 31), (3000, 1, 1), (9999, 1, 1), (9999, 12, 31)]  # fmt: skip
    midnights = [datetime(*day, tzinfo=UTC).timestamp() for day in days]
    ends = [datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() for year in (2099, 2999, 9999)]
    return frozenset([*midnights, *ends])


CODES, DATES = _codes(), _dates()


@dataclass(frozen=True, slots=True)
class _Others:
    """All values but those in question: least and greatest, the widest gap, the different ones and the share of each.

    `at_low` is how many of a reference's cells are at the least of all. Of a column with very many different values
    these are the edges of its bins, and the shares of just them.
    """

    low: float
    high: float
    gap: float
    distinct: Callable[[], tuple[Floats, Floats]]
    at_low: int = 0

    @property
    def span(self) -> float:
        return self.high - self.low

    def smooth(self) -> bool:
        """Whether they are measurements: many different ones, none of them frequent."""
        values, shares = self.distinct()
        return len(values) >= FEWEST_DISTINCT and float(shares.max()) <= SMOOTH

    def ends_at_nought(self) -> bool:
        """Whether they are none of them below 0, by what they are: a reference has very often its least value."""
        return self.low >= 0.0 and self.at_low >= FLOOR_CELLS and float(self.distinct()[1][0]) >= FLOOR

    def sold_at(self, value: float, share: float) -> bool:
        """Whether a value above them is one more price or size: with their last digit, or as usual as they are.

        A scale of whole numbers one apart (grades, counts) is no such list. `share` is of its cells in all cells.
        """
        if not self.high < value <= self.high + PRICE * self.span:
            return False
        values, shares = self.distinct()
        if float(np.mean(np.floor(values) % 10.0 == np.floor(value) % 10.0)) >= ALIKE:
            return True
        scale = bool(np.all(values == np.rint(values))) and float(np.median(np.diff(values))) <= 1.0
        return len(values) <= LIST and not scale and share >= USUAL * float((shares**2).sum())


@dataclass(frozen=True, slots=True)
class Outlying:
    """The least or the greatest value of a column, where it comes up again and again.

    `apart` if it is far from the others, of which `nearest` is the next one.
    """

    value: float
    cells: int
    apart: bool
    nearest: float


def outlying_values(values: Floats, quantity: Quantity = "number") -> tuple[Outlying, ...]:
    """The ends of finite values from which `sentinels_of_reference` are gone: what may stand for no value all the same.

    A value is apart if it is farther from all others than these are from each other, or a usual code beyond their
    widest gap, as 0 among blood pressures, or the only one below 0.
    """
    if len(values) < FEWEST_VALUES:
        return ()
    numbers, cells = np.unique(values, return_counts=True)
    if len(numbers) < 3:
        return ()
    found = []
    for end, beside, others in ((0, 1, numbers[1:]), (-1, -2, numbers[:-1])):
        if cells[end] >= REPEATED:
            value, apart = float(numbers[end]), _is_apart(float(numbers[end]), others, quantity)
            found.append(Outlying(value, int(cells[end]), apart, float(numbers[beside])))
    return tuple(found)


def _is_apart(value: float, others: Floats, quantity: Quantity) -> bool:
    low, high, gap = float(others[0]), float(others[-1]), float(_gaps(others).max())
    distance, many = max(low - value, value - high), len(others) > FEW_DISTINCT
    code = value in (DATES if quantity == "datetime" else CODES)
    beyond = distance >= SIGN * (high - low) and distance >= TIMES_GAP * gap
    alone_below = value < 0.0 <= low and quantity == "number" and (many or distance > gap)
    return ((code or many) and distance > NEAR * (high - low)) or (code and (beyond or alone_below))


def sentinels_of_reference(
    values: Floats, quantity: Quantity = "number", *, ordered: Floats | None = None
) -> tuple[float, ...]:
    """The numbers that stand for no value among a reference's finite values, in row order; `ordered` if it is known."""
    if len(values) < FEWEST_VALUES:
        return ()
    ordered, different = np.sort(values) if ordered is None else ordered, None
    lows, highs = _outermost(ordered), _outermost(-ordered[::-1])
    highs = [(-value, cells) for value, cells in highs]
    for low, high in _ways(lows, highs):
        start, stop = sum(cells for _, cells in low), len(ordered) - sum(cells for _, cells in high)
        if stop - start < max(FEWEST_VALUES, len(ordered) // 2):
            continue
        least, greatest = float(ordered[start]), float(ordered[stop - 1])
        if not all(
            _far_outside(value, least, greatest) or value < 0.0 <= least < greatest for value, _ in (*low, *high)
        ):
            continue
        different = _distinct(ordered) if different is None else different
        rest = slice(len(low), len(different[0]) - len(high))
        numbers, cells = different[0][rest], different[1][rest]
        others = _Others(least, greatest, float(_gaps(numbers).max()), partial(_shares, numbers, cells))
        if all(_stands_for_none(one, values, others, quantity) for one in (*low, *high)):
            return tuple(value for value, _ in (*low, *high))
    return ()


def sentinels_of_many(values: Floats, quantity: Quantity = "number") -> tuple[float, ...]:
    """The same where no bins are cut: NaN where there is none; of very many a part is looked at, and the extremes."""
    finite = values[np.isfinite(values)]
    if len(finite) > SAMPLE:
        finite = np.append(finite[:: -(-len(finite) // SAMPLE)], [finite.min(), finite.max()])
    return sentinels_of_reference(finite, quantity)


def sentinels_beside(values: Floats, known: NumericColumn) -> tuple[float, ...]:
    """Those among recent values, in row order, NaN where there is none, that the reference `known` never had."""
    if known.possible.declared or known.finite < FEWEST_VALUES or not known.minimum < known.maximum:
        return ()
    if is_near(values, known):
        return ()
    values = known.possible.only(values)[0]
    values = values[np.isfinite(values)]
    below, above = np.sort(values[values < known.minimum]), np.sort(-values[values > known.maximum])
    lows, highs = _outermost(below), [(-value, cells) for value, cells in _outermost(above)]
    gap = float(np.diff(known.edges).max())
    for low, high in _ways(lows, highs):
        start, stop = sum(cells for _, cells in low), sum(cells for _, cells in high)
        others = _Others(
            float(below[start]) if start < len(below) else known.minimum,
            -float(above[stop]) if stop < len(above) else known.maximum,
            gap,
            lambda: (np.array(known.edges), np.array(known.at_edges) / known.finite),
            0 if start < len(below) else known.at_edges[0],
        )
        if all(_stands_for_none(one, values, others, known.quantity) for one in (*low, *high)):
            return tuple(value for value, _ in (*low, *high))
    return ()


def is_near(values: Floats, known: NumericColumn) -> bool:
    """Whether all values are so near to the reference's that none can be a sentinel: seen at a glance."""
    reach = SIGN * (known.maximum - known.minimum)
    low, high = np.fmin.reduce(values, initial=np.inf), np.fmax.reduce(values, initial=-np.inf)
    signed = low < 0.0 <= known.minimum
    return bool(low >= known.minimum - reach and high <= known.maximum + reach and not signed)


def _outermost(ordered: Floats) -> list[tuple[float, int]]:
    """The first distinct values of sorted ones, and how often each is there."""
    found: list[tuple[float, int]] = []
    start = 0
    while start < len(ordered) and len(found) < MOST:
        stop = int(np.searchsorted(ordered, ordered[start], side="right"))
        found.append((float(ordered[start]), stop - start))
        start = stop
    return found


_Spikes = Sequence[tuple[float, int]]


def _ways(lows: _Spikes, highs: _Spikes) -> Iterator[tuple[_Spikes, _Spikes]]:
    """Which of the outermost values to look at together, most of them first."""
    ways = sorted(product(range(len(lows) + 1), range(len(highs) + 1)), key=lambda way: -sum(way))
    return ((lows[:low], highs[:high]) for low, high in ways if low or high)


def _far_outside(value: float, low: float, high: float) -> bool:
    """Whether a value is so far beyond all others, which are from `low` to `high`, that it may stand for none."""
    distance = low - value if value < low else value - high
    return distance >= SIGN * (high - low) > 0.0


def _stands_for_none(spike: tuple[float, int], values: Floats, others: _Others, quantity: Quantity) -> bool:
    """Whether a value is so far from all others, so often there and so usual a code that it is none."""
    value, cells = spike
    often = cells >= REPEATED and cells >= SHARE * len(values)
    if quantity == "number" and often and _below_nought(value, others) and _among_others(value, cells, values):
        return True
    distance = others.low - value if value < others.low else value - others.high
    if not _far_outside(value, others.low, others.high) or distance < TIMES_GAP * others.gap:
        return False
    if quantity == "number" and distance >= BEYOND * max(others.span, abs(others.low), abs(others.high)):
        return True
    code = value in (DATES if quantity == "datetime" else CODES)
    sign = value < 0.0 <= others.low and quantity != "datetime"
    if code and quantity == "number" and others.sold_at(value, cells / len(values)):
        return False
    far = distance >= FAR * others.span
    if code and far:
        alone = abs(value) >= LARGE and (sign or distance >= ALONE * others.span)
        telling = cells > 1 or quantity == "datetime" or alone
    elif code:
        telling = often and (sign or distance >= NEAR * others.span)
    else:
        telling = often and far and distance >= TIMES_GAP_ANY * others.gap and others.smooth()
    fault = sign and code and distance >= NEAR * others.span  # also where nothing else comes any more
    return telling and (fault or _among_others(value, cells, values))


def _below_nought(value: float, others: _Others) -> bool:
    """Whether a usual code is the one value below 0 of measurements, or of a column that cannot go lower."""
    return value < 0.0 <= others.low and value in CODES and (others.smooth() or others.ends_at_nought())


def _among_others(value: float, cells: int, values: Floats) -> bool:
    """Whether other values go on coming after its first cell: else it is where the column has moved to."""
    first = int(np.argmax(values == value))
    return cells <= MOST_LEVEL * (len(values) - first)


def _gaps(ordered: Floats) -> Floats:
    with np.errstate(over="ignore"):  # from -1e308 to 1e308
        return np.diff(ordered)


def _distinct(ordered: Floats) -> tuple[Floats, npt.NDArray[np.intp]]:
    """The different ones of sorted values, and how often each is there."""
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    return ordered[starts], np.diff(starts, append=len(ordered))


def _shares(numbers: Floats, cells: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    return numbers, cells / cells.sum()
