"""The unit in which a rise of a champion's errors is counted, and how far a sum of such may go by chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.detectors.statistics.error_score import ErrorScore
from include.scoring.statistics import autocorrelation, inflation

Floats = npt.NDArray[np.float64]

FEWEST_UNLIKE = 10  # rows of the sample whose error is not the commonest one
RISE = 0.10  # of the errors, relative: the smallest that is looked for
LONGEST_RUN = 1e8  # rows; what no limit is set for
OVERSHOOT = 1.166  # how far a sum of normal steps jumps beyond a limit: Siegmund (1985)


@dataclass(frozen=True, kw_only=True)
class Yardstick:
    """What the first rows tell of a champion's errors: the unit in which a rise is counted.

    Parameters
    ----------
    scale, freedom : float
        Of the `ErrorScore` that turns an error into a number that no unit and no heavy tail can stretch.
    spread : float
        Standard deviation of a row's score, with the likeness of neighbours counted in, above 0.
    allowance : float
        Rise of the mean score, in spreads, that is let pass: half of what errors larger by `RISE` show.
    ceiling : float
        What the running score is cut at, so that an alarm ends some time after the errors are as before.
    """

    scale: float
    freedom: float
    spread: float
    allowance: float
    ceiling: float

    @classmethod
    def cut(cls, errors: Floats) -> Yardstick | None:
        """Measure absolute errors, in time order; None while all but a few are alike."""
        fit, (values, counts) = ErrorScore.fit(errors), np.unique(errors, return_counts=True)
        if fit is None or len(errors) - int(counts.max()) < FEWEST_UNLIKE:
            return None
        scores = fit(errors)
        if len(values) > 2:
            shift = float((fit((1.0 + RISE) * errors) - scores).mean())
        else:  # right and wrong: errors rise by becoming more
            shift = RISE * float(scores.mean() - scores.min())
        lag1 = autocorrelation(scores)
        doubt = math.sqrt((1.0 - lag1**2) / len(errors))  # one standard error
        spread = float(scores.std(ddof=1)) * math.sqrt(inflation(lag1 + doubt))
        allowance = shift / spread / 2.0
        return cls(
            scale=fit.scale, freedom=fit.freedom, spread=spread, allowance=allowance,
            ceiling=limit(LONGEST_RUN, allowance),
        )  # fmt: skip

    def __call__(self, errors: Floats) -> Floats:
        """The score of each absolute error, in spreads."""
        return ErrorScore(scale=self.scale, freedom=self.freedom)(errors) / self.spread


def limit(run_length: float, allowance: float) -> float:
    """The limit that the score of unchanged rows reaches once in `run_length` rows, on average.

    Solves Siegmund's approximation of the average run length of a sum of independent normal steps [1]_,
    ``(exp(2 * k * b) - 1 - 2 * k * b) / (2 * k**2)`` with ``b = limit + 1.166``, by bisection.

    References
    ----------
    .. [1] D. Siegmund, "Sequential Analysis", Springer (1985).

    >>> round(limit(938.0, 0.5), 1)  # the textbooks' 5 and 938
    5.0
    """
    low, high = 0.0, math.sqrt(run_length) + OVERSHOOT + 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        exponent = min(2.0 * allowance * (middle + OVERSHOOT), 700.0)
        if (math.expm1(exponent) - exponent) / (2.0 * allowance**2) < run_length:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
