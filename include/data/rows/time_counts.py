"""When rows came, in memory that does not grow with them: counts of short stretches, with the first and last moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

MOST_STRETCHES = 65_536
FLUSH = 262_144  # moments that are gathered before they are counted in
SECOND = 1_000_000  # microseconds

Micros = npt.NDArray[np.int64]


@dataclass(kw_only=True)
class TimeCounts:
    """Rows of each stretch of time that has any.

    A stretch begins as a second, and is doubled whenever there are more than `MOST_STRETCHES`. Gaps between stretches
    are exact; within one, rows count as evenly spread.

    Parameters
    ----------
    width : int
        Microseconds of a stretch.
    rows : array of shape (n,)
        Of each stretch, in time order.
    first, last : array of shape (n,)
        Moments of its first and its last row, in microseconds since 1970 (UTC).
    """

    width: int = SECOND
    rows: Micros = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    first: Micros = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    last: Micros = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _waiting: list[Micros] = field(default_factory=list, repr=False)

    def add(self, moments: Micros) -> None:
        """Count in moments, in whatever order."""
        self._waiting.append(moments)
        if sum(map(len, self._waiting)) >= FLUSH:
            self.settle()

    def settle(self) -> TimeCounts:
        """Count in what waits."""
        moments = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *self._waiting]))
        self._waiting.clear()
        self._merge(np.ones(len(moments), dtype=np.int64), moments, moments)
        while len(self.rows) > MOST_STRETCHES:
            self.width *= 2
            self._merge(*(np.empty(0, dtype=np.int64),) * 3)
        return self

    def _merge(self, rows: Micros, first: Micros, last: Micros) -> None:
        pairs = (self.rows, rows), (self.first, first), (self.last, last)
        rows, first, last = (np.concatenate(pair) for pair in pairs)
        if not len(rows):
            return
        order = np.argsort(first, kind="stable")
        rows, first, last = rows[order], first[order], last[order]
        starts = np.flatnonzero(np.diff(first // self.width, prepend=first[0] // self.width - 1))
        self.rows = np.add.reduceat(rows, starts)
        self.first = np.minimum.reduceat(first, starts)
        self.last = np.maximum.reduceat(last, starts)

    def since(self, place: int) -> TimeCounts:
        """Without the first `place` stretches."""
        return TimeCounts(width=self.width, rows=self.rows[place:], first=self.first[place:], last=self.last[place:])

    def until(self, moment: datetime) -> TimeCounts:
        """The rows before that moment; of the stretch that it falls into about as many as came by then."""
        at = micros(moment)
        place = int(np.searchsorted(self.first, at, side="left"))
        found = TimeCounts(width=self.width, rows=self.rows[:place], first=self.first[:place], last=self.last[:place])
        if place and found.last[-1] >= at:
            whole = float(np.sum(found.rows[:-1]))
            found.rows, found.last = found.rows.copy(), found.last.copy()
            found.rows[-1], found.last[-1] = max(round(float(self.before([at])[0]) - whole), 1), at
        return found

    def before(self, moments: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """How many rows came before each of these moments, in microseconds."""
        at = np.asarray(moments, dtype=float)
        total = np.concatenate([[0.0], np.cumsum(self.rows)])
        place = np.searchsorted(self.first, at, side="left")  # so many stretches have begun before
        begun = np.maximum(place - 1, 0)
        length = np.maximum(self.last[begun] - self.first[begun], 1) if len(self.rows) else np.ones_like(at)
        if not len(self.rows):
            return np.zeros_like(at)
        share = np.clip((at - self.first[begun]) / length, 0.0, 1.0)
        return np.where(place > 0, total[begun] + share * self.rows[begun], 0.0)

    def between(self, start: datetime, end: datetime) -> float:
        """About how many rows came from `start` on and before `end`."""
        low, high = self.before([micros(start), micros(end)])
        return float(high - low)

    def gaps(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Seconds between neighbours, and how often each such gap is there."""
        between = (self.first[1:] - self.last[:-1]) / SECOND
        several = self.rows > 1
        within = (self.last - self.first)[several] / SECOND / (self.rows[several] - 1)
        times = np.concatenate([np.ones(len(between)), (self.rows[several] - 1).astype(float)])
        return np.concatenate([between, within]), times

    def ends(self) -> tuple[pd.Series[Any], npt.NDArray[np.intp]]:
        """First and last moment of each stretch as times (UTC), ascending, and the stretch of each."""
        alone = self.first == self.last
        both = np.column_stack([self.first, self.last]).ravel()
        kept = np.column_stack([np.ones(len(alone), dtype=bool), ~alone]).ravel()
        times = pd.Series(pd.DatetimeIndex(both[kept].astype("datetime64[us]")).tz_localize("UTC"))
        return times, np.repeat(np.arange(len(alone)), 2)[kept]


def micros(moment: datetime) -> int:
    """Microseconds since 1970 (UTC)."""
    return (moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) // timedelta(microseconds=1) - int(
        (moment.utcoffset() or timedelta(0)) / timedelta(microseconds=1)
    )
