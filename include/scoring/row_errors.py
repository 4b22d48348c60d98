"""The error of a row, whatever metric decides: what is watched for drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from include.scoring.labelled_rows import Floats


def row_errors(predicted: npt.NDArray[Any], actual: npt.NDArray[Any], *, classes: bool) -> Floats:
    """The error of each row: absolute, or 0 and 1 for right and wrong classes; NaN where either is no finite number.

    Raises
    ------
    ValueError
        When the two are not of one length.
    """
    if predicted.shape != actual.shape or predicted.ndim != 1:
        raise ValueError(f"predictions {predicted.shape} and actuals {actual.shape} must be 1-d and of equal length")
    if classes:
        return np.asarray(predicted != actual, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(predicted.astype(float) - actual.astype(float))
    return np.where(np.isfinite(errors), errors, np.nan)
