"""Many estimates of a variance, each from few observations, made steadier by what they have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEWEST = 4  # estimates from which on something can be learned from the others
STEADY = 1e6  # degrees of freedom that stand for "all the same"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Moderated:
    """Estimates of shape (k,), drawn towards each other, and the degrees of freedom that they are worth now."""

    values: Floats
    freedom: float

    def upper(self, confidence: float) -> Floats:
        """The upper end of their confidence intervals."""
        from scipy import stats

        return np.asarray(self.values * self.freedom / float(stats.chi2.ppf(1.0 - confidence, self.freedom)))


def moderate(estimates: Floats, freedom: float) -> Moderated:
    """Empirical Bayes estimates of variances from independent samples [1]_.

    The true variances are taken to be scattered like scaled inverse χ² variables; how widely is found from the
    estimates: as much as `freedom` explains is chance. Estimates that scatter no more than by chance become one.

    Parameters
    ----------
    estimates : array of shape (k,)
        Above 0; with fewer than four they are left as they are.
    freedom : float
        Degrees of freedom of each.

    References
    ----------
    .. [1] G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
       experiments", Statistical Applications in Genetics and Molecular Biology 3 (2004), section 6.

    >>> moderate(np.array([0.9, 1.0, 1.1, 1.0, 1.0]), 19).values.round(2).tolist()
    [1.05, 1.05, 1.05, 1.05, 1.05]
    """
    from scipy import special

    if len(estimates) < FEWEST:
        return Moderated(values=estimates, freedom=freedom)
    logs = np.log(estimates) - float(special.digamma(freedom / 2.0)) + math.log(freedom / 2.0)
    scatter = float(np.var(logs, ddof=1)) - float(special.polygamma(1, freedom / 2.0))
    prior = 2.0 * _inverse_trigamma(scatter) if scatter > 0.0 else STEADY
    common = math.exp(float(np.mean(logs)) + float(special.digamma(prior / 2.0)) - math.log(prior / 2.0))
    values = (prior * common + freedom * estimates) / (prior + freedom)
    return Moderated(values=values, freedom=min(prior + freedom, STEADY))


def _inverse_trigamma(value: float) -> float:
    """The number whose trigamma function is `value`, by bisection of its logarithm."""
    from scipy import optimize, special

    low, high = math.log(1e-4), math.log(STEADY)
    if value <= float(special.polygamma(1, math.exp(high))):
        return math.exp(high)
    if value >= float(special.polygamma(1, math.exp(low))):
        return math.exp(low)
    return math.exp(float(optimize.brentq(lambda log: float(special.polygamma(1, math.exp(log))) - value, low, high)))
