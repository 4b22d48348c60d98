"""Predictions and actuals that a caller hands over as arrays: whether they are classes, and those in one coding."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import label
from include.errors import DataError
from include.scoring.classes import ClassCoding, disjoint, refuse_probabilities, two_spellings

Values = npt.NDArray[Any]


def present_values(values: Values) -> npt.NDArray[np.bool_]:
    """Which values are there: not missing, and of numbers finite; shape (n,)."""
    known: npt.NDArray[np.bool_] = np.isfinite(values) if values.dtype.kind == "f" else np.asarray(~pd.isna(values))
    return known


def in_one_coding(predicted: Values, actual: Values, known: Values | None = None) -> tuple[Values, Values]:
    """Predictions and actuals as names of classes, spelled as the actuals are and None where missing.

    Where both are numbers they stay so. `known` are values of further labels, such as those that the model has learnt.

    Raises
    ------
    DataError
        When the two share no class, or one class seems to be spelled in two ways, as 0 and 2 in 0, 1 against 1, 2; or
        when one is text and the other numbers that are not whole.
    """
    numbers = [np.issubdtype(values.dtype, np.number) for values in (actual, predicted)]
    if numbers == [True, False]:
        _refuse_fractions(actual, "actuals", "predictions")
    elif numbers == [False, True]:
        _refuse_fractions(predicted, "predictions", "actuals")
    made = actual_names, predicted_names = named_classes(actual, predicted)
    counts = [Counter(names[present_values(names)].tolist()) for names in made]
    out = "give both in one coding" + ("; quantities need task='regression'" if all(numbers) else "")
    learnt = set() if known is None else set(named_classes(actual, known)[1])
    refuse_probabilities({*counts[0], *learnt} - {None}, counts[1], "predictions and actuals")
    if lists := disjoint(counts[1], counts[0]):
        raise DataError(f"predictions and actuals share no class: {lists}, so that none could be right; {out}")
    if told := two_spellings(counts[0], counts[1], learnt, either=True):
        raise DataError(f"predictions and actuals: {told}; {out}")
    return (predicted, actual) if all(numbers) else (predicted_names, actual_names)


def named_classes(actual: Values, other: Values) -> tuple[Values, Values]:
    """Both as names of classes, spelled as the actuals are and None where missing."""
    cells = [_named(values) for values in (actual, other)]
    coding = ClassCoding.of(labels=cells[0][1])
    first, second = (np.array([*map(coding.name, names), None], dtype=object)[codes] for codes, names in cells)
    return first, second


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
