"""Whole numbers that count from 1970: in which unit each of them does, and whether somebody has rounded them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.kinds.time_text import MOST_UNREADABLE, STRAY
from include.data.rows.odd_times import CLOCK_DAYS
from include.errors import DataError

UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
PLAUSIBLE = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))  # of what is told by its size
_DAY = 86_400
_NEAR = 20 * 366 * _DAY  # seconds from the middle of most numbers, within which those of another unit are
_RUNS = {"%Y%m%d": 0, "%Y%m%d%H": 2, "%Y%m%d%H%M": 4, "%Y%m%d%H%M%S": 6}  # digits after the date
_YOUNG = 0.1  # share of small numbers that are no times near the others in another unit, up to which the rest is
_MOST_ROUNDED = 0.1  # share of the cells on round thousands of seconds, from which on these are no chance


def units_of(numbers: pd.Series[float]) -> npt.NDArray[np.object_] | None:
    """The unit of each number: the only one in which it is a time from 1980 to 2100; None where many have none.

    Small numbers are those of a clock that was never set, in the unit of most others, unless they are times near those
    in another. What is no time in any unit is in that of most, too.

    >>> units_of(pd.Series([1.75e9, 1.76e9, 1.77e12])).tolist()
    ['s', 's', 'ms']
    """
    low, high = (moment.timestamp() for moment in PLAUSIBLE)
    own = {unit: numbers.between(low * scale, high * scale) for unit, scale in UNITS.items()}
    usual = max(own, key=lambda unit: int(own[unit].sum()))
    early = numbers.between(0, CLOCK_DAYS * _DAY * UNITS[usual])
    middle = float(numbers[own[usual]].median()) / UNITS[usual]
    near = [
        numbers.between((middle - _NEAR) * scale, (middle + _NEAR) * scale) for u, scale in UNITS.items() if u != usual
    ]
    if (early & (numbers != 0) & ~np.any(near, axis=0)).sum() <= _YOUNG * early.sum():
        early &= ~np.any(list(own.values()), axis=0)
    found = np.full(len(numbers), usual, dtype=object)
    for unit in own.keys() - {usual}:
        own[unit] &= ~early
        found[own[unit]] = unit
    known = np.any([early, *own.values()], axis=0)
    if not len(numbers) or known.mean() < 1.0 - STRAY or early.mean() > MOST_UNREADABLE:
        return None
    several = [numbers[mine] for mine in (early, *own.values()) if mine.mean() > STRAY]
    return None if len(several) > 1 and any(digits_of(each) or _are_days(each) for each in several) else found


def _are_days(numbers: pd.Series[float]) -> bool:
    """Whether nearly all may be the days from 1980 to 2100 as a spreadsheet counts them."""
    return float(numbers.between(29_221, 73_051).mean()) >= 1.0 - STRAY


def digits_of(numbers: pd.Series[float]) -> str:
    """The format in which nearly all numbers are dates written without separators; empty for none."""
    for written, places in _RUNS.items():
        days = numbers // 10**places
        year, month, day = days // 10_000, days // 100 % 100, days % 100
        fits = numbers.mod(1).eq(0) & year.between(1900, 2100) & month.between(1, 12) & day.between(1, 31)
        for place in range(0, places, 2):
            fits &= (numbers // 10**place % 100).between(0, 59 if place < places - 2 else 23)
        if len(numbers) and float(fits.mean()) >= 1.0 - STRAY:
            return written
    return ""


def no_unit(numbers: pd.Series[float], where: str) -> DataError:
    """Why these are no times, with one that is none in any unit."""
    low, high = (moment.timestamp() for moment in PLAUSIBLE)
    some = np.any([numbers.between(low * scale, high * scale) for scale in UNITS.values()], axis=0)
    shown = (numbers if some.all() else numbers[~some]).iloc[0]
    return DataError(
        f"{where}: numbers such as {shown:.0f} are no times since 1970 in seconds, ms, us or ns between "
        f"{PLAUSIBLE[0].year} and {PLAUSIBLE[1].year}; say source.timestamp.unit (excel for the days that "
        "spreadsheets count), or source.timestamp.format"
    )


def moments_of(
    values: pd.Series[Any], numbers: pd.Series[float], finite: npt.NDArray[np.bool_], units: npt.NDArray[np.object_]
) -> pd.Series[Any]:
    """The numbers as times (UTC), NaT beyond the calendar; `values` are the same as they came, exact if whole."""
    moments = pd.Series(pd.NaT, index=values.index, name=values.name, dtype="datetime64[us]")
    for unit in set(units[finite]):
        mine = finite & (units == unit)
        if unit == "ns" and values.dtype.kind in "iu":
            micros = (values[mine].astype("Int64") // 1000).to_numpy(dtype=float)
        else:
            micros = numbers[mine].to_numpy() * (1e6 / UNITS[unit])
        inside = np.abs(micros) < 2.5e17  # the calendar ends in the year 9999
        mine[mine] = inside
        moments[mine] = micros[inside].round().astype("int64").astype("datetime64[us]")
    made: pd.Series[Any] = moments.dt.tz_localize("UTC")
    return made


def told_of(units: npt.NDArray[np.object_]) -> str:
    """In words, what the numbers count."""
    names = [unit for unit in UNITS if unit in set(units)]
    return f"whole numbers are {' and '.join(names)} since 1970" + (", each by its size" if len(names) > 1 else "")


def told_rounded(moments: pd.Series[Any], where: str) -> str:
    """What to tell of times that are rounded to 1,000 seconds or more, as 1.76748E+12 is; empty for others.

    They are multiples of that, which no full minutes are and no other round numbers stand between. Where several rows
    have become one moment they are refused.
    """
    seconds = moments.dropna().astype("int64").to_numpy() / 1e6
    uneven = seconds % 60 != 0
    round_ones = seconds[uneven & (seconds % 1_000 == 0)]
    between = np.count_nonzero(uneven & (seconds % 100 == 0)) - len(round_ones)
    if len(round_ones) <= _MOST_ROUNDED * len(seconds) or 2 * between >= len(round_ones):
        return ""
    step = max(10**power for power in range(3, 7) if np.mean(round_ones % 10**power == 0) >= 1.0 - STRAY)
    told = f"numbers are multiples of {step:,} seconds, as a spreadsheet rounds them (1.76748E+12)"
    if len(np.unique(round_ones)) > 0.5 * len(round_ones):
        return f"{told}, so that times may be off by half of that"
    raise DataError(
        f"{where}: {told}, and several rows have become one moment; deliver all digits, or say source.timestamp.unit "
        "if they are so"
    )
