"""Rows that a query selects from a Postgres database, a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from include.data.sources.environment import connection_variable
from include.errors import ConfigurationError, DataError, SourceUnavailable

if TYPE_CHECKING:
    from include.data.batches import Batch

BATCH_ROWS = 10_000
CONNECT_SECONDS = 15

Connect = Callable[[str], psycopg.Connection[Any]]
"""Opens a psycopg connection of the name of an Airflow connection."""


def connection_from_environment(name: str) -> psycopg.Connection[Any]:
    """Connect by a ``postgresql://`` URI that the environment holds: ``AIRFLOW_CONN_SALES_DB`` for ``sales_db``.

    What the driver says of an address is not passed on, for it may quote a part of the password.
    """
    variable = connection_variable(name)
    address = os.environ.get(variable, "")
    expected = "write postgresql://user:password@host:port/database, special characters per cent-encoded"
    if not address:
        raise ConfigurationError(variable, f"not set, but a model reads from connection {name!r}; {expected}")
    if not address.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(variable, f"not a Postgres URI; {expected}")
    try:
        return psycopg.connect(address, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError:
        raise SourceUnavailable(
            f"connection {name!r}: no connection to its Postgres server; see whether it is up, and whether host, user "
            f"and password in {variable} are right"
        ) from None
    except psycopg.Error:
        raise ConfigurationError(variable, f"not a Postgres URI; {expected}") from None


@dataclass(frozen=True, kw_only=True)
class SqlBatches:
    """The rows of a query, through a server-side cursor: neither side holds more than a batch of the result.

    Each reading is a read-only transaction of its own, with its times in UTC.

    Parameters
    ----------
    connection : str
        Name of an Airflow connection.
    query : str
        One SELECT.
    parameters : mapping of str to value
        Bound to ``%(name)s`` in the query by the driver. A per cent sign of the query itself is written ``%%``.
    connect : callable
        Opens the connection of that name.

    Raises
    ------
    ConfigurationError
        When there is no such connection, or it is none to a Postgres.
    SourceUnavailable
        When the server cannot be reached or breaks off.
    DataError
        When the server refuses the query, or a value cannot be represented.
    """

    connection: str
    query: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    connect: Connect = field(default=connection_from_environment, repr=False)

    def __iter__(self) -> Iterator[Batch]:
        from include.data.batches import CursorBatches

        # The cursor is closed after its connection: a server that is gone could not be told to close it any more.
        with _named(self.connection), ExitStack() as afterwards, self.connect(self.connection) as connection:
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
            cursor = afterwards.enter_context(connection.cursor(name="rows"))
            # The query is the model owner's own text; its values are bound.
            cursor.execute(self.query.encode(), self.parameters)
            yield from CursorBatches(cursor, rows=BATCH_ROWS)


@contextmanager
def _named(connection: str) -> Iterator[None]:
    """The driver's errors, with the connection's name, as errors of the rows or of the place they come from."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise SourceUnavailable(f"connection {connection!r}: the server broke off: {_line(error)}") from error
    except psycopg.Error as error:
        raise DataError(f"connection {connection!r}: the query cannot be answered: {_line(error)}") from error


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
