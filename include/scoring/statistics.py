"""The few statistical tools that detectors and the gate share. Pure functions of arrays; nothing here knows a model."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_AUTOCORRELATION = 0.999  # above it the effective size formula explodes; such a series is one observation anyway


def autocorrelation(values: Floats) -> float:
    """Lag-1 autocorrelation of `values` in the order given, in [-1, 1]; pairs with a non-finite member are left out.

    The sample's own value is too small by about ``(1 + 4 * r) / n`` [1]_, which is added back: on few rows the
    difference decides whether tests keep their level. Returns 0 for fewer than three usable pairs or a constant series.

    References
    ----------
    .. [1] F. H. C. Marriott and J. A. Pope, "Bias in the estimation of autocorrelations", Biometrika 41 (1954).

    >>> round(autocorrelation(np.array([1.0, -1.0] * 50)), 2)
    -1.0
    """
    before, after = values[:-1], values[1:]
    usable = np.isfinite(before) & np.isfinite(after)
    if int(usable.sum()) < 3:
        return 0.0
    before, after = before[usable], after[usable]
    with np.errstate(over="ignore", invalid="ignore"):
        before, after = before - before.mean(), after - after.mean()
        scale = math.sqrt(float(before @ before) * float(after @ after))
        value = float(before @ after) / scale if 0.0 < scale < math.inf else math.nan
    if not math.isfinite(value):
        return 0.0
    return float(np.clip(value + (1.0 + 4.0 * value) / len(before), -1.0, 1.0))


def steady_autocorrelation(values: Floats, usual: float) -> float:
    """Lag-1 autocorrelation of a series that may hold the very jump that a test is looking for.

    A jump makes neighbours alike, so that the plain value would hide it: the larger the jump, the fewer the effective
    rows. The median over four consecutive quarters does not see a single jump; it is too small on few rows, and is
    therefore never taken below `usual`, the autocorrelation known from unchanged rows, nor above the plain value.
    """
    quarters = float(np.median([autocorrelation(part) for part in np.array_split(values, 4)]))
    return min(autocorrelation(values), max(quarters, usual))


def effective_size(rows: float, lag1: float) -> float:
    """Number of independent rows that carry as much information on a mean as `rows` autocorrelated ones.

    ``rows * (1 - lag1) / (1 + lag1)``, the large-sample value of a first-order autoregression [1]_. Negative
    autocorrelation is counted as none, so that the answer never exceeds `rows`.

    References
    ----------
    .. [1] G. V. Bayley and J. M. Hammersley, "The 'effective' number of independent observations in an
       autocorrelated time series", Supplement to the J. R. Stat. Soc. 8 (1946).

    >>> effective_size(1000, 0.0), round(effective_size(1000, 0.9), 1)
    (1000.0, 52.6)
    """
    return max(rows / inflation(lag1), min(rows, 1.0))


def inflation(lag1: float) -> float:
    """How many rows carry as much information on a mean as one independent row: ``(1 + lag1) / (1 - lag1)``.

    >>> inflation(0.0), inflation(0.5)
    (1.0, 3.0)
    """
    lag1 = min(max(lag1, 0.0), MOST_AUTOCORRELATION)
    return (1.0 + lag1) / (1.0 - lag1)


def lag1_of(effective_rows: float, rows: float) -> float:
    """The lag-1 autocorrelation under which `rows` carry as much as `effective_rows`; the inverse of `effective_size`.

    >>> round(lag1_of(effective_size(1000, 0.9), 1000), 3)
    0.9
    """
    return (rows - effective_rows) / (rows + effective_rows)


def block_length(values: Floats) -> int:
    """Length of the blocks that keep the dependence in `values` alive when they are resampled.

    The rate-optimal length for the variance of a mean under a first-order autoregression,
    ``(2 * lag1 / (1 - lag1 ** 2)) ** (2 / 3) * n ** (1 / 3)`` [1]_, at least 1, at most a quarter of the rows.

    References
    ----------
    .. [1] E. Carlstein, "The use of subseries values for estimating the variance of a general statistic from a
       stationary sequence", Annals of Statistics 14 (1986).
    """
    lag1 = min(max(autocorrelation(values), 0.0), 0.99)
    length = math.pow(2.0 * lag1 / (1.0 - lag1**2), 2.0 / 3.0) * math.pow(len(values), 1.0 / 3.0)
    return max(1, min(math.ceil(length), len(values) // 4 or 1))


def bootstrap_means(values: Floats, *, draws: int, seed: int) -> Floats:
    """Means of `draws` circular block-bootstrap resamples of `values`, in the order given (time order).

    Parameters
    ----------
    values : array of shape (n,), n >= 1
    draws : int
    seed : int
        The same seed and values give the same means: a decision can be replayed.

    Returns
    -------
    array of shape (draws,)
    """
    rows, length = len(values), block_length(values)
    blocks = math.ceil(rows / length)
    wrapped = np.concatenate([values, values[: length - 1]])
    sums = np.concatenate([[0.0], np.cumsum(wrapped)])
    block_sums = sums[length:] - sums[:-length]  # one block sum for each possible start
    starts = np.random.default_rng(seed).integers(0, rows, size=(draws, blocks))
    return np.asarray(block_sums[starts].sum(axis=1) / (blocks * length))


def welch_p_value(
    *,
    mean_before: float,
    variance_before: float,
    size_before: float,
    mean_after: float,
    variance_after: float,
    size_after: float,
) -> float:
    """One-sided p-value that the mean did not rise, from two means with unequal variances (Welch).

    Sizes are effective sizes; below two on either side the answer is 1, because nothing can be said.
    """
    from scipy import stats  # here, not above: half a second that only a comparison needs

    if min(size_before, size_after) < 2.0:
        return 1.0
    parts = variance_before / size_before, variance_after / size_after
    spread = math.sqrt(sum(parts))
    if spread == 0.0:
        return 0.0 if mean_after > mean_before else 1.0
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (size_before - 1.0) + parts[1] ** 2 / (size_after - 1.0))
    return float(stats.t.sf((mean_after - mean_before) / spread, freedom))


def trend_p_value(values: Floats, size: float) -> float:
    """One-sided p-value that `values`, in time order, do not rise: the test of their correlation with time.

    Student's t of the correlation on `size` effective rows; the mean of dependent rows and the slope of a line through
    them lose the same share of their information. Below three effective rows the answer is 1.
    """
    from scipy import stats

    time = np.linspace(-1.0, 1.0, len(values))
    apart = values - values.mean()
    spread = math.sqrt(float(apart @ apart) * float(time @ time))
    if size < 3.0 or spread == 0.0:
        return 1.0
    correlation = min(max(float(apart @ time) / spread, -1.0), 1.0)
    if abs(correlation) == 1.0:
        return 0.0 if correlation > 0.0 else 1.0
    return float(stats.t.sf(correlation * math.sqrt((size - 2.0) / (1.0 - correlation**2)), size - 2.0))
