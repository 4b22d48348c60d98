"""Probabilities as they are recorded beside predictions: those of a row are taken whole, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.class_columns import STRAY, covered_classes, positive_class
from include.data.profile import to_floats
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.retraining.contest.contradictions import require_agreement

MOST_DIGITS = 4  # after the point, from which on rounded probabilities sum to 1 nearly enough
MOST_ROUNDING = 0.25  # from 1: what ten classes of one digit may be off is no probability any more
NEAR_ONE = 1e-3  # how far a probability may lie outside [0, 1], and those of a row in all from 1: they are rounded

MANY = 0.05  # share of the labels from which on what is odd about them is no accident

Chances = npt.NDArray[np.float64]


def recorded_chances(
    spec: ModelSpec, table: pd.DataFrame, said: Sequence[npt.NDArray[Any]], classes: tuple[str, ...]
) -> tuple[Chances | None, tuple[str, ...]]:
    """Recorded probabilities of shape (rows, classes), NaN in rows that have none to be used, and the classes.

    What is outside [0, 1] by no more than 0.001 is clipped, and a row's are made to sum to 1 where they do so within
    0.001, or within what rounding all of them to so many digits can do. All others count as missing.

    Parameters
    ----------
    said : sequence of array
        Labels and, last, predictions in the rows, None where missing.
    classes : tuple of str
        Those that the champion knows.

    Returns
    -------
    chances, classes
        None, and `classes` as they were, where none are recorded.

    Raises
    ------
    DataError
        When there are three classes and one column, when more than half of the probabilities cannot be any, or when
        they are those of another class (`include.retraining.contest.contradictions`).
    """
    if not has_chances(spec, table):
        return None, classes
    chances = _in_range(spec, table)
    counts = pd.Series(np.concatenate([np.asarray(each).astype(object) for each in said])).value_counts()
    found = {str(name): int(count) for name, count in counts.items()}
    known = sorted({*classes, *found})
    if spec.probabilities is not None:
        covered = covered_classes(spec, known)
        require_agreement(spec, chances, covered, said[-1])
        return chances, covered
    positive = positive_class(spec, known)
    others = {name: found.get(name, 0) for name in known if name != positive}
    other = max(others, key=lambda name: (others[name], name in classes), default=f"not {positive}")
    odd = sum(others.values()) - others.get(other, 0)
    if odd >= max(STRAY, MANY * sum(found.values())):
        raise DataError(
            f"model {spec.name}: field probability: one column is enough for two classes, but besides {positive!r} "
            f"there are {', '.join(others)}; name a column for each class in `probabilities`, or leave `prediction` "
            "and `probability` out, so that the champion predicts"
        )
    require_agreement(spec, chances, (other, positive), said[-1])
    return chances, (other, positive)


def _in_range(spec: ModelSpec, table: pd.DataFrame) -> Chances:
    """The probabilities of each row; a DataError where more than half of those recorded cannot be any."""
    columns, found = list(spec.probability_columns), row_chances(spec, table)
    there = table[columns].notna().to_numpy().all(axis=1)
    wrong = there & np.isnan(found[:, 0])
    if 2 * wrong.sum() > there.sum():
        first, place = table[columns].iloc[int(np.argmax(wrong))].tolist(), int(np.argmax(wrong))
        field, shape = ("probability", "") if spec.probabilities is None else ("probabilities", " and sum to 1")
        raise DataError(
            f"model {spec.name}: field {field}: {wrong.sum()} of {there.sum()} values of {', '.join(columns)} are not "
            f"between 0 and 1{shape}; the first is {', '.join(map(str, first))}, in row {place + 1} of the window"
            + _per_cent(table[columns])
        )
    return found


def _per_cent(table: pd.DataFrame) -> str:
    """The end of a message about probabilities that may be per cent; empty for others."""
    found = np.column_stack([to_floats(table[name])[0] for name in table.columns])
    known = found[np.isfinite(found)]
    if not len(known) or known.min() < 0.0 or known.max() > 100.0 + NEAR_ONE:
        return ""
    return "; if they are per cent, deliver them with the sign, as in 59.4%, or between 0 and 1"


def has_chances(spec: ModelSpec, table: pd.DataFrame) -> bool:
    """Whether the model file names columns of probabilities, and the rows have them all."""
    return bool(spec.probability_columns) and set(spec.probability_columns) <= set(table.columns)


def row_chances(spec: ModelSpec, table: pd.DataFrame) -> Chances:
    """The probabilities of each row, in the order of the columns; of two classes the other's first.

    A whole row is NaN where one of them is missing, is outside [0, 1], or where they do not sum to 1.
    """
    found = np.column_stack([to_floats(table[name])[0] for name in spec.probability_columns])
    if spec.probabilities is None:
        found = np.column_stack([1.0 - found[:, 0], found[:, 0]])
    with np.errstate(invalid="ignore", divide="ignore"):
        right = ((found >= -NEAR_ONE) & (found <= 1.0 + NEAR_ONE)).all(axis=1)
        right &= np.abs(found.sum(axis=1) - 1.0) <= _rounding(found)
        clipped = found.clip(0.0, 1.0)
        made = clipped if spec.probabilities is None else clipped / clipped.sum(axis=1, keepdims=True)
    return np.where(right[:, None], made, np.nan)


def _rounding(chances: Chances) -> float:
    """How far the sum of a row's may be from 1 where all are rounded to the digits that they have."""
    there = chances[np.isfinite(chances)]
    for digits in range(1, MOST_DIGITS):
        if np.all(np.abs(there - np.round(there, digits)) < 1e-9):
            rounded: float = 0.5 * chances.shape[1] * 10.0**-digits + 1e-9
            return max(NEAR_ONE, min(rounded, MOST_ROUNDING))
    return NEAR_ONE
