"""Distances of many means, and of many correlations, at once, with the columns' correlations taken into account."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RIDGE = 0.05  # added to the correlations' diagonal: nearly collinear columns differ by noise, which counts for little

DRAWS = 200  # of random correlation matrices
AT_ONCE = 20  # of them, so that they stay in the processor's cache
AS_FAR = 20  # of them as far apart as what is judged, from which on no more are needed: it is no rarity

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SquaredDistance:
    """``z' (R + 0.05)^-1 z`` for standard normal ``z`` with correlations ``R``: Hotelling's statistic with a ridge.

    Parameters
    ----------
    inverse : array of shape (d, d)
    mean, variance : float
        Of the statistic when nothing has changed.
    """

    inverse: Floats
    mean: float
    variance: float

    @classmethod
    def of(cls, correlations: Floats) -> SquaredDistance:
        """For a correlation matrix; pairs of which the correlation is not known (NaN) count as uncorrelated."""
        known = np.where(np.isfinite(correlations), correlations, 0.0)
        np.fill_diagonal(known, 1.0)
        values, vectors = np.linalg.eigh(known)
        weights = np.maximum(values, 0.0) / (np.maximum(values, 0.0) + RIDGE)
        inverse = (vectors / (np.maximum(values, 0.0) + RIDGE)) @ vectors.T
        return cls(inverse=inverse, mean=float(weights.sum()), variance=2.0 * float(np.square(weights).sum()))

    def __call__(self, z: Floats) -> Floats:
        """The statistic for one ``z`` of shape (d,), or for each row of an array of shape (n, d)."""
        return np.asarray(np.einsum("...i,ij,...j->...", z, self.inverse, z))

    def p_value(self, value: float) -> float:
        """Probability of a value as large by chance: that of a gamma variable with the same mean and variance [1]_.

        References
        ----------
        .. [1] F. E. Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
           Bulletin 2 (1946).
        """
        return _gamma_tail(value, self.mean, self.variance)


@dataclass(frozen=True, kw_only=True)
class CorrelationDistance:
    """``|W (B - A) W|² / 2`` for two correlation matrices, with ``W = (A + 0.05)^(-1/2)`` of the first.

    Sampling errors of correlations are themselves correlated. Between W on both sides those of covariances are not
    [1]_, so that many small changes add up to one large one.

    Parameters
    ----------
    value : float
        Of the change that is judged.
    mean, variance : float
        Of the distance when nothing has changed, found from at most 200 random pairs of correlation matrices of normal
        rows, always the same ones, each with the W of its own first matrix: W comes from the sample that is compared.
        They are drawn until 20 are as far apart as those that are judged [2]_: then these are like many by chance.

    References
    ----------
    .. [1] H. Nagao, "On some test criteria for covariance matrix", Annals of Statistics 1 (1973).
    .. [2] J. Besag and P. Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991).
    """

    value: float
    mean: float
    variance: float

    @classmethod
    def of(
        cls, correlations: Floats, change: Floats, before: float, after: float, inflation: float = 1.0
    ) -> CorrelationDistance:
        """For a correlation matrix without unknown entries and its change, and the effective rows on the two sides.

        Rows in time tell about correlations mostly through their slow movements. As many effective rows then scatter as
        fewer independent ones would: 2.5 times fewer for a first-order autoregression with much inflation, the ratio
        of the fourth moment of its spectrum to the squared second one.
        """
        values, vectors = np.linalg.eigh(correlations)
        values = np.maximum(values, 0.0)  # some are less where entries are unknown
        moved = (vectors / (values + RIDGE)) @ vectors.T @ change
        value = float(np.sum(moved * moved.T)) / 2.0
        half = vectors * np.sqrt(values)
        rng = np.random.default_rng(0)
        slowness = 1.0 + 1.5 * (1.0 - 1.0 / inflation)
        found = np.empty(0)
        while len(found) < DRAWS and np.count_nonzero(found >= value) < AS_FAR:
            first, second = (_random_correlations(rng, half, rows / slowness) for rows in (before, after))
            found = np.append(found, _half_squares(first, second - first) / slowness)
        return cls(value=value, mean=float(found.mean()), variance=float(found.var(ddof=1)))

    @property
    def p_value(self) -> float:
        """Probability of a distance as large by chance: that of a gamma variable with the same mean and variance."""
        return _gamma_tail(self.value, self.mean, self.variance)


def _random_correlations(rng: np.random.Generator, half: Floats, rows: float) -> Floats:
    """Correlations of `rows` normal rows whose covariance is ``half @ half.T``, by Bartlett's decomposition.

    Independent ones, shape (`AT_ONCE`, d, d).
    """
    size = len(half)
    lower = np.zeros((AT_ONCE, size, size))
    below, across = np.tril_indices(size, -1)
    lower[:, below, across] = rng.standard_normal((AT_ONCE, len(below)))
    diagonal = np.arange(size)
    degrees = np.maximum(rows - 1.0 - diagonal, 1.0)
    lower[:, diagonal, diagonal] = np.sqrt(rng.chisquare(degrees, (AT_ONCE, size)))
    factor = half @ lower
    factor /= np.sqrt(np.einsum("nij,nij->ni", factor, factor))[:, :, None]
    return np.asarray(factor @ factor.transpose(0, 2, 1))


def _half_squares(first: Floats, changes: Floats) -> Floats:
    """``|W D W|² / 2`` for each D of `changes`, with the W of its `first`.

    It is half the trace of ``(M D)²`` with ``M = W W``, the inverse of ``A + 0.05``: no root is needed.
    """
    moved = np.linalg.solve(first + RIDGE * np.eye(first.shape[-1]), changes)
    return np.asarray(np.einsum("nij,nji->n", moved, moved)) / 2.0


def _gamma_tail(value: float, mean: float, variance: float) -> float:
    from scipy import special

    shape = mean**2 / variance
    return float(special.gammaincc(shape, max(value, 0.0) * mean / variance))
