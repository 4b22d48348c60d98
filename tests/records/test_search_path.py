"""Records are found in their schema, whoever connects and however the database came to be."""

from __future__ import annotations

from functools import partial

import psycopg
import pytest

from include.errors import ConfigurationError
from include.records.postgres import PostgresStore
from include.records.postgres.audit import read_audit
from include.records.schema import migrate
from tests.records.examples import HOUR, NOW, execute, postgres_store

# What the first files of the schema before the first release left behind.
OLD = """
    CREATE TABLE schema_migrations (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz DEFAULT now());
    INSERT INTO schema_migrations (name, sha256) VALUES ('0001_decisions.sql', ''), ('0018_records_identity.sql', '');
    CREATE TABLE retraining_decisions (model_name text, run_id text, PRIMARY KEY (model_name, run_id));
    CREATE TABLE model_retraining_events (id serial PRIMARY KEY, model_name text NOT NULL);
"""
SHOW = "SELECT setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase WHERE datname = %s"


def settings(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(SHOW, (connection.info.dbname,)).fetchall()
    return [setting for (found,) in rows for setting in found]


def test_events_are_found_by_name_in_a_new_session_and_in_that_which_migrated(database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
        assert connection.execute("SELECT * FROM model_retraining_events").fetchall() == []
    with psycopg.connect(database_uri) as connection:
        assert connection.execute("SELECT * FROM model_retraining_events").fetchall() == []
        assert connection.execute("SELECT current_schema()").fetchall() == [("retraining",)]


def test_other_settings_of_the_database_stay(database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE {name} SET search_path TO "My Schema", public'.encode())
        connection.execute(f"ALTER DATABASE {name} SET work_mem TO '8MB'".encode())
        connection.commit()
        migrate(connection)
        migrate(connection)
        assert sorted(settings(connection)) == ['search_path=retraining, "My Schema", public', "work_mem=8MB"]


def test_a_database_whose_search_path_was_emptied_for_safety_is_given_ours_alone(database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET search_path TO ''".encode())
        connection.commit()
        migrate(connection)
        migrate(connection)
        assert settings(connection) == ["search_path=retraining"]


@pytest.mark.parametrize("path", ['"$user", public', "", "pg_catalog", '"retraining_old", public'])
def test_store_needs_no_search_path(database_uri: str, path: str) -> None:
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET search_path TO {path or repr('')}".encode())
    connect = partial(psycopg.connect, database_uri)
    event = execute(PostgresStore(connect), "run-1")
    assert PostgresStore(connect).events() == [event]
    assert read_audit(connect, NOW - HOUR, NOW + HOUR).entries


def test_migrating_mends_a_restored_database_which_has_no_search_path(records_uri: str) -> None:
    execute(postgres_store(records_uri), "run-1")
    with psycopg.connect(records_uri) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} RESET ALL".encode())
    with psycopg.connect(records_uri) as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM model_retraining_events")
        connection.rollback()
        assert migrate(connection) == []
    with psycopg.connect(records_uri) as connection:
        assert connection.execute("SELECT count(*) FROM model_retraining_events").fetchall() == [(1,)]


@pytest.mark.parametrize("schema", ["public", "retraining", "Our Records"])
def test_database_from_before_the_first_release_is_refused_and_the_way_out_works(
    database_uri: str, schema: str
) -> None:
    with psycopg.connect(database_uri) as connection:
        if schema != "public":
            connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
            connection.execute(f'ALTER DATABASE {connection.info.dbname} SET search_path TO "{schema}"'.encode())
        connection.execute(f'SET search_path TO "{schema}"'.encode())
        connection.execute(OLD)
    with psycopg.connect(database_uri) as connection:
        with pytest.raises(ConfigurationError, match="before the first release") as refused:
            migrate(connection)
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        assert connection.execute(tables.encode()).fetchall() == [(3,)]
        message = str(refused.value)
        assert schema in message
        assert "AIRFLOW_CONN_RETRAINING_DB" in message
        assert "RETRAINING_ARTIFACTS_DIR" in message
        way_out = message[message.index("ALTER SCHEMA") : message.index(" Then migrate again")]
        connection.execute(way_out.encode())
        connection.commit()
        assert "01_runs.sql" in migrate(connection)
        assert connection.execute("SELECT count(*) FROM model_retraining_events").fetchall() == [(0,)]
        old = connection.execute("SELECT count(*) FROM retraining_before_release.schema_migrations").fetchall()
        assert old == [(2,)]
    execute(postgres_store(database_uri), "run-1")


def test_migrations_of_another_program_are_none_of_ours(database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        connection.execute("CREATE TABLE schema_migrations (version text); CREATE TABLE retraining_decisions (id int)")
        connection.commit()
        connection.execute("DROP TABLE retraining_decisions")
        connection.commit()
        assert "01_runs.sql" in migrate(connection)
