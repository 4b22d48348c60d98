"""Numbers that stand for no value, as -200 or 99999 do, in any column, the target too: for the owner to confirm."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from include.data.profile import NO_EXTRAS, NumericColumn, Profile, Quantity, profile_table, to_floats, with_possible
from include.data.profile.sentinels import outlying_values
from include.registry.kinds import Kinds

MOST = 12  # columns that a sentence names
ORDINARY = 1.0  # size up to which a number is a value in most columns, so that it is not looked for in others


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """One such number.

    Parameters
    ----------
    value : float
    quantity : {"number", "datetime", "duration"}
        What the columns hold; dates are seconds since 1970 (UTC).
    columns : mapping of str to int
        Rows of each column that have it.
    emptied : tuple of str
        Those of the columns in which a check counts these cells as empty without being told to.
    limits : mapping of str to str
        Where the number is a value of other columns, so that `missing` would empty those, too: for each of `columns`
        the `range` that leaves it out.
    """

    value: float
    quantity: Quantity = "number"
    columns: dict[str, int] = field(default_factory=dict)
    emptied: tuple[str, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """As a model file has it."""
        if self.quantity != "datetime":
            return f"{self.value:.15g}"
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.value):%Y-%m-%d}"

    @property
    def text(self) -> str:
        """Where it stands, and where a check takes it for no value."""
        told = _listed([f"{name} ({rows:,} rows)" for name, rows in self.columns.items()])
        what = "values" if self.quantity == "datetime" else "numbers"
        where = f"{self.written} stands far outside of all other {what} in {told}"
        if not self.emptied:
            return f"{where}; it counts as a value there"
        if len(self.emptied) == len(self.columns):
            return f"{where}; it counts as empty there"
        return f"{where}; it counts as empty in {_listed(self.emptied)}, as a value in the others"

    def advice(self, missing: str) -> str:
        """What to write; `missing` is how the reader of it says that cells with the number are empty."""
        if self.limits:
            limits = ", ".join(f"{name}: {limit}" for name, limit in self.limits.items())
            way = f"write `range: {{{limits}}}` in the model file (it is a value of other columns)"
        else:
            way = missing
        kept = ", ".join(f"{name}: [null, null]" for name in self.emptied)
        kept = f"; if it is a value, write `range: {{{kept}}}` in the model file" if kept else ""
        return f"if it says that there is no value, {way}{kept}"


def find_stand_ins(
    reference: pd.DataFrame, history: pd.DataFrame, columns: Sequence[str], *,
    kinds: Kinds | None = None, recent: int = 0, declared: Collection[str] = (),
) -> list[StandIn]:  # fmt: skip
    """What a check empties in these rows, and what it does not though it is as far outside of all other numbers.

    A number that is found in one column is looked for at the ends of the others, too: where their own numbers spread
    wider.

    Parameters
    ----------
    reference : DataFrame
        In time order, like the history.
    history : DataFrame
        The reference's rows and those that came since.
    columns : sequence of str
        Those to look at; all that hold no numbers are passed over.
    kinds : mapping of str to ColumnKind, optional
    recent : int, default 0
        Rows of a check's window: the last of the history.
    declared : collection of str
        Columns with a `range`, in which nothing is looked for.

    Examples
    --------
    >>> rows = pd.DataFrame({"wind": [*range(100), *[-999] * 5, 7] * 3, "snow": [*range(100), *[-999] * 5, 7] * 3})
    >>> find_stand_ins(rows, rows, ["wind", "snow"])[0].text
    '-999 stands far outside of all other numbers in wind (15 rows), snow (15 rows); it counts as empty there'
    """
    names = [name for name in columns if name in reference.columns and name in history.columns]
    names = [name for name in names if name not in declared]
    known = profile_table(reference, names, kinds=kinds, extras=NO_EXTRAS)
    known = with_possible(known, history, recent or len(history))
    found: list[_Found] = []
    for name, column in known.columns.items():
        if isinstance(column, NumericColumn):
            found += _of_column(name, column, history[name])
    told = sorted({(each.quantity, each.value) for each in found if each.emptied or each.apart})
    return [
        _put_together(
            value, [each for each in found if (each.quantity, each.value) == (quantity, value)], known, history
        )
        for quantity, value in told
    ]


@dataclass(frozen=True, kw_only=True)
class _Found:
    column: str
    quantity: Quantity
    value: float
    cells: int
    nearest: float = math.nan
    apart: bool = False
    emptied: bool = False


def _of_column(name: str, column: NumericColumn, cells: pd.Series[Any]) -> list[_Found]:
    floats = to_floats(cells)[0]
    emptied = column.possible.sentinels
    others = floats[np.isfinite(floats) & ~np.isin(floats, emptied)]
    found = [
        _Found(
            column=name, quantity=column.quantity, value=value, cells=int((floats == value).sum()), emptied=True,
            nearest=float(others[np.argmin(np.abs(others - value))]) if len(others) else math.nan,
        ) for value in emptied
    ]  # fmt: skip
    return found + [
        _Found(
            column=name, quantity=column.quantity, value=end.value, cells=end.cells, nearest=end.nearest,
            apart=end.apart,
        ) for end in outlying_values(others, column.quantity)
    ]  # fmt: skip


def _put_together(value: float, found: Sequence[_Found], known: Profile, history: pd.DataFrame) -> StandIn:
    quantity = found[0].quantity
    there = [each for each in found if each.emptied or each.apart or abs(value) > ORDINARY]
    columns = {each.column: each.cells for each in there}
    beside = quantity == "number" and any(
        name not in columns and isinstance(column, NumericColumn) and (to_floats(history[name])[0] == value).any()
        for name, column in known.columns.items()
    )
    return StandIn(
        value=value, quantity=quantity, columns=columns, emptied=tuple(each.column for each in there if each.emptied),
        limits={each.column: _limit(value, each.nearest) for each in there} if beside else {},
    )  # fmt: skip


def _limit(value: float, nearest: float) -> str:
    """A range that leaves the value out and its nearest neighbour in."""
    between = f"{value + (nearest - value) / 2.0:.3g}"
    return f"[{between}, null]" if value < nearest else f"[null, {between}]"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more
