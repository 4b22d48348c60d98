"""Cross moments of the numeric columns: what a change of correlation with unchanged marginals is tested on.

Correlations of the values themselves are worthless under heavy tails: one row decides. Here each value is first
replaced by its score: the reference's normal score, interpolated between five quantiles and clipped at -2 and 2, in
whole eighths of a standard deviation. Scores are bounded, and being whole numbers their sums are exact: merging
profiles in any order gives the same integers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import Column, NumericColumn
from include.data.profile.numeric import added
from include.data.profile.scales import Codes
from include.errors import DataError

CROSS_COLUMNS = 100  # the matrix is kept for at most so many numeric columns, the first ones: its cost is their square
MOST_GATHERED = 1.0  # absent cells for each row, above which a product of matrices is cheaper than gathering them
LANES = 16  # the product of matrices is faster when their height is a multiple of this: some rows of 0 are added
PART_ROWS = 8_192  # of the product of matrices at a time: in float32, below 2 ** 24, where whole numbers are exact
FEWEST = 3  # rows of a pair below which it has no correlation

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossMoments:
    """Sums over the rows in which both columns of a pair are finite.

    Parameters
    ----------
    names : tuple of str
        Numeric columns, in order; the d x d matrices that follow are flat, row by row.
    pairs : tuple of int
        Rows in which column i and column j are both finite.
    sums : tuple of int
        Sum of column i's scores over them, in units of 1 / `STEPS`.
    products : tuple of int
        Sum of the products of the two scores over them, in units of 1 / `STEPS` squared.
    """

    names: tuple[str, ...]
    pairs: tuple[int, ...]
    sums: tuple[int, ...]
    products: tuple[int, ...]

    def among(self, names: Collection[str]) -> CrossMoments | None:
        """The same of those of the columns that are in `names`; None for fewer than two."""
        places = [place for place, name in enumerate(self.names) if name in names]
        if len(places) < 2:
            return None
        size = len(self.names)
        flat = [row * size + column for row in places for column in places]
        return CrossMoments(
            names=tuple(self.names[place] for place in places),
            pairs=tuple(self.pairs[place] for place in flat),
            sums=tuple(self.sums[place] for place in flat),
            products=tuple(self.products[place] for place in flat),
        )

    def correlations(self) -> Floats:
        """Correlations of the scores, shape (d, d), in [-1, 1].

        The covariance is that of the rows in which both are finite, the variances those of each column's own rows.
        NaN for a column whose score does not vary, and for pairs of columns with fewer than three rows in common.
        """
        shape = (len(self.names), len(self.names))
        pairs, sums, products = (
            np.array(flat, dtype=np.float64).reshape(shape) for flat in (self.pairs, self.sums, self.products)
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            covariances = products / pairs - (sums / pairs) * (sums.T / pairs)
            deviations = np.sqrt(np.diag(covariances))
            found = covariances / np.outer(deviations, deviations)
        found[(pairs < FEWEST) | ~np.isfinite(found)] = math.nan
        return np.asarray(np.clip(found, -1.0, 1.0))


@dataclass(slots=True)
class CrossState:
    """The matrices while rows are being counted."""

    names: Sequence[str]
    products: Counts = field(init=False)
    sums: Counts = field(init=False)
    pairs: Counts = field(init=False)
    block: Codes = field(init=False, default_factory=lambda: np.empty((0, 0), dtype=np.int8))
    places: dict[str, int] = field(init=False)
    absent: dict[str, Places] = field(init=False, default_factory=dict)
    rows: int = 0

    def __post_init__(self) -> None:
        self.places = {name: place for place, name in enumerate(self.names)}
        self.products, self.sums, self.pairs = (np.zeros((len(self.names),) * 2, dtype=np.int64) for _ in range(3))

    def begin(self, rows: int) -> None:
        """Start a batch."""
        if len(self.names) > 1 and (self.block.shape[1] < rows or not self.block.size):
            height = -(-(len(self.names) + 1) // LANES) * LANES
            self.block = np.zeros((height, max(rows, 1)), dtype=np.int8)
            self.block[-1] = 1  # products with it are sums
        self.rows = rows
        self.absent.clear()

    def scores(self, name: str) -> Codes | None:
        """Where to write a column's scores, 0 where `absent` will say so; None if it is not one of `names`."""
        if name not in self.places or len(self.names) < 2:
            return None
        return np.asarray(self.block[self.places[name], : self.rows])

    def end(self) -> None:
        """Add the batch to the matrices."""
        if len(self.names) < 2 or not self.rows:
            return
        padded = self.block[:, : self.rows]
        block = padded[: len(self.names)]
        for name in self.names:
            if name not in self.absent:
                block[self.places[name]] = 0
                self.absent[name] = np.arange(self.rows)
        absent = [self.absent[name] for name in self.names]
        products = _product(padded, padded)
        self.products += products[: len(block), : len(block)]
        self.sums += products[: len(block), -1:] - _sums_where(block, absent)
        gone = np.array([len(places) for places in absent])
        self.pairs += self.rows - gone[:, None] - gone + _both_absent(absent, self.rows)

    def result(self) -> CrossMoments | None:
        """The sums; None for fewer than two numeric columns."""
        if len(self.names) < 2:
            return None
        return CrossMoments(
            names=tuple(self.names),
            pairs=tuple(self.pairs.ravel().tolist()),
            sums=tuple(self.sums.ravel().tolist()),
            products=tuple(self.products.ravel().tolist()),
        )


def crossed(columns: Mapping[str, Column]) -> list[str]:
    """Names of the first `CROSS_COLUMNS` numeric columns."""
    return [name for name, column in columns.items() if isinstance(column, NumericColumn)][:CROSS_COLUMNS]


def _product(left: Codes, right: Codes) -> Counts:
    """``left @ right.T``, exactly, at the speed of float32."""
    total = np.zeros((len(left), len(right)), dtype=np.int64)
    for first in range(0, left.shape[1], PART_ROWS):
        part = left[:, first : first + PART_ROWS].astype(np.float32)
        other = part if right is left else right[:, first : first + PART_ROWS].astype(np.float32)
        total += (part @ other.T).astype(np.int64)
    return total


def _sums_where(block: Codes, absent: Sequence[Places]) -> Counts:
    """Each row's sum over the places where the other column is absent; scores are 0 where absent themselves."""
    rows, size = np.concatenate(absent), block.shape[1]
    if len(rows) > MOST_GATHERED * size:
        return _product(block, _flags(absent, size))
    there = np.array([len(places) > 0 for places in absent])
    found = np.zeros((len(block), len(block)), dtype=np.int64)
    if there.any():
        starts = np.cumsum([0, *(len(places) for places in absent)])[:-1][there]
        gathered = block.take(rows, axis=1, mode="wrap")  # none is out of range, and "wrap" checks that fastest
        found[:, there] = np.add.reduceat(gathered, starts, axis=1, dtype=np.int32)
    return found


def _both_absent(absent: Sequence[Places], size: int) -> Counts:
    """In how many rows both of two columns are absent."""
    rows = np.concatenate(absent)
    several = np.bincount(rows, minlength=size) > 1
    number = np.cumsum(several) - 1
    flags = _flags([number[places[several[places]]] for places in absent], int(several.sum()))
    both = _product(flags, flags)
    np.fill_diagonal(both, [len(places) for places in absent])
    return both


def _flags(places: Sequence[Places], size: int) -> Codes:
    """1 at each column's `places`, else 0; shape (columns, size)."""
    flags = np.zeros((len(places), size), dtype=np.int8)
    for row, known in zip(flags, places, strict=True):
        row[known] = 1
    return flags


def merge_cross(parts: Sequence[CrossMoments | None]) -> CrossMoments | None:
    """Sums over all parts; None if a part has none, a DataError if they are of different columns."""
    there = [part for part in parts if part is not None]
    if not there or len(there) < len(parts):
        return None
    if len({part.names for part in there}) > 1:
        raise DataError(
            "the profiles to merge have cross moments of different columns; make them against one reference"
        )
    return CrossMoments(
        names=there[0].names,
        pairs=added([part.pairs for part in there]),
        sums=added([part.sums for part in there]),
        products=added([part.products for part in there]),
    )
