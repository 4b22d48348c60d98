"""Makes an index while others write: also of a table that is kept by month, which Postgres alone does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

_STATEMENT = re.compile(
    r"\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>\w+)\s+ON\s+"
    r"(?P<table>\w+)\s+(?P<rest>.*?);?\s*",
    re.IGNORECASE | re.DOTALL,
)
_STATE = "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass(%s)"
_KIND = "SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)"
_LACKING = """
    SELECT c.relname FROM pg_inherits t JOIN pg_class c ON c.oid = t.inhrelid
    WHERE t.inhparent = to_regclass(%(table)s) AND NOT t.inhdetachpending AND NOT EXISTS (
        SELECT FROM pg_inherits x JOIN pg_index i ON i.indexrelid = x.inhrelid
        WHERE x.inhparent = to_regclass(%(name)s) AND i.indrelid = c.oid)
    ORDER BY c.relname
"""
_LONGEST = 63  # characters of a name in Postgres

Run = Callable[[sql.Composed, bool], None]


@dataclass(frozen=True)
class ConcurrentIndex:
    """One statement ``CREATE INDEX CONCURRENTLY name ON table …``.

    Parameters
    ----------
    rest : str
        What follows the table: columns, ``WHERE``.
    """

    unique: bool
    name: str
    table: str
    rest: str

    @classmethod
    def of(cls, statement: str) -> ConcurrentIndex | None:
        """What a statement wants; None for one that makes no index concurrently."""
        found = _STATEMENT.fullmatch(statement)
        if found is None:
            return None
        return cls(unique=bool(found["unique"]), name=found["name"], table=found["table"], rest=found["rest"])

    def make(self, cursor: psycopg.Cursor[Any], run: Run) -> None:
        """Make the index, or go on where one that was killed stopped. The connection is in no transaction.

        Parameters
        ----------
        run : callable
            Runs a statement; the second argument says whether it may wait, as whoever waits for it holds nobody up.
        """
        row = cursor.execute(_KIND, (self.table,)).fetchone()
        if row is not None and row[0] == "p":
            self._by_month(cursor, run)
        else:
            self._one(cursor, run, self.name, self.table)

    def _by_month(self, cursor: psycopg.Cursor[Any], run: Run) -> None:
        """The index of the whole is there at once, and valid when that of the last month is attached to it."""
        run(
            self._statement("CREATE {unique}INDEX IF NOT EXISTS {name} ON ONLY {table} {rest}", self.name, self.table),
            False,
        )
        tables = {"table": self.table, "name": self.name}
        while (lacking := cursor.execute(_LACKING, tables).fetchone()) is not None:
            part = f"{self.name[: _LONGEST - 8]}{lacking[0][-8:]}"
            try:
                self._one(cursor, run, part, lacking[0])
                attach = sql.SQL("ALTER INDEX {} ATTACH PARTITION {}")
                run(attach.format(sql.Identifier(self.name), sql.Identifier(part)), False)
            except psycopg.errors.UndefinedTable:  # retention removed the month meanwhile
                continue

    def _one(self, cursor: psycopg.Cursor[Any], run: Run, name: str, table: str) -> None:
        state = cursor.execute(_STATE, (name,)).fetchone()
        if state is not None and state[0]:
            return
        if state is not None:  # what one that was killed has left
            run(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)), True)
        run(self._statement("CREATE {unique}INDEX CONCURRENTLY {name} ON {table} {rest}", name, table), True)

    def _statement(self, form: str, name: str, table: str) -> sql.Composed:
        return sql.SQL(form).format(
            unique=sql.SQL("UNIQUE " if self.unique else ""), name=sql.Identifier(name), table=sql.Identifier(table),
            rest=sql.SQL(self.rest),
        )  # fmt: skip
