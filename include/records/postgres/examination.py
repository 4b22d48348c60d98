"""What a doctor reads of a records database, on one connection; nothing here writes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import psycopg

from include.errors import ConfigurationError
from include.records.json_values import to_utc
from include.records.postgres.pooler import require_own_session
from include.records.postgres.session import Connect, Session, schema_of, settled, shared_schema
from include.records.rows.columns import Row
from include.records.sequences import behind


@dataclass(frozen=True, kw_only=True)
class ServerSeen:
    """A server and its settings, as a new session finds them; timeouts in milliseconds, ``0`` for none.

    `reserved` of its connections this user cannot have; a limit of -1 is none.
    """

    version: int
    max_connections: int
    connections: int
    reserved: int
    user_limit: int
    database_limit: int
    of_user: int
    of_database: int
    session_timezone: str
    timezone: str
    isolation: str
    statement_timeout: str
    idle_in_transaction: str
    idle_session: str
    read_only: str
    superuser: bool
    user_name: str
    login_name: str
    database_name: str
    may_write: bool
    may_call: bool
    pid: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class VersionSeen:
    """Where the record says that the files of a version are; `artifact_path` is empty for none."""

    model_name: str
    version: int
    status: str
    artifact_path: str
    artifact_sha256: str
    has_reference: bool


@dataclass(frozen=True, kw_only=True)
class OpenSeen:
    """A retraining that has begun and not ended; `held` while somebody has the right to it."""

    id: int
    model_name: str
    since: datetime
    held: bool


SHORT_LOCK = "2s"  # whoever looks at what stops others must not be stopped by it


@dataclass(frozen=True)
class RecordsSeen:
    """Reads what there is to see of one database, a connection each time."""

    connect: Connect

    def server(self) -> ServerSeen:
        """Return the server and its settings."""
        row = self._rows("examine_server")[0]
        return ServerSeen(**row)

    def applied(self) -> dict[str, tuple[str, datetime]]:
        """Return SHA-256 and time of each file that the tables were made of; empty where there are none."""
        try:
            rows = self._rows("examine_schema")
        except psycopg.errors.UndefinedTable:
            return {}
        return {row["name"]: (row["sha256"], row["applied_at"]) for row in rows}

    def identity(self) -> str:
        """Return whose records these are; empty where nothing says it."""
        return next((str(row["id"]) for row in self._rows("find_identity")), "")

    def objects(self) -> set[tuple[str, str]]:
        """Return kind and name of what the schema holds and has in force."""
        return {(row["kind"], row["name"]) for row in self._rows("examine_objects")}

    def behind(self) -> list[str]:
        """Return the tables whose next number is taken, as far as this user may see."""
        with closing(self.connect()) as connection, settled(connection):
            connection.execute(f"SET LOCAL lock_timeout TO '{SHORT_LOCK}'".encode())
            return [table for table, _, _ in behind(connection, schema_of(connection))]

    def versions(self) -> list[VersionSeen]:
        """Return the champions, of each model the newest version that has files, and that which a rollback leads to."""
        return [VersionSeen(**row) for row in self._rows("examine_versions")]

    def numbers(self) -> dict[str, frozenset[int]]:
        """Return the numbers of all versions, by model."""
        return {row["model_name"]: frozenset(row["numbers"]) for row in self._rows("examine_numbers")}

    def open_events(self) -> list[OpenSeen]:
        """Return the retrainings that have begun and not ended."""
        return [OpenSeen(**{**row, "since": to_utc(row["since"])}) for row in self._rows("examine_open_events")]

    def schemas(self) -> tuple[str, str]:
        """Return the schema of the records, and what the address names instead: schemas that are not theirs alone."""
        with closing(self.connect()) as connection:
            return schema_of(connection), shared_schema(connection)

    def lends_sessions(self) -> str:
        """Return why this connection cannot hold the right to retrain a model; empty where it can."""
        with closing(self.connect()) as connection:
            connection.autocommit = True
            try:
                require_own_session(connection, self.connect)
            except ConfigurationError as error:
                return "; ".join(error.problems)
        return ""

    def _rows(self, name: str) -> list[Row]:
        with closing(self.connect()) as connection, settled(connection):
            connection.execute(f"SET LOCAL lock_timeout TO '{SHORT_LOCK}'".encode())
            return Session(connection).rows(name, {})
