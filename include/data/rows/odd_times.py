"""Rows whose time stands apart from all others: 1970-01-01, 1900, a slip of the year, a clock that was never set.

They are dated wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.rows.time_counts import TimeCounts

LEAST_GAP = timedelta(days=30)  # between rows with an odd time and the first of the others
TIMES_USUAL = 30.0  # the third-longest gap of the others: so much longer is that gap at least
HABIT = 3
FEWEST, SHARE = 3, 0.01  # rows with an odd time are so many at most, or this share of all
STANDARD = frozenset({"1970-01-01", "1900-01-01", "1899-12-30", "1899-12-31", "1753-01-01", "1601-01-01", "0001-01-01",
                      "1904-01-01", "1980-01-01", "1980-01-06", "2000-01-01"})  # fmt: skip
STANDARD_SHARE = 0.5  # dates that programs put where there is none, and clocks that were never set, may be many
CLOCK_DAYS = 100  # that a clock which was never set may have counted from 1970 on
CLOCK = tuple(pd.Timestamp("1970-01-01", tz="UTC") + timedelta(days=days) for days in (-1, CLOCK_DAYS))
GOES_ON = pd.Timestamp("1972-01-01", tz="UTC")  # rows of a series that began in 1970 come by then
NAMED = 3  # dates that a sentence names


@dataclass(frozen=True, kw_only=True)
class OddTimes:
    """Rows that are left out because their time stands apart.

    Parameters
    ----------
    rows : int
    dates : mapping of str to int
        How many of them are of each date, the oldest first.
    share : float
        Of all rows, in [0, 1].
    first : str
        Date of the first of the other rows.
    """

    rows: int
    dates: Mapping[str, int]
    share: float
    first: str

    @property
    def sentence(self) -> str:
        """How many there are, of when, and what to do."""
        named = [f"{date} ({n})" if n > 1 else date for date, n in list(self.dates.items())[:NAMED]]
        named += ["…"] if len(self.dates) > NAMED else []
        are = "row has an odd time and is" if self.rows == 1 else "rows have odd times and are"
        return (
            f"{self.rows} {are} left out: {', '.join(named)}, all others are from {self.first} on; mend the times, or "
            "set `reference.start` after them"
        )


def odd_first(times: pd.Series[Any], seen: npt.NDArray[np.int64] | None = None) -> int:
    """How many of `times`, ascending, stand apart at the beginning.

    They are few and followed by a gap that is `TIMES_USUAL` times as long as any gap but the two longest that come
    later, and a month at least. Monthly rows from 1950 on have no such gap, and none of them is odd. Only dates that
    stand for "no date" in programs, or that a clock counts to from 1970 on, may be many. Where each of `times` stands
    for several rows, `seen` says how many there are up to it.
    """
    stamps = times.array.asi8
    seen = np.arange(1, len(times) + 1) if seen is None else seen
    month = LEAST_GAP // pd.Timedelta(1, times.dt.unit)
    rows = int(seen[-1]) if len(seen) else 0
    half = int(np.searchsorted(seen, STANDARD_SHARE * rows, side="right"))
    if not (np.diff(stamps[: half + 1]) >= month).any():
        return 0
    gaps = np.diff(stamps)
    apart = np.flatnonzero(gaps >= month)
    strange = np.cumsum(np.diff(seen[:half], prepend=0) * ~_standard(times.iloc[:half]))
    for number in range(len(apart) - 1, -1, -1):
        place = int(apart[number]) + 1
        if place > half:
            continue
        longer = gaps[apart[number + 1 :]]
        usual = _usual_gap(longer if len(longer) >= HABIT else gaps[place:])
        if usual is None or gaps[place - 1] < TIMES_USUAL * usual:
            continue
        if strange[place - 1] <= max(FEWEST, int(SHARE * rows)):
            return place
    return 0


def _standard(times: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Which times are of dates that programs put where there is none, or of a clock that was never set."""
    days = times.dt.floor("D")
    return np.asarray(_of_clocks(times) | days.isin([pd.Timestamp(date, tz="UTC").as_unit("us") for date in STANDARD]))


def _of_clocks(times: pd.Series[Any]) -> pd.Series[bool]:
    """Which are of the first months of 1970, where a clock that was never set counts."""
    return (times >= CLOCK[0]) & (times < CLOCK[1])


def told_clocks(times: pd.Series[Any], start: datetime) -> str:
    """How many rows before the reference's start are those of a clock that was never set; empty for none.

    A series that began in 1970 goes on there.
    """
    rows = int(_of_clocks(times).sum())
    if not rows or pd.Timestamp(start) < GOES_ON or times.between(CLOCK[1], GOES_ON).any():
        return ""
    are = "row is" if rows == 1 else "rows are"
    return f"{rows} {are} of the first days of 1970, as of a clock that was never set, and left out; mend the times"


def describe(times: pd.Series[Any], odd: int) -> OddTimes | None:
    """What the first `odd` of `times` are; None for none."""
    if not odd:
        return None
    dates = _dates(times.iloc[:odd])
    return OddTimes(rows=odd, dates=dates, share=odd / len(times), first=f"{times.iloc[odd]:%Y-%m-%d}")


def odd_counted(counts: TimeCounts) -> tuple[OddTimes | None, TimeCounts]:
    """The same of counts of rows, where there are too many to hold their times; and the counts of the other rows."""
    times, stretch = counts.ends()
    odd = odd_first(times, np.cumsum(counts.rows)[stretch])
    if not odd:
        return None, counts
    cut = int(stretch[odd])
    days = pd.Series(times.iloc[:odd].dt.strftime("%Y-%m-%d").to_numpy()).groupby(stretch[:odd]).first()
    dates = {str(date): int(counts.rows[mine.index].sum()) for date, mine in days.groupby(days)}
    rows = int(counts.rows[:cut].sum())
    found = OddTimes(rows=rows, dates=dates, share=rows / int(counts.rows.sum()), first=f"{times.iloc[odd]:%Y-%m-%d}")
    return found, counts.since(cut)


def _usual_gap(gaps: npt.NDArray[np.int64]) -> float | None:
    """The third-longest of these gaps between rows, of fewer the longest; None where all rows are of one moment."""
    there = gaps[gaps > 0.0]
    if not len(there):
        return None
    place = len(there) - (HABIT if len(there) >= HABIT else 1)
    return float(np.partition(there, place)[place])


def _dates(times: pd.Series[Any]) -> dict[str, int]:
    counts = times.dt.strftime("%Y-%m-%d").value_counts(sort=False)
    return {str(date): int(n) for date, n in sorted(counts.items())}
