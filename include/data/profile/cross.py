"""Cross moments of the numeric columns: what a change of correlation with unchanged marginals is tested on.

Correlations of the values themselves are worthless under heavy tails: one row decides. Here each value is first
replaced by its score: the reference's normal score, interpolated between five quantiles and clipped at -2 and 2, in
whole eighths of a standard deviation. Scores are bounded, and being whole numbers their sums are exact: merging
profiles in any order gives the same integers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import Column, NumericColumn
from include.data.profile.numeric import added
from include.errors import DataError

CROSS_COLUMNS = 100  # the matrix is kept for at most so many numeric columns, the first ones: its cost is their square
STEPS = 8  # scores are counted in 1 / STEPS standard deviations
SHARES = (0.0228, 0.1587, 0.5, 0.8413, 0.9772)  # normal distribution function at -2, -1, 0, 1, 2
FEWEST = 3  # rows of a pair below which it has no correlation

Floats = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]


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

    scales: Mapping[str, Scale]
    matrix: npt.NDArray[np.int64] = field(init=False)
    block: Scores = field(init=False, default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def __post_init__(self) -> None:
        size = 2 * len(self.scales)
        self.matrix = np.zeros((size, size), dtype=np.int64)

    def begin(self, rows: int) -> None:
        """Start a batch of at most 65,536 rows: up to there float32 sums of products of scores are exact integers."""
        if self.block.shape[1] < rows or not self.block.size:
            self.block = np.empty((len(self.matrix), max(rows, 1)), dtype=np.float32)
        self.block[:] = 0.0

    def add(self, place: int, floats: Floats, absent: npt.NDArray[np.intp], scale: Scale) -> None:
        """Enter the scores of the `place`-th column, 0 at the positions `absent`."""
        row, present = self.block[place, : len(floats)], self.block[len(self.scales) + place, : len(floats)]
        scale.enter(floats, row)
        present[:] = 1.0
        row[absent] = 0.0
        present[absent] = 0.0

    def end(self) -> None:
        """Add the batch to the matrices."""
        self.matrix += (self.block @ self.block.T).astype(np.int64)

    def result(self) -> CrossMoments | None:
        """The sums; None for fewer than two numeric columns."""
        count = len(self.scales)
        if count < 2:
            return None
        products, sums, pairs = self.matrix[:count, :count], self.matrix[:count, count:], self.matrix[count:, count:]
        return CrossMoments(
            names=tuple(self.scales),
            pairs=tuple(pairs.ravel().tolist()),
            sums=tuple(sums.ravel().tolist()),
            products=tuple(products.ravel().tolist()),
        )


@dataclass(frozen=True, slots=True)
class Scale:
    """Piecewise linear scores of one column: `targets` (in units of 1 / `STEPS`) at `knots`, constant beyond them."""

    knots: tuple[float, ...]
    targets: tuple[float, ...]

    @classmethod
    def of(cls, column: NumericColumn) -> Scale:
        """From the column's five quantiles; equal ones count once, with the mean of their scores."""
        ideal = np.arange(-2.0, 3.0) * STEPS
        quantiles = np.array(column.knots)
        knots = np.unique(quantiles)
        targets = [float(np.rint(ideal[quantiles == knot].mean())) for knot in knots.tolist()]
        spans = [right - left for left, right in zip(knots[:-1].tolist(), knots[1:].tolist(), strict=True)]
        if not all(1e-290 < span < math.inf for span in spans):
            return cls((), ())
        return cls(tuple(knots.tolist()), tuple(targets))

    def enter(self, floats: Floats, into: Scores) -> None:
        """Write each value's score, NaN as it is: the sum of one clipped ramp between each two knots."""
        if len(self.knots) < 2:
            into[:] = 0.0
            return
        total: Floats | None = None
        for place in range(len(self.knots) - 1):
            left, right = self.knots[place : place + 2]
            ramp = np.clip(floats, left, right)
            ramp -= left
            ramp *= (self.targets[place + 1] - self.targets[place]) / (right - left)
            total = ramp if total is None else np.add(total, ramp, out=total)
        assert total is not None
        total += self.targets[0]
        np.rint(total, out=into, casting="same_kind")


def cut_knots(ordered: Floats) -> tuple[float, ...]:
    """Five quantiles of sorted values; with their minimum and maximum as the outer ones if all five are equal."""
    if not len(ordered) or ordered[0] == ordered[-1]:
        return ()
    knots = ordered[(np.array(SHARES) * (len(ordered) - 1)).round().astype(int)].tolist()
    if knots[0] == knots[-1]:
        knots[0], knots[-1] = float(ordered[0]), float(ordered[-1])
    return tuple(knots)


def scales_of(columns: Mapping[str, Column]) -> dict[str, Scale]:
    """Scales of the first `CROSS_COLUMNS` numeric columns."""
    numeric = [name for name, column in columns.items() if isinstance(column, NumericColumn)]
    found: dict[str, Scale] = {}
    for name in numeric[:CROSS_COLUMNS]:
        column = columns[name]
        assert isinstance(column, NumericColumn)
        found[name] = Scale.of(column)
    return found


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
