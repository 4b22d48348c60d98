"""Rows that a query selects from a Postgres database, a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.abc import Loader as AbstractLoader
from psycopg.adapt import Loader
from psycopg.pq import Format

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


#: What a database, a role or a server may say otherwise for everybody, and the driver cannot read then.
_SETTINGS = ("TIME ZONE 'UTC'", "datestyle TO 'ISO, YMD'", "intervalstyle TO 'postgres'", "extra_float_digits TO 1")

_TIMES = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
_LONGEST = timedelta(days=106_751)  # what 64 bits of nanoseconds hold


@dataclass
class _Odd:
    """How many cells hold what no table of ours can, and the first of them; a column may be full of them."""

    cells: int = 0
    example: str = ""


def _let_none_be_read(connection: psycopg.Connection[Any], odd: _Odd) -> None:
    """Have dates and times that no table of ours can hold (``infinity``, before Christ, 24:00) read as empty."""

    def lenient(known: type[AbstractLoader]) -> type[Loader]:
        class Lenient(Loader):
            def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
                super().__init__(oid, context)
                self._loader = known(oid, context)

            def load(self, data: Buffer) -> Any:
                try:
                    found = self._loader.load(data)
                except psycopg.DataError:
                    found = None
                if found is not None and not (isinstance(found, timedelta) and abs(found) > _LONGEST):
                    return found
                odd.cells, odd.example = odd.cells + 1, odd.example or bytes(data).decode(errors="replace")
                return None

        return Lenient

    for name in _TIMES:
        oid = connection.adapters.types[name].oid
        known = connection.adapters.get_loader(oid, Format.TEXT)
        assert known is not None  # the driver reads them all
        connection.adapters.register_loader(oid, lenient(known))


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
    _odd: _Odd = field(default_factory=_Odd, compare=False, repr=False)

    @property
    def told(self) -> tuple[str, ...]:
        """What had to be found out to read the rows."""
        odd = self._odd
        if not odd.cells:
            return ()
        return (f"{odd.cells} dates and times such as {odd.example!r} are none of the years 1 to 9999: empty",)

    def __iter__(self) -> Iterator[Batch]:
        from include.data.batches import CursorBatches

        # The cursor is closed after its connection: a server that is gone could not be told to close it any more.
        with _named(self.connection), ExitStack() as afterwards, self.connect(self.connection) as connection:
            connection.read_only = True
            for setting in _SETTINGS:
                connection.execute(f"SET LOCAL {setting}".encode())
            self._odd.cells = 0
            _let_none_be_read(connection, self._odd)
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
