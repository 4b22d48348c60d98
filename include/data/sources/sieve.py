"""One reading of a model's rows in bounded memory: all of them counted, a part of them to be looked at closely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from include.data.batches import BATCH_ROWS, Batch, FrameBatches
from include.data.frames import frame_of
from include.data.profile import Column, Extra, Profile, ProfileBuilder
from include.data.rows.evenly import Evenly, KeptRows, rows_at
from include.data.rows.spans import Span, within
from include.data.rows.time_counts import TimeCounts, micros

MOST_ROWS = 100_000  # of a part that are kept: an error of 0.3 % of a standard deviation, whatever is measured
EARLIER, RECENT, WITHOUT = 0, 1, 2  # rows before the window, in it, and those without a time or of another time
NO_TIME = np.iinfo(np.int64).min  # what pandas keeps for a time that is missing

Micros = npt.NDArray[np.int64]
Ready = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Counting:
    """How the recent rows are counted into a profile.

    Parameters
    ----------
    known : mapping of str to Column
        The columns, with the bins, categories and possible values to count them by.
    as_watched : callable
        What makes of rows as they were read those that are counted: measures added, trends taken off. It is given the
        columns that stand still, which have no trend to be taken off.
    still : frozenset of str
    apart : tuple of Span
        Rows that are left out.
    """

    known: Mapping[str, Column]
    as_watched: Callable[[pd.DataFrame, frozenset[str]], pd.DataFrame] = field(compare=False)
    still: frozenset[str] = frozenset()
    apart: tuple[Span, ...] = ()


@dataclass(kw_only=True)
class Counter:
    """Counts recent rows, a batch of bounded size at a time.

    Parameters
    ----------
    counting : Counting
    timestamp : str
    ready : callable
        Makes of cells as they were read what the kinds of their columns say.
    columns : frozenset of str or None
        The only columns that are needed; None for all.
    """

    counting: Counting
    timestamp: str
    ready: Ready
    columns: frozenset[str] | None = None
    _builder: ProfileBuilder = field(init=False)
    _waiting: list[tuple[Batch, Micros]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._builder = ProfileBuilder(known=self.counting.known, extras=Extra.CROSS)

    def add(self, batch: Batch, moments: Micros) -> None:
        """The next rows and their times; what is held of them is no more than a batch."""
        if self.columns is not None:
            needed = {name: cells for name, cells in batch.columns.items() if name in self.columns}
            batch = Batch(batch.rows, needed)
        self._waiting.append((batch, moments))
        if sum(each.rows for each, _ in self._waiting) >= BATCH_ROWS:
            self._count()

    def finish(self) -> Profile:
        """The profile of all rows added."""
        self._count()
        return self._builder.finish()

    def _count(self) -> None:
        if not self._waiting:
            return
        frame = frame_of(batch for batch, _ in self._waiting)
        moments = np.concatenate([each for _, each in self._waiting])
        self._waiting.clear()
        frame = self.ready(frame.assign(**{self.timestamp: times_of(moments)}))
        if self.counting.apart:
            frame = frame[~within(frame[self.timestamp], self.counting.apart)].reset_index(drop=True)
        watched = self.counting.as_watched(frame, self.counting.still)
        for batch in FrameBatches(watched, list(self.counting.known)):
            self._builder.add(batch)


@dataclass(kw_only=True)
class Sieve:
    """Reads rows once: keeps an even part of those in the window and of those before it, and counts them all.

    Parameters
    ----------
    start : datetime
        Of the recent window.
    seen_until : datetime
        Rows before it were used to train and accept the champion.
    begin, until : datetime
        Rows of other times do not count.
    moments : callable
        The time of each row of a batch, in microseconds since 1970 (UTC), `NO_TIME` where there is none.
    counter : callable
        Makes what counts the recent rows, should there be more than are kept.
    hashed : bool
        Whether `data_hash` is wanted.
    """

    start: datetime
    seen_until: datetime
    begin: datetime
    until: datetime
    moments: Callable[[Batch], Micros]
    counter: Callable[[], Counter]
    hashed: bool = False
    kept: KeptRows = field(init=False)
    times: TimeCounts = field(default_factory=TimeCounts, init=False)
    without_time: int = field(default=0, init=False)
    not_seen_before: int = field(default=0, init=False)
    data_hash: int = field(default=0, init=False)
    profile: Profile | None = field(default=None, init=False)
    _counter: Counter | None = field(default=None, init=False)
    _recent: list[tuple[Batch, Micros]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.kept = KeptRows(parts=tuple(Evenly(most=MOST_ROWS) for _ in (EARLIER, RECENT, WITHOUT)))

    def of(self, batches: Iterable[Batch]) -> list[Batch]:
        """What is kept of the batches."""
        for batch in batches:
            self._take(batch)
        if self._counter is not None:
            self.profile = self._counter.finish()
        self._recent.clear()
        self.times.settle()
        if int(self.kept.held.sum()) > BATCH_ROWS:  # of fewer there is little, and fresh memory is dear
            give_back()
        return self.kept.batches

    def recent_of(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Micros]]:
        """All recent rows, with their times."""
        for batch in batches:
            moments = self.moments(batch)
            chosen = self._parts(moments) == RECENT
            if chosen.any():
                yield _only(batch, chosen), moments[chosen]

    @property
    def recent(self) -> Evenly:
        """What is kept of the recent rows."""
        return self.kept.parts[RECENT]

    def _take(self, batch: Batch) -> None:
        if not batch.rows:
            self.kept.add(batch, np.empty(0, dtype=np.int8))
            return
        moments = self.moments(batch)
        parts = self._parts(moments)
        inside = parts != WITHOUT
        self.without_time += int(np.count_nonzero(moments == NO_TIME))
        self.not_seen_before += int(np.count_nonzero(inside & (moments >= micros(self.seen_until))))
        self.times.add(moments[inside])
        if self.hashed:
            self._hash(_only(batch, inside))
        self.kept.add(batch, parts)
        recent = parts == RECENT
        if recent.any():
            self._count(_only(batch, recent), moments[recent])

    def _parts(self, moments: Micros) -> npt.NDArray[np.int8]:
        """Of which part each row is."""
        parts = np.where(moments >= micros(self.start), RECENT, EARLIER).astype(np.int8)
        parts[(moments < micros(self.begin)) | (moments >= micros(self.until)) | (moments == NO_TIME)] = WITHOUT
        return parts

    def _count(self, batch: Batch, moments: Micros) -> None:
        """Count recent rows, once there are more than are kept."""
        if self._counter is None:
            self._recent.append((batch, moments))
            if not self.recent.level:
                return
            self._counter = self.counter()
            waiting, self._recent = self._recent, []
        else:
            waiting = [(batch, moments)]
        for each in waiting:
            self._counter.add(*each)

    def _hash(self, batch: Batch) -> None:
        """Count rows into a hash that does not depend on their order."""
        rows = pd.util.hash_pandas_object(frame_of([batch]), index=False).to_numpy()
        self.data_hash = (self.data_hash + int(rows.sum(dtype=np.uint64))) % 2**64


def give_back() -> None:
    """Return to the system what batches held that are gone: Arrow keeps it for the next ones."""
    pa.default_memory_pool().release_unused()


def times_of(moments: Micros) -> Any:
    """Moments as an index of times in UTC."""
    return pd.DatetimeIndex(moments.astype("datetime64[us]")).tz_localize("UTC")


def _only(batch: Batch, chosen: npt.NDArray[np.bool_]) -> Batch:
    return batch if chosen.all() else rows_at(batch, np.flatnonzero(chosen))


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What tables that hold a part of the rows are a part of.

    Parameters
    ----------
    rows : int
        Recent rows in all; those in the table are one of every `every` of them.
    kept : int
        Recent rows in the table.
    every, earlier_every : int
        Of how many neighbours one row is kept: of the recent rows, of the earlier ones.
    not_seen_before : int
        Rows that the champion has not seen, however long ago the window begins.
    times : TimeCounts
        When all the rows came.
    data_hash : str
        Of all the rows, in whatever order; empty where it was not wanted.
    profile : callable
        The profile of all recent rows, by a `Counting`; they are read again where they were not counted by it yet.
    """

    rows: int
    kept: int
    every: int
    earlier_every: int
    not_seen_before: int
    times: TimeCounts
    data_hash: str
    profile: Callable[[Counting], Profile] = field(repr=False)

    @property
    def sentence(self) -> str:
        """On how many of the rows something is measured; empty where it is all of them."""
        return f"on {self.kept:,} of {self.rows:,} rows, evenly over the window" if self.every > 1 else ""

    def of(self, rows: int, kept: int) -> Sample:
        """The same after some rows were set aside."""
        return replace(self, rows=rows, kept=kept)
