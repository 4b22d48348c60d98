"""Rows that a query selects from a Postgres database, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from include.registry.home import said

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
    address = said(variable)
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


#: What a database, a role or a server may say otherwise for everybody, and the driver cannot read then; and what ends
#: a transaction from outside: rows are looked at between two batches, and the whole may take as long as `timeout` says.
_SETTINGS = (
    "TIME ZONE 'UTC'", "datestyle TO 'ISO, YMD'", "intervalstyle TO 'postgres'", "extra_float_digits TO 1",
    "idle_in_transaction_session_timeout TO '10min'",
)  # fmt: skip
_SINCE_17 = "transaction_timeout TO 0"

_TEXT = ("text", "varchar", "bpchar", "name")
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


class _AsFound(Loader):
    """Text of a server that knows no encoding, ``SQL_ASCII``: the bytes that somebody has put in, converted by none."""

    def load(self, data: Buffer) -> str:
        """As the cells of a file are read."""
        from include.data.kinds.text_cells import decoded  # here: who only connects must not wait for it

        return decoded(bytes(data))


def _knows_no_encoding(connection: psycopg.Connection[Any]) -> bool:
    return connection.info.parameter_status("server_encoding") == "SQL_ASCII"


def _let_any_text_be_read(connection: psycopg.Connection[Any]) -> None:
    if _knows_no_encoding(connection):
        for oid in (0, *(connection.adapters.types[name].oid for name in _TEXT)):  # 0: what the driver does not know
            connection.adapters.register_loader(oid, _AsFound)


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
            for setting in _settings(connection):
                connection.execute(f"SET LOCAL {setting}".encode())
            self._odd.cells = 0
            _let_none_be_read(connection, self._odd)
            _let_any_text_be_read(connection)
            cursor = afterwards.enter_context(connection.cursor(name="rows"))
            # The query is the model owner's own text; its values are bound.
            cursor.execute(self.query.encode(), self.parameters)
            yield from CursorBatches(_Described(cursor), rows=BATCH_ROWS)


def _settings(connection: psycopg.Connection[Any]) -> Iterator[str]:
    yield from _SETTINGS
    if connection.info.server_version >= 170000:
        yield _SINCE_17
    yield f"client_encoding TO '{'LATIN1' if _knows_no_encoding(connection) else 'UTF8'}'"  # the one takes any bytes


@dataclass(frozen=True)
class _Described:
    """A cursor whose columns' names are text, also where the server knows no encoding."""

    cursor: psycopg.ServerCursor[Any]

    @property
    def description(self) -> Sequence[tuple[str]] | None:
        """One entry a column, its name."""
        from include.data.kinds.text_cells import decoded  # here: who only connects must not wait for it

        result = self.cursor.pgresult
        if result is None or not result.nfields:
            return None
        return [(decoded(result.fname(place) or b""),) for place in range(result.nfields)]

    def fetchmany(self, size: int, /) -> Sequence[Sequence[Any]]:
        """Up to `size` further rows."""
        return self.cursor.fetchmany(size)


_BROKEN_OFF = (psycopg.errors.IdleInTransactionSessionTimeout, psycopg.errors.TransactionTimeout)


@contextmanager
def _named(connection: str) -> Iterator[None]:
    """The driver's errors, with the connection's name, as errors of the rows or of the place they come from."""
    try:
        yield
    except (psycopg.OperationalError, *_BROKEN_OFF) as error:
        raise SourceUnavailable(f"connection {connection!r}: the server broke off: {_line(error)}") from error
    except psycopg.errors.UndefinedTable as error:
        raise SourceUnavailable(
            f"connection {connection!r}: the query cannot be answered now: {_line(error)}; make that table or view "
            "again, let this user see it, or correct the query"
        ) from error
    except psycopg.Error as error:
        raise DataError(f"connection {connection!r}: the query cannot be answered: {_line(error)}") from error


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
