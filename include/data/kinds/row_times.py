"""Columns that go with the time of their row: a month, a date of delivery, the number of a customer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FEWEST = 10  # dates among the rows' own times, below which nothing shows that the column goes with them
MOSTLY = 0.95  # share of the cells that are the same part of their row's time, from which on the column is it
BEFORE = 0.95  # share of the dates on one side of their row's time, from which on they go with it
MOST = 20_000  # rows that are looked at
STRETCHES = 20  # into which a column is cut to see whether time tells its values
ENOUGH = 100_000  # rows that tell how much of a variance is left
TIMELY = 0.01  # share of the variance within such stretches, up to which it does: that of a straight line is 0.0025
FEWEST_ROWS = 10  # of such a stretch, from which on its mean is none of chance
FASTEST = 3.0  # steps between two stretches, in units of the longest before, up to which a column goes on as it went
ONE_WAY = 0.99  # share of all steps that go the same way, from which on a column moves steadily
FEWEST_STEPS = 3  # that a column takes in two tables together, to be seen to go one way
RECORDS = 0.9  # share of the stretches that bring a higher number than any before; of unordered ones, a fifth do

Floats = npt.NDArray[np.float64]


def calendar_part(values: pd.Series[Any], times: pd.Series[Any]) -> str:
    """The part of the date that the column holds, as a number or by its name; empty if it holds none."""
    if not pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.StringDtype):
        return ""
    some = slice(None, None, max(len(values) // 1_000, 1))
    few, when = values.iloc[some].reset_index(drop=True), times.iloc[some].reset_index(drop=True)
    numbers = pd.to_numeric(few, errors="coerce")
    if not isinstance(values.dtype, pd.StringDtype) and numbers.mod(1.0).eq(0.0).mean() < MOSTLY:
        return ""
    parts = {
        "year": when.dt.year, "month": when.dt.month, "quarter": when.dt.quarter, "week": when.dt.isocalendar().week,
        "day of the year": when.dt.day_of_year, "day": when.dt.day,
    }  # fmt: skip
    for part, found in parts.items():
        if numbers.sub(found.astype(float)).eq(0.0).mean() >= MOSTLY:
            return part
    if not isinstance(values.dtype, pd.StringDtype):
        return ""
    names = few.str[:3].str.lower()
    return "month" if names.eq(when.dt.strftime("%b").str.lower()).mean() >= MOSTLY else ""


def follows_its_row(dates: pd.Series[Any], times: pd.Series[Any]) -> str:
    """How dates go with their row's time; empty if they do not.

    A date of signing up is before its row's time, one of delivery after it, and in both cases some are among the times
    that the rows have themselves. The later the rows, the later such dates are, however far off most of them are, and
    their distribution says no more than what the time is.

    Parameters
    ----------
    dates, times : Series of timestamps (UTC), shape (n,)
        The cells, NaT for missing ones, and the times of the same rows, ascending.
    """
    some = slice(None, None, max(len(dates) // MOST, 1))
    cells, rows = (each.iloc[some].reset_index(drop=True) for each in (dates, times))
    there = cells.notna() & rows.notna()
    cells, rows = cells[there], rows[there]
    among = cells.between(rows.min(), rows.max())
    if int(among.sum()) < FEWEST:
        return ""
    before = float((cells[among] <= rows[among]).mean())
    if before >= BEFORE:
        return "its dates are those before the row's time"
    return "its dates are those after the row's time" if 1.0 - before >= BEFORE else ""


def rises_by_its_newest(numbers: Floats) -> bool:
    """Whether stretch by stretch there are higher numbers than before, as of customers that are given the next one."""
    if len(numbers) < STRETCHES:
        return False
    highest = np.array([part.max() for part in np.array_split(numbers, STRETCHES)])
    return bool(np.mean(highest[1:] > np.maximum.accumulate(highest)[:-1]) >= RECORDS)


def tells_by_time(finite: Floats) -> bool:
    """Whether hardly any of the variance is left within short stretches of time."""
    finite = finite[:: max(len(finite) // ENOUGH, 1)]  # from all of the time: variances need no more
    starts = np.arange(STRETCHES) * len(finite) // STRETCHES
    sizes = np.diff(starts, append=len(finite))
    with np.errstate(over="ignore", invalid="ignore"):  # of 1e308 no float holds the sum: they are told by nothing
        deviations = finite - finite.mean()
        whole = float(deviations @ deviations)
        between = float(np.sum(np.square(np.add.reduceat(deviations, starts)) / sizes))
    return whole - between <= TIMELY * whole


def ups_and_downs(steps: Floats) -> tuple[int, int]:
    """How many steps from a number to the next go up, and how many down."""
    return int(np.count_nonzero(steps > 0.0)), int(np.count_nonzero(steps < 0.0))


def goes_on(before: Floats, after: Floats) -> str:
    """How numbers of one table go on in a later one, such as those of a meter, without any times; empty if they do not.

    Both go one way from row to row, and the later ones begin where the others end, or beyond. A table that somebody
    sorted by the column goes one way, too, but its numbers lie among the others. Numbers that come a little out of
    order, or with noise, go one way from stretch to stretch, in the later table by steps as they were before.

    >>> meter = np.array([1.0, 3.0, 4.0, 9.0])
    >>> goes_on(meter, np.array([9.0, 11.0])), goes_on(meter, np.array([4.0]))
    ('it goes on up as it went', '')
    """
    if not (len(before) and len(after)):
        return ""
    up, down = ups_and_downs(np.diff(np.concatenate([before, after])))
    if max(up, down) < FEWEST_STEPS:
        return ""
    if max(up, down) < ONE_WAY * (up + down):
        return _goes_on_by_stretches(before, after)
    if up > down:
        return "it goes on up as it went" if after.min() >= before.max() else ""
    return "it goes on down as it went" if after.max() <= before.min() else ""


def _goes_on_by_stretches(before: Floats, after: Floats) -> str:
    """The same of numbers of which time tells nearly all."""
    rows = len(before) // STRETCHES
    if rows < FEWEST_ROWS or not tells_by_time(before):
        return ""
    means = before[-rows * STRETCHES :].reshape(STRETCHES, rows).mean(axis=1)
    later = [part.mean() for part in np.array_split(after, max(len(after) // rows, 1))]
    steps, on = np.diff(means), np.diff([means[-1], *later])
    way = "up" if steps[0] > 0.0 else "down"
    steps, on = (each if way == "up" else -each for each in (steps, on))
    goes = steps.min() > 0.0 and on.min() > 0.0 and on.max() <= FASTEST * steps.max()
    return f"it goes on {way} as it went, but for noise" if goes else ""
