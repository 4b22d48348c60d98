"""Brings the records database up to the newest schema."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from include.errors import ConfigurationError
from include.records.migration_files import (
    MIGRATIONS,
    SCHEMA_FILES,
    Applied,
    SqlFile,
    missing_steps,
    read_schema,
    read_steps,
)
from include.records.migration_steps import alone, apply_step
from include.records.postgres.session import LONGEST_LOCK, SCHEMA, schema_of, settle, sql_name
from include.records.sequences import lead_on

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('search path of the records', 0))"
_HISTORY = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        name       text NOT NULL CONSTRAINT schema_migrations_key PRIMARY KEY,
        sha256     text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE schema_migrations IS
        'One file of sql/schema that this database was made of, or of sql/migrations that was applied to it, or that '
        'the schema had in it already.';
    COMMENT ON COLUMN schema_migrations.name IS 'Name of the file.';
    COMMENT ON COLUMN schema_migrations.sha256 IS
        'SHA-256 of its text: a migration that was applied never changes.';
    COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';
"""
_ADD = "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)"
_APPLIED = "SELECT name, sha256, applied_at FROM schema_migrations"
_PATH = "SET LOCAL search_path TO {}, pg_temp"
# Of a partitioned table Postgres refuses the database's own tablespace where it is named, as a role may have it.
_USUAL_TABLESPACE = """
    SELECT set_config('default_tablespace', '', false)
    FROM pg_tablespace t JOIN pg_database d ON d.dattablespace = t.oid
    WHERE d.datname = current_database() AND t.spcname = current_setting('default_tablespace')
"""
_ASTRAY = """
    SELECT proname, pg_get_function_identity_arguments(pg_proc.oid) FROM pg_proc, unnest(proconfig) setting
    WHERE pronamespace = to_regnamespace(quote_ident(%(schema)s)) AND starts_with(setting, 'search_path=')
      AND NOT starts_with(setting, 'search_path=' || quote_ident(%(schema)s) || ',')
"""
# What the files of the schema count on, whatever the database has taken from PUBLIC beforehand; they take back some.
_CALLED_BY_ALL = "ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT EXECUTE ON FUNCTIONS TO PUBLIC"
_ROLES = "09_roles.sql"
_SHUT_OUT = "SELECT NOT has_schema_privilege(to_regrole('retraining_writer'), %s, 'USAGE')"
_EARLIEST = 140000  # as psycopg tells the server's version
READ_ONLY = (
    "its transactions are read-only (default_transaction_read_only is on, or it is a standby); write to the primary, "
    "or let its owner run: ALTER DATABASE … RESET default_transaction_read_only"
)
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


def migrate(
    connection: psycopg.Connection[Any], schema_files: Path = SCHEMA_FILES, migrations: Path = MIGRATIONS
) -> list[str]:
    """Make the tables in a new database, or apply the migrations that one does not have yet; return the names of files.

    They go into the schema ``retraining``, which is made where it is missing and comes first in the search path of the
    database, and of this connection, from then on; or into the one that the connection's own options name
    (`include.records.postgres.session.schema_of`), which only those find who name it. A new database is made in one
    transaction; each migration is applied in a transaction of its own, or statement by statement where it says so. A
    lock lets only one process migrate at a time. The connection must not be inside a transaction, and leads straight to
    the server. Repeating it is safe, also after a kill, and mends the search path after a restore from a dump, which
    does not hold it, that of the functions after the schema was renamed or copied, and what the roles may do after a
    restore without privileges, or where they were made later, and numbers of rows that a move has left behind.

    Raises
    ------
    ConfigurationError
        The server or the database is none that can hold records, the database has the tables of a version before the
        first release or of a newer one, a file that was applied has changed since, or a file name does not begin with a
        number of its own.
    SourceUnavailable
        Somebody has held what a migration has to change all the time.
    """
    files, steps, schema = read_schema(schema_files), read_steps(migrations), schema_of(connection)
    _refuse_unfit(connection)
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        _wait_no_longer(cursor)
        _refuse_old(cursor, schema)  # by the search path as it is found
    settle(connection, own=True, statement_timeout="0", astray=True)
    with connection.transaction():
        connection.execute(_USUAL_TABLESPACE)
    with alone(connection):
        applied = _prepared(connection, schema)
        if not applied:
            _make(connection, [*files, *steps], len(files), schema)
            done = [file.name for file in files]
        else:
            done = []
            for step in missing_steps(files, steps, applied):
                apply_step(connection, step, schema)
                done.append(step.name)
        _lead_functions(connection, schema)
        _let_roles_in(connection, schema, files)
        lead_on(connection, schema)
    if schema == SCHEMA:
        keep_search_path(connection)
    return done


def _prepared(connection: psycopg.Connection[Any], schema: str) -> dict[str, Applied]:
    """What the database says it has; its schema and the table that says so are there afterwards."""
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        _wait_no_longer(cursor)
        _make_schema(cursor, schema)
        cursor.execute(_path(schema))
        there = cursor.execute("SELECT to_regclass('schema_migrations')").fetchone()
        if there is None or there[0] is None:
            cursor.execute(_HISTORY)
        return {name: Applied(sha256, at) for name, sha256, at in cursor.execute(_APPLIED).fetchall()}


def _wait_no_longer(cursor: psycopg.Cursor[Any]) -> None:
    """In this transaction, for a lock that somebody else holds."""
    cursor.execute(f"SET LOCAL lock_timeout TO '{LONGEST_LOCK}'".encode())


def _make(connection: psycopg.Connection[Any], files: Sequence[SqlFile], run: int, schema: str) -> None:
    """Run the first files in one transaction, and write all down: a new schema has in it what migrations do."""
    try:
        with connection.transaction(), psycopg.Cursor(connection) as cursor:
            cursor.execute(_path(schema))
            cursor.execute(sql.SQL(_CALLED_BY_ALL).format(sql.Identifier(schema)))
            for number, file in enumerate(files):
                if number < run:
                    cursor.execute(file.text.encode())
                cursor.execute(_ADD, (file.name, file.sha256))
    except (psycopg.errors.DuplicateTable, psycopg.errors.DuplicateFunction, psycopg.errors.DuplicateObject) as error:
        raise ConfigurationError(
            "the records database", f"schema {schema} holds something already, and its table schema_migrations does "
            f"not say what ({error.diag.message_primary}): a restore has left that table empty, or these are tables of "
            "others; restore the whole dump into an empty database, or name another schema",
        ) from error  # fmt: skip


def _path(schema: str) -> sql.Composed:
    return sql.SQL(_PATH).format(sql.Identifier(schema))


def _refuse_unfit(connection: psycopg.Connection[Any]) -> None:
    """Refuse what no setting of a session can mend."""
    found, where = connection.info.server_version, "the records database"
    if found < _EARLIEST:
        raise ConfigurationError(where, f"its server is Postgres {found // 10000}; 14 or later is needed: upgrade it")
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        row = cursor.execute(_FOUND).fetchone() or ("", "")
    encoding, read_only = (each.decode() if isinstance(each, bytes) else each for each in row)  # bytes of SQL_ASCII
    if encoding != "UTF8":
        raise ConfigurationError(
            where, f"its encoding is {encoding}, in which not every name and text can be kept; make another: CREATE "
            "DATABASE … ENCODING 'UTF8' TEMPLATE template0, and set AIRFLOW_CONN_RETRAINING_DB to it",
        )  # fmt: skip
    if read_only == "on":
        raise ConfigurationError(where, READ_ONLY)


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
        others = "".join(f", {each}" for each in map(str.strip, others.split(",")) if each not in ("", '""'))
        if SCHEMA in re.split(r"[\s,\"]+", others):
            return
        row = cursor.execute("SELECT current_database()").fetchone()
        names = {"database": sql.Identifier(row[0] if row else ""), "schema": sql.Identifier(SCHEMA)}
        path = sql.SQL("SET search_path TO {schema}").format(**names) + sql.SQL(others)
        try:
            with connection.transaction():
                cursor.execute(sql.SQL("ALTER DATABASE {database} ").format(**names) + path)
        except psycopg.errors.InsufficientPrivilege:
            cursor.execute(sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {database} ").format(**names) + path)


def _lead_functions(connection: psycopg.Connection[Any], schema: str) -> None:
    """Let the functions of a schema that was renamed or copied find its tables, and no others'."""
    own = sql.Identifier(schema)
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        for name, given in cursor.execute(_ASTRAY, {"schema": schema}).fetchall():
            text = sql.SQL("ALTER FUNCTION {}.{}({}) SET search_path TO {}, pg_temp")
            cursor.execute(text.format(own, sql.Identifier(name), sql.SQL(given), own))


def _let_roles_in(connection: psycopg.Connection[Any], schema: str, files: Sequence[SqlFile]) -> None:
    """Give the roles their rights where they have none at all; what a person took from them stays taken."""
    roles = [file for file in files if file.name == _ROLES]
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        if roles and cursor.execute(_SHUT_OUT, (schema,)).fetchone() == (True,):
            cursor.execute(_path(schema))
            cursor.execute(roles[0].text.encode())


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
            f"CREATE SCHEMA {sql_name(name)} AUTHORIZATION {sql_name(cursor.connection.info.user)};",
        ) from error
    comment = sql.SQL("COMMENT ON SCHEMA {} IS 'Which models were retrained, why, and what became of it.'")
    cursor.execute(comment.format(schema))
