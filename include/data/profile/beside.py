"""What recent rows tell of a reference's columns: numbers in them that stand for no value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from include.data.profile.cells import Floats, to_floats
from include.data.profile.columns import NumericColumn
from include.data.profile.possible import Possible
from include.data.profile.profiles import Profile
from include.data.profile.sentinels import is_near, sentinels_beside


def with_possible(
    profile: Profile, table: pd.DataFrame, recent: int, declared: Mapping[str, Possible] | None = None
) -> Profile:
    """A reference's profile that knows which cells of these rows hold no value: so they are to be counted against it.

    Parameters
    ----------
    profile : Profile
        The reference's.
    table : DataFrame
        Rows in time order.
    recent : int
        How many of them, the last, are looked at alone, too: a fault of today is little among all that came.
    declared : mapping of str to Possible, optional
        What the model's owner says of columns; in these nothing is looked for.
    """
    known = declared or {}
    columns = dict(profile.columns)
    for name, column in profile.columns.items():
        if isinstance(column, NumericColumn) and name in known:
            columns[name] = replace(column, possible=known[name])
        elif isinstance(column, NumericColumn) and name in table.columns:
            columns[name] = _told(column, to_floats(table[name])[0], recent)
    return replace(profile, columns=columns)


def _told(column: NumericColumn, floats: Floats, recent: int) -> NumericColumn:
    if is_near(floats, column):
        return column
    found = (*sentinels_beside(floats, column), *sentinels_beside(floats[len(floats) - recent :], column))
    return replace(column, possible=column.possible.with_sentinels(found)) if found else column
