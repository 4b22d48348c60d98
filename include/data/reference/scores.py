"""Normal scores: each bin of a reference as the standard normal quantile of its middle rank."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from include.data.profile import NumericColumn

WIDEST = 3.0  # scores end here, so that a few far values decide nothing

Floats = npt.NDArray[np.float64]


def bin_scores(reference: NumericColumn) -> Floats:
    """The score of each of the reference's bins, shape (edges + 1,), ascending, in [-3, 3].

    A shift of a normal column by 0.1 standard deviations moves the mean of its scores by 0.1, and tests on such means
    are as powerful as the t-test where that is best, and more so under heavy tails [1]_.

    References
    ----------
    .. [1] H. Chernoff and I. R. Savage, "Asymptotic normality and efficiency of certain nonparametric test
       statistics", Annals of Mathematical Statistics 29 (1958).
    """
    from scipy import special

    counts = reference.in_bins
    middle = (np.cumsum(counts) - counts / 2.0) / max(reference.finite, 1)
    return np.asarray(special.ndtri(middle).clip(-WIDEST, WIDEST))
