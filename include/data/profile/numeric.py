"""Counting a numeric column, batch by batch, into the reference's bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import OUTLIER_Z, NumericColumn
from include.data.profile.grid import MARK, ZERO, Grid
from include.data.profile.near import reach
from include.data.profile.neighbours import MOST_LOST, NeighbourState, Place, merge_neighbours, plain
from include.data.profile.products import dot
from include.data.profile.scales import Codes, Scale
from include.errors import DataError

CROWDED = 0.25  # share of the values in cells that are not clear, above which sorting all of them is cheaper

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass(slots=True)
class Moments:
    """Number, mean and sum of squared deviations, minimum and maximum; parts join as in `NeighbourState`."""

    size: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    def join(self, size: int, mean: float, squares: float, minimum: float, maximum: float) -> None:
        """Add `size` values of which only the moments are known."""
        if not size:
            return
        total = self.size + size
        step = mean - self.mean
        if not self.size:
            self.mean, self.squares = mean, squares
        elif math.isfinite(step):
            self.squares += squares + step * step * (self.size * size / total)
            self.mean += step * (size / total)
        else:  # the difference of two halves of the range of floats; or the mean is not known
            self.squares = math.nan
            self.mean = self.mean * (self.size / total) + mean * (size / total)
        self.minimum, self.maximum, self.size = min(self.minimum, minimum), max(self.maximum, maximum), total

    def add(
        self, floats: Floats, absent: Places, centre: float, sums: tuple[float, float], extremes: tuple[float, float]
    ) -> None:
        """Add values of which the sums of deviations from `centre`, and of their squares, are known.

        Where the mean is so far from the centre that the sums do not tell the variance, values are gone through again.
        """
        minimum, maximum = extremes
        size = len(floats) - len(absent)
        shift = sums[0] / size
        lost = size * shift * shift
        if minimum == maximum:  # no rounding in a constant column
            self.join(size, minimum, 0.0, minimum, maximum)
        elif lost <= MOST_LOST * sums[1] < math.inf:
            self.join(size, centre + shift, sums[1] - lost, minimum, maximum)
        else:
            self.add_exactly(np.delete(floats, absent), minimum, maximum)

    def add_exactly(self, finite: Floats, minimum: float, maximum: float) -> None:
        """Add finite values; their squares are summed around their own mean."""
        mean = minimum if minimum == maximum else float(finite.mean())  # no rounding in a constant column
        if not math.isfinite(mean):
            mean = float((finite / len(finite)).sum())
        deviations = finite - mean
        self.join(len(finite), mean, dot(deviations, deviations), minimum, maximum)

    @property
    def variance(self) -> float:
        """That of a sample, NaN for fewer than two values or beyond the range of floats."""
        return plain(self.squares / (self.size - 1)) if self.size > 1 else math.nan


@dataclass(slots=True)
class NumericState:
    """One numeric column while its rows are being counted."""

    known: NumericColumn
    limits: tuple[Floats, Floats] = field(init=False)  # where an edge begins and ends, and the outlier bounds
    below: npt.NDArray[np.int64] = field(init=False)
    up_to: npt.NDArray[np.int64] = field(init=False)
    scale: Scale = field(init=False)
    grid: Grid | None = field(init=False)
    centre: float = field(init=False)
    crowded: bool = False
    moments: Moments = field(default_factory=Moments)
    neighbours: NeighbourState = field(default_factory=NeighbourState)
    unreadable: int = 0
    infinite: int = 0
    retyped: int = 0
    impossible: int = 0
    seen: bool = False

    def __post_init__(self) -> None:
        edges = np.array(self.known.edges, dtype=np.float64)
        near, bounds = reach(edges), _outlier_bounds(self.known)
        self.limits = np.append(edges - near, bounds), np.append(edges + near, bounds)
        self.below = np.zeros(len(edges) + len(bounds), dtype=np.int64)
        self.up_to = np.zeros(len(edges) + len(bounds), dtype=np.int64)
        self.scale = Scale.of(self.known.knots)
        self.grid = Grid.of(self.scale, edges, self.limits)
        mean = self.known.mean if math.isfinite(self.known.mean) else 0.0
        self.centre = self.grid.middle if self.grid is not None else mean

    def add(self, floats: Floats, unreadable: int, *, begins: bool, scores: Codes | None) -> Places:
        """Count consecutive rows; returns where their values are not finite.

        Parameters
        ----------
        floats : array
            Values, NaN where there is none.
        unreadable : int
            How many of the NaN were there but no number.
        scores : array, optional
            Written to it: each value's score, 0 where it is absent.
        """
        self.seen = True
        self.unreadable += unreadable
        deviations = floats - self.centre
        steps = deviations if self.grid is None else self.grid.steps(deviations)
        absent = np.flatnonzero(np.isnan(steps))
        deviations[absent] = 0.0
        total = float(deviations.sum())
        if not math.isfinite(total):  # there are infinities, or the sum is one
            absent = np.flatnonzero(~np.isfinite(floats))
            deviations[absent] = 0.0
            total = float(deviations.sum())
            self.infinite += int(np.count_nonzero(np.isinf(floats[absent])))
        sums = total, dot(deviations, deviations)
        if self.grid is not None:
            steps[absent] = ZERO
            extremes = self._count_by_grid(self.grid, floats, steps, absent, scores)
        else:
            extremes = self._count_sorted(floats)
            if scores is not None:
                found = np.empty(len(floats), dtype=np.float32)
                self.scale.enter(floats, found)
                found[absent] = 0.0
                scores[:] = found
        if len(absent) < len(floats):
            self.moments.add(floats, absent, self.centre, sums, extremes)
        pairs = self.neighbours.count(floats, absent, begins=begins)
        if self.neighbours.lag1:
            self.neighbours.add(floats, deviations, self.centre, absent, sums, pairs)
        return absent

    def _count_by_grid(
        self, grid: Grid, floats: Floats, steps: npt.NDArray[Any], absent: Places, scores: Codes | None
    ) -> tuple[float, float]:
        """Count values and write their scores; returns minimum and maximum."""
        cells = steps.astype(np.int32).astype(np.intp)  # in less time than at once
        codes = grid.codes.take(cells, mode="wrap")  # no cell is out of range, and "wrap" checks that fastest
        near = codes > MARK // 2
        if scores is not None:
            np.subtract(codes, near.view(np.int8) * np.int8(MARK), out=scores)
            scores[absent] = 0
        if self.crowded:
            return self._count_sorted(floats)
        few = np.sort(floats.compress(near))
        self.crowded = len(few) > CROWDED * len(floats)
        few = few[np.isfinite(few)]
        self._place(few, grid.below(cells, len(absent)))
        if len(few) and few[0] <= grid.low and few[-1] >= grid.high:
            return float(few[0]), float(few[-1])
        return _extremes(np.delete(floats, absent))

    def _count_sorted(self, floats: Floats) -> tuple[float, float]:
        """Looking the few limits up in the sorted values is ten times cheaper than the other way round."""
        ordered = np.sort(floats)  # NaN last
        start = int(np.searchsorted(ordered, -math.inf, side="right"))
        finite = ordered[start : int(np.searchsorted(ordered, math.inf, side="left"))]
        self._place(finite, 0)
        return (float(finite[0]), float(finite[-1])) if len(finite) else (math.inf, -math.inf)

    def _place(self, ordered: Floats, others: npt.NDArray[np.int64] | int) -> None:
        """Count sorted values, and `others` that are known to be below each limit."""
        begin, end = self.limits
        up_to = np.searchsorted(ordered, end, side="right")
        below = up_to.copy()
        if len(ordered):
            there = np.flatnonzero(ordered[up_to - 1] >= begin)
            below[there] = np.searchsorted(ordered, begin[there], side="left")
        self.up_to += up_to + others
        self.below += below + others

    @property
    def outliers(self) -> int:
        """Values beyond the outlier bounds."""
        if len(self.below) == len(self.known.edges):
            return 0
        return int(self.below[-2] + self.moments.size - self.up_to[-1])

    def skip(self) -> None:
        """Note that the rows that follow the last ones have no such column."""
        self.neighbours.last = math.nan

    def result(self, rows: int, *, placed: bool, cut: bool = False) -> NumericColumn:
        """The column, of `rows` rows in all; if it was `cut` here, whether its bins are exact is found out now."""
        moments, size = self.moments, self.moments.size
        edges = len(self.known.edges)
        up_to = self.up_to[:edges]
        counts = np.diff(up_to, prepend=0, append=size) if edges else np.array([size])
        at_edges = up_to - self.below[:edges]
        return NumericColumn(
            rows=rows,
            missing=rows - size - self.infinite - self.unreadable,
            unreadable=self.unreadable,
            infinite=self.infinite,
            mean=plain(moments.mean) if size else math.nan,
            variance=moments.variance,
            minimum=plain(moments.minimum),
            maximum=plain(moments.maximum),
            edges=self.known.edges,
            counts=tuple(counts.tolist()),
            at_edges=tuple(at_edges.tolist()),
            exact=bool(at_edges.sum() == size) if cut else self.known.exact,
            outliers=self.outliers,
            knots=self.known.knots,
            neighbours=self.neighbours.result(placed=placed),
            quantity=self.known.quantity,
            retyped=self.retyped,
            possible=self.known.possible,
            impossible=self.impossible,
        )


def merge_numeric(
    name: str, parts: Sequence[NumericColumn], places: Sequence[Sequence[Place]], rows: int
) -> NumericColumn:
    """One column from those of the parts; a DataError if they were not counted into the same bins."""
    first = parts[0]
    cut = [(part.edges, part.knots, part.exact, part.possible) for part in parts]
    if any(other != cut[0] for other in cut[1:]):
        raise DataError(f"column {name!r}: the profiles to merge have different bins; make them against one reference")
    moments = Moments()
    for part in parts:
        squares = part.variance * (part.finite - 1) if part.finite > 1 else 0.0
        moments.join(part.finite, part.mean, squares, part.minimum, part.maximum)
    there = sum(part.rows - part.missing for part in parts)
    return NumericColumn(
        rows=rows,
        missing=rows - there,
        unreadable=sum(part.unreadable for part in parts),
        infinite=sum(part.infinite for part in parts),
        mean=plain(moments.mean) if moments.size else math.nan,
        variance=moments.variance,
        minimum=plain(moments.minimum),
        maximum=plain(moments.maximum),
        edges=first.edges,
        counts=added([part.counts for part in parts]),
        at_edges=added([part.at_edges for part in parts]),
        exact=first.exact,
        outliers=sum(part.outliers for part in parts),
        knots=first.knots,
        neighbours=merge_neighbours([part.neighbours for part in parts], places),
        quantity=first.quantity,
        retyped=sum(part.retyped for part in parts),
        possible=first.possible,
        impossible=sum(part.impossible for part in parts),
    )


def _outlier_bounds(known: NumericColumn) -> list[float]:
    """Values outside these are outliers; none if the reference does not vary."""
    reach = OUTLIER_Z * math.sqrt(known.variance) if known.variance > 0.0 else 0.0
    if not 0.0 < reach < math.inf or not math.isfinite(known.mean):
        return []
    return [known.mean - reach, known.mean + reach]


def _extremes(finite: Floats) -> tuple[float, float]:
    return (float(finite.min()), float(finite.max())) if len(finite) else (math.inf, -math.inf)


def added(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Sums of integers place by place."""
    return tuple(int(total) for total in np.sum(np.array(rows, dtype=np.int64), axis=0))
