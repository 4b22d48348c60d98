"""Tests of a column's location, spread, shape and categories, each from the column's two profiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.data.profile import CategoricalColumn, Column, NumericColumn
from include.data.reference.scores import bin_scores, expected_shares
from include.detectors.statistics.categories import category_cells, compare_cells
from include.detectors.statistics.distances import ks_distance
from include.detectors.statistics.kolmogorov import distance_p_value

SYMMETRIC = 1e-3  # skewness below which a statistic counts as normal

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Effective rows of the reference and of the recent rows, for statements on location and on spread."""

    before: float
    after: float
    spread_before: float
    spread_after: float


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What one test found: an effect of 0 or more in its own unit, and the probability of one as large by chance.

    `note` says what limited the test, if anything did.
    """

    statistic: str
    effect: float
    p_value: float
    note: str = ""


def number_of_tests(reference: Column) -> int:
    """How many tests `column_tests` makes of a column; what the recent rows are like has no say in it."""
    return 3 if isinstance(reference, NumericColumn) and np.count_nonzero(reference.in_bins) >= 3 else 1


def column_tests(reference: Column, recent: Column, sizes: Sizes) -> list[Tested]:
    """All tests that a column allows, both sides with values.

    Numbers: ``ks`` (effect: the KS distance), ``mean_shift`` (of normal scores, in their standard deviations) and
    ``variance_shift`` (logarithm of the ratio of the scores' mean squares); the last two only with three or more
    distinct values. Categories: ``cramers_v``.
    """
    if isinstance(reference, CategoricalColumn):
        return [_chi_square(reference, recent, sizes)]
    assert isinstance(reference, NumericColumn)
    assert isinstance(recent, NumericColumn)
    found = [_kolmogorov_smirnov(reference, recent, sizes)]
    if number_of_tests(reference) == 1:
        return found
    scores = bin_scores(reference)
    shift = compare_means(scores, reference, recent, sizes.before, sizes.after)
    if shift is not None:
        found.append(Tested(statistic="mean_shift", effect=abs(shift.difference), p_value=shift.p_value))
    expected = expected_shares(reference)
    centre = float(expected @ scores)
    squares = np.square(scores - centre)
    spread = compare_means(squares, reference, recent, sizes.spread_before, sizes.spread_after)
    if spread is not None:
        means = [max(float(each @ squares), 1e-12) for each in (expected, recent.in_bins / recent.finite)]
        effect = abs(float(np.log(means[1] / means[0])))
        found.append(Tested(statistic="variance_shift", effect=effect, p_value=spread.p_value))
    return found


@dataclass(frozen=True)
class MeanShift:
    """Difference of two means, in standard deviations of the reference; as a z value; and its two-sided p-value."""

    difference: float
    z: float
    p_value: float


def compare_means(
    values: Floats, reference: NumericColumn, recent: NumericColumn, before: float, after: float
) -> MeanShift | None:
    """Test the mean of `values`, one for each bin, with the reference's own variance and skewness.

    The p-value is that of a Pearson type III distribution with the skewness of the difference, because means of
    squares are skewed where it counts, far out in the tail. The reference's part of it is that of the shares between
    its own values, a Dirichlet variable: twice the values' third moment over the square of its rows. The variance
    is an estimate, too, from as many rows as the reference is worth: Student's t. None when the values do not vary in
    the reference.
    """
    shares = expected_shares(reference)
    mean = float(shares @ values)
    deviations = values - mean
    squares = np.square(deviations)
    variance = float(shares @ squares)
    if not variance > 1e-12:
        return None
    difference = float(recent.in_bins @ deviations) / recent.finite / np.sqrt(variance)
    error = 1.0 / before + 1.0 / after
    skewness = float(shares @ (squares * deviations)) / variance**1.5 * (1.0 / after**2 + 2.0 / before**2) / error**1.5
    z = difference / np.sqrt(error)
    return MeanShift(difference, z, two_sided(as_normal(z, before - 1.0), skewness))


def as_normal(t: float, freedom: float) -> float:
    """The normal variable that is as rare as Student's `t`: a variance from few effective rows is itself unsure.

    >>> round(as_normal(2.262, 9.0), 2), round(as_normal(-1.98, 1e6), 2)
    (1.96, -1.98)
    """
    from scipy import special

    return float(np.copysign(special.ndtri(special.stdtr(max(freedom, 1.0), -abs(t))), t))


def two_sided(z: float, skewness: float) -> float:
    """Two-sided p-value of a standardised Pearson type III variable, normal when its skewness is nearly 0.

    >>> round(two_sided(1.96, 0.0), 3)
    0.05
    """
    from scipy import special

    if abs(skewness) < SYMMETRIC:
        return float(2.0 * special.ndtr(-abs(z)))
    shape = 4.0 / skewness**2
    place = max(shape + np.copysign(z, z * skewness) * np.sqrt(shape), 0.0)
    tail = min(special.gammaincc(shape, place), special.gammainc(shape, place))
    return float(min(2.0 * tail, 1.0))


def _kolmogorov_smirnov(reference: NumericColumn, recent: NumericColumn, sizes: Sizes) -> Tested:
    distance = ks_distance(reference, recent)
    before, after = min(sizes.before, sizes.spread_before), min(sizes.after, sizes.spread_after)
    rows = max(round(before * after / (before + after)), 1)
    return Tested(statistic="ks", effect=distance, p_value=distance_p_value(distance, rows))


def _chi_square(reference: CategoricalColumn, recent: Column, sizes: Sizes) -> Tested:
    cells = category_cells(reference, recent, reference.present / sizes.before)
    if cells.counts.shape[1] < 2:
        return Tested(statistic="cramers_v", effect=0.0, p_value=1.0, note=cells.note)
    effect, p_value = compare_cells(cells.counts, (sizes.before, sizes.after))
    return Tested(statistic="cramers_v", effect=effect, p_value=p_value, note=cells.note)
