"""How large an error is among its like, on a scale that no unit and no heavy tail can stretch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FREEDOMS = (
    0.5,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    10.0,
    20.0,
    100.0,
)  # from tails so heavy that no mean exists to the normal
QUANTILES = 2000  # a fit needs no more: its cost does not grow with the rows
WIDEST = 1e20  # medians; a fit takes no error for larger, or for smaller than its inverse
STEPS = 50


@dataclass(frozen=True, kw_only=True)
class ErrorScore:
    """The scale score of a Student t: how much one error says that errors have grown.

    ``u(e) = (nu + 1) * e**2 / (nu * s**2 + e**2) - 1``, the derivative of the log-likelihood by the log of the scale
    [1]_, which is the most telling function of an error when errors follow a t. It lies in [-1, nu], so that no single
    error can decide anything, and has mean 0 over the errors that it was fitted to.

    Parameters
    ----------
    scale : float
        ``s``, in the unit of the errors, above 0.
    freedom : float
        ``nu``, the degrees of freedom, in [0.5, 100]: how heavy the tails are.

    References
    ----------
    .. [1] K. L. Lange, R. J. A. Little and J. M. G. Taylor, "Robust statistical modeling using the t distribution",
       Journal of the American Statistical Association 84 (1989).

    Examples
    --------
    >>> ErrorScore(scale=1.0, freedom=3.0)(np.array([0.0, 1.0, 1e308])).tolist()
    [-1.0, 0.0, 3.0]
    """

    scale: float
    freedom: float

    @classmethod
    def fit(cls, errors: Floats) -> ErrorScore | None:
        """The score fitted to absolute errors by maximum likelihood; None when not one of them is above 0.

        Errors of exactly 0 are no part of the fit: a continuous tail says nothing about how often a model is just
        right. They score -1 all the same.
        """
        sizes = _thinned(errors[errors > 0.0])
        if len(sizes) == 0:
            return None
        unit = float(np.median(sizes))
        with np.errstate(over="ignore"):
            sizes = np.clip(sizes / unit, 1.0 / WIDEST, WIDEST)
        fits = [cls(scale=_scale(sizes, freedom), freedom=freedom) for freedom in FREEDOMS]
        best = max(fits, key=lambda fit: fit._likelihood(sizes))
        return cls(scale=max(best.scale * unit, np.finfo(float).tiny), freedom=best.freedom)

    def __call__(self, errors: Floats) -> Floats:
        """The score of each absolute error (array of any shape)."""
        return np.asarray((self.freedom + 1.0) * self._share(errors) - 1.0)

    def sensitivity(self, errors: Floats) -> float:
        """How much the mean score rises when errors grow by a factor of e, for a small rise; above 0."""
        share = self._share(errors)
        return float(2.0 * (self.freedom + 1.0) * np.mean(share * (1.0 - share)))

    def _share(self, errors: Floats) -> Floats:
        """``e**2 / (nu * s**2 + e**2)``, in [0, 1]."""
        with np.errstate(over="ignore", divide="ignore"):
            return np.asarray(1.0 / (1.0 + self.freedom / np.square(errors / self.scale)))

    def _likelihood(self, sizes: Floats) -> float:
        """Mean log-likelihood, up to a constant."""
        half = self.freedom / 2.0
        constant = math.lgamma(half + 0.5) - math.lgamma(half) - 0.5 * math.log(self.freedom) - math.log(self.scale)
        with np.errstate(over="ignore"):
            tails = np.log1p(np.square(sizes / self.scale) / self.freedom)
        return constant - (half + 0.5) * float(np.mean(np.minimum(tails, 1e6)))


def _thinned(sizes: Floats) -> Floats:
    if len(sizes) <= QUANTILES:
        return sizes
    places = (np.arange(QUANTILES) + 0.5) / QUANTILES * (len(sizes) - 1)
    return np.interp(places, np.arange(len(sizes)), np.sort(sizes))  # as `np.quantile`, in a fifth of its time


def _scale(sizes: Floats, freedom: float) -> float:
    """Scale at which the mean score is 0: Newton's method on its logarithm, in steps of at most a factor of e."""
    log_scale = 0.0
    for _ in range(STEPS):
        fit = ErrorScore(scale=math.exp(log_scale), freedom=freedom)
        step = float(np.mean(fit(sizes))) / max(fit.sensitivity(sizes), 1e-9)
        log_scale += min(max(step, -1.0), 1.0)
        if abs(step) < 1e-10:
            break
    return math.exp(log_scale)
