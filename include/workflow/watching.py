"""Watching: when a place has changed, is whole, and is to start a run.

The record of a place is what a change is found against. A change is written down first and told then, so that whoever
dies in between is told of by who comes after; a run takes what was written down, each arrival once.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from include.data.sources.object_storage import Connect
from include.data.sources.sight import NOTHING, Looker, Sight
from include.records.entries import Arrival
from include.records.store import Arrivals
from include.workflow.watched import ArrivalKind, Place

REMIND_SECONDS = 300.0  # an arrival that no run has taken for so long is told again: an event can be lost

log = logging.getLogger(__name__)


@dataclass
class Watching:
    """Looks at one place, once a call.

    Parameters
    ----------
    place : Place
    arrivals : Arrivals
        The records.
    storage : callable
        Opens object storage by the name of a connection.
    """

    place: Place
    arrivals: Arrivals
    storage: Connect
    _looker: Looker = field(init=False)
    _last: Arrival | None = None
    _files: Mapping[str, str] | None = None  # at `_last`; None where that is not known
    _seen: tuple[str, str] = ("", "")
    _since: float = 0.0
    _told: float = -math.inf

    def __post_init__(self) -> None:
        place, results = self.place, self.place.kind == ArrivalKind.RESULTS
        self._looker = Looker(place.path, place.endings, self.storage, place.connection, by_content=results)

    def look(self, *, seconds: float, at: datetime) -> Arrival | None:
        """The arrival to tell of now; None for nothing.

        Parameters
        ----------
        seconds : float
            By a clock that only runs forward.
        at : datetime
            The time, in UTC.

        Raises
        ------
        SourceUnavailable, ConfigurationError
            When storage cannot be reached, or refuses; whatever psycopg raises where the records cannot be reached.
        """
        sight = self._looker.look()
        last = self._last or self._begin(sight, at)
        if last is None:
            return None
        if not sight.files or sight.fingerprint == last.fingerprint:
            self._seen = ("", "")
            return self._reminder(last, seconds)
        if not self._settled(sight, seconds):
            return None
        changed = None if self._files is None else sight.changed_since(self._files)
        if changed == []:
            self._write(sight, last, changed, starts=False, at=at)
            return None
        if last.last_start is not None and at - last.last_start < self.place.cooldown:
            return None
        noted = self._write(sight, last, changed, starts=True, at=at)
        self._told = seconds if noted is not None else self._told
        return noted

    def _begin(self, sight: Sight, at: datetime) -> Arrival | None:
        """The state on record; of a new place the one that is seen now, from which no run starts.

        Results that are there already are an arrival: nobody has read them yet.
        """
        self._last = self.arrivals.last(self.place.key)
        if self._last is not None:
            self._files = self._last.files
            return self._last
        first = Sight(files={}) if self.place.kind == ArrivalKind.RESULTS else sight
        self._told = math.inf
        return self._write(first, None, [], starts=False, at=at)

    def _settled(self, sight: Sight, seconds: float) -> bool:
        """Whether nothing has changed for long enough, and nothing is half-written."""
        seen = sight.fingerprint, sight.unfinished
        if seen != self._seen:
            self._seen, self._since = seen, seconds
            if sight.unfinished:
                log.info("%s: %s is not whole yet", self.place.key, sight.unfinished)
        return not sight.unfinished and seconds - self._since >= self.place.settle.total_seconds()

    def _write(
        self, sight: Sight, last: Arrival | None, changed: list[str] | None, *, starts: bool, at: datetime
    ) -> Arrival | None:
        noted = self.arrivals.add(
            self.place.key, follows=0 if last is None else last.ordinal, fingerprint=sight.fingerprint or NOTHING,
            files=sight.files, changed=changed, starts=starts, at=at,
        )  # fmt: skip
        self._last, self._files, self._seen = None, None, ("", "")
        if noted is not None:  # else another was quicker, and what it wrote is read at the next look
            self._last, self._files = self.arrivals.last(self.place.key), sight.files
        return noted

    def _reminder(self, last: Arrival, seconds: float) -> Arrival | None:
        """The last arrival again, where it was told long ago, or by somebody who died, and no run has taken it."""
        if seconds - self._told < REMIND_SECONDS:
            return None
        waits = self.arrivals.waits(self.place.key)
        self._told = seconds if waits else math.inf
        return last if waits else None
