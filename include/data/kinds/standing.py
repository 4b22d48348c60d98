"""Columns that move with time by themselves, or stand still for longer than a recent window lasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from include.data.kinds.row_times import FEWEST_STEPS, ONE_WAY, STRETCHES, TIMELY, tells_by_time, ups_and_downs
from include.data.profile.cells import names_of

FEWEST = 20  # steps that show a direction by themselves
RUNS = 4.0  # values in turn within a recent window, below which no comparison of windows says anything
COMMON = 0.8  # share of one value, from which on a column that goes and comes back is a rare event, not a calendar
LEAST = 0.01  # share of the rows that each name but the last has, from which on it was one of those in force
LASTING = 0.5  # changes, as a share of those that names in no order make, from which on they do not stand still
AT_A_GLANCE = 1_000  # cells that are looked at before all of them are

Floats = npt.NDArray[np.float64]
Moments = npt.NDArray[np.int64]


def moves(finite: Floats, moments: Moments | None, *, ordered: bool, window_rows: float) -> str:
    """How these values move with time by themselves; empty if they do not.

    Parameters
    ----------
    finite : array of shape (n,)
    moments : array of shape (n,) or None
        The times of their rows, where these are known. Rows of one moment are in the order in which somebody sorted
        them: only from moment to moment anything moves with time.
    ordered : bool
        Whether the values are in the order of time.
    window_rows : float
        How many of them a usual recent window has.
    """
    ordered = ordered and not (moments is not None and differ_at_once(finite, moments))
    few = np.diff(finite[:AT_A_GLANCE])
    if not ordered and len(few) and not (few[0] and np.all(few == few[0])):
        return ""  # without an order only equal steps tell
    steps = np.diff(finite)
    up, down = ups_and_downs(steps)
    changes, one_way = up + down, max(up, down)
    if not changes:
        return ""
    equal = one_way == len(steps) and bool(np.all(steps == steps[0]))
    if equal or (ordered and one_way >= ONE_WAY * changes and (changes >= FEWEST or changes < RUNS)):
        return f"it goes {'up' if up > down else 'down'} steadily"
    if not ordered:
        return ""
    if why := _stands_still(finite, changes, window_rows):
        return why
    return "time alone tells its value" if len(finite) >= 10 * STRETCHES and tells_by_time(finite) else ""


def names_stand_still(values: pa.Array, moments: Moments, window_rows: int) -> str:
    """How names in the order of time stand still, such as those of seasons or of a tariff; empty if they do not.

    Those that follow each other and never come back are set anew now and then, however short the last one has lasted.
    """
    codes, names = names_of(values)
    there = codes < len(names)
    found, when = codes[there].astype(float), moments[there]
    starts = np.flatnonzero(np.diff(found, prepend=np.nan))
    if len(found) < FEWEST or len(starts) < 2 or differ_at_once(found, when):
        return ""
    *before, last = np.diff(starts, append=len(found)).tolist()
    lasting = min(*before, last) >= FEWEST_STEPS and min(before) >= LEAST * len(found)
    shares = np.unique(found, return_counts=True)[1] / len(found)
    if lasting and len(starts) <= RUNS and len(starts) == len(shares):
        return f"it was set anew {len(starts) - 1} times, and never back"
    if len(starts) - 1 >= LASTING * (1.0 - float(shares @ shares)) * (len(found) - 1):
        return ""  # as names in no order do in a window of a few rows
    return _stands_still(found, len(starts) - 1, window_rows * len(found) / len(codes))


def differ_at_once(finite: Floats, moments: Moments) -> bool:
    """Whether rows of one moment differ so much that the moment does not tell the value.

    It does where the values of each moment are beyond those of the one before, as numbers that are given in turn.
    """
    starts = _starts(moments)
    if len(starts) == len(finite):
        return False
    low, high = np.minimum.reduceat(finite, starts), np.maximum.reduceat(finite, starts)
    if len(starts) > 1 and (np.all(high[:-1] <= low[1:]) or np.all(low[:-1] >= high[1:])):
        return False
    with np.errstate(over="ignore", invalid="ignore"):  # of 1e308 no float holds the sum
        deviations = finite - finite.mean()
        whole = float(deviations @ deviations)
        between = float(np.sum(np.square(np.add.reduceat(deviations, starts)) / np.diff(starts, append=len(finite))))
    return whole - between > TIMELY * whole


def highest_of_each(numbers: Floats, moments: Moments) -> Floats:
    """The highest number of each moment."""
    highest: Floats = np.maximum.reduceat(numbers, _starts(moments))
    return highest


def _starts(moments: Moments) -> npt.NDArray[np.intp]:
    """Where the rows of each moment begin."""
    return np.flatnonzero(np.diff(moments, prepend=moments[:1] - 1))


def _stands_still(values: npt.NDArray[Any], changes: int, window_rows: float) -> str:
    runs = (changes + 1) * window_rows / len(values)
    most = int(np.unique(values, return_counts=True)[1].max())
    if 0.0 < runs < RUNS and 2.0 * window_rows <= len(values) and most < COMMON * len(values):
        return f"it stands still for a long time: {runs:.1f} values in turn in a recent window"
    return ""
