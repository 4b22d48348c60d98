"""Which categories are those that the reference does not have? A signal counts them; whoever mends them needs names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from include.data.arrays import array_of_series
from include.data.profile import CategoricalColumn, Column
from include.data.profile.cells import names_of

MOST = 3  # names
LONGEST = 40  # letters of a name that are shown


def new_categories(values: pd.Series[Any], known: Column | None) -> str:
    """The most frequent categories that the reference has not, for a reason; what differs in case only says so.

    Of a reference with more categories than are counted by name nobody can tell which are new: then only those in other
    letters are named.

    Parameters
    ----------
    values : Series
        The recent cells.
    known : Column or None
        The reference's.
    """
    if not isinstance(known, CategoricalColumn):
        return ""
    codes, names = names_of(array_of_series(values))
    counts = np.bincount(codes, minlength=len(names))
    found: dict[str, int] = {}
    for name, count in zip(names, counts, strict=False):
        if name is not None and count and name not in known.counts:
            found[name] = found.get(name, 0) + int(count)
    first = sorted(found, key=lambda name: (-found[name], name))
    small = {name.casefold(): name for name in known.counts}
    if alike := [name for name in first if name.casefold() in small]:
        pairs = ", ".join(f"{_short(name)} for {_short(small[name.casefold()])}" for name in alike[:MOST])
        return f"{pairs}: in small and capital letters as in the reference they would be known"
    return "" if known.rest or not first else f"such as {', '.join(map(_short, first[:MOST]))}"


def _short(name: str) -> str:
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")
