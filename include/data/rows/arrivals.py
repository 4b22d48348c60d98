"""How many rows came, and how old the newest is, against what earlier rows let expect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.rows.time_counts import TimeCounts

FEWEST_STRETCHES = 20  # needed to see how much the number of rows varies
MOST_STRETCHES = 400  # that are counted: more would only be older
USUAL_SHARE = 0.99  # of the earlier time, in which the newest row was not older than usual
HABIT = 3  # times that a gap has to have come before it is a habit of the source: before, it is an outage
FEWEST_WEEKS = timedelta(weeks=4)  # a shorter history has not seen three weekends
WEEKEND = timedelta(days=3)  # so there gaps up to this are taken for one

Seconds = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """When rows came.

    Parameters
    ----------
    rows : int
        Rows in the last stretch of the window, up to the newest row.
    earlier : tuple of int
        Rows in each stretch of the same length before the window, the latest first; none without recent rows.
    age : float
        Seconds from the newest row of all to the moment of the check.
    usual_age : float or None
        Seconds that the newest row's age did not exceed in 99 % of the time between the rows before the window, nor
        in all but the two longest gaps between them; None where they came at one moment. The gap that lasts until
        now has no part in it.
    max_age : float or None
        Seconds from which on the model's owner calls the rows stale.
    newest : datetime or None
        Time of the newest row, UTC.
    """

    rows: int
    earlier: tuple[int, ...]
    age: float
    usual_age: float | None
    max_age: float | None = None
    newest: datetime | None = None


def measure_arrivals(
    times: pd.Series[Any], *, window_start: datetime, as_of: datetime, max_age: timedelta | None = None
) -> Arrivals | None:
    """Count the rows of the window's last stretch, and those of stretches of the same length before the window.

    A stretch is as long as the window, but no longer than a twentieth of the time before it: fewer stretches could not
    show how much their rows vary. It ends with the newest row: that rows come late is told by its age, not by their
    number.

    Parameters
    ----------
    times : Series of timestamps (UTC), ascending
        Of all rows known at `as_of`, earlier ones included.
    window_start, as_of : datetime
        Where the recent window begins and ends.

    Returns
    -------
    Arrivals or None
        None when there are no rows before the window, or the window has not begun.
    """
    seconds = np.asarray(times.dt.tz_localize(None).to_numpy("datetime64[us]").astype(float)) / 1e6
    start, end = window_start.timestamp(), as_of.timestamp()
    before = int(np.searchsorted(seconds, start, side="left"))
    if not before or end <= start:
        return None
    newest = float(seconds[-1])
    span = min(newest - start, (start - float(seconds[0])) / FEWEST_STRETCHES)
    return Arrivals(
        rows=int(np.count_nonzero(seconds > newest - span)),
        earlier=_earlier(seconds[:before], start, span),
        age=end - newest,
        usual_age=_usual_age(np.diff(seconds[:before]), np.ones(before - 1)),
        max_age=max_age.total_seconds() if max_age is not None else None,
        newest=datetime.fromtimestamp(newest, UTC),
    )


def measure_counted(
    counts: TimeCounts, *, window_start: datetime, as_of: datetime, max_age: timedelta | None = None
) -> Arrivals | None:
    """The same from counts of rows, where there are too many to hold their times."""
    start, end = window_start.timestamp(), as_of.timestamp()
    earlier = counts.until(window_start)
    if not len(earlier.rows) or end <= start:
        return None
    oldest, newest = float(counts.first[0]) / 1e6, float(counts.last[-1]) / 1e6
    span = min(newest - start, (start - oldest) / FEWEST_STRETCHES)
    stretches = min(int((start - oldest) / span + 1e-9), MOST_STRETCHES) if span > 0.0 else 0
    before = np.rint(counts.before((start - span * np.arange(stretches + 1)) * 1e6))
    total = int(counts.rows.sum())
    return Arrivals(
        rows=total - round(float(counts.before([(newest - span) * 1e6])[0])),
        earlier=tuple((before[:-1] - before[1:]).astype(int).tolist()),
        age=end - newest,
        usual_age=_usual_age(*earlier.gaps()),
        max_age=max_age.total_seconds() if max_age is not None else None,
        newest=datetime.fromtimestamp(newest, UTC),
    )


def _earlier(seconds: Seconds, start: float, span: float) -> tuple[int, ...]:
    """Rows in consecutive stretches of `span` seconds that end at `start`, the latest first."""
    if span <= 0.0:
        return ()
    stretches = min(int((start - seconds[0]) / span + 1e-9), MOST_STRETCHES)
    bounds = start - span * np.arange(stretches + 1)
    places = np.searchsorted(seconds, bounds, side="left")
    return tuple((places[:-1] - places[1:]).tolist())


def _usual_age(gaps: Seconds, times: Seconds) -> float | None:
    """The age that the newest row did not exceed in `USUAL_SHARE` of the time that these gaps between rows make up.

    `times` says how often each gap is there.

    At a random moment of a gap of g seconds the newest row's age is anything up to g: the age exceeds a for a share
    ``sum(max(g - a, 0)) / sum(g)`` of the time. An outage is a long time, too; so it is the third-longest gap at most,
    for what happened once or twice is no habit. In a history of less than `FEWEST_WEEKS` a gap up to `WEEKEND` is.
    """
    order = np.argsort(gaps)[::-1]
    order = order[: np.searchsorted(-gaps[order], 0.0, side="left")]  # rows of one moment have no gap
    ordered, times = gaps[order], times[order]
    if not len(ordered):
        return None
    lengths, so_many = ordered * times, np.cumsum(times)
    total = float(lengths.sum())
    over = np.cumsum(lengths) - ordered * so_many  # time beyond each gap's own length
    allowed = (1.0 - USUAL_SHARE) * total
    longer = int(np.searchsorted(over, allowed, side="right"))  # so many gaps exceed the age sought
    age = float((lengths[:longer].sum() - allowed) / so_many[longer - 1])
    habit = float(ordered[np.searchsorted(so_many, HABIT)]) if so_many[-1] >= HABIT else float(ordered[0])
    if total < FEWEST_WEEKS.total_seconds():
        short = ordered[ordered <= WEEKEND.total_seconds()]
        habit = max(habit, float(short[0])) if len(short) else habit
    return min(age, habit)
