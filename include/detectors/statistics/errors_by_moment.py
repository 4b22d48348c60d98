"""Errors of rows that share their time, such as shops that report once a day: do rows count, or times?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from include.detectors.statistics.error_score import ErrorScore
from include.scoring.dependence import by_moment

Floats = npt.NDArray[np.float64]

FEWEST = 5  # times before it is said whether rows of one time are alike
MOST = 100  # rows of a time that are kept for that


def thinned(errors: Floats, sizes: npt.NDArray[np.intp]) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Of each time at most `MOST` errors, evenly; and how many each then has. `sizes` sum up to the errors' number."""
    first = np.cumsum(sizes) - sizes
    kept = np.minimum(sizes, MOST)
    places = [start + np.arange(few) * size // few for start, size, few in zip(first, sizes, kept, strict=True)]
    return errors[np.concatenate(places)], kept


def are_alike(errors: Floats, sizes: npt.NDArray[np.intp]) -> bool:
    """Whether errors of one time are more alike than those of different times: `include.scoring.dependence.by_moment`.

    Their scores are compared, which no heavy tail stretches.

    >>> rng = np.random.default_rng(0)
    >>> shocks, noise = np.repeat(rng.normal(size=10), 50), rng.normal(size=500)
    >>> are_alike(np.abs(shocks + noise), np.full(10, 50))
    True
    """
    fit = ErrorScore.fit(errors)
    return fit is not None and by_moment(fit(errors), np.repeat(np.arange(len(sizes)), sizes)) is not None


def means(errors: Floats, sizes: npt.NDArray[np.intp]) -> Floats:
    """The mean error of each time, of shape (times,)."""
    return np.asarray(np.add.reduceat(errors, np.cumsum(sizes) - sizes) / sizes)
