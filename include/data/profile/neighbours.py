"""Sums over neighbouring rows while they are being counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import NO_NEIGHBOURS, Neighbours
from include.data.profile.products import dot
from include.errors import DataError

MOST_LOST = 0.99  # share of a sum of squares that may be taken off it again: two of its sixteen digits
EPSILON = 4.0 * float(np.finfo(np.float64).eps)  # deviations below this share of the values are rounding

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Place = tuple[int, int]
Sums = tuple[float, float]  # of deviations, and of their squares


@dataclass(slots=True)
class NeighbourState:
    """Pairs counted so far, and the first and last value, NaN where not finite.

    Without `lag1` pairs are counted and nothing is added up: the sums are NaN.
    """

    lag1: bool = True
    sums: Neighbours = NO_NEIGHBOURS
    counted: int = 0  # pairs that are not in the sums
    first: float = math.nan
    last: float = math.nan

    def add(self, values: Floats, deviations: Floats, centre: float, absent: Places, sums: Sums, pairs: int) -> None:
        """Add sums over consecutive rows that `count` has counted.

        Parameters
        ----------
        values : array
        deviations : array
            Values less `centre`, 0 at the positions `absent`, where there is no finite value.
        sums : tuple of float
            Of the deviations, and of their squares.
        pairs : int
            What `count` returned.
        """
        if pairs < 1:
            return
        before_gap, after_gap = absent[absent > 0] - 1, absent[absent < len(values) - 1] + 1
        product = dot(deviations[:-1], deviations[1:])
        before = _without(sums, deviations[before_gap], float(deviations[-1]))
        after = _without(sums, deviations[after_gap], float(deviations[0]))
        if not self._add_centred(before, after, product, pairs, centre):
            gone = np.union1d(before_gap, after_gap - 1)
            self._add_exactly(np.delete(values[:-1], gone), np.delete(values[1:], gone))

    def count(self, values: npt.NDArray[Any], absent: Places, *, begins: bool) -> int:
        """Count consecutive rows that follow those counted before; returns how many pairs they are among themselves.

        Parameters
        ----------
        values : array
        absent : array
            Positions, ascending, where there is no finite value.
        begins : bool
            Whether no row was counted before.
        """
        if not len(values):
            return 0
        starts = bool(len(absent)) and int(absent[0]) == 0  # with a gap
        ends = bool(len(absent)) and int(absent[-1]) == len(values) - 1
        first = math.nan if starts else float(values[0])
        if begins:
            self.first = first
        self.pair(self.last, first)
        self.last = math.nan if ends else float(values[-1])
        both = int(np.count_nonzero(absent[1:] - absent[:-1] == 1))
        pairs = len(values) - 1 - (2 * len(absent) - starts - ends - both)
        if not self.lag1:
            self.counted += pairs
        return pairs

    def _add_centred(self, before: Sums | None, after: Sums | None, product: float, pairs: int, centre: float) -> bool:
        """Add sums of deviations, of their squares and products, unless too little of them is left around the means."""
        if before is None or after is None:
            return False
        shift_before, shift_after = before[0] / pairs, after[0] / pairs
        lost_before, lost_after = pairs * shift_before * shift_before, pairs * shift_after * shift_after
        if not (lost_before <= MOST_LOST * before[1] < math.inf and lost_after <= MOST_LOST * after[1] < math.inf):
            return False
        self.sums = self.sums.joined(
            Neighbours(
                pairs=pairs, mean_before=centre + shift_before, mean_after=centre + shift_after,
                square_before=before[1] - lost_before, square_after=after[1] - lost_after,
                product=product - pairs * shift_before * shift_after,
            )
        )  # fmt: skip
        return True

    def _add_exactly(self, before: Floats, after: Floats) -> None:
        """Add pairs, each side centred on its own mean: a single huge value at an end would drown the others."""
        mean_before, deviations_before, square_before = _centred(before)
        mean_after, deviations_after, square_after = _centred(after)
        product = dot(deviations_before, deviations_after) if square_before and square_after else 0.0
        self.sums = self.sums.joined(
            Neighbours(
                pairs=len(before), mean_before=mean_before, mean_after=mean_after, square_before=square_before,
                square_after=square_after, product=product,
            )
        )  # fmt: skip

    def pair(self, before: float, after: float) -> None:
        """Count one pair, unless a member is not finite."""
        if not (math.isfinite(before) and math.isfinite(after)):
            return
        if not self.lag1:
            self.counted += 1
        else:
            self.sums = self.sums.joined(Neighbours(pairs=1, mean_before=before, mean_after=after))

    def result(self, *, placed: bool) -> Neighbours:
        """What a profile keeps; with the ends if the rows' place is known."""
        return replace(self.known(), ends=((plain(self.first), plain(self.last)),) if placed else ())

    def known(self) -> Neighbours:
        """The sums, or NaN in place of all of them if one is beyond the range of floats."""
        sums = self.sums
        numbers = (sums.mean_before, sums.mean_after, sums.square_before, sums.square_after, sums.product)
        return sums if self.lag1 and all(map(math.isfinite, numbers)) else _unknown(sums.pairs + self.counted)


def merge_neighbours(parts: Sequence[Neighbours], places: Sequence[Sequence[Place]]) -> Neighbours:
    """Pairs of all parts, and those at the seams of runs that are adjacent."""
    state = NeighbourState(lag1=not any(math.isnan(part.product) for part in parts))
    for part in parts:
        state.sums = state.sums.joined(part)
    padded = [*parts, *[NO_NEIGHBOURS] * (len(places) - len(parts))]  # a part may lack the column
    runs = sorted(
        (place, end)
        for known, part in zip(places, padded, strict=True)
        for place, end in zip(known, part.ends or ((math.nan, math.nan),) * len(known), strict=True)
    )
    ends: list[tuple[float, float]] = []
    stop = None
    for (start, rows), (first, last) in runs:
        if start == stop:
            state.pair(ends[-1][1], first)
            ends[-1] = (ends[-1][0], last)
        else:
            ends.append((first, last))
        stop = start + rows
    return replace(state.known(), ends=tuple(ends))


def _unknown(pairs: int) -> Neighbours:
    """Pairs of which only the number is known."""
    nan = math.nan
    return Neighbours(pairs=pairs, mean_before=nan, mean_after=nan, square_before=nan, square_after=nan, product=nan)


def merge_places(places: Sequence[Sequence[Place]]) -> tuple[Place, ...]:
    """Runs of rows in order, adjacent ones joined; a DataError says which rows are in two parts."""
    merged: list[Place] = []
    for start, rows in sorted(place for known in places for place in known):
        stop = sum(merged[-1]) if merged else 0
        if merged and start < stop:
            raise DataError(f"row {start} is in two of the profiles to merge: each row may be counted once")
        if merged and start == stop:
            merged[-1] = (merged[-1][0], merged[-1][1] + rows)
        else:
            merged.append((start, rows))
    return tuple(merged)


def plain(value: float) -> float:
    """`value`, or the one NaN that is equal to itself in tuples if it is not finite."""
    return value if math.isfinite(value) else math.nan


def _without(sums: Sums, beside_gaps: Floats, end: float) -> Sums | None:
    """Sums less those of the deviations that have no partner; None if these are nearly all of it."""
    square = sums[1] - dot(beside_gaps, beside_gaps) - end * end
    if square < (1.0 - MOST_LOST) * sums[1]:
        return None
    return sums[0] - float(beside_gaps.sum()) - end, square


def _centred(side: Floats) -> tuple[float, Floats, float]:
    """Mean, deviations from it and the sum of their squares: 0 if they are but rounding."""
    mean = float(side[0]) if (side == side[0]).all() else float(side.mean())
    deviations = side - mean
    square, noise = dot(deviations, deviations), EPSILON * float(np.max(np.abs(side)))
    return mean, deviations, 0.0 if square <= len(side) * noise * noise else square
