"""What recent rows tell of a reference's columns: numbers in them that stand for no value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from include.data.profile.cells import to_floats
from include.data.profile.columns import Column, NumericColumn
from include.data.profile.possible import Possible
from include.data.profile.profiles import Profile
from include.data.profile.sentinels import sentinels_beside


def with_possible(
    profile: Profile, tables: Iterable[pd.DataFrame], declared: Mapping[str, Possible] | None = None
) -> Profile:
    """A reference's profile that knows which cells of these rows hold no value: so they are to be counted against it.

    Parameters
    ----------
    profile : Profile
        The reference's.
    tables : iterable of DataFrame
        Rows in time order, each table looked at alone.
    declared : mapping of str to Possible, optional
        What the model's owner says of columns; in these nothing is looked for.
    """
    rows = list(tables)
    known = declared or {}
    return replace(
        profile, columns={name: _told(name, column, rows, known.get(name)) for name, column in profile.columns.items()}
    )


def _told(name: str, column: Column, tables: list[pd.DataFrame], declared: Possible | None) -> Column:
    if not isinstance(column, NumericColumn):
        return column
    if declared is not None:
        return replace(column, possible=declared)
    found: set[float] = set()
    for table in tables:
        if name in table.columns:
            floats = to_floats(table[name])[0]
            found.update(sentinels_beside(floats[np.isfinite(floats)], column))
    return replace(column, possible=column.possible.with_sentinels(tuple(found))) if found else column
