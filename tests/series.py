"""Random series with a known truth, and how often a test may be wrong about them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]


def autoregression(rng: np.random.Generator, *, rows: int, coefficient: float, columns: int | None = None) -> Floats:
    """A first-order autoregression with mean 0 and variance 1; one series, or one in each of `columns`."""
    shape: Any = (rows + 300,) if columns is None else (rows + 300, columns)
    noise = rng.normal(size=shape) * math.sqrt(1.0 - coefficient**2)
    return np.asarray(lfilter([1.0], [1.0, -coefficient], noise, axis=0)[300:])


def most(level: float, trials: int) -> float:
    """The largest share of false alarms, in that many trials, that a test of this level may show: 3 sd above it."""
    return level + 3.0 * math.sqrt(level * (1.0 - level) / trials)
