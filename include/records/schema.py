"""Brings the records database up to the newest schema."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from include.errors import ConfigurationError
from include.records.postgres.queries import SQL
from include.records.postgres.session import SCHEMA, schema_of, settle

MIGRATIONS = SQL / "schema"

_NAME = re.compile(r"\d{2}_[a-z0-9_]+\.sql")
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('migration of the records', 0))"
_HISTORY = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        name       text NOT NULL CONSTRAINT schema_migrations_key PRIMARY KEY,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_migrations IS 'One file of sql/schema that was applied to this database.';
    COMMENT ON COLUMN schema_migrations.name IS 'Name of the file.';
    COMMENT ON COLUMN schema_migrations.sha256 IS 'SHA-256 of its text: a file that was applied never changes.';
    COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';
"""
_PATH = "SET LOCAL search_path TO {}, pg_temp"
_EARLIEST = 140000  # as psycopg tells the server's version
_FOUND = "SELECT current_setting('server_encoding'), current_setting('transaction_read_only')"
# Before the first release the files were numbered with four digits, and went where the search path led.
_MAY_BE_OLD = """
    SELECT n.nspname FROM pg_namespace n
    WHERE (n.nspname = %(schema)s OR n.nspname = ANY (current_schemas(false)))
      AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'schema_migrations')
      AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'retraining_decisions')
"""
_IS_OLD = "SELECT EXISTS (SELECT FROM {}.schema_migrations WHERE name = '0001_decisions.sql')"
_SETTING = """
    SELECT split_part(setting, '=', 2) FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.setrole = 0
      AND setting LIKE 'search_path=%'
"""


def migrate(connection: psycopg.Connection[Any], folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database does not have yet, in order, and return their names.

    They go into the schema ``retraining``, which is made where it is missing and comes first in the search path of the
    database, and of this connection, from then on; or into the one that the connection's own options name
    (`include.records.postgres.session.schema_of`), which only those find who name it. Each is applied in a transaction
    of its own, under a lock that lets only one process migrate at a time. The connection must not be inside a
    transaction. Repeating it is safe, and mends the search path after a restore from a dump, which does not hold it.

    Raises
    ------
    ConfigurationError
        The server or the database is none that can hold records, the database has the tables of a version before the
        first release, a file that was applied has changed since, or a file name does not begin with a number of its
        own.
    """
    paths, schema = _migrations(folder), schema_of(connection)
    _refuse_unfit(connection)
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        _refuse_old(cursor, schema)  # by the search path as it is found
    settle(connection, own=True, statement_timeout="0")
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        cursor.execute(_LOCK)
        _make_schema(cursor, schema)
        cursor.execute(_path(schema))
        cursor.execute(_HISTORY)
    applied = [path.name for path in paths if _apply(connection, path, schema)]
    if schema == SCHEMA:
        keep_search_path(connection)
    return applied


def _path(schema: str) -> sql.Composed:
    return sql.SQL(_PATH).format(sql.Identifier(schema))


def _refuse_unfit(connection: psycopg.Connection[Any]) -> None:
    """Refuse what no setting of a session can mend."""
    found, where = connection.info.server_version, "the records database"
    if found < _EARLIEST:
        raise ConfigurationError(where, f"its server is Postgres {found // 10000}; 14 or later is needed: upgrade it")
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        encoding, read_only = cursor.execute(_FOUND).fetchone() or ("", "")
    if encoding != "UTF8":
        raise ConfigurationError(
            where, f"its encoding is {encoding}, in which not every name and text can be kept; make another: CREATE "
            "DATABASE … ENCODING 'UTF8' TEMPLATE template0, and set AIRFLOW_CONN_RETRAINING_DB to it",
        )  # fmt: skip
    if read_only == "on":
        raise ConfigurationError(
            where, "its transactions are read-only (default_transaction_read_only is on, or it is a standby); write to "
            "the primary, or let its owner run: ALTER DATABASE … RESET default_transaction_read_only",
        )  # fmt: skip


def keep_search_path(connection: psycopg.Connection[Any]) -> None:
    """Let every new session of this database find the records' tables without naming their schema.

    Only the owner of a database may set that for everybody. Anybody may for himself; others then name the schema, or
    set their own search path. The program itself needs none of it: see `session.use_schema`.
    """
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        cursor.execute(_LOCK)  # two at once would fail: "tuple concurrently updated"
        cursor.execute(sql.SQL("SET search_path TO {}, public").format(sql.Identifier(SCHEMA)))
        found = cursor.execute(_SETTING).fetchone()
        others = '"$user", public' if found is None else str(found[0])
        if SCHEMA in re.split(r"[\s,\"]+", others):
            return
        row = cursor.execute("SELECT current_database()").fetchone()
        names = {"database": sql.Identifier(row[0] if row else ""), "schema": sql.Identifier(SCHEMA)}
        path = sql.SQL("SET search_path TO {schema}, ").format(**names) + sql.SQL(others)
        try:
            with connection.transaction():
                cursor.execute(sql.SQL("ALTER DATABASE {database} ").format(**names) + path)
        except psycopg.errors.InsufficientPrivilege:
            cursor.execute(sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {database} ").format(**names) + path)


def _migrations(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.sql"))
    problems = [f"{path.name}: expected NN_name.sql" for path in paths if not _NAME.fullmatch(path.name)]
    numbers = [path.name[:2] for path in paths]
    problems += [f"number {number} is used twice" for number in sorted(set(numbers)) if numbers.count(number) > 1]
    if not paths:
        problems.append("no migrations found")
    if problems:
        raise ConfigurationError(folder, *problems)
    return paths


def _refuse_old(cursor: psycopg.Cursor[Any], own: str) -> None:
    for (schema,) in cursor.execute(_MAY_BE_OLD, {"schema": own}).fetchall():
        row = cursor.execute(sql.SQL(_IS_OLD).format(sql.Identifier(schema))).fetchone()
        if row is not None and row[0]:
            again = " CREATE SCHEMA public;" if schema == "public" else ""
            raise ConfigurationError(
                "the records database",
                f"schema {schema} has the tables of a version before the first release, which cannot be brought up to "
                "this one. Either set AIRFLOW_CONN_RETRAINING_DB to another, empty database; or, if nothing else is in "
                f'that schema, put it aside, where it can still be read: ALTER SCHEMA "{schema}" RENAME TO '
                f"retraining_before_release;{again} Then migrate again. Either way set RETRAINING_ARTIFACTS_DIR to a "
                "new folder: the old one belongs to the old records, and each model begins with a first version. "
                "(What `make up` and `make run` keep, `make clean` removes.)",
            )


def _make_schema(cursor: psycopg.Cursor[Any], name: str) -> None:
    there = cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,)).fetchone()
    if there is not None:  # CREATE ... IF NOT EXISTS wants the right to create even where it exists
        return
    schema = sql.Identifier(name)
    try:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            "the records database",
            f"this user may not make the schema {name} in it; let the database's owner run: "
            f"CREATE SCHEMA {name} AUTHORIZATION {cursor.connection.info.user};",
        ) from error
    comment = sql.SQL("COMMENT ON SCHEMA {} IS 'Which models were retrained, why, and what became of it.'")
    cursor.execute(comment.format(schema))


def _apply(connection: psycopg.Connection[Any], path: Path, schema: str) -> bool:
    """Apply one migration unless it was applied before; tell whether it was applied now."""
    text = path.read_text(encoding="utf-8")  # line ends as \n on every system, so that the hash is the same
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_path(schema))
        known = cursor.execute("SELECT sha256 FROM schema_migrations WHERE name = %s", (path.name,)).fetchone()
        if known is None:
            cursor.execute(text.encode())
            cursor.execute("INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)", (path.name, sha256))
        elif known[0] != sha256:
            raise ConfigurationError(
                path, "changed after it was applied to this database; restore it, and put the change into a new file"
            )
        return known is None
