"""Predictions and actuals that a caller hands over as arrays: whether they are classes, and those in one coding."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import label
from include.errors import DataError
from include.scoring.classes import ClassCoding, disjoint

Values = npt.NDArray[Any]


def present_values(values: Values) -> npt.NDArray[np.bool_]:
    """Which values are there: not missing, and of numbers finite; shape (n,)."""
    known: npt.NDArray[np.bool_] = np.isfinite(values) if values.dtype.kind == "f" else np.asarray(~pd.isna(values))
    return known


def in_one_coding(predicted: Values, actual: Values) -> tuple[Values, Values]:
    """Predictions and actuals as names of classes, spelled as the actuals are and None where missing.

    Where both are numbers they stay so.

    Raises
    ------
    DataError
        When the two share no class, or one is text and the other numbers that are not whole.
    """
    numbers = [np.issubdtype(values.dtype, np.number) for values in (actual, predicted)]
    if numbers == [True, False]:
        _refuse_fractions(actual, "actuals", "predictions")
    elif numbers == [False, True]:
        _refuse_fractions(predicted, "predictions", "actuals")
    cells = [_named(values) for values in (actual, predicted)]
    coding = ClassCoding.of(labels=cells[0][1])
    coded = [[coding.name(name) for name in names] for _, names in cells]
    if lists := disjoint(coded[1], coded[0]):
        raise DataError(
            f"predictions and actuals share no class: {lists}, so that none could be right; give both in one coding"
        )
    if all(numbers):
        return predicted, actual
    actual, predicted = (
        np.array([*names, None], dtype=object)[codes] for names, (codes, _) in zip(coded, cells, strict=True)
    )
    return predicted, actual


def _named(values: Values) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Each value as the number of its name, those missing as -1; and the names that occur."""
    cells = values.astype(object)
    cells[~present_values(values)] = None
    codes, found = pd.factorize(cells)
    return codes, [label(value) for value in found]


def _refuse_fractions(numbers: Values, name: str, other: str) -> None:
    known = numbers[present_values(numbers)].astype(float)
    if (known != np.floor(known)).any():
        raise DataError(
            f"{name} are numbers that are not whole, {other} are not numbers, so that none could be right; give both "
            "as the same type"
        )
