"""Rows of one moment: in what order they are says nothing where somebody sorted them."""

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
    together = np.diff(times.astype("int64").to_numpy()) == 0
    if not any(_sorted(table[name], together) for name in names):
        return table
    drawn = np.random.default_rng(0).permutation(len(table))
    return table.iloc[drawn[np.argsort(times.to_numpy()[drawn], kind="stable")]]


def _sorted(values: pd.Series[Any], together: npt.NDArray[np.bool_]) -> bool:
    """Whether the values of most moments go one way; `together` says which rows have the next one's moment."""
    up = down = 0
    for rows in (AT_A_GLANCE, len(values)):
        with np.errstate(invalid="ignore"):  # from infinite to infinite
            steps = np.diff(_in_order(values.iloc[:rows]))[together[: rows - 1]]
        up, down = int(np.count_nonzero(steps > 0.0)), int(np.count_nonzero(steps < 0.0))
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
