"""Distances between two distributions, each from two profiles of one column with the same bins or categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.data.profile import Column, NumericColumn
from include.detectors.statistics.categories import GROUPS, group_cells

HALF = 0.5  # count added to each group on both sides, so that an empty one makes no logarithm infinite

Floats = npt.NDArray[np.float64]


def ks_distance(reference: NumericColumn, recent: NumericColumn) -> float:
    """Largest distance of the two distribution functions at and just below the reference's bin edges, in [0, 1].

    Exact when the bins are; else too small by at most `NumericColumn.bin_error` of the reference.
    """
    first, second = _at_edges(reference), _at_edges(recent)
    below = (first - reference.on_edges / reference.finite) - (second - recent.on_edges / recent.finite)
    return float(max(np.max(np.abs(first - second), initial=0.0), np.max(np.abs(below), initial=0.0)))


@dataclass(frozen=True)
class Grouped:
    """Shares of the rows in the same few groups: arrays of shape (groups,), all above 0, each with the sum 1."""

    reference: Floats
    recent: Floats


def grouped(reference: Column, recent: Column) -> Grouped:
    """Shares in tenths of the reference, or in the categories of both sides; half a count is added to each group.

    A numeric column with heavy values has fewer groups, because one value is never split. Of many categories the rare
    ones are pooled (`include.detectors.statistics.categories.group_cells`), so that a long tail is no distance by
    itself.
    """
    if isinstance(reference, NumericColumn) and isinstance(recent, NumericColumn):
        counts = np.array([reference.in_bins, recent.in_bins])
        middle = (np.cumsum(counts[0]) - counts[0] / 2.0) / max(reference.finite, 1)
        starts = np.flatnonzero(np.diff(np.floor(middle * GROUPS).clip(0, GROUPS - 1), prepend=-1.0))
        found = np.add.reduceat(counts, starts, axis=1)
    else:
        found = group_cells(reference, recent)
    smooth = found + HALF
    return Grouped(*(smooth / smooth.sum(axis=1, keepdims=True)))


def kl_divergence(shares: Grouped) -> float:
    """Kullback-Leibler divergence of the recent rows from the reference, ``sum(c * ln(c / r))``, in nats.

    ``r`` and ``c`` are the shares of the reference and of the recent rows in each group.

    >>> round(kl_divergence(Grouped(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 4)
    0.3681
    """
    return float(np.sum(shares.recent * np.log(shares.recent / shares.reference)))


def psi(shares: Grouped) -> float:
    """Population stability index, ``sum((c - r) * ln(c / r))``, in nats.

    Without change it is about ``(groups - 1) * (1 / n + 1 / m)`` for n and m independent rows: the customary
    thresholds 0.1 and 0.2 are rules of thumb, and cry wolf on a few dozen rows.

    >>> round(psi(Grouped(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 4)
    0.8789
    """
    return float(np.sum((shares.recent - shares.reference) * np.log(shares.recent / shares.reference)))


def js_divergence(shares: Grouped) -> float:
    """Jensen-Shannon divergence: mean divergence of both sides from their mixture, in bits, in [0, 1].

    The customary thresholds 0.1, 0.15 and 0.2 are meant for this, not for its root, `js_distance`.

    >>> round(js_divergence(Grouped(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 4)
    0.1468
    """
    mixture = (shares.reference + shares.recent) / 2.0
    divergence = sum(float(np.sum(side * np.log2(side / mixture))) for side in (shares.reference, shares.recent))
    return max(divergence / 2.0, 0.0)


def js_distance(shares: Grouped) -> float:
    """Jensen-Shannon distance: root of `js_divergence`, in [0, 1].

    >>> js_distance(Grouped(np.array([0.5, 0.5]), np.array([0.5, 0.5])))
    0.0
    """
    return float(np.sqrt(js_divergence(shares)))


def wasserstein(reference: NumericColumn, recent: NumericColumn) -> tuple[float, float]:
    """Mean distance that values have to be moved to make one distribution the other, and the most it can be wrong.

    The area between the two distribution functions, which are straight inside a bin; both numbers are in standard
    deviations of the reference. The error is 0 when all values lie at bin edges, else at most half of each bin's width
    times the shares inside it. NaN for a reference without spread, or extremes beyond the range of floats.
    """
    edges = np.array(reference.edges)
    spread = float(np.sqrt(reference.variance)) if reference.variance > 0.0 else np.nan
    low, high = min(recent.minimum, edges[0]), max(recent.maximum, edges[-1])
    grid = np.concatenate([[low], edges, [high]])
    sides = [_parts(column) for column in (reference, recent)]
    inside = sides[0][0] - sides[1][0]  # difference of the shares inside each bin, one more than edges
    jumps = np.concatenate([sides[0][1] - sides[1][1], [0.0]])
    ends = (
        np.cumsum(inside + jumps) - jumps
    )  # difference of the distribution functions just below each bin's upper edge
    starts = ends - inside
    with np.errstate(invalid="ignore", over="ignore"):
        widths = np.diff(grid) / spread
        bound = float(np.sum(widths * (sides[0][0] + sides[1][0])) / 2.0)
        return float(np.sum(widths * _mean_height(starts, ends))), bound


def _mean_height(starts: Floats, ends: Floats) -> Floats:
    """Mean of the absolute value of straight lines from `starts` to `ends`."""
    total = np.abs(starts) + np.abs(ends)
    crossing = starts * ends < 0.0
    squares = starts * starts + ends * ends
    return np.where(crossing, squares / np.where(crossing, 2.0 * total, 1.0), total / 2.0)


def _parts(column: NumericColumn) -> tuple[Floats, Floats]:
    """Share of the values inside each bin, its upper edge left out, and at each edge."""
    at = column.on_edges / column.finite
    return column.in_bins / column.finite - np.append(at, 0.0), at


def _at_edges(column: NumericColumn) -> Floats:
    return np.cumsum(column.in_bins)[:-1] / column.finite


#: Distances that go on record for every column, by name; Wasserstein is for numbers only and comes with its error.
DIVERGENCES: Mapping[str, Callable[[Grouped], float]] = {
    "psi": psi,
    "kl_divergence": kl_divergence,
    "js_divergence": js_divergence,
    "js_distance": js_distance,
}
