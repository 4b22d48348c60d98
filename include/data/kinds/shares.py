"""Probabilities that are written as text: 59.4% is 0.594, as its sign says."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import pandas as pd

from include.data.arrays import array_of_series
from include.data.kinds.spellings import renamed
from include.data.profile.cells import names_of

_SHARE = re.compile(r"([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)[ \u00a0\u202f]*(%?)")


def with_shares(table: pd.DataFrame, columns: Collection[str]) -> tuple[pd.DataFrame, list[str]]:
    """The table with text in `columns` as numbers in [0, 1], and what is to be told of it.

    Decimals come after a dot or a comma: between thousands there is none. What is no such number stays as it is.
    """
    made, told = {}, []
    for name in columns:
        if name not in table.columns or pd.api.types.is_numeric_dtype(table[name]):
            continue
        values = table[name]
        found = renamed(values, lambda names: {each: plain_share(each) for each in names})
        if found is values:
            continue
        made[name] = found
        _, names = names_of(array_of_series(values))
        if example := next((each for each in names if each is not None and each.endswith("%")), ""):
            told.append(f"{name}: cells such as {example!r} are read as shares, {plain_share(example)}")
    return (table.assign(**made), told) if made else (table, told)


def plain_share(cell: Any) -> str:
    """A number with a dot before its decimals, of one in per cent its hundredth; other text as it is.

    >>> plain_share("59.4%"), plain_share("0,25"), plain_share("12,5 %"), plain_share("unknown")
    ('0.594', '0.25', '0.125', 'unknown')
    """
    found = _SHARE.fullmatch(str(cell).strip())
    if found is None:
        return str(cell)
    number = found[1].replace(",", ".")
    return f"{float(number) / 100.0:.15g}" if found[2] else number
