"""Categories of two samples: in which cells they are compared, and the χ² test and effect of these cells.

Which categories a reference has often enough to be counted by name is partly luck, and luck does not come twice: of 300
equally frequent ones the 200 that led in the reference lose their lead in any other sample. So a category is a cell of
its own only where the totals of both sides say so, and rare cells are pooled by their totals: given a cell's total, how
it splits between the sides carries no luck but the test's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.data.profile import REST, CategoricalColumn, Column
from include.data.profile.names import BUCKETS, bucket_of, name_hashes

LEAST_EXPECTED = 8.0  # cells expected less often on the smaller side are pooled: then the test's p-values are right
GROUPS = 10  # of a numeric column, by custom; so many categories are never pooled for PSI, KL and JS
RICH = 50.0  # rows of the smaller side in a group, beyond that number of groups: PSI is then about 0.02 without change
NAMED_ONLY = (
    "the reference was profiled by an older version: categories beyond the most frequent ones are compared as one"
)

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Rows of both sides in the same cells, each with at least one row.

    Parameters
    ----------
    counts : array of shape (2, cells)
        Reference, then recent rows.
    note : str
        What limits the comparison; empty where nothing does.
    """

    counts: Floats
    note: str = ""


def category_cells(reference: Column, recent: Column, inflation: float = 1.0) -> Cells:
    """A cell for each category that no luck could have kept from being named, and one for each hash bucket of others.

    A bucket's cell takes along the named categories that have that hash. Cells are in the order of their hashes: named
    ones first would be the luckier half first. Where one side does not tell its buckets (it was stored by an older
    version), all others are one cell. `inflation` is how many rows of the reference tell as much as an independent one.
    """
    assert isinstance(reference, CategoricalColumn)  # a profile against a reference has its kinds
    assert isinstance(recent, CategoricalColumn)
    sides = (reference, recent)
    names = sorted((set(reference.counts) | set(recent.counts)) - {REST})
    named = np.array([[side.counts.get(name, 0) for name in names] for side in sides], dtype=float).reshape(2, -1)
    sure = _sure(reference, recent, named, inflation)
    if any(side.rest and not side.buckets for side in sides):
        rest = named[:, ~sure].sum(axis=1) + np.array([side.rest for side in sides], dtype=float)
        return Cells(counts=_filled(np.column_stack([named[:, sure], rest])), note=NAMED_ONLY)
    buckets = np.array([side.buckets or (0,) * BUCKETS for side in sides], dtype=float)
    place = bucket_of(name_hashes(names))
    mixed = buckets.sum(axis=0) > 0.0
    mixed[place[~sure]] = True
    shared = mixed[place]
    for side in range(2):
        np.add.at(buckets[side], place[shared], named[side, shared])
    order = np.argsort(np.concatenate([place[~shared], np.arange(BUCKETS)]), kind="stable")
    return Cells(counts=_filled(np.column_stack([named[:, ~shared], buckets])[:, order]))


def _filled(counts: Floats) -> Floats:
    return counts[:, counts.sum(axis=0) > 0.0]


def _sure(
    reference: CategoricalColumn, recent: CategoricalColumn, named: Floats, inflation: float
) -> npt.NDArray[np.bool_]:
    """Which are expected in the reference four standard deviations more often than the rarest that it names."""
    least = float(named[0][named[0] > 0.0].min(initial=math.inf)) if reference.rest else 1.0
    expected = named.sum(axis=0) * reference.present / (reference.present + recent.present)
    return np.asarray(expected > least + 4.0 * math.sqrt(least * max(inflation, 1.0)))


def rows_to_come(known: CategoricalColumn) -> tuple[float, float]:
    """Rows in categories not counted by name that another sample as large as the reference is expected to have.

    The reference itself has fewer: what it has most often is counted by name, by luck too. If the categories with at
    least `c` rows are named, a row that were left out would find its category not named where that has `c` rows or
    fewer. So the share of these rows is what is to be expected, an estimate without bias [1]_: for ``c = 1``, all
    categories named, that of the rows whose category came once.

    Returns
    -------
    float
        The expected rows; those of the next larger number count too where not all with `c` are named.
    float
        How many independent rows the estimate is worth less by, at least 1: a category whose number of rows passes `c`
        takes all its rows along.

    References
    ----------
    .. [1] I. J. Good, "The population frequencies of species and the estimation of population parameters", Biometrika
       40 (1953).
    """
    named = np.array([n for name, n in known.counts.items() if name != REST and n], dtype=float)
    least = float(named.min()) if known.rest and len(named) else 1.0
    at = float(named[named == least].sum())
    above = float(named[named == least + 1.0].sum())
    expected = known.rest + at + (above if known.rest else 0.0)
    near = float(np.count_nonzero(named <= least + math.ceil(math.sqrt(least)))) * least / (1 + math.sqrt(least))
    passing = least * max(at, near) + (above if not known.rest else (least + 1.0) * above)
    return expected, 1.0 + passing / max(expected, 1.0)


def pool(counts: Floats, least: float) -> tuple[Floats, Floats]:
    """Cells expected at least `least` times on the smaller side, rarer ones pooled with others of about their total.

    Totals are those of whole rows: of effective ones, cells of one total would be in the order of how they split.

    Returns
    -------
    array of shape (2, cells)
    array of shape (2,)
        What all rare cells together hold, if that is still expected less often than `least`; else zeros.
    """
    sizes = counts.sum(axis=1)
    expected = counts.sum(axis=0) * sizes.min() / sizes.sum()
    rare = np.flatnonzero(expected < least)
    rare = rare[np.argsort(expected[rare], kind="stable")]
    groups = _groups(expected[rare], least)
    left = np.zeros(2)
    if len(rare) and groups[-1] == 0 and expected[rare].sum() < least:
        left, rare = counts[:, rare].sum(axis=1), rare[:0]
    pooled = np.zeros((2, int(groups[-1]) + 1 if len(rare) else 0))
    for side in range(2):
        np.add.at(pooled[side], groups[: len(rare)], counts[side, rare])
    return np.column_stack([counts[:, expected >= least], pooled]), left


def _groups(expected: Floats, least: float) -> Places:
    """Number of each cell's group; the groups are filled one after another, what is left over goes into the last."""
    groups, filled, number = np.zeros(len(expected), dtype=np.intp), 0.0, 0
    for place, rows in enumerate(expected.tolist()):
        groups[place] = number
        filled += rows
        if filled >= least:
            filled, number = 0.0, number + 1
    return np.minimum(groups, max(number - 1, 0))


def compare_cells(counts: Floats, effective: tuple[float, float] | None = None) -> tuple[float, float]:
    """Effect and p-value of the difference between two samples, from counts of shape (2, cells).

    The rows of each side are worth so many `effective` independent ones; without them, as many as there are.

    The effect is Cramér's V of sides of equal size, less what chance contributes [1]_: the root of
    ``sum((p - q) ** 2 / (p + q)) / 2 - (cells - 1) * (1 / n + 1 / m) / 4``, at least 0, in [0, 1]. So it means the same
    for 2 and for 1,000 cells, and for sides of any sizes.

    The test is χ² of homogeneity. Its p-value is that of a Pearson type III variable with the mean and variance of the
    statistic given both margins [2]_, and its skewness to first order in 1 / n: where cells are small the plain χ²
    distribution is wrong far out in the tail. Rare cells that do not fill one are tested by themselves, and each of the
    two tests has half of the level.

    References
    ----------
    .. [1] W. Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", J. Korean Stat. Soc. 42 (2013).
    .. [2] R. B. Dawson, "A simplified expression for the variance of the χ² function on a contingency table",
       Biometrika 41 (1954).
    """
    sizes = counts.sum(axis=1)
    worth = np.ones((2, 1)) if effective is None else np.array(effective)[:, None] / sizes[:, None]
    smaller = float(np.min(sizes * worth[:, 0]))
    cells, left = pool(counts, LEAST_EXPECTED * float(sizes.min()) / smaller)
    cells, left, counts = cells * worth, left * worth[:, 0], counts * worth
    every = np.column_stack([cells, left]) if left.any() else cells
    effect = _balanced_v(every)
    found = []
    if cells.shape[1] > 1:
        found.append(_chi_square(cells))
    if left.any():
        found.append(_exact(left, counts.sum(axis=1)))
    elif len(found) == 0 and counts.shape[1] > 1:
        largest = int(np.argmax(counts.sum(axis=0)))
        found.append(_exact(counts.sum(axis=1) - counts[:, largest], counts.sum(axis=1)))
        effect = _balanced_v(counts)
    return effect, min(min(found, default=1.0) * len(found), 1.0)


def _balanced_v(counts: Floats) -> float:
    sizes = counts.sum(axis=1)
    before, after = counts / sizes[:, None]
    distance = float(np.sum(np.square(before - after) / (before + after))) / 2.0
    chance = (counts.shape[1] - 1) * float(np.sum(1.0 / sizes)) / 4.0
    return math.sqrt(min(max(distance - chance, 0.0), 1.0))


def _chi_square(counts: Floats) -> float:
    from scipy import special

    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    rows, cells = float(sizes.sum()), counts.shape[1]
    expected = totals * sizes[1] / rows
    statistic = float(np.sum(np.square(counts[1] - expected) / expected)) * rows / float(sizes[0])
    across, along = rows * float(np.sum(1.0 / totals)), rows * float(np.sum(1.0 / sizes))
    mean = rows * (cells - 1) / (rows - 1.0)
    spare = (cells - 1) * (rows - cells) / (rows - 1.0), (rows - 2.0) / (rows - 1.0)
    uneven = (across - cells * cells) / (rows - 2.0), (along - 4.0) / (rows - 2.0)
    variance = 2.0 * rows / (rows - 3.0) * (spare[0] - uneven[0]) * (spare[1] - uneven[1])
    variance += rows * rows / (rows - 1.0) * uneven[0] * uneven[1]
    skewness = _third_cumulant(across, along, cells, rows) / variance**1.5
    shape = 4.0 / skewness**2
    place = max(shape + (statistic - mean) / math.sqrt(variance) * math.sqrt(shape), 0.0)
    return float(special.gammaincc(shape, place))


def _third_cumulant(across: float, along: float, cells: int, rows: float) -> float:
    """That of the χ² statistic of a 2 x cells table, to first order in 1 / rows.

    `across` and `along` are the sums of the reciprocal shares of the cells and of the sides. Each of the three terms is
    a contraction of the third or fourth cumulants of the indicators of cells and of sides.
    """
    fourth = (across - cells * cells - 2 * cells + 2) * (along - 6.0)
    third = (across - 3 * cells + 2) * (along - 4.0)
    traces = (across - cells * cells) * (along - 4.0)
    return 8.0 * (cells - 1) + max((12.0 * fourth + 4.0 * third + 6.0 * traces) / rows, -4.0 * (cells - 1))


def _exact(part: Floats, sizes: Floats) -> float:
    """Two-sided p-value of how `part` splits between the sides: binomial, continued to numbers that are not whole."""
    from scipy import special

    total, share = float(part.sum()), float(sizes[1] / sizes.sum())
    before, after = float(part[0]), float(part[1])
    if total <= 0.0:
        return 1.0
    more = float(special.betainc(after, before + 1.0, share)) if after > 0.0 else 1.0
    fewer = float(special.betainc(before, after + 1.0, 1.0 - share)) if before > 0.0 else 1.0
    return min(2.0 * min(more, fewer), 1.0)


def group_cells(reference: Column, recent: Column) -> Floats:
    """The cells of PSI, KL and JS, counts of shape (2, groups).

    Up to `GROUPS` categories are a group each. Of more, rare ones are pooled by their totals, so that each group has
    `RICH` rows on the smaller side or there are about `GROUPS`.
    """
    counts = category_cells(reference, recent).counts
    if counts.shape[1] <= GROUPS:
        return counts
    cells, left = pool(counts, min(RICH, float(counts.sum(axis=1).min()) / GROUPS))
    return np.column_stack([cells, left]) if left.any() else cells
