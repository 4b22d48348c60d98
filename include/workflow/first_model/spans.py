"""How long a reference and a window suit rows that come as these do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from include.errors import DataError
from include.workflow.first_model.times import usual_span

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFERENCE = 0.6  # share of the time that there is
LONGEST_REFERENCE = 730 * DAY
FEWEST_REFERENCE_ROWS = 200
FEWEST_ROWS = 40  # of all: a reference of two thirds, and a window of ten rows
USUAL = 28 * DAY
WINDOWS = (
    6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, USUAL, 56 * DAY, 91 * DAY, 182 * DAY, 364 * DAY, 728 * DAY,
)  # fmt: skip
#: Windows in a reference and rows in a window, the best first: 20 windows calibrate in full, of fewer rows than 300 no
#: check sees whether a retrain pays (`include.retraining.retrain_gain.FEWEST_ROWS`), 100 are worth a test, and of fewer
#: than 80 a quarter is too few for the gate to prove anything by.
WISHES = (
    (20, 300), (10, 300), (6, 300), (20, 200), (10, 200), (20, 100), (10, 100), (10, 80), (4, 80), (10, 50), (4, 50),
    (4, 20), (2, 20), (2, 10),
)  # fmt: skip
MOST_MINIMUM_ROWS, LEAST_MINIMUM_ROWS = 100, 10


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Reference, window, and how many rows prove something.

    Parameters
    ----------
    first, last : datetime or None
        Of the rows, those far outside left out; None without times.
    outside : int
        Rows left out so.
    start, end : datetime or None
        Of the reference.
    reference_rows, window_rows : int
        Rows in the reference, and in a usual window.
    cadence : timedelta or None
        Between two moments that have rows.
    delay : timedelta
        From a row to its label.
    delay_why : str
    """

    reference_rows: int
    window_rows: int
    minimum_rows: int
    window: timedelta = USUAL
    first: datetime | None = None
    last: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    outside: int = 0
    cadence: timedelta | None = None
    delay: timedelta = timedelta(0)
    delay_why: str = ""


def pair_plan(reference: pd.DataFrame, recent: pd.DataFrame | None) -> Plan:
    """Of rows without times."""
    rows = len(reference) if recent is None else len(recent)
    return Plan(reference_rows=len(reference), window_rows=rows, minimum_rows=_minimum(min(rows, len(reference))))


def make_plan(moments: pd.Series[Any], labelled: pd.Series[Any], delay: timedelta | None = None) -> Plan:
    """Choose the reference, the first 60 % of the time that there is (two years at most), and a window that fits.

    Parameters
    ----------
    moments : Series of timestamps (UTC), shape (n,)
    labelled : Series of bool, shape (n,)
        Whether each row has a label.
    delay : timedelta, optional
        From a row to its label; by default what the rows show.

    Raises
    ------
    DataError
        When no reference and window fit.
    """
    first, last, outside = usual_span(moments)
    if int(moments.between(first, last).sum()) < FEWEST_ROWS or first == last:
        raise DataError(
            f"{int(moments.notna().sum())} rows with a time, {FEWEST_ROWS} needed between the first and the last "
            "moment: too few for a reference and windows after it; deliver more of them"
        )
    inside = moments.between(first, last)
    known = moments[inside].sort_values(ignore_index=True)
    found, why = (delay, "you said so") if delay is not None else _delay(moments[inside], labelled[inside], last)
    end = _end(known, first, last)
    start = _floor(first, (last - first).to_pytimedelta())
    reference = int((known < end).sum())
    span = (last - first).to_pytimedelta()
    window = _window(len(known) * (DAY / span), (end - first).to_pytimedelta(), found)
    rows = round(len(known) * min(window / span, 1.0))
    steps = known.diff()
    cadence = pd.Timedelta(steps[steps > pd.Timedelta(0)].median())
    return Plan(
        reference_rows=reference, window_rows=rows, minimum_rows=_minimum(min(rows, reference // 2)), window=window,
        first=first.to_pydatetime(), last=last.to_pydatetime(), start=start.to_pydatetime(), end=end.to_pydatetime(),
        outside=outside, cadence=cadence.to_pytimedelta(), delay=found, delay_why=why,
    )  # fmt: skip


def _minimum(rows: int) -> int:
    return max(min(rows // 2, MOST_MINIMUM_ROWS), LEAST_MINIMUM_ROWS)


def _end(known: pd.Series[Any], first: pd.Timestamp, last: pd.Timestamp) -> pd.Timestamp:
    """The end of the reference: by time, or where few rows come before that, by rows."""
    end = first + min((last - first) * REFERENCE, pd.Timedelta(LONGEST_REFERENCE))
    fewest = min(FEWEST_REFERENCE_ROWS, math.ceil(REFERENCE * len(known)))
    end = max(end, known.iloc[fewest - 1])
    floor = _floor(end, (last - first).to_pytimedelta())
    return floor if int((known < floor).sum()) >= fewest // 2 else end.ceil("s")


def _floor(moment: pd.Timestamp, span: timedelta) -> pd.Timestamp:
    """A moment that people can read: a day, or where the rows span little time an hour or a second."""
    return moment.floor("D" if span >= 30 * DAY else "h" if span >= 30 * HOUR else "s")


def _window(rows_a_day: float, reference: timedelta, delay: timedelta) -> timedelta:
    """The longest usual window, up to four weeks, that fits often enough and holds enough rows; else a longer one."""
    for times, rows in WISHES:
        fitting = [
            length for length in WINDOWS
            if length * times <= reference and rows_a_day * (length / DAY) >= rows and length >= 2 * delay
        ]  # fmt: skip
        if fitting:
            return max((length for length in fitting if length <= USUAL), default=min(fitting))
    return max((length for length in WINDOWS if 2 * length <= reference), default=max(WINDOWS[0], 2 * delay))


def _delay(moments: pd.Series[Any], labelled: pd.Series[Any], last: pd.Timestamp) -> tuple[timedelta, str]:
    """How much later labels arrive than rows, as the newest rows show it."""
    newest = moments[labelled.to_numpy()].max()
    lacking = last - newest
    missing = ~labelled.to_numpy() & (moments > newest).to_numpy()
    if not missing.any() or lacking <= pd.Timedelta(0):
        return timedelta(0), "the newest rows have their labels"
    unit = DAY if lacking >= pd.Timedelta(2 * DAY) else HOUR
    rounded: timedelta = math.ceil(lacking / pd.Timedelta(unit)) * unit
    return rounded, f"the newest label is of {newest:%Y-%m-%d %H:%M}, the newest row of {last:%Y-%m-%d %H:%M}"
