"""Times of day and lengths of time that are written as text: 08:30, 26:05:00, 1 days 02:00:00.5."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

CLOCK = r"^(-?\d+ days?,? )?[+-]?\d{1,4}:[0-5]\d(:[0-5]\d([.]\d+)?)?$"


def clocks(names: pa.Array) -> pa.Array:
    """Which of these texts are such.

    >>> clocks(pa.array(["08:30", "0 days 01:06:41", "8:75", "12.5"])).to_pylist()
    [True, True, False, False]
    """
    return pc.match_substring_regex(names, CLOCK)


def as_seconds(names: pa.Array) -> pa.Array:
    """The same texts with seconds where they are times of day or lengths of time; the others stay as they are.

    >>> as_seconds(pa.array(["08:30", "-1 days +23:59:59", "26:00:00.5", "?", None])).to_pylist()
    ['30600', '-1', '93600.5', '?', None]
    """
    chosen = pc.fill_null(clocks(names), False)
    if not pc.any(chosen).as_py():
        return names
    text = pd.Series(names.filter(chosen).to_pylist(), dtype=object)
    whole = text.str.count(":").eq(1)  # hours and minutes
    seconds = pd.to_timedelta(text.where(~whole, text + ":00")).dt.total_seconds()
    written = [f"{value:.9f}".rstrip("0").rstrip(".") for value in seconds]
    return pc.replace_with_mask(names, chosen, pa.array(written, type=names.type))
