"""Do recorded probabilities belong to the predictions? Those of the other class are low where one is predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from include.errors import DataError
from include.registry.spec import ModelSpec

ORDER = 0.95  # AUC of another class's probabilities for the predictions of a class, from which on they are its own
SURE = 4.0  # standard errors from 1/2, without any relation
NEWEST = (1, 2, 4)  # of all rows, and of the newest half and quarter: columns may be exchanged from a day on

Chances = npt.NDArray[np.float64]


def require_agreement(spec: ModelSpec, chances: Chances, classes: Sequence[str], predicted: npt.NDArray[Any]) -> None:
    """Refuse probabilities whose order is that of another class in practically every row.

    Where a class is predicted from its probability, at whatever threshold, the probability is higher in the rows in
    which it is predicted than in the others: the AUC is 1. It is refused where that of a class is below 1/2, and that
    of another class (of two the other, 1 less the first) 0.95 or more and four standard errors above 1/2: unrelated
    columns come to that in 3 of 100,000 cases.

    Parameters
    ----------
    chances : array of shape (n, k)
        NaN in rows without.
    classes : sequence of str
        Those of the columns.
    predicted : array of shape (n,)
        None where missing.

    Raises
    ------
    DataError
        When they contradict the predictions.
    """
    there = ~np.isnan(chances).any(axis=1) & np.array([name is not None and name == name for name in predicted], bool)
    chances, names = chances[there], np.asarray(predicted)[there].astype(str)
    for part in NEWEST:
        newest = slice(len(names) - len(names) // part, None)
        for place, name in enumerate(classes):
            of_class = names[newest] == name
            other = _belongs_to(chances[newest], of_class, place)
            if other is not None:
                raise DataError(_told(spec, classes, place, other, _agreeing(-chances[newest, place], of_class)))


def _belongs_to(chances: Chances, predicted: npt.NDArray[np.bool_], own: int) -> int | None:
    """Whose probabilities tell where a class is predicted, if its own do the contrary."""
    ones = int(predicted.sum())
    others = len(predicted) - ones
    if not ones or not others or _auc(chances[:, own], predicted) >= 0.5:
        return None
    order = [_auc(column, predicted) for column in chances.T]
    best = int(np.argmax(order))
    error = math.sqrt((len(predicted) + 1) / (12.0 * ones * others))
    return best if order[best] >= max(ORDER, 0.5 + SURE * error) else None


def _auc(values: Chances, ones: npt.NDArray[np.bool_]) -> float:
    """Probability that a value of the ones is above one of the others, ties counting half."""
    ordered = np.sort(values)
    ranks = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") + 1) / 2.0
    count = int(ones.sum())
    return float((ranks[ones].mean() - (count + 1) / 2.0) / (len(values) - count))


def _agreeing(values: Chances, ones: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """In how many rows the best threshold of `values` says what is predicted, and of how many."""
    order = np.argsort(-values, kind="stable")
    right = np.concatenate([[0], np.cumsum(np.where(ones[order], 1, -1))]) + np.count_nonzero(~ones)
    return int(right.max()), len(values)


def _told(spec: ModelSpec, classes: Sequence[str], own: int, other: int, rows: tuple[int, int]) -> str:
    said = f"contradicts the prediction in {rows[0]} of {rows[1]} rows: it is low where"
    if spec.probabilities is not None:
        columns = list(spec.probabilities.values())
        return (
            f"model {spec.name}: field probabilities: {columns[own]!r} {said} {classes[own]!r} is predicted, and "
            f"{columns[other]!r} is high; exchange the columns"
        )
    return (
        f"model {spec.name}: field probability: {spec.probability!r} {said} {classes[-1]!r} is predicted; name "
        f"`probability` for the positive class, or say `positive_class: {classes[0]}`"
    )
