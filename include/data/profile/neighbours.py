"""Sums over neighbouring rows while they are being counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import NO_NEIGHBOURS, Neighbours
from include.errors import DataError

CLOSE = 0.01  # share of a sum of squares that may be lost to the distance of the mean from the centre
EPSILON = 4.0 * float(np.finfo(np.float64).eps)  # deviations below this share of the values are rounding

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Place = tuple[int, int]


@dataclass(slots=True)
class NeighbourState:
    """Pairs counted so far, and the first and last value, NaN where not finite."""

    sums: Neighbours = NO_NEIGHBOURS
    first: float = math.nan
    last: float = math.nan

    def add(self, values: Floats, deviations: Floats, centre: float, absent: Places, *, begins: bool) -> None:
        """Count consecutive rows that follow those counted before.

        Parameters
        ----------
        values : array
        deviations : array
            Values less `centre`, 0 at the positions `absent`, where there is no finite value.
        begins : bool
            Whether no row was counted before.
        """
        if not len(values):
            return
        outer = absent[[0, -1]].tolist() if len(absent) else []
        first = math.nan if 0 in outer else float(values[0])
        if begins:
            self.first = first
        self.pair(self.last, first)
        self.last = math.nan if len(values) - 1 in outer else float(values[-1])
        before, after = deviations[:-1], deviations[1:]
        pairs = len(before)
        if len(absent):
            before, after = before.copy(), after.copy()
            first_absent, second_absent = absent[absent < pairs], absent[absent > 0] - 1
            before[second_absent] = 0.0
            after[first_absent] = 0.0
            both = int(np.count_nonzero(np.diff(absent) == 1))
            pairs -= len(first_absent) + len(second_absent) - both
        if pairs > 0 and not self._add_centred(before, after, pairs, centre):
            gone = np.concatenate([absent[absent < len(before)], absent[absent > 0] - 1])
            self._add_exactly(np.delete(values[:-1], gone), np.delete(values[1:], gone))

    def _add_centred(self, before: Floats, after: Floats, pairs: int, centre: float) -> bool:
        """Add deviations, 0 where a pair lacks a member, unless the two sides' means are too far from `centre`."""
        shift_before, shift_after = float(before.sum()) / pairs, float(after.sum()) / pairs
        raw_before, raw_after = float(before @ before), float(after @ after)
        lost_before, lost_after = pairs * shift_before * shift_before, pairs * shift_after * shift_after
        if not (lost_before <= CLOSE * raw_before < math.inf and lost_after <= CLOSE * raw_after < math.inf):
            return False
        product = float(before @ after) - pairs * shift_before * shift_after
        self.sums = self.sums.joined(
            Neighbours(
                pairs=pairs, mean_before=centre + shift_before, mean_after=centre + shift_after,
                square_before=raw_before - lost_before, square_after=raw_after - lost_after, product=product,
            )
        )  # fmt: skip
        return True

    def _add_exactly(self, before: Floats, after: Floats) -> None:
        """Add pairs, each side centred on its own mean: a single huge value at an end would drown the others."""
        mean_before, deviations_before, square_before = _centred(before)
        mean_after, deviations_after, square_after = _centred(after)
        product = float(deviations_before @ deviations_after) if square_before and square_after else 0.0
        self.sums = self.sums.joined(
            Neighbours(
                pairs=len(before), mean_before=mean_before, mean_after=mean_after, square_before=square_before,
                square_after=square_after, product=product,
            )
        )  # fmt: skip

    def pair(self, before: float, after: float) -> None:
        """Count one pair, unless a member is not finite."""
        if math.isfinite(before) and math.isfinite(after):
            self.sums = self.sums.joined(Neighbours(pairs=1, mean_before=before, mean_after=after))

    def result(self, *, placed: bool) -> Neighbours:
        """What a profile keeps; with the ends if the rows' place is known."""
        return replace(_known(self.sums), ends=((plain(self.first), plain(self.last)),) if placed else ())


def merge_neighbours(parts: Sequence[Neighbours], places: Sequence[Sequence[Place]]) -> Neighbours:
    """Pairs of all parts, and those at the seams of runs that are adjacent."""
    state = NeighbourState()
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
    return replace(_known(state.sums), ends=tuple(ends))


def _known(sums: Neighbours) -> Neighbours:
    """The sums, or NaN in place of all of them if one is beyond the range of floats."""
    numbers = (sums.mean_before, sums.mean_after, sums.square_before, sums.square_after, sums.product)
    if all(map(math.isfinite, numbers)):
        return sums
    nan = math.nan
    return Neighbours(
        pairs=sums.pairs, mean_before=nan, mean_after=nan, square_before=nan, square_after=nan, product=nan
    )


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


def _centred(side: Floats) -> tuple[float, Floats, float]:
    """Mean, deviations from it and the sum of their squares: 0 if they are but rounding."""
    mean = float(side[0]) if (side == side[0]).all() else float(side.mean())
    deviations = side - mean
    square, noise = float(deviations @ deviations), EPSILON * float(np.max(np.abs(side)))
    return mean, deviations, 0.0 if square <= len(side) * noise * noise else square
