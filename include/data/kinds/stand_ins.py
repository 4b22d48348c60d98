"""Numbers that stand for no value, as -200 or 99999 do, in any column, the target too: for the owner to confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import to_floats

OFTEN = 3  # rows of a column that have it
VALUES = 10  # different numbers that a column has beside it

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """One such number.

    Parameters
    ----------
    value : float
    columns : mapping of str to int
        Rows of each column that have it.
    """

    value: float
    columns: Mapping[str, int]

    @property
    def text(self) -> str:
        """Where it stands."""
        told = ", ".join(f"{name} ({rows:,} rows)" for name, rows in list(self.columns.items())[:12])
        more = f" and {len(self.columns) - 12} more" if len(self.columns) > 12 else ""
        return f"{self.value:.15g} stands far outside of all other numbers in {told}{more}"


def find_stand_ins(table: pd.DataFrame, columns: Sequence[str]) -> list[StandIn]:
    """Numbers at one end of a column, repeated, and farther from all others than these are from each other.

    One that is found in a column is looked for at the ends of the others, too: where their own numbers spread wider.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str
        Those to look at; all that hold no numbers are passed over.

    Examples
    --------
    >>> rows = pd.DataFrame({"wind": [*range(100), *[-999] * 5], "snow": [*range(100), *[-999] * 5]})
    >>> find_stand_ins(rows, ["wind", "snow"])[0].text
    '-999 stands far outside of all other numbers in wind (5 rows), snow (5 rows)'
    """
    ends = {name: found for name in columns if name in table.columns and (found := _ends(table[name]))}
    values = sorted({end.value for found in ends.values() for end in found if end.apart})
    return [
        StandIn(value=value, columns={
            name: end.rows for name, found in ends.items() for end in found if end.value == value
        }) for value in values
    ]  # fmt: skip


@dataclass(frozen=True)
class _End:
    value: float
    rows: int
    apart: bool


def _ends(values: pd.Series[Any]) -> list[_End]:
    """The least and the greatest number of a column, where they come up again and again and are not 0."""
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return []
    floats, _ = to_floats(values)
    numbers, rows = np.unique(floats[np.isfinite(floats)], return_counts=True)
    if len(numbers) <= VALUES:
        return []
    found = []
    for end, beside, far in ((0, 1, -1), (-1, -2, 0)):
        gap, spread = abs(numbers[beside] - numbers[end]), abs(numbers[far] - numbers[beside])
        if rows[end] >= OFTEN and numbers[end] != 0.0 and gap > 0.0:
            found.append(_End(float(numbers[end]), int(rows[end]), bool(gap > spread)))
    return found
