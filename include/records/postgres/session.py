"""Runs named queries on one connection."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from include.records.postgres.queries import query
from include.records.rows.columns import JSON_COLUMNS, Row

SCHEMA = "retraining"
"""Schema of all tables of the records."""

Connect = Callable[[], psycopg.Connection[Any]]


class Session:
    """Named queries on one connection, rows as dicts."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of the query; none for one that returns nothing."""
        with psycopg.Cursor(self._connection, row_factory=dict_row) as cursor:
            cursor.execute(query(name), _adapted(parameters))
            return cursor.fetchall() if cursor.description else []

    def row(self, name: str, parameters: Mapping[str, Any]) -> Row | None:
        """Return the first row of the query, or None."""
        rows = self.rows(name, parameters)
        return rows[0] if rows else None

    def one(self, name: str, parameters: Mapping[str, Any]) -> Row:
        """Return the row of a query that always has one."""
        [row] = self.rows(name, parameters)
        return row

    def each(self, name: str, parameters: Iterable[Mapping[str, Any]]) -> None:
        """Run the query once for each set of parameters, without waiting for each answer."""
        with psycopg.Cursor(self._connection) as cursor:
            cursor.executemany(query(name), [_adapted(row) for row in parameters])


class KeptConnection:
    """A connection that the calls of one step share, instead of one for each of them.

    It is opened when it is first needed, and anew when it broke or was idle: a training takes hours, and servers,
    poolers and firewalls end what says nothing for long. Claims live and die with a connection of their own.
    """

    def __init__(self, connect: Connect, *, idle_seconds: float = 30.0) -> None:
        self._connect = connect
        self._idle_seconds = idle_seconds
        self._held: list[psycopg.Connection[Any]] = []  # one at most
        self._used = 0.0
        weakref.finalize(self, _close, self._held)

    @contextmanager
    def lent(self) -> Iterator[psycopg.Connection[Any]]:
        """The connection, for one transaction."""
        if self._held and (self._held[0].closed or time.monotonic() - self._used > self._idle_seconds):
            _close(self._held)
        if not self._held:
            self._held.append(self._connect())
        try:
            yield self._held[0]
        finally:
            self._used = time.monotonic()

    def close(self) -> None:
        """Close it, where it is open; it is opened anew when it is needed again."""
        _close(self._held)


def _close(held: list[psycopg.Connection[Any]]) -> None:
    while held:
        held.pop().close()


@contextmanager
def transaction(connect: Connect | KeptConnection) -> Iterator[Session]:
    """One transaction, committed at the end, undone as a whole on an error; on its own connection, or a kept one."""
    lent = connect.lent() if isinstance(connect, KeptConnection) else closing(connect())
    with lent as connection, connection.transaction():
        use_schema(connection)
        yield Session(connection)


def use_schema(connection: psycopg.Connection[Any]) -> None:
    """Let the queries of this connection find the tables, also where the database has no search path to them.

    A server from version 18 on says by itself what the search path is, so that nothing need be set where `migrate` has
    set it for the whole database.
    """
    known = connection.info.parameter_status("search_path") or ""
    if known.split(",")[0].strip(' "') != SCHEMA:
        with psycopg.Cursor(connection) as cursor:
            cursor.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(SCHEMA)))


def _adapted(parameters: Mapping[str, Any]) -> Row:
    return {
        name: Jsonb(value) if name in JSON_COLUMNS and value is not None else value
        for name, value in parameters.items()
    }
