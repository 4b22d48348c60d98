"""Which column says when a row was observed, where nobody has said it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from include.data.kinds.times import joined, read_times
from include.data.rows.odd_times import odd_first
from include.errors import DataError
from include.registry.time_format import TimeFormat

#: Names, in small letters, that nothing but the time of a row has.
NAMES = (
    "timestamp", "datetime", "date_time", "time", "ts", "date", "event_time", "event_timestamp", "observed_at",
    "created_at", "utc_time", "day", "datum", "zeit", "fecha", "data",
)  # fmt: skip
CLOCKS = ("time", "hour", "hr", "hh", "clock", "uhrzeit", "heure", "ora", "hora", "zeit", "tijd")
COUNTED = ("timestamp", "ts", "time", "date", "datetime", "epoch", "unixtime", "unix_time", "event_time", "day")
LOOKED_AT = 2_000  # distinct cells from which it is told whether a column may hold times
MOST_MISSING = 0.05  # share of the rows without a time, from which on it is not the time of a row
_DATES = (
    r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|^\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{4}|^[A-Za-z]{3,9} \d{1,2},? \d{4}"
)
_CLOCK = r"^\d{1,2}(?:[:.]\d{2}){1,2}(?:\.\d+)?(?: ?[AaPp][Mm])?$"


@dataclass(frozen=True, kw_only=True)
class TimeColumn:
    """One column, or several that are joined, that may say when a row was observed.

    Parameters
    ----------
    columns : tuple of str
    why : str
        What it was taken for a time by.
    problem : str
        Why it cannot be read without more being said; empty if it can.
    rises : bool
        Whether the rows are in its order.
    """

    columns: tuple[str, ...]
    why: str
    problem: str = ""
    rises: bool = False

    @property
    def label(self) -> str:
        """The columns' names."""
        return " and ".join(self.columns)


def find_times(table: pd.DataFrame, how: TimeFormat) -> list[TimeColumn]:
    """The columns that may say when a row was observed, each with why; a date with its time of day is one.

    Parameters
    ----------
    table : DataFrame
        As it was read.
    how : TimeFormat
        What its owner says of how times are written.
    """
    found = [each for name in table.columns if (each := _candidate(table, str(name), how)) is not None]
    dates = [each for each in found if _whole_days(table, each, how)]
    if len(dates) == 1 and (clock := _clock_of(table, dates[0].columns[0])):
        both = (dates[0].columns[0], clock)
        why = f"{both[0]} holds dates, {both[1]} times of the day"
        rest = [each for each in found if each is not dates[0] and each.columns != (clock,)]
        return [_looked_at(joined(table, both, how.format), both, why, how), *rest]
    return found


def choose_time(found: Sequence[TimeColumn]) -> TimeColumn | None:
    """The one that is meant, where only one can be: the only one, the only one so named, or that the rows follow."""
    for chosen in (
        found,
        [each for each in found if each.columns[0].casefold() in NAMES],
        [each for each in found if each.rises],
    ):
        if len(chosen) == 1:
            return chosen[0]
    return None


def looked_at(table: pd.DataFrame, columns: tuple[str, ...], how: TimeFormat) -> TimeColumn:
    """The columns that their owner names."""
    return _looked_at(joined(table, columns, how.format), columns, "you said so", how)


def _candidate(table: pd.DataFrame, name: str, how: TimeFormat) -> TimeColumn | None:
    values = table[name]
    if values.isna().mean() > MOST_MISSING:
        return None
    if pd.api.types.is_bool_dtype(values):
        return None
    if pd.api.types.is_datetime64_any_dtype(values):
        return _looked_at(values, (name,), "its cells are times", how)
    if pd.api.types.is_numeric_dtype(values):
        if name.casefold() not in COUNTED:
            return None
        counted = _looked_at(values, (name,), "its name, and numbers that count from 1970", how)
        return None if counted.problem else counted
    cells = _some(values).map(str)
    if _are_clocks(cells):
        return None
    if not len(cells) or cells.str.contains(_DATES, regex=True).mean() < 1.0 - MOST_MISSING:
        return None
    return _looked_at(values, (name,), "its cells are dates", how)


def _looked_at(values: pd.Series[Any], columns: tuple[str, ...], why: str, how: TimeFormat) -> TimeColumn:
    try:
        moments = read_times(values, how, f"column {' and '.join(map(repr, columns))}").values
    except DataError as error:
        return TimeColumn(columns=columns, why=why, problem=str(error))
    known = moments.dropna()
    rises = len(known) > 1 and bool(known.is_monotonic_increasing) and known.iloc[0] < known.iloc[-1]
    return TimeColumn(columns=columns, why=why, rises=rises)


def _whole_days(table: pd.DataFrame, found: TimeColumn, how: TimeFormat) -> bool:
    """Whether these are dates without a time of day; those that can be read in two ways may be."""
    cells = _some(table[found.columns[0]])
    if found.problem:
        return not cells.map(str).str.contains(":", regex=False).any()
    moments = read_times(cells.reset_index(drop=True), _without_format(how), found.label).values.dropna()
    return bool((moments.dt.normalize() == moments).all())


def _without_format(how: TimeFormat) -> TimeFormat:
    return TimeFormat(format=how.format.split(" ")[0], unit=how.unit)


def _clock_of(table: pd.DataFrame, date: str) -> str:
    """The column with the time of the day beside one of dates; empty where there is none, or several."""
    named = [str(name) for name in table.columns if name != date and _is_clock(table[name], str(name))]
    if len(named) != 1 or table[date].nunique() == len(table):
        return ""
    return named[0]


def _is_clock(values: pd.Series[Any], name: str) -> bool:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return False
    if pd.api.types.is_numeric_dtype(values):
        known = values.dropna()
        hours = len(known) > 0 and bool(known.between(0, 23).all()) and bool((known % 1 == 0).all())
        return hours and known.nunique() > 1 and name.casefold() in CLOCKS
    return _are_clocks(_some(values).map(str))


def _are_clocks(cells: pd.Series[Any]) -> bool:
    """Whether these are times of the day: 18:00, or 18.00.00, which no date is as no month is 00."""
    if not len(cells) or cells.str.contains(_CLOCK, regex=True).mean() < 1.0 - MOST_MISSING:
        return False
    return bool(cells.str.contains(r":|^\d{1,2}\.00", regex=True).any())


def _some(values: pd.Series[Any]) -> pd.Series[Any]:
    known = values.dropna()
    return pd.Series((known.map(str) if known.dtype == object else known).unique()[:LOOKED_AT])


def time_of_day(table: pd.DataFrame, time: TimeColumn | None) -> str:
    """Of several columns that are joined the one that holds hours as numbers; empty for none."""
    if time is None or len(time.columns) < 2:
        return ""
    return next((name for name in time.columns if pd.api.types.is_numeric_dtype(table[name])), "")


def usual_span(moments: pd.Series[Any], now: datetime | None = None) -> tuple[pd.Timestamp, pd.Timestamp, int]:
    """The first and last moment, but for a few that lie far outside or in the future, and how many these are.

    Parameters
    ----------
    moments : Series of timestamps (UTC)
        At least one.
    now : datetime, optional
        By default the clock.
    """
    known = moments.dropna().sort_values(ignore_index=True)
    known = known.iloc[odd_first(known) :].reset_index(drop=True)
    today = pd.Timestamp(now or datetime.now(UTC))
    if (known <= today).mean() > 1.0 - MOST_MISSING:
        known = known[known <= today].reset_index(drop=True)
    ends = np.array([0.001, 0.999]) * (len(known) - 1)
    low, high = known.iloc[int(np.ceil(ends[0]))], known.iloc[int(np.floor(ends[1]))]
    usual = high - low
    near = known[known.between(low - usual, high + usual)]
    first, last = near.iloc[0], near.iloc[-1]
    inside = int(moments.between(first, last).sum())
    return first, last, int(moments.notna().sum()) - inside
