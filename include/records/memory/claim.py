"""The right to retrain a model, in memory: a lock per model, and what its holder may write."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.errors import ClaimLost, DataError
from include.records.entries import ChangeKind, Event, EventStatus, Outcome, Version, VersionStatus
from include.records.json_values import clean_text, to_utc, write_json
from include.records.memory.requests import MemoryRequests
from include.records.rows.columns import Row
from include.records.rows.events import event_from_row, version_from_row
from include.records.rows.outcome import (
    LOST,
    abandoned_row,
    check_outcome,
    closing_row,
    ending_row,
    named_versions,
    no_shadow,
    trained_row,
)
from include.records.rows.request import retry_row
from include.records.rows.wish import kept

OPEN = (EventStatus.DECIDED, EventStatus.EXECUTING)


@dataclass(frozen=True)
class MemoryTables:
    """The rows that a claim may change, and the locks: `guard` for every access, one of `rights` for each model.

    Events are kept by their id, and versions by their event's: each event has one at most.
    """

    guard: threading.RLock = field(default_factory=threading.RLock)
    rights: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    events: dict[int, Row] = field(default_factory=dict)
    versions: dict[int, Row] = field(default_factory=dict)
    deployments: list[Row] = field(default_factory=list)
    canaries: list[Row] = field(default_factory=list)
    announced: dict[int, str] = field(default_factory=dict)
    profiles: dict[tuple[str, int], str] = field(default_factory=dict)
    requests: MemoryRequests = field(default_factory=MemoryRequests)

    def versions_of(self, model_name: str) -> list[Version]:
        """Return the versions of a model, oldest first."""
        rows = [row for row in self.versions.values() if row["model_name"] == model_name]
        return [version_from_row(row) for row in sorted(rows, key=lambda row: int(row["version"]))]

    def version_of(self, event: Row) -> Row | None:
        """Return the version that an event is about: trained for it, or judged by it at the end of a shadow."""
        name, number = event["model_name"], event["version"]
        rows = (row for row in self.versions.values() if row["model_name"] == name)
        return next((row for row in rows if row["version"] == number), None)

    def shadow(self, model_name: str) -> Row | None:
        """Return the version that is in shadow."""
        rows = (row for row in self.versions.values() if row["model_name"] == model_name)
        return next((row for row in rows if version_from_row(row).in_shadow), None)

    def add_deployment(self, change: Row) -> Row:
        """Put a change of champion into the history, not before the one before it, and return it as it is kept."""
        earlier = [row["deployed_at"] for row in self.deployments if row["model_name"] == change["model_name"]]
        at = max([*earlier, change["deployed_at"]])
        self.deployments.append(change | {"id": len(self.deployments) + 1, "deployed_at": at})
        return self.deployments[-1]

    def end_shadow(self, ending: Row) -> None:
        """Hold the version in shadow, because another one became champion."""
        row = self.shadow(ending["model_name"])
        if row is not None and row["version"] != ending["to_version"]:
            told = {**row["details"].get("shadow", {}), "ended": ending["ended"], "ended_by": ending["ended_by"]}
            row |= {"status": str(VersionStatus.HELD), "status_changed_at": ending["at"]}
            row |= {"details": {**row["details"], "shadow": told}}

    def open_events(self, model_name: str) -> list[Row]:
        """Return the open events of a model, oldest first."""
        return [row for row in self.events.values() if row["model_name"] == model_name and row["status"] in OPEN]

    def take_over(self, event_id: int, model_name: str, at: datetime) -> Event:
        """Close what others left executing, and start this event if it is open."""
        for row in self.open_events(model_name):
            if row["id"] == event_id:
                row |= {"status": str(EventStatus.EXECUTING), "execution_attempted": True}
                row |= {"error_type": None, "error": None}
            elif row["status"] == EventStatus.EXECUTING:
                self.give_up(row, abandoned_row(row, at), at)
        return event_from_row(self.events[event_id])

    def give_up(self, row: Row, closing: Row, at: datetime) -> Event:
        """Close an event without outcome; its candidate failed."""
        version = self.versions.get(row["id"])
        if version is not None:
            version |= {"status": str(VersionStatus.FAILED), "status_changed_at": to_utc(at)}
        row |= closing
        self.requests.retry(retry_row(row, closing))
        return event_from_row(row)


def take(right: threading.Lock, wait: timedelta) -> timedelta | None:
    """Take a right, and return how long that took: nothing if it was free, None if `wait` was too short."""
    if right.acquire(blocking=False):
        return timedelta(0)
    began = time.monotonic()
    taken = right.acquire(timeout=wait.total_seconds())
    return timedelta(seconds=time.monotonic() - began) if taken else None


class MemoryClaim:
    """A claim on a `MemoryStore`."""

    def __init__(self, tables: MemoryTables, event: Event) -> None:
        self.held = True
        self._tables = tables
        self._event = event

    @property
    def event(self) -> Event:
        """The claimed event as it was found; a closed one needs no work."""
        return self._event

    def begin_version(self, *, at: datetime, above: int = 0) -> Version:
        """Return the candidate version of this event; a `DataError` if the event is closed."""
        with self._writing() as row:
            if row is None:
                raise DataError(f"event {self._event.id} is closed: it gets no version")
            versions = self._tables.versions
            if row["id"] not in versions:
                versions[row["id"]] = self._new_version(at, above)
            version = versions[row["id"]]
            version["parent"] = self._champion()
            row |= named_versions(row["model_name"], version["version"], version["parent"])
            return version_from_row(version)

    def take_shadow(self) -> Version:
        """Return the version in shadow, which this event judges; a `DataError` for none, or if the event is closed."""
        with self._writing() as row:
            version = self._tables.shadow(self._event.model_name)
            if row is None or version is None:
                raise no_shadow(self._event.model_name)
            row |= named_versions(row["model_name"], version["version"], version["parent"])
            return version_from_row(version)

    def finish(self, outcome: Outcome, *, at: datetime) -> Event:
        """Close the event with `outcome`, at once with all that follows from it."""
        with self._writing() as row:
            if row is not None:
                version = self._tables.version_of(row)
                check_outcome(outcome, has_version=version is not None)
                closing = closing_row(outcome, at)
                if version is not None:
                    self._settle(outcome, row, version, at)
                row |= kept(closing)
                if outcome.status in LOST:
                    self._tables.requests.retry(retry_row(row, closing))
            return event_from_row(self._tables.events[self._event.id])

    def note_approval(self, approved_by: str, *, at: datetime) -> None:
        """Write on the open event who approved it; the first to be written stays."""
        with self._writing() as row:
            if row is not None and row["approved_by"] is None:
                row |= {"approved_by": clean_text(approved_by), "approved_at": to_utc(at)}

    def note_error(self, error_type: str, error: str) -> None:
        """Write on the open event why this try failed; the event stays open for the next try."""
        with self._writing() as row:
            if row is not None:
                row |= {"error_type": error_type, "error": clean_text(error)}

    def _settle(self, outcome: Outcome, row: Row, version: Row, at: datetime) -> None:
        trained, profile = trained_row(outcome, at, version), None
        if outcome.reference is not None:
            profile = write_json(outcome.reference.to_json())
        if outcome.status is EventStatus.PROMOTED:
            self._promote(outcome, row, version, at)
        version |= trained
        keeps = outcome.status is EventStatus.PROMOTED or outcome.shadow_checks is not None
        if keeps and profile is not None:
            self._tables.profiles[row["model_name"], version["version"]] = profile

    def _promote(self, outcome: Outcome, row: Row, version: Row, at: datetime) -> None:
        tables, name = self._tables, row["model_name"]
        change = {"model_name": name, "from_version": None, "to_version": version["version"], "event_id": row["id"]}
        change |= {"kind": str(ChangeKind.PROMOTION), "run_id": row["run_id"], "key": None}
        change |= {"deployed_by": row["requested_by"], "reason": clean_text(outcome.reason), "deployed_at": to_utc(at)}
        for other in tables.versions.values():
            if other["model_name"] == name and other["status"] == VersionStatus.CHAMPION:
                other |= {"status": str(VersionStatus.RETIRED), "status_changed_at": to_utc(at)}
                change["from_version"] = other["version"]
        tables.add_deployment(change)
        tables.end_shadow(ending_row(name, version["version"], row["requested_by"], at))

    def _new_version(self, at: datetime, above: int) -> Row:
        known = self._tables.versions_of(self._event.model_name)
        candidate = Version(
            model_name=self._event.model_name,
            version=max(above, known[-1].version if known else 0) + 1,
            event_id=self._event.id,
            status=VersionStatus.CANDIDATE,
            created_at=to_utc(at),
        )
        return {**vars(candidate), "status": str(candidate.status), "details": {}, "shadow_since": None}

    def _champion(self) -> int | None:
        known = self._tables.versions_of(self._event.model_name)
        return next((each.version for each in known if each.status is VersionStatus.CHAMPION), None)

    @contextmanager
    def _writing(self) -> Iterator[Row | None]:
        """Yield the event's row while nobody else writes; None if it is closed."""
        with self._tables.guard:
            if not self.held:
                raise ClaimLost(f"{self._event.model_name}: this claim has ended")
            row = self._tables.events[self._event.id]
            yield row if row["status"] in OPEN else None
