"""Brings the records database up to the newest schema."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import psycopg

from include.errors import ConfigurationError
from include.records.postgres.queries import SQL

MIGRATIONS = SQL / "schema"

_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('migration of the records', 0))"
_HISTORY = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        name       text PRIMARY KEY,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )
"""


def migrate(connection: psycopg.Connection[Any], folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database does not have yet, in order, and return their names.

    Each is applied in a transaction of its own, under a lock that lets only one process migrate at a time. The
    connection must not be inside a transaction. Repeating it is safe.

    Raises
    ------
    ConfigurationError
        A file that was applied has changed since, or a file name does not begin with a number of its own.
    """
    return [path.name for path in _migrations(folder) if _apply(connection, path)]


def _migrations(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.sql"))
    problems = [f"{path.name}: expected NNNN_name.sql" for path in paths if not _NAME.fullmatch(path.name)]
    numbers = [path.name[:4] for path in paths]
    problems += [f"number {number} is used twice" for number in sorted(set(numbers)) if numbers.count(number) > 1]
    if not paths:
        problems.append("no migrations found")
    if problems:
        raise ConfigurationError(folder, *problems)
    return paths


def _apply(connection: psycopg.Connection[Any], path: Path) -> bool:
    """Apply one migration unless it was applied before; tell whether it was applied now."""
    text = path.read_text(encoding="utf-8")  # line ends as \n on every system, so that the hash is the same
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_HISTORY)
        known = cursor.execute("SELECT sha256 FROM schema_migrations WHERE name = %s", (path.name,)).fetchone()
        if known is None:
            cursor.execute(text.encode())
            cursor.execute("INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (path.name, sha256))
        elif known[0] != sha256:
            raise ConfigurationError(
                path, "changed after it was applied to this database; restore it, and put the change into a new file"
            )
        return known is None
