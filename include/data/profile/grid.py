"""A fine even grid over a column's middle: it places nearly all values between the bins' edges without sorting.

Subtracting, scaling and rounding keep the order of values, so what lies in a lower cell is smaller. A cell that holds
neither an edge nor an outlier bound is *clear*: all its values are in one bin, and counting the cell counts them. Only
values in the other cells, some percent, are compared with the edges one by one. Counts are therefore exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from include.data.profile.scales import Codes, Scale

CELLS = 16_384
FEWEST_CELLS = 64  # between two neighbouring knots, below which the grid is too coarse for the scores between them
ZERO = CELLS // 2  # the cell of a deviation of 0
MARK = 64  # added to the scores, at most 16 in size, of cells that are not clear

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]
Steps = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid of one column, from the reference's edges and knots alone.

    Parameters
    ----------
    middle : float
        What deviations are from.
    factor : float
        Cells per unit.
    codes : array of shape (CELLS,)
        The score of each cell (see `Scale`), `MARK` more where it is not clear.
    low, high : float
        Values up to `low`, and from `high` on, are in cells that are not clear: extremes are mostly among them.
    starts, clear : arrays
        First cell of each run of clear cells and of each other cell, and which of the two it is.
    runs : array
        For each limit, the place of its cell in `starts`.
    """

    middle: float
    factor: float
    codes: Codes
    low: float
    high: float
    starts: Places
    clear: Counts
    runs: Places

    @classmethod
    def of(cls, scale: Scale, edges: Floats, limits: tuple[Floats, Floats]) -> Grid | None:
        """None where the middle of the column is too uneven for one grid, or where there is none.

        Parameters
        ----------
        limits : tuple of two arrays of one shape
            Where each edge, and outlier bound, begins and ends.
        """
        return None if len(scale.knots) < 2 else _grid(scale, edges.tobytes(), *(each.tobytes() for each in limits))

    @classmethod
    def _made(cls, scale: Scale, edges: Floats, begin: Floats, end: Floats) -> Grid | None:
        span = scale.knots[-1] - scale.knots[0]
        narrowest = min(right - left for left, right in pairwise(scale.knots))
        if not span < math.inf or narrowest * (CELLS - 2) < FEWEST_CELLS * span:
            return None
        factor, middle = (CELLS - 2) / span, scale.knots[0] + span / 2.0
        low, high = float(edges[1]), float(edges[-2])
        first_cells, cells = (_steps(limits - middle, factor).astype(np.intp) for limits in (begin, end))
        first, last = _steps(np.array([low, high]) - middle, factor).astype(np.intp).tolist()
        ends = np.bincount(first_cells, minlength=CELLS + 1) - np.bincount(cells + 1, minlength=CELLS + 1)
        marked = np.cumsum(ends[:CELLS]) > 0
        marked[: first + 1] = True
        marked[last:] = True
        scores = np.empty(CELLS, dtype=np.float32)
        scale.enter(middle + (np.arange(CELLS, dtype=np.float64) + (0.5 - ZERO)) / factor, scores)
        scores[[0, -1]] = scale.targets[0], scale.targets[-1]
        starts = np.flatnonzero(np.append(True, marked[1:] | marked[:-1]))
        return cls(
            middle=middle, factor=factor, codes=(scores + MARK * marked).astype(np.int8), low=low,
            high=high, starts=starts, clear=(~marked[starts]).astype(np.int64),
            runs=np.searchsorted(starts, cells, side="right") - 1,
        )  # fmt: skip

    def steps(self, deviations: Floats) -> Steps:
        """Deviations from `middle` in cells above the lowest one; without the fraction, the number of the cell."""
        return _steps(deviations, self.factor)

    def below(self, cells: Places, absent: int) -> Counts:
        """For each limit, how many values are in clear cells below it; `absent` deviations of 0 do not count."""
        counts = np.bincount(cells, minlength=CELLS)
        counts[ZERO] -= absent
        in_runs = np.add.reduceat(counts, self.starts) * self.clear
        before = np.cumsum(in_runs) - in_runs
        return np.asarray(before[self.runs])


@lru_cache(maxsize=256)
def _grid(scale: Scale, edges: bytes, begin: bytes, end: bytes) -> Grid | None:
    """A table is counted by the grids of its reference once for the reference and once for what is compared with it."""
    return Grid._made(scale, *(np.frombuffer(each) for each in (edges, begin, end)))


def _steps(deviations: Floats, factor: float) -> Steps:
    scaled = np.empty(len(deviations), dtype=np.float32)
    np.multiply(deviations, factor, out=scaled, casting="same_kind")
    scaled += np.float32(ZERO)
    return scaled.clip(np.float32(0.0), np.float32(CELLS - 1), out=scaled)
