"""What people say, failures and calls in Postgres."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from include.records.entries import Annotation, Failure, KeptCall, Mark, MarkVerdict, Mute, Pause
from include.records.json_values import to_utc
from include.records.postgres.arrivals import PostgresArrivals
from include.records.postgres.chain import PostgresChain
from include.records.postgres.home import PostgresHome, whose
from include.records.postgres.messages import PostgresOutbox
from include.records.postgres.session import Connect, KeptConnection, reading, transaction
from include.records.postgres.watch import PostgresWatch
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

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class PostgresParts:
    """The parts of `PostgresStore` that stand for themselves, on the connections that it has."""

    _calls: Connect | KeptConnection
    _guarded: bool

    def identity(self) -> str:
        """Return the id of these records."""
        with reading(self._calls) as session:
            return str(whose(session, "find_identity")["id"])

    @cached_property
    def home(self) -> PostgresHome:
        """Where these records live."""
        return PostgresHome(self._calls, self._guarded)

    @cached_property
    def people(self) -> PostgresPeople:
        """What people say about models and decisions."""
        return PostgresPeople(self._calls)

    @cached_property
    def failures(self) -> PostgresFailures:
        """Steps of runs that failed."""
        return PostgresFailures(self._calls)

    @cached_property
    def watch(self) -> PostgresWatch:
        """What the records say of the monitor itself."""
        return PostgresWatch(self._calls)

    @cached_property
    def calls(self) -> PostgresCalls:
        """Calls from outside that write."""
        return PostgresCalls(self._calls)

    @cached_property
    def chain(self) -> PostgresChain:
        """The chain of hashes over what is audited."""
        return PostgresChain(self._calls)

    @cached_property
    def arrivals(self) -> PostgresArrivals:
        """What arrived at watched places."""
        return PostgresArrivals(self._calls)

    @cached_property
    def outbox(self) -> PostgresOutbox:
        """What people are told."""
        return PostgresOutbox(self._calls)


@dataclass(frozen=True)
class PostgresPeople:
    """Pauses, mutes, annotations and marks; see `include.records.people_roles.People`."""

    connect: Connect | KeptConnection

    def knows(self, model_name: str) -> bool:
        """Whether anything is on record of a model of that name."""
        with reading(self.connect) as session:
            return bool(session.one("find_model", {"model_name": model_name})["known"])

    def set_pause(self, model_name: str, *, paused: bool, by: str, reason: str, at: datetime) -> Pause:
        """Pause a model, or let it go on."""
        row = pause_row(model_name, paused, by, reason, at)
        with transaction(self.connect) as session:
            session.rows("lock_run", {"model_name": model_name, "run_id": ""})
            kept = session.row("add_pause", row)
        if kept is None:
            raise so_already(model_name, paused)
        return pause_from_row(kept)

    def pause(self, model_name: str) -> Pause | None:
        """Return the pause that holds a model."""
        with reading(self.connect) as session:
            row = session.row("find_pauses", {"model_name": model_name})
        return None if row is None else pause_from_row(row)

    def pauses(self) -> Mapping[str, Pause]:
        """Return the models that are paused now."""
        with reading(self.connect) as session:
            rows = session.rows("find_pauses", {"model_name": None})
        return {row["model_name"]: pause_from_row(row) for row in rows}

    def pause_history(self, model_name: str) -> Sequence[Pause]:
        """Return when a model was paused, and when it went on."""
        with reading(self.connect) as session:
            return [pause_from_row(row) for row in session.rows("find_pause_history", {"model_name": model_name})]

    def add_mute(self, model_name: str, *, until: datetime, by: str, reason: str, at: datetime) -> Mute:
        """Silence notifications."""
        row = mute_row(model_name, until, by, reason, at)
        with transaction(self.connect) as session:
            return mute_from_row(session.one("add_mute", row))

    def lift_mute(self, mute_id: int, *, by: str, reason: str, at: datetime) -> Mute:
        """End a mute before its time."""
        row = mute_lifting_row(mute_id, by, reason, at)
        with transaction(self.connect) as session:
            kept = session.row("lift_mute", row)
        if kept is None:
            raise no_mute(mute_id)
        return mute_from_row(kept)

    def mutes(self, *, at: datetime) -> Sequence[Mute]:
        """Return the mutes that have not ended at that time."""
        with reading(self.connect) as session:
            return [mute_from_row(row) for row in session.rows("find_mutes", {"at": to_utc(at)})]

    def add_annotation(self, model_name: str, *, about: datetime, text: str, by: str, at: datetime) -> Annotation:
        """Write down a remark about a moment."""
        row = annotation_row(model_name, about, text, by, at)
        with transaction(self.connect) as session:
            return annotation_from_row(session.one("add_annotation", row))

    def annotations(self, model_name: str) -> Sequence[Annotation]:
        """Return remarks about a model."""
        with reading(self.connect) as session:
            return [annotation_from_row(row) for row in session.rows("find_annotations", {"model_name": model_name})]

    def add_mark(
        self, model_name: str, run_id: str, verdict: MarkVerdict, *, by: str, reason: str, at: datetime
    ) -> Mark:
        """Mark a decision in hindsight."""
        row = mark_row(model_name, run_id, verdict, by, reason, at)
        with transaction(self.connect) as session:
            kept = session.row("add_mark", row)
        if kept is None:
            raise no_decision(model_name, run_id)
        return mark_from_row(kept)

    def marks(self, model_name: str | None = None, *, since: datetime, until: datetime) -> Sequence[Mark]:
        """Return the last mark of each marked decision of a period."""
        key = {"model_name": model_name, "since": to_utc(since), "until": to_utc(until)}
        with reading(self.connect) as session:
            return [mark_from_row(row) for row in session.rows("find_marks", key)]


@dataclass(frozen=True)
class PostgresFailures:
    """Steps of runs that failed; see `include.records.people_roles.Failures`."""

    connect: Connect | KeptConnection

    def add(self, failure: Failure) -> None:
        """Keep a failure, once."""
        with transaction(self.connect) as session:
            session.rows("add_failure", failure_row(failure))

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
        key = {"model_name": model_name, "run_id": run_id, "most": most}
        period = {"since": to_utc(since or BEGINNING), "until": to_utc(until or END)}
        with reading(self.connect) as session:
            return [failure_from_row(row) for row in session.rows("find_failures", key | period)]


@dataclass(frozen=True)
class PostgresCalls:
    """Calls from outside that write; see `include.records.people_roles.Calls`."""

    connect: Connect | KeptConnection

    def begin(self, caller: str, key: str, fingerprint: str, *, at: datetime, give_up: timedelta) -> KeptCall:
        """Begin a call, unless it was begun before."""
        attempt = str(uuid.uuid4())
        with transaction(self.connect) as session:
            row = session.one("begin_call", call_row(caller, key, fingerprint, attempt, at, give_up))
        return call_from_row(row, attempt)

    def end(self, call: KeptCall, status: int, answer: Mapping[str, Any], *, at: datetime) -> bool:
        """Keep the answer."""
        with transaction(self.connect) as session:
            return session.row("end_call", answer_row(call, status, answer, at)) is not None

    def drop(self, call: KeptCall) -> None:
        """Let the call be made again with its key."""
        with transaction(self.connect) as session:
            session.rows("drop_call", {"caller": call.caller, "key": call.key, "attempt": call.attempt})

    def forget(self, *, before: datetime) -> None:
        """Forget calls that began before a time."""
        with transaction(self.connect) as session:
            session.rows("forget_calls", {"before": to_utc(before)})
