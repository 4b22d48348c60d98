"""The distribution of the Kolmogorov-Smirnov distance, in a time that does not grow with the number of rows."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

EXACT_ROWS = 1_000  # up to so many rows scipy's exact sums and powers of matrices are quick
ONE_SIDED = 2.2  # rows times squared distance from which on the two one-sided events exclude each other
NEVER = 370.0  # the same from which on the probability is less than the least float
NODES = 1_024  # of the sum over all rows: it is smooth, so that these give it to all digits

Floats = npt.NDArray[np.float64]


def distance_p_value(distance: float, rows: int) -> float:
    """Probability that `rows` independent values are at least `distance` from their distribution function, in [0, 1].

    The same as ``scipy.stats.kstwo.sf(distance, rows)``, which takes a tenth of a second for 100,000 rows wherever
    something has changed a little: it adds up one term a row [1]_. The terms change smoothly from row to row and vanish
    at both ends, so that evenly spaced ones tell the sum (trapezoidal rule [2]_): to a billionth of its value. Where
    the probability is above 0.02 it is that of the limit for many rows, at a place that allows for how many there are
    [3]_: to 0.06 % of its value.

    Parameters
    ----------
    distance : float
        In [0, 1].
    rows : int
        At least 1.

    References
    ----------
    .. [1] R. Simard and P. L'Ecuyer, "Computing the two-sided Kolmogorov-Smirnov distribution", Journal of Statistical
       Software 39 (2011).
    .. [2] L. N. Trefethen and J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM Review
       56 (2014).
    .. [3] J. Vrbik, "Small-sample corrections to Kolmogorov-Smirnov test statistic", Pioneer Journal of Theoretical and
       Applied Statistics 15 (2018).

    Examples
    --------
    >>> round(distance_p_value(0.005, 100_000), 5)
    0.01343
    """
    from scipy import special, stats

    size = rows * distance * distance
    if rows <= EXACT_ROWS or size >= NEVER or distance >= 0.5:
        return float(np.clip(stats.kstwo.sf(distance, rows), 0.0, 1.0))
    if size >= ONE_SIDED:
        return min(2.0 * _one_sided(distance, rows), 1.0)
    root = math.sqrt(rows)
    scaled = root * distance
    return float(special.kolmogorov(scaled + 1.0 / (6.0 * root) + (scaled - 1.0) / (4.0 * rows)))


def _one_sided(distance: float, rows: int) -> float:
    """Probability that the distribution function is exceeded by at least `distance` somewhere.

    With n rows and the distance d that is d times the sum over j of
    ``C(n, j) * (d + j / n)**(j - 1) * (1 - d - j / n)**(n - j)``; the binomial coefficients are written by Stirling's
    series.
    """
    above = rows * distance
    step = (rows - above) / NODES
    before = step * (np.arange(NODES, dtype=np.float64) + 0.5)
    after = rows - before
    powers = before * np.log1p(above / before) + after * np.log1p(-above / after)
    series = _stirling(np.array(float(rows))) - _stirling(before) - _stirling(after)
    roots = np.sqrt(rows / (2.0 * math.pi * before * after))
    terms = roots * np.exp(powers + series) / (distance + before / rows)
    return float(distance * step * np.sum(terms))


def _stirling(count: Floats) -> Floats:
    """What Stirling's formula lacks of the logarithm of a factorial."""
    inverse = 1.0 / count
    square = inverse * inverse
    return np.asarray(inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)))
