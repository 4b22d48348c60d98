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
    """The most frequent categories that the reference has not, for a reason, with what differs from them in case only.

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
    small = {name.casefold(): f" (there as {_short(name)})" for name in known.counts}
    named = [name for name in found if not known.rest or name.casefold() in small]
    first = sorted(named, key=lambda name: (-found[name], name))[:MOST]
    shown = ", ".join(_short(name) + small.get(name.casefold(), "") for name in first)
    return f"such as {shown}" if shown else ""


def _short(name: str) -> str:
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")
