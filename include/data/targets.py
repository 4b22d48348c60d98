"""Which column is the target, where tables are handed over without a model file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import DataError

#: Names that nothing but a target has, in small letters.
NAMES = ("target", "label", "labels", "y", "y_true", "actual", "actuals", "outcome", "class", "ground_truth")
ALIKE = 0.1  # of the larger of two spreads, from which on the other may be one of the same thing


@dataclass(frozen=True, kw_only=True)
class Target:
    """The target's column, and why it was taken for it; both empty for none."""

    name: str = ""
    why: str = ""


def find_target(
    reference: pd.DataFrame, recent: pd.DataFrame, given: str | None = None, actuals: npt.ArrayLike | None = None
) -> Target:
    """The column that is no input: the one named, else the one that the tables themselves leave.

    Parameters
    ----------
    reference, recent : DataFrame
    given : str, optional
        Its name, if the caller knows it.
    actuals : array of shape (n,), optional
        What came true on the recent rows.

    Raises
    ------
    DataError
        When neither table has the column that was named.
    """
    if given is not None:
        if given not in reference.columns and given not in recent.columns:
            found = ", ".join(map(str, reference.columns))
            raise DataError(f"target: no column {given!r} in the reference or the recent rows; found: {found}")
        return Target(name=given)
    named = [name for name in reference.columns if str(name).casefold() in NAMES]
    if len(named) == 1:
        return Target(name=named[0], why="by its name")
    if actuals is None:
        return Target()
    same = [name for name in recent.columns if name in reference.columns and _same(recent[name], np.asarray(actuals))]
    if len(same) == 1:
        return Target(name=same[0], why="it holds the actuals")
    gone = [name for name in reference.columns if name not in recent.columns or recent[name].isna().all()]
    fitting = [name for name in gone if _alike(reference[name], np.asarray(actuals))]
    if len(fitting) == 1:
        return Target(name=fitting[0], why="the actuals are in its place")
    return Target()


def inputs_of(table: pd.DataFrame, others: Sequence[str]) -> pd.DataFrame:
    """The table without the columns that are no inputs."""
    return table.drop(columns=[name for name in others if name], errors="ignore")


def _same(column: pd.Series[Any], actuals: npt.NDArray[Any]) -> bool:
    if len(column) != len(actuals) or len(set(actuals.tolist())) < 2:
        return False
    if pd.api.types.is_numeric_dtype(column) and actuals.dtype.kind in "iuf":
        return bool(np.isclose(column.to_numpy(dtype=float), actuals.astype(float), equal_nan=True).all())
    return [str(cell) for cell in column.tolist()] == [str(each) for each in actuals.tolist()]


def _alike(column: pd.Series[Any], actuals: npt.NDArray[Any]) -> bool:
    """Whether actuals may be values of that column: numbers of about its range and spread, or names that it has."""
    known = column.dropna()
    if not len(known):
        return False
    if pd.api.types.is_numeric_dtype(known) and actuals.dtype.kind in "iuf":
        finite = actuals[np.isfinite(actuals.astype(float))].astype(float)
        reach = float(known.max() - known.min())
        inside = (finite >= known.min() - reach) & (finite <= known.max() + reach)
        if not len(finite) or inside.mean() <= 0.5:
            return False
        spreads = float(known.astype(float).std(ddof=0)), float(finite.std())
        return min(spreads) >= ALIKE * max(spreads)
    names = {str(cell) for cell in known.unique()}
    return bool(np.mean([str(each) in names for each in actuals.tolist()]) > 0.5) if len(actuals) else False
