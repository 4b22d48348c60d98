"""Where records in Postgres live: which server, database and table hold them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from include.errors import ConfigurationError
from include.records.entries import Noted, Whereabouts
from include.records.json_values import clean_text, to_utc
from include.records.postgres.session import Connect, KeptConnection, Session, reading, transaction
from include.records.rows.columns import Row

EMPTY = "the table records_identity is empty: a restore met errors, or somebody emptied it"
FILL = (
    "restore the whole dump; or let the owner of the tables run: INSERT INTO retraining.records_identity (id) VALUES "
    "('…'), with the id that records.json of the artifacts names, or where there is none with DEFAULT VALUES"
)


def whose(session: Session, name: str) -> Row:
    """The row that a query finds of who these records are; a `ConfigurationError` where nothing says it."""
    if (row := session.row(name, {})) is None:
        raise ConfigurationError("the records database", f"{EMPTY}; {FILL}")
    return row


@dataclass(frozen=True)
class PostgresHome:
    """See `include.records.people_roles.Home`."""

    connect: Connect | KeptConnection
    guarded: bool = False

    def find(self) -> Whereabouts:
        """Return who these records are, and where."""
        with reading(self.connect) as session:
            row = whose(session, "find_home")
        renewed_at, said_at = row.pop("renewed_at"), row.pop("said_at")
        found = {name: value or "" for name, value in row.items()}
        return Whereabouts(
            **found, renewed_at=None if renewed_at is None else to_utc(renewed_at),
            said_at=None if said_at is None else to_utc(said_at),
        )  # fmt: skip

    def note(self, kind: Noted, by: str, *, at: datetime) -> str:
        """Write down that they live here, and return the mark."""
        told = self.find().here_told
        row = {"kind": str(kind), "told": clean_text(told), "noted_by": clean_text(by), "at": to_utc(at)}
        with transaction(self.connect) as session:
            return str(session.one("add_place", row)["mark"])

    def knows(self, mark: str) -> bool:
        """Return whether these records wrote that mark."""
        with reading(self.connect) as session:
            return session.row("find_mark", {"mark": clean_text(mark)}) is not None

    def renew(self) -> str:
        """Give these records another id."""
        try:
            with transaction(self.connect) as session:
                return str(session.one("renew_identity", {})["id"])
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                "connection retraining_db",
                "its user may not change who these records are; run this command once with the address of the owner of "
                "the tables",
            ) from error
