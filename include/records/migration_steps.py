"""Applies one migration so that nobody who works with the records waits for a second."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from include.errors import SourceUnavailable
from include.records.concurrent_index import ConcurrentIndex
from include.records.migration_files import SqlFile

LOCK_MILLISECONDS = 300
"""How long a lock is waited for at a time: as long may those wait who come after."""
PATIENCE_SECONDS = 120.0
"""How long it is tried for, again and again."""
PAUSE_SECONDS = 0.3

_PATH = "SET LOCAL search_path TO {}, pg_temp"
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('migration of the records', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('migration of the records', 0))"
_ADD = "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)"
_PATIENT = re.compile(
    r"\s*(?:ALTER\s+TABLE\s+\S+\s+VALIDATE\s+CONSTRAINT|(?:DROP|REINDEX)\s+INDEX\s+CONCURRENTLY)\b", re.I
)
_HOLDERS = """
    SELECT format('%s (process %s of %s, since %s)', coalesce(nullif(application_name, ''), 'a session'), pid, usename,
                  to_char(xact_start, 'HH24:MI:SS'))
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '1 s'
    ORDER BY xact_start LIMIT 3
"""


@contextmanager
def alone(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Let only one process migrate at a time; others wait for it, without a transaction that it would wait for."""
    with _autocommit(connection), psycopg.Cursor(connection) as cursor:
        while not _first(cursor.execute(_TRY_LOCK)):
            time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            with _autocommit(connection), psycopg.Cursor(connection) as cursor:
                cursor.execute(_UNLOCK)


def apply_step(
    connection: psycopg.Connection[Any], step: SqlFile, schema: str, *, patience_seconds: float = PATIENCE_SECONDS
) -> None:
    """Apply a migration and write that down; one that was killed is begun anew.

    Raises
    ------
    SourceUnavailable
        When somebody has held a lock that it needs all the time.
    """
    if step.outside:
        _one_by_one(connection, step, schema, patience_seconds)

    def whole() -> None:
        with connection.transaction(), psycopg.Cursor(connection) as cursor:
            cursor.execute(sql.SQL(_PATH).format(sql.Identifier(schema)))
            cursor.execute(f"SET LOCAL lock_timeout TO {LOCK_MILLISECONDS}".encode())
            if not step.outside:
                cursor.execute(step.text.encode())
            cursor.execute(_ADD, (step.name, step.sha256))

    _patiently(connection, whole, step.name, patience_seconds)


def _one_by_one(connection: psycopg.Connection[Any], step: SqlFile, schema: str, patience_seconds: float) -> None:
    with _autocommit(connection), psycopg.Cursor(connection) as cursor:
        cursor.execute(sql.SQL("SET search_path TO {}, pg_temp").format(sql.Identifier(schema)))

        def run(statement: sql.Composed | bytes, may_wait: bool) -> None:
            """Whoever waits for a lock that keeps no reader and no writer away may wait."""
            cursor.execute(f"SET lock_timeout TO {0 if may_wait else LOCK_MILLISECONDS}".encode())
            if may_wait:
                cursor.execute(statement)
            else:
                _patiently(connection, lambda: cursor.execute(statement), step.name, patience_seconds)

        for statement in step.statements():
            index = ConcurrentIndex.of(statement)
            if index is None:
                run(statement.encode(), bool(_PATIENT.match(statement)))
            else:
                index.make(cursor, run)
        cursor.execute("SET lock_timeout TO 0")


def _patiently(
    connection: psycopg.Connection[Any], act: Callable[[], object], name: str, patience_seconds: float
) -> None:
    give_up = time.monotonic() + patience_seconds
    while True:
        try:
            act()
            return
        except psycopg.errors.LockNotAvailable as error:
            if time.monotonic() > give_up:
                raise SourceUnavailable(
                    f"migration {name}: somebody has held what it has to change for {patience_seconds:.0f} s: "
                    f"{_holders(connection)}; nothing is half done: migrate again when that has ended"
                ) from error
            time.sleep(PAUSE_SECONDS)


def _holders(connection: psycopg.Connection[Any]) -> str:
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        found = [row[0] for row in cursor.execute(_HOLDERS).fetchall()]
    return ", ".join(found) or "sessions that come and go"


@contextmanager
def _autocommit(connection: psycopg.Connection[Any]) -> Iterator[None]:
    before = connection.autocommit
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = before


def _first(cursor: psycopg.Cursor[Any]) -> bool:
    row = cursor.fetchone()
    return row is not None and bool(row[0])
