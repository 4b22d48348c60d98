"""The rows of a check in bounded memory: an even part of them as a table, and all of them counted."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from include.data.batches import Batch, gathered
from include.data.frames import frame_of
from include.data.kinds.conform import conform
from include.data.kinds.text_cells import PlainText
from include.data.kinds.times import joined
from include.data.profile import Profile
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.read import Reader, Rows, rows_of
from include.data.sources.reading import BEGINNING, Reading
from include.data.sources.sieve import NO_TIME, RECENT, Counter, Counting, Micros, Sample, Sieve, give_back
from include.data.sources.time_limit import in_time, within
from include.errors import DataError
from include.registry.functions import of_catalogue
from include.registry.kinds import Kinds
from include.registry.source import SOURCES
from include.registry.spec import ModelSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a check looks at.

    Parameters
    ----------
    start, until : datetime
        The recent window.
    seen_until : datetime
        Rows before it were used to train and accept the champion.
    counting : Counting
        How the recent rows are counted, as far as it is known before they are read.
    hashed : bool
        Whether the hash of all rows is wanted.
    """

    start: datetime
    until: datetime
    seen_until: datetime
    counting: Counting
    hashed: bool = False


@dataclass(kw_only=True)
class _Part:
    """One reading of a part of a model's rows, and readings of the recent ones once more."""

    spec: ModelSpec
    wanted: Wanted
    known: Kinds
    reading: Reading
    place: str
    batches: Iterable[Batch] = ()
    sieve: Sieve | None = None
    _told: set[str] = field(default_factory=set)

    def sift(self, batches: Iterable[Batch]) -> Iterable[Batch]:
        """Those rows that are looked at closely."""
        wanted = self.wanted
        self.batches = batches
        self.sieve = Sieve(
            start=wanted.start, seen_until=wanted.seen_until, until=wanted.until,
            begin=self.reading.start or BEGINNING,
            moments=self._moments, hashed=wanted.hashed,
            counter=lambda: self._counter(wanted.counting, PlainText(without=_named(self.known)), self.known),
        )  # fmt: skip
        return self.sieve.of(self._kept(batches))

    def again(self, counting: Counting, text: PlainText, kinds: Kinds) -> Profile:
        """The profile of the recent rows, which are read once more."""
        assert self.sieve is not None
        counter = self._counter(counting, text, kinds)
        for batch, moments in self.sieve.recent_of(self._kept(self.batches)):
            counter.add(batch, moments)
        profile = counter.finish()
        give_back()
        return profile

    def sample(self, text: PlainText, kinds: Kinds) -> Sample | None:
        """What the rows that were kept are a part of; None where they are all."""
        sieve, wanted = self.sieve, self.wanted
        if sieve is None or not sieve.kept.thinned:
            return None

        def profile(counting: Counting) -> Profile:
            if sieve.profile is not None and counting == wanted.counting and self._as_counted(text, kinds):
                return sieve.profile
            log.info("%s: the recent rows are read once more, to be counted by what they showed", self.spec.name)
            return within(self.spec.timeout, self.place, partial(self.again, counting, text, kinds))

        earlier, recent, _ = sieve.kept.parts
        return Sample(
            rows=recent.rows, kept=int(sieve.kept.held[RECENT]), every=recent.every, earlier_every=earlier.every,
            not_seen_before=sieve.not_seen_before, times=sieve.times, profile=profile,
            data_hash=f"{sieve.data_hash:016x}-{earlier.rows + recent.rows}" if wanted.hashed else "",
        )  # fmt: skip

    def _as_counted(self, text: PlainText, kinds: Kinds) -> bool:
        """Whether cells were read as it has turned out that they are to be."""
        names = self.wanted.counting.known
        return not set(text.decimals) & set(names) and all(kinds.get(n) == self.known.get(n) for n in names)

    def _kept(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        keep = self.reading.keep
        for batch in gathered(batches):
            yield keep(batch) if batch.rows else batch

    def _moments(self, batch: Batch) -> Micros:
        """The time of each row; `NO_TIME` where there is none."""
        spec = self.spec
        assert spec.timestamp is not None
        names = spec.source.timestamp.columns or [spec.timestamp]
        if not set(names) <= set(batch.columns):
            return np.full(batch.rows, NO_TIME, dtype=np.int64)
        frame = frame_of([Batch(batch.rows, {name: batch.columns[name] for name in names})])
        values = joined(frame, names, spec.source.timestamp.format)
        try:
            read = self.reading.times(values, self.place)
        except DataError as error:  # which may not be one of all rows together
            raise Undecided(str(error)) from error
        if values.notna().any():
            self._told.add(read.told)
        if len(self._told) > 1:
            raise Undecided(f"times are read in several ways: {'; '.join(sorted(self._told))}")
        moments: Micros = pd.DatetimeIndex(read.values).as_unit("us").asi8
        return moments

    def _counter(self, counting: Counting, text: PlainText, kinds: Kinds) -> Counter:
        spec, names = self.spec, counting.known
        assert spec.timestamp is not None
        mine = {name: kind for name, kind in kinds.items() if name in names}

        def ready(frame: pd.DataFrame) -> pd.DataFrame:
            if not SOURCES[spec.source.kind].plain_text:
                frame = text.of(conform(frame, {}, spec.source.missing))
            return conform(frame, mine, spec.source.missing)

        columns = None if spec.measures else frozenset(names)
        return Counter(counting=counting, timestamp=spec.timestamp, ready=ready, columns=columns)


@in_time
def read_part(
    spec: ModelSpec, data_dir: Path, wanted: Wanted, connections: Connections = FROM_ENVIRONMENT,
    columns: Collection[str] = (), known: Kinds | None = None,
) -> tuple[Rows, Sample | None]:  # fmt: skip
    """What `include.data.sources.read.read_rows` reads, or of many rows an even part, and what that is a part of.

    Rows in the window and those before it are kept apart, and of each at most
    `include.data.sources.sieve.MOST_ROWS`. None where all rows were kept: then they are those that `read_rows` gives.

    Raises
    ------
    Undecided
        When a batch does not tell by itself how its times are to be read, and all rows together may.
    """
    assert spec.reference is not None
    reading = Reading(
        spec=spec, data_dir=data_dir, start=spec.reference.start, until=wanted.until, connections=connections,
        columns=columns, told=[],
    )  # fmt: skip
    part = _Part(spec=spec, wanted=wanted, known=known or {}, reading=reading, place=spec.source.place)
    read_source: Reader = of_catalogue(SOURCES[spec.source.kind].rows)
    table, where = read_source(replace(reading, sift=part.sift))
    lost = None if part.sieve is None or not part.sieve.kept.thinned else part.sieve.without_time
    rows, text = rows_of(reading, table, where, known, lost)
    return rows, part.sample(text, rows.kinds)


class Undecided(Exception):
    """A batch of rows cannot be understood without the others."""


def _named(kinds: Kinds) -> frozenset[str]:
    return frozenset(name for name, kind in kinds.items() if kind.named)
