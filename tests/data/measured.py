"""Measures as a model's owner would write them, for tests to name in model files."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


def total(table: pd.DataFrame) -> pd.Series[Any]:
    """The sum of temperature and price."""
    return table["temperature"] + table["price"]


def warmth(table: pd.DataFrame) -> npt.NDArray[Any]:
    """A category for each row."""
    return np.where(table["temperature"] > 15.0, "warm", "cold")


def one_short(table: pd.DataFrame) -> npt.NDArray[Any]:
    """One value too few."""
    return np.zeros(max(len(table) - 1, 0))


def failing(table: pd.DataFrame) -> pd.Series[Any]:
    """Asks for a column that is not there."""
    return table["brightness"]


def leaving(*_given: object) -> float:
    """Ends its process."""
    raise SystemExit("bye")
