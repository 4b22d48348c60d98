"""What people say, failures and calls in memory: what their queries do, on rows in lists."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from include.records.entries import Annotation, Failure, KeptCall, Mark, MarkVerdict, Mute, Pause
from include.records.json_values import to_utc
from include.records.rows.columns import Row
from include.records.rows.people import (
    annotation_from_row,
    annotation_row,
    answer_row,
    call_from_row,
    call_row,
    failure_from_row,
    failure_row,
    mark_from_row,
    mark_row,
    mute_from_row,
    mute_lifting_row,
    mute_row,
    no_decision,
    no_mute,
    pause_from_row,
    pause_row,
    so_already,
)

#: Of a decision what a mark shows of it: trigger_type, decided_at and counts; None for a decision not on record.
Marked = Callable[[str, str], Row | None]


def marked_row(decision: Row, run: Row) -> Row:
    """Return what a mark shows of a decision, from its row and that of its run."""
    shown = {name: decision[name] for name in ("trigger_type", "decided_at")}
    return {**shown, "counts": decision["triggered"] and not run["dry_run"]}


@dataclass(frozen=True)
class MemoryPeople:
    """Pauses, mutes, annotations and marks; see `include.records.people_roles.People`."""

    guard: threading.RLock
    known: Callable[[str], bool]
    marked: Marked
    pause_rows: list[Row] = field(default_factory=list)
    mute_rows: list[Row] = field(default_factory=list)
    annotation_rows: list[Row] = field(default_factory=list)
    mark_rows: list[Row] = field(default_factory=list)

    def knows(self, model_name: str) -> bool:
        """Whether anything is on record of a model of that name."""
        with self.guard:
            return self.known(model_name)

    def set_pause(self, model_name: str, *, paused: bool, by: str, reason: str, at: datetime) -> Pause:
        """Pause a model, or let it go on."""
        row = pause_row(model_name, paused, by, reason, at)
        with self.guard:
            if (self.pause(model_name) is not None) == paused:
                raise so_already(model_name, paused)
            return pause_from_row(_added(self.pause_rows, row))

    def pause(self, model_name: str) -> Pause | None:
        """Return the pause that holds a model."""
        return self.pauses().get(model_name)

    def pauses(self) -> Mapping[str, Pause]:
        """Return the models that are paused now."""
        with self.guard:
            last = {row["model_name"]: row for row in self.pause_rows}
        return {name: pause_from_row(row) for name, row in sorted(last.items()) if row["paused"]}

    def pause_history(self, model_name: str) -> Sequence[Pause]:
        """Return when a model was paused, and when it went on."""
        with self.guard:
            return [pause_from_row(row) for row in self.pause_rows if row["model_name"] == model_name]

    def add_mute(self, model_name: str, *, until: datetime, by: str, reason: str, at: datetime) -> Mute:
        """Silence notifications."""
        row = mute_row(model_name, until, by, reason, at)
        with self.guard:
            lifting = dict.fromkeys(("lifted_by", "lift_reason", "lifted_at"))
            return mute_from_row(_added(self.mute_rows, row | lifting))

    def lift_mute(self, mute_id: int, *, by: str, reason: str, at: datetime) -> Mute:
        """End a mute before its time."""
        lifting = mute_lifting_row(mute_id, by, reason, at)
        with self.guard:
            row = next((row for row in self.mute_rows if row["id"] == mute_id and _lasts(row, at)), None)
            if row is None:
                raise no_mute(mute_id)
            row |= lifting
            return mute_from_row(row)

    def mutes(self, *, at: datetime) -> Sequence[Mute]:
        """Return the mutes that have not ended at that time."""
        with self.guard:
            return [mute_from_row(row) for row in self.mute_rows if _lasts(row, at)]

    def add_annotation(self, model_name: str, *, about: datetime, text: str, by: str, at: datetime) -> Annotation:
        """Write down a remark about a moment."""
        row = annotation_row(model_name, about, text, by, at)
        with self.guard:
            return annotation_from_row(_added(self.annotation_rows, row))

    def annotations(self, model_name: str) -> Sequence[Annotation]:
        """Return remarks about a model."""
        with self.guard:
            rows = [row for row in self.annotation_rows if row["model_name"] == model_name]
        return [annotation_from_row(row) for row in sorted(rows, key=lambda row: (row["about"], row["id"]))]

    def add_mark(
        self, model_name: str, run_id: str, verdict: MarkVerdict, *, by: str, reason: str, at: datetime
    ) -> Mark:
        """Mark a decision in hindsight."""
        row = mark_row(model_name, run_id, verdict, by, reason, at)
        with self.guard:
            seen = self.marked(model_name, run_id)
            if seen is None:
                raise no_decision(model_name, run_id)
            return mark_from_row(_added(self.mark_rows, row) | seen)

    def marks(self, model_name: str | None = None, *, since: datetime, until: datetime) -> Sequence[Mark]:
        """Return the last mark of each marked decision of a period."""
        with self.guard:
            last = {(row["model_name"], row["run_id"]): row for row in self.mark_rows}
            found = [mark_from_row(row | (self.marked(*key) or {})) for key, row in last.items()]
        mine = [mark for mark in found if model_name in (None, mark.model_name)]
        seen = [mark for mark in mine if to_utc(since) <= mark.decided_at < to_utc(until)]
        return sorted(seen, key=lambda mark: (mark.decided_at, mark.model_name, mark.run_id))


@dataclass(frozen=True)
class MemoryFailures:
    """Steps of runs that failed; see `include.records.people_roles.Failures`."""

    guard: threading.RLock
    rows: list[Row] = field(default_factory=list)

    def add(self, failure: Failure) -> None:
        """Keep a failure, once."""
        with self.guard:
            if all(row["failure_id"] != failure.failure_id for row in self.rows):
                self.rows.append(failure_row(failure))

    def find(
        self,
        *,
        model_name: str | None = None,
        run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        most: int = 100,
    ) -> Sequence[Failure]:
        """Return the latest failures of a period, newest first."""
        with self.guard:
            found = [failure_from_row(row) for row in reversed(self.rows)]
        mine = [each for each in found if model_name in (None, each.model_name) and run_id in (None, each.run_id)]
        late = [each for each in mine if since is None or each.at >= to_utc(since)]
        seen = [each for each in late if until is None or each.at < to_utc(until)]
        return sorted(seen, key=lambda each: each.at, reverse=True)[:most]


@dataclass(frozen=True)
class MemoryCalls:
    """Calls from outside that write; see `include.records.people_roles.Calls`."""

    guard: threading.RLock
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def begin(self, caller: str, key: str, fingerprint: str, *, at: datetime, give_up: timedelta) -> KeptCall:
        """Begin a call, unless it was begun before."""
        attempt = str(uuid.uuid4())
        row = call_row(caller, key, fingerprint, attempt, at, give_up) | {"status": None, "answer": None}
        with self.guard:
            kept = self.rows.setdefault((row["caller"], row["key"]), row)
            if (
                kept["status"] is None
                and kept["begun_at"] < row["given_up_before"]
                and kept["fingerprint"] == fingerprint
            ):
                kept |= row
            return call_from_row(kept, attempt)

    def end(self, call: KeptCall, status: int, answer: Mapping[str, Any], *, at: datetime) -> bool:
        """Keep the answer."""
        row = answer_row(call, status, answer, at)
        with self.guard:
            kept = self._mine(call)
            if kept is not None:
                kept |= {**row, "status": status}
            return kept is not None

    def drop(self, call: KeptCall) -> None:
        """Let the call be made again with its key."""
        with self.guard:
            if self._mine(call) is not None:
                del self.rows[call.caller, call.key]

    def forget(self, *, before: datetime) -> None:
        """Forget calls that began before a time."""
        with self.guard:
            for key in [key for key, row in self.rows.items() if row["begun_at"] < to_utc(before)]:
                del self.rows[key]

    def _mine(self, call: KeptCall) -> Row | None:
        kept = self.rows.get((call.caller, call.key))
        return kept if kept and kept["attempt"] == call.attempt and kept["status"] is None else None


def _added(rows: list[Row], row: Row) -> Row:
    rows.append({"id": len(rows) + 1, **row})
    return rows[-1]


def _lasts(row: Row, at: datetime) -> bool:
    return row["lifted_at"] is None and bool(row["muted_until"] > to_utc(at))
