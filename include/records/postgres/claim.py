"""The right to retrain a model, as a session-level advisory lock of Postgres.

The lock lives and dies with one database session, and only that session writes what follows from the retraining. So
a process that is killed loses the right at once, and one that was cut off from the database cannot publish.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg

from include.errors import ClaimLost, ConfigurationError, DataError
from include.records.entries import ChangeKind, Event, EventStatus, Outcome, Version
from include.records.json_values import clean_text, to_utc, write_json
from include.records.postgres.pooler import DIRECT, require_own_session
from include.records.postgres.session import Connect, Session, settle, transaction
from include.records.rows.columns import Row
from include.records.rows.events import event_from_row, version_from_row
from include.records.rows.outcome import (
    LOST,
    abandoned_row,
    check_outcome,
    closing_row,
    ending_row,
    failed_row,
    named_versions,
    no_shadow,
    trained_row,
    was_left,
)
from include.records.rows.request import retry_row

POLL_SECONDS = 1.0


class PostgresClaim:
    """A claim held by `connection`, which is in no transaction between calls: training may take hours."""

    def __init__(self, connection: psycopg.Connection[Any], event: Event) -> None:
        self._connection = connection
        self._event = event

    @property
    def event(self) -> Event:
        """The claimed event as it was found; a closed one needs no work."""
        return self._event

    def begin_version(self, *, at: datetime, above: int = 0) -> Version:
        """Return the candidate version of this event; a `DataError` if the event is closed."""
        with self._transaction() as session:
            row, version = self._open_row(session), self._version(session)
            if row is None:
                raise DataError(f"event {self._event.id} is closed: it gets no version")
            if version is None:
                begun = {"created_by": row["created_by"], "at": to_utc(at), "above": above}
                version = session.one("add_version", self._keys() | begun)
            else:
                version = session.one("renew_parent", self._keys() | {"version": version["version"]})
            names = named_versions(self._event.model_name, version["version"], version["parent"])
            session.rows("note_version", self._keys() | names)
            return version_from_row(version)

    def take_shadow(self) -> Version:
        """Return the version in shadow, which this event judges; a `DataError` for none, or if the event is closed."""
        with self._transaction() as session:
            row, version = self._open_row(session), session.row("find_shadow", self._keys())
            if row is None or version is None:
                raise no_shadow(self._event.model_name)
            names = named_versions(self._event.model_name, version["version"], version["parent"])
            session.rows("note_version", self._keys() | names)
            return version_from_row(version)

    def finish(self, outcome: Outcome, *, at: datetime) -> Event:
        """Close the event with `outcome`, in one transaction with all that follows from it."""
        with self._transaction() as session:
            row, version = self._open_row(session), self._version(session)
            if row is None:
                return event_from_row(session.one("find_event", self._keys()))
            check_outcome(outcome, has_version=version is not None)
            if version is not None:
                self._settle(session, outcome, row, version, at)
            closing = closing_row(outcome, at)
            if outcome.status in LOST:
                session.rows("retry_requests", retry_row(row, closing))
            return event_from_row(session.one("close_event", self._keys() | closing))

    def note_approval(self, approved_by: str, *, at: datetime) -> None:
        """Write on the open event who approved it; the first to be written stays."""
        with self._transaction() as session:
            if self._open_row(session) is not None:
                who = clean_text(approved_by)
                noted = {"approved_by": who, "notes": f"approved by {who}", "at": to_utc(at)}
                session.rows("note_approval", self._keys() | noted)

    def note_error(self, error_type: str, error: str) -> None:
        """Write on the open event why this try failed; the event stays open for the next try."""
        with self._transaction() as session:
            if self._open_row(session) is not None:
                noted = {"error_type": error_type, "error": clean_text(error)}
                session.rows("note_error", self._keys() | noted)

    def _settle(self, session: Session, outcome: Outcome, row: Row, version: Row, at: datetime) -> None:
        promoted, keys = outcome.status is EventStatus.PROMOTED, self._keys() | {"version": version["version"]}
        retired = session.row("retire_champion", keys | {"at": to_utc(at)}) if promoted else None
        session.one("settle_candidate", keys | trained_row(outcome, at, version))
        if promoted:
            self._note_promotion(session, outcome, row, version["version"], retired, at)
        if outcome.reference is not None and (promoted or outcome.shadow_checks is not None):
            profile = write_json(outcome.reference.to_json())
            session.rows("add_reference", keys | {"profile": profile, "at": to_utc(at)})

    def _note_promotion(
        self, session: Session, outcome: Outcome, row: Row, version: int, retired: Row | None, at: datetime
    ) -> None:
        change = {
            "from_version": retired and retired["version"],
            "to_version": version,
            "deployed_by": row["requested_by"],
            "reason": clean_text(outcome.reason),
            "deployed_at": to_utc(at),
            "kind": str(ChangeKind.PROMOTION),
            "run_id": row["run_id"],
            "key": None,
        }
        session.rows("add_deployment", self._keys() | change)
        session.rows("end_shadow", ending_row(self._event.model_name, version, row["requested_by"], at))

    def _keys(self) -> Row:
        return {"event_id": self._event.id, "model_name": self._event.model_name}

    def _open_row(self, session: Session) -> Row | None:
        """Return the event's row, locked; None if it is closed."""
        rows = session.rows("lock_open_events", self._keys())
        return next((row for row in rows if row["id"] == self._event.id), None)

    def _version(self, session: Session) -> Row | None:
        return session.row("find_version_of_event", self._keys())

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with _lost_with_connection(self._event.model_name), self._connection.transaction():
            session = Session(self._connection)
            holder = session.row("find_claim_holder", self._keys())
            if holder is None or not holder["mine"]:  # a pooler in between gave us another session
                raise ClaimLost(f"{self._event.model_name}: this session no longer holds the right to retrain it")
            yield session


@contextmanager
def hold_claim(
    connect: Connect, event: Event, *, at: datetime, wait: timedelta, poll_seconds: float = POLL_SECONDS,
    identity: str = "",
) -> Iterator[PostgresClaim]:  # fmt: skip
    """Hold the right to retrain the event's model on a connection of its own; see `Store.claim`.

    Parameters
    ----------
    identity : str
        Of the records, where `connect` is not what the event was read through; empty where it is.

    Raises
    ------
    ConfigurationError
        When `connect` leads to a pooler that lends sessions, or to other records.
    """
    keys = {"event_id": event.id, "model_name": event.model_name}
    connection, held = connect(), False
    try:
        with _lost_with_connection(event.model_name):
            connection.autocommit = True
            require_own_session(connection, connect)
            settle(connection, own=True)
            session = Session(connection)
            if identity and _identity(session) != identity:
                raise ConfigurationError(DIRECT, "leads to other records than the connection retraining_db; correct it")
            session.rows("prepare_claim_session", {"application_name": _session_name(event.id)})
            waited = _wait_for_claim(session, event.model_name, wait, poll_seconds)
            held = True
            with connection.transaction():
                found = _take_over(session, event.id, event.model_name, at + waited)
        yield PostgresClaim(connection, event_from_row(found))
    finally:
        with suppress(psycopg.Error):  # a broken connection has given the right back already
            if held:
                Session(connection).rows("release_claim", keys)
        connection.close()


def _identity(session: Session) -> str:
    """That of the records that a session leads to; empty where there are none."""
    try:
        return str(session.one("find_identity", {})["id"])
    except psycopg.errors.UndefinedTable:
        return ""


def close_unfinished(session: Session, model_name: str, *, at: datetime, idle: timedelta, keep_run: str) -> list[Event]:
    """Close the open events of a model whose owner died; see `Store.close_unfinished`."""
    rows = session.rows("lock_open_events", {"model_name": model_name})
    held = _is_held(session, model_name)
    return [
        _give_up(session, row, abandoned_row(row, at), at)
        for row in rows
        if row["run_id"] != keep_run and was_left(row, at=at, idle=idle, held=held)
    ]


def close_failed(connect: Connect, event: Event, *, at: datetime, error_type: str, error: str) -> Event:
    """Close an open event as failed unless its model is being retrained; see `Store.close_failed`."""
    with transaction(connect) as session:
        rows = session.rows("lock_open_events", {"model_name": event.model_name})
        row = next((row for row in rows if row["id"] == event.id), None)
        if row is None or _is_held(session, event.model_name):
            return event_from_row(session.one("find_event", {"event_id": event.id}))
        return _give_up(session, row, failed_row(row, at, error_type, error), at)


def _is_held(session: Session, model_name: str) -> bool:
    """Tell whether somebody holds the right to retrain the model.

    Looked up after the open events were locked, the answer stays good: whoever takes the right afterwards waits for
    these rows, and then finds them closed.
    """
    return session.row("find_claim_holder", {"model_name": model_name}) is not None


def _wait_for_claim(session: Session, model_name: str, wait: timedelta, poll_seconds: float) -> timedelta:
    """Take the right, and return how long that took: nothing if it was free."""
    began, waited = time.monotonic(), timedelta(0)
    while not session.one("try_claim", {"model_name": model_name})["claimed"]:
        if waited >= wait:
            holder = session.row("find_claim_holder", {"model_name": model_name}) or {}
            who = f"{holder.get('application_name') or 'unknown'}, database session {holder.get('pid', 'just ended')}"
            raise ClaimLost(f"{model_name} is being retrained by another process ({who})")
        time.sleep(min(poll_seconds, (wait - waited).total_seconds()))
        waited = timedelta(seconds=time.monotonic() - began)
    return waited


def _take_over(session: Session, event_id: int, model_name: str, at: datetime) -> Row:
    """Close what others left executing, and start this event if it is open."""
    mine: Row | None = None
    for row in session.rows("lock_open_events", {"model_name": model_name}):
        if row["id"] == event_id:
            mine = row
        elif row["status"] == EventStatus.EXECUTING:
            _give_up(session, row, abandoned_row(row, at), at)
    if mine is None:
        return session.one("find_event", {"event_id": event_id})
    return session.one("start_event", {"event_id": event_id, "at": to_utc(at)})


def _give_up(session: Session, row: Row, closing: Row, at: datetime) -> Event:
    session.rows("fail_candidate", {"event_id": row["id"], "at": to_utc(at)})
    session.rows("retry_requests", retry_row(row, closing))
    return event_from_row(session.one("give_up_event", {"event_id": row["id"], **closing}))


def _session_name(event_id: int) -> str:
    return f"retraining event {event_id}, pid {os.getpid()} on {socket.gethostname()}"[:63]


@contextmanager
def _lost_with_connection(model_name: str) -> Iterator[None]:
    try:
        yield
    except psycopg.OperationalError as error:
        message = f"{model_name}: the database session that held the right to retrain it failed ({error})"
        raise ClaimLost(clean_text(message)) from error
