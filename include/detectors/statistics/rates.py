"""Has a share of cells risen? Tests for shares near 0, on rows that follow each other in time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from include.data.profile import Column, NumericColumn
from include.scoring.statistics import MOST_AUTOCORRELATION

TERMS = 200  # of the series for flags; beyond them hardly anything is left


def rise_p_value(share_before: float, size_before: float, share_after: float, size_after: float) -> float:
    """Probability of a share at least as large as `share_after` without a rise, from two samples.

    The exact conditional test of two Poisson rates [1]_, continued from whole counts to effective ones by the
    incomplete beta function. For shares that are not small it is too cautious, never too bold.

    Parameters
    ----------
    share_before, share_after : float
        In [0, 1].
    size_before, size_after : float
        Effective numbers of rows.

    References
    ----------
    .. [1] J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika
       31 (1940).

    >>> rise_p_value(0.0, 1000.0, 0.01, 1000.0) == 0.5 ** 10
    True
    """
    from scipy.special import betainc  # here, not above: only a comparison needs it

    before, after = share_before * size_before, share_after * size_after
    if after <= 0.0 or size_before <= 0.0:
        return 1.0
    return float(betainc(after, before + 1.0, size_after / (size_after + size_before)))


def absence_lag1(column: Column) -> float:
    """Lag-1 autocorrelation of "this cell is empty", told by the pairs of neighbours in which neither is.

    0 where no or all cells are empty.
    """
    there = column.finite if isinstance(column, NumericColumn) else column.present
    share = there / column.rows if column.rows > 1 else 0.0
    if not 0.0 < share < 1.0:
        return 0.0
    both = column.neighbours.pairs / (column.rows - 1)
    return (both - share * share) / (share * (1.0 - share))


def inflation_of_flags(share: float, lag1: float) -> float:
    """How many rows carry as much on a share as one independent row, for flags of which `share` are 1.

    Flags that come in bursts are taken as "a first-order autoregression is beyond a threshold". Their autocorrelation
    at lag k is ``sum(c[j] * rho ** (j * k))``, with the coefficients c of the threshold in Hermite polynomials [1]_;
    rho is solved from lag 1. It falls off slower than that of an autoregression, for which ``(1 + lag1) / (1 - lag1)``
    would do.

    References
    ----------
    .. [1] B. Kedem, "Binary Time Series", Marcel Dekker (1980).

    >>> inflation_of_flags(0.01, 0.0), round(inflation_of_flags(0.5, 1 / 3), 2)
    (1.0, 2.31)
    """
    from scipy import stats

    if not (0.0 < share < 1.0 and lag1 > 0.0):
        return 1.0
    threshold = float(stats.norm.ppf(share))
    scale = float(stats.norm.pdf(threshold)) ** 2 / (share * (1.0 - share))
    powers, weights = np.arange(1, TERMS + 1), np.empty(TERMS)
    before, now = 0.0, 1.0  # normalized Hermite polynomials
    for j in range(TERMS):
        weights[j] = scale * now * now / (j + 1)
        before, now = now, (threshold * now - math.sqrt(j) * before) / math.sqrt(j + 1)
    weights[-1] += max(1.0 - float(weights.sum()), 0.0)
    low, high = 0.0, MOST_AUTOCORRELATION
    for _ in range(40):
        middle = (low + high) / 2.0
        low, high = (middle, high) if float(weights @ middle**powers) < lag1 else (low, middle)
    return float(weights @ ((1.0 + high**powers) / (1.0 - high**powers)))


def shortfall(rows: int, earlier: Sequence[int]) -> tuple[float, float]:
    """The number of rows that earlier stretches of the same length let expect, and the p-value of so few.

    A stretch's number of rows is taken as normal with the mean of the earlier ones and their standard deviation, but
    at least that of independent arrivals; both are estimates, hence Student's t. Where earlier stretches had no more
    rows, the p-value is at least their share.
    """
    from scipy import stats

    counts = np.asarray(earlier, dtype=float)
    mean = float(counts.mean())
    if len(counts) < 2 or mean == 0.0:
        return mean, 1.0
    spread = max(float(counts.std(ddof=1)), math.sqrt(mean)) * math.sqrt(1.0 + 1.0 / len(counts))
    p_value = float(stats.t.cdf((rows - mean) / spread, len(counts) - 1))
    return mean, max(p_value, float(np.mean(counts <= rows)))
