"""Rows that somebody sorted, all of them or those of each moment: in what order they are then says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import array_of_series
from include.data.profile import to_floats
from include.data.profile.cells import names_of

ONE_WAY = 0.99  # share of the steps within moments that go the same way, from which on a column was sorted by
USUAL = 0.5  # such steps a moment, below which a column that hardly ever changes may be so by chance
AT_A_GLANCE = 1_000  # rows that are looked at before all of them are
BACK = 0.1  # share of later rows before the last of the earlier, from which on the order was no order of time
AGAIN = 0.9  # share of the later steps that go the same way, from which on the order may be one of time
FEWEST = 2  # steps of the earlier rows: a single one may be a switch
ALL = slice(None)


def mixed_where_sorted(table: pd.DataFrame, names: Iterable[str], times: pd.Series[Any]) -> pd.DataFrame:
    """The rows, those of each moment in no order if they were sorted by one of the columns `names`.

    Else they stay as they came, which may be how they came about. The same rows are always mixed the same way.

    Parameters
    ----------
    table : DataFrame
        In time order; `times` are those of its rows.
    """
    if times.is_unique:
        return table
    moments = times.astype("int64").to_numpy()
    together = np.diff(moments) == 0
    if not any(_sorted(table[name], together) for name in names):
        return table
    drawn = _drawn(len(table))
    return table.iloc[drawn[np.argsort(moments[drawn], kind="stable")]]


def mixed(table: pd.DataFrame) -> pd.DataFrame:
    """The rows in no order, always the same way."""
    return table.iloc[_drawn(len(table))]


def was_sorted_by(before: pd.Series[Any], after: pd.Series[Any]) -> bool:
    """Whether a column goes one way in earlier rows because these were sorted by it: the later ones go back, and on.

    A flag that was switched on for good and a meter do not go back; the months of a year go one way again.
    """
    up, down = _ups_and_downs(_in_order(before.iloc[:AT_A_GLANCE]))
    if max(up, down) < ONE_WAY * (up + down):
        return False
    places = _in_order(pd.concat([before, after], ignore_index=True))
    first, later = (part[np.isfinite(part)] for part in (places[: len(before)], places[len(before) :]))
    up, down = _ups_and_downs(first)
    if max(up, down) < max(ONE_WAY * (up + down), FEWEST):
        return False
    back = np.mean(later < first[-1] if up > down else later > first[-1]) if len(later) else 0.0
    again = _ups_and_downs(later)
    return bool(back >= BACK) and max(again) < AGAIN * sum(again)


def goes_one_way(values: pd.Series[Any]) -> bool:
    """Whether values, of which there are at least two different ones, hardly ever turn."""
    up, down = _ups_and_downs(_in_order(values))
    return max(up, down) >= max(ONE_WAY * (up + down), 1)


def _drawn(rows: int) -> npt.NDArray[np.intp]:
    return np.random.default_rng(0).permutation(rows)


def _ups_and_downs(values: npt.NDArray[np.float64], wanted: npt.NDArray[np.bool_] | slice = ALL) -> tuple[int, int]:
    with np.errstate(invalid="ignore"):  # from infinite to infinite
        steps = np.diff(values)[wanted]
    return int(np.count_nonzero(steps > 0.0)), int(np.count_nonzero(steps < 0.0))


def _sorted(values: pd.Series[Any], together: npt.NDArray[np.bool_]) -> bool:
    """Whether the values of most moments go one way; `together` says which rows have the next one's moment."""
    up = down = 0
    for rows in (AT_A_GLANCE, len(values)):
        up, down = _ups_and_downs(_in_order(values.iloc[:rows]), together[: rows - 1])
        if max(up, down) < ONE_WAY * (up + down):
            return False
    return max(up, down) >= USUAL * int(np.count_nonzero(np.diff(together, prepend=False) & together))


def _in_order(values: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Numbers as they are, names as their places in the alphabet."""
    floats = to_floats(values)[0]
    if np.isfinite(floats).any():
        return floats
    codes, names = names_of(array_of_series(values))
    places = np.argsort(np.argsort([str(name) for name in names])).astype(np.float64)
    return np.append(places, np.nan)[codes]
