"""Runs named queries on one connection."""

from __future__ import annotations

import re
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from include.errors import ConfigurationError
from include.records.postgres.queries import query
from include.records.rows.columns import JSON_COLUMNS, Row

SCHEMA = "retraining"
"""Schema of all tables of the records, unless the connection's own options name another: see `schema_of`."""

LONGEST_STATEMENT = "10min"  # whatever the database says for its other users
LONGEST_LOCK = "1min"  # what others hold that long is held by a person, or for ever: say so and try again

_SEARCH_PATH = re.compile(r"(?:-c\s*|--)search[_-]path=((?:\\.|\S)+)", re.I)  # as the server reads names of settings
_NAMES = re.compile(r'"(?:[^"]|"")*"|[^,]+')
_SHARED = ("$user", "public")  # schemas of everybody's tables
_DIRECT: weakref.WeakKeyDictionary[psycopg.Connection[Any], bool] = weakref.WeakKeyDictionary()

Connect = Callable[[], psycopg.Connection[Any]]


class Session:
    """Named queries on one connection, rows as dicts."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def rows(self, name: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Return all rows of the query; none for one that returns nothing."""
        with psycopg.Cursor(self._connection, row_factory=dict_row) as cursor:
            cursor.execute(query(name), _adapted(parameters))
            answered = cursor.pgresult is not None and cursor.pgresult.nfields  # `description` makes objects of columns
            return cursor.fetchall() if answered else []

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
        if adapted := [_adapted(row) for row in parameters]:
            with psycopg.Cursor(self._connection) as cursor:
                cursor.executemany(query(name), adapted)


class KeptConnection:
    """A connection that the calls of one step share, instead of one for each of them.

    It is opened when it is first needed, and anew when it broke or was idle: a training takes hours, and servers,
    poolers and firewalls end what says nothing for long. Who needs one while it is lent, in another thread, gets one of
    his own. Claims live and die with a connection of their own.
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
        if time.monotonic() - self._used > self._idle_seconds:
            _close(self._held)
        connection = self._taken() or self._connect()
        try:
            yield connection
        finally:
            self._used = time.monotonic()
            if connection.closed or self._held:
                connection.close()
            else:
                self._held.append(connection)

    def _taken(self) -> psycopg.Connection[Any] | None:
        """The one that is held, unless it is lent, or broke."""
        try:
            held = self._held.pop()
        except IndexError:
            return None
        return None if held.closed else held

    def close(self) -> None:
        """Close it, where it is open; it is opened anew when it is needed again."""
        _close(self._held)


def _close(held: list[psycopg.Connection[Any]]) -> None:
    while held:
        held.pop().close()


@contextmanager
def transaction(connect: Connect | KeptConnection) -> Iterator[Session]:
    """One transaction, committed at the end, undone as a whole on an error; on its own connection, or a kept one."""
    with _lent(connect) as connection, settled(connection):
        yield Session(connection)


@contextmanager
def reading(connect: Connect | KeptConnection) -> Iterator[Session]:
    """For one query that changes nothing: without the messages that a transaction begins and ends with."""
    with _lent(connect) as connection:
        if settle(connection):
            connection.autocommit = True
            yield Session(connection)
        else:
            with settled(connection):
                yield Session(connection)


def _lent(connect: Connect | KeptConnection) -> AbstractContextManager[psycopg.Connection[Any]]:
    return connect.lent() if isinstance(connect, KeptConnection) else closing(connect())


@contextmanager
def settled(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """One transaction in which the queries find the tables, and values are read and written as they are meant.

    Whatever a server, a database or a role says for everybody (`DateStyle`, time zone, isolation, timeouts, encoding
    of the client, digits of floats, rules put aside) is set as the records need it: once for the session, or for each
    transaction where a pooler lends the session to others afterwards.
    """
    direct = settle(connection)
    with connection.transaction():
        if not direct:
            _set(connection, LONGEST_STATEMENT)
        yield


def settle(
    connection: psycopg.Connection[Any], *, own: bool = False, statement_timeout: str = LONGEST_STATEMENT,
    astray: bool = False,
) -> bool:  # fmt: skip
    """Set what the records need for the whole session, once; tell whether it is nobody else's.

    The connection must not be inside a transaction.

    Parameters
    ----------
    own : bool
        Whether it is known that no pooler lends the session to others; else one behind a pooler is left as it is: see
        `settled`.
    statement_timeout : str
        As Postgres writes it; ``0`` for none, then also for locks.
    astray : bool
        Whether functions that look for the tables in another schema are let pass: for who mends that.

    Raises
    ------
    ConfigurationError
        When the functions of the schema look for its tables in another; when row security may hide rows from this user;
        and when the rules of the records are put aside for everybody, and this user may not have them back.
    """
    if (known := _DIRECT.get(connection)) is not None:
        return known
    if connection.isolation_level is None and connection.info.transaction_status is TransactionStatus.IDLE:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    try:
        direct = _set(connection, statement_timeout, own=own, astray=astray)
    except psycopg.errors.InsufficientPrivilege as error:
        connection.rollback()  # it may be one that others are lent
        raise ConfigurationError(
            "the records database", f"its rules are put aside for everybody (session_replication_role): {error}; let "
            "a superuser run: ALTER DATABASE … RESET session_replication_role, or ALTER ROLE … where it is a role's",
        ) from error  # fmt: skip
    if not connection.autocommit:
        connection.commit()
    if not direct:
        connection.prepare_threshold = None  # the next transaction may be on a server that never prepared it
    _DIRECT[connection] = direct
    return direct


def schema_of(connection: psycopg.Connection[Any]) -> str:
    """The schema of the records: the first that the connection's own options name, else `SCHEMA`.

    So one database may hold several records, each found by an address with ``options=-csearch_path%3Dstaging``, say.
    What the database or a role says for everybody is meant for other tables too, and names none. Nor do ``public`` and
    the server's own schemas: `shared_schema` tells whoever names only these.
    """
    return next((name for name in _schemas_named(connection) if not _is_shared(name)), SCHEMA)


def shared_schema(connection: psycopg.Connection[Any]) -> str:
    """What the connection's own options name where none of it is a schema of the records' own; empty where one is."""
    named = list(_schemas_named(connection))
    return ", ".join(named) if all(map(_is_shared, named)) else ""


def sql_name(name: str) -> str:
    """The name of a user, a database or a schema, as a statement that somebody is to run has to write it.

    >>> sql_name("airflow_writer"), sql_name("etl-user@tenant")
    ('airflow_writer', '"etl-user@tenant"')
    """
    return name if re.fullmatch("[a-z_][a-z0-9_]*", name) else '"{}"'.format(name.replace('"', '""'))


def _schemas_named(connection: psycopg.Connection[Any]) -> Iterator[str]:
    named = _SEARCH_PATH.findall(connection.info.options)
    path = re.sub(r"\\(.)", r"\1", named[-1]) if named else ""
    for each in _NAMES.findall(path):
        name = str(each).strip()
        name = name[1:-1].replace('""', '"') if name[:1] == '"' else name.lower()
        if name:
            yield name


def _is_shared(name: str) -> bool:
    return name in _SHARED or name.startswith("pg_")


def _set(
    connection: psycopg.Connection[Any], statement_timeout: str, *, own: bool = False, astray: bool = False
) -> bool:
    """Set it, for the session if that is the client's own, else for the transaction; tell whether it is."""
    values = {
        "schema": schema_of(connection), "statement_timeout": statement_timeout,
        "lock_timeout": "0" if statement_timeout == "0" else LONGEST_LOCK, "pid": connection.info.backend_pid,
        "own": own,
    }  # fmt: skip
    found = Session(connection).one("settle_session", values)
    if found["astray"] and not astray:
        raise ConfigurationError(
            "the records database", f"the schema {values['schema']} was renamed or copied: its functions still look "
            "for their tables in the one that it was before, which may be others' by now; let the owner of the "
            "tables run `python -m include.cli migrate`, which leads them here",
        )  # fmt: skip
    if found["hidden"]:
        told = _hidden(str(found["hidden"]), connection.info.user, str(values["schema"]))
        raise ConfigurationError("the records database", told)
    return bool(found["direct"])


def _hidden(tables: str, user: str, schema: str) -> str:
    first, *others = tables.split(", ")
    role = sql_name(user)
    which = f"{first} and {len(others)} more tables" if others else first
    return (
        f"row security may hide rows of {which} from the user {user}, and a champion that is not seen would be trained "
        f"once more; let a superuser run ALTER ROLE {role} BYPASSRLS, or the owner of the tables, for each of them, "
        f"ALTER TABLE {sql_name(schema)}.{first} DISABLE ROW LEVEL SECURITY"
    )


def _adapted(parameters: Mapping[str, Any]) -> Row:
    return {
        name: Jsonb(value) if name in JSON_COLUMNS and value is not None else value
        for name, value in parameters.items()
    }
