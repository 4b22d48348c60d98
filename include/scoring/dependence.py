"""How alike rows are that follow each other: not only neighbours, but as far as it lasts."""

from __future__ import annotations

import numpy as np

from include.scoring.labelled_rows import Floats
from include.scoring.statistics import MOST_AUTOCORRELATION, autocorrelation

QUARTERS = 4


def lasting_autocorrelation(values: Floats) -> float:
    """Lag-1 autocorrelation of the first-order autoregression whose mean is as unsure as that of `values`.

    Right and wrong answers follow each other in runs whose neighbours are less alike than the runs are long: the plain
    lag-1 autocorrelation then counts too many rows. Here autocorrelations are summed over all lags, in pairs, as long
    as a pair's sum is positive, and none counts for more than the one before [1]_. Never below the plain value.

    Parameters
    ----------
    values : array of shape (n,)
        In time order.

    Returns
    -------
    float
        In [-1, 1]; 0 for a constant series.

    References
    ----------
    .. [1] C. J. Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7 (1992), the initial monotone
       sequence.

    >>> round(lasting_autocorrelation(np.random.default_rng(0).normal(size=5000)), 1)
    0.0
    """
    plain, rows = autocorrelation(values), len(values)
    centred = values - values.mean()
    power = float(centred @ centred)
    if rows < 8 or not np.isfinite(power) or power == 0.0:
        return plain
    spectrum = np.abs(np.fft.rfft(centred, 2 * rows)) ** 2
    lags = np.fft.irfft(spectrum)[: rows // 2] / power
    pairs = np.minimum.accumulate(lags[: len(lags) // 2 * 2].reshape(-1, 2).sum(axis=1))
    ends = np.flatnonzero(pairs <= 0.0)
    total = 2.0 * float(pairs[: ends[0] if len(ends) else None].sum()) - 1.0
    lasting = (total - 1.0) / (total + 1.0) if total > 1.0 else 0.0
    return min(max(plain, lasting), MOST_AUTOCORRELATION)


def steady_lasting(values: Floats, usual: float) -> float:
    """The same of a series that may hold the jump that a test is looking for; see `steady_autocorrelation`."""
    parts = [part for part in np.array_split(values, QUARTERS) if len(part)]
    quarters = float(np.median([lasting_autocorrelation(part) for part in parts]))
    return min(lasting_autocorrelation(values), max(quarters, usual))
