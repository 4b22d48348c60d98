"""Rights and row security as databases have them: nobody takes rows that he may not see for rows that there are not."""

from __future__ import annotations

from functools import partial

import psycopg
import pytest

from include.errors import ConfigurationError
from include.records.postgres import PostgresStore
from include.records.postgres.examination import RecordsSeen
from include.records.schema import migrate
from include.workflow.refusals import LET_CALL, refusal_of
from tests.records.examples import execute, postgres_store
from tests.records.test_roles import live, read_all, user
from tools.embedded_postgres import EmbeddedPostgres

VERSIONS = "retraining.model_version_management"
SECURE = f"ALTER TABLE {VERSIONS} ENABLE ROW LEVEL SECURITY"
ALL_SECURE = """DO $$ DECLARE name text; BEGIN
    FOR name IN
        SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'retraining'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name); END LOOP; END $$"""


@pytest.fixture
def own_uri(database_uri: str) -> str:
    """Records that nobody borrows afterwards: what a test does to rights stays."""
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
    return database_uri


def told_to(uri: str, *statements: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statements",
    [
        (SECURE,),
        (ALL_SECURE,),
        ("ALTER TABLE retraining.model_pauses ENABLE ROW LEVEL SECURITY",),
        (SECURE, f"CREATE POLICY few ON {VERSIONS} USING (model_name <> 'housing')"),
        (SECURE, f"CREATE POLICY others ON {VERSIONS} TO retraining_metrics USING (true)"),
        (SECURE, f"CREATE POLICY to_add ON {VERSIONS} FOR INSERT WITH CHECK (true)"),
        (SECURE, f"CREATE POLICY whole ON {VERSIONS} USING (true)",
         f"CREATE POLICY less ON {VERSIONS} AS RESTRICTIVE USING (version > 1)"),
    ],
)  # fmt: skip
def test_rows_that_row_security_may_hide_are_told_and_not_taken_for_none(
    postgres: EmbeddedPostgres, own_uri: str, statements: tuple[str, ...]
) -> None:
    execute(postgres_store(own_uri), "run-1")
    told_to(own_uri, *statements)
    with user(postgres, own_uri, "retraining_writer") as uri:
        store = PostgresStore(partial(psycopg.connect, uri), keep=True)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=r"may hide rows.*DISABLE ROW LEVEL SECURITY"):
                store.champion("housing")
    assert postgres_store(own_uri).champion("housing") is not None, "its owner sees them as ever"


@pytest.mark.parametrize(
    "statements",
    [
        (SECURE, f"CREATE POLICY whole ON {VERSIONS} USING (true)"),
        (SECURE, f"CREATE POLICY whole ON {VERSIONS} TO retraining_writer USING (true) WITH CHECK (true)",
         f"CREATE POLICY more ON {VERSIONS} USING (model_name = 'another')"),
        (SECURE, f"CREATE POLICY whole ON {VERSIONS} USING (true)",
         f"CREATE POLICY less ON {VERSIONS} AS RESTRICTIVE TO retraining_metrics USING (version > 1)"),
        (SECURE, "ALTER USER {user} BYPASSRLS"),
        (SECURE, f"ALTER TABLE {VERSIONS} DISABLE ROW LEVEL SECURITY"),
    ],
)  # fmt: skip
def test_row_security_that_hides_nothing_stops_nobody(
    postgres: EmbeddedPostgres, own_uri: str, statements: tuple[str, ...]
) -> None:
    with user(postgres, own_uri, "retraining_writer") as uri:
        told_to(own_uri, *(each.format(user=psycopg.conninfo.conninfo_to_dict(uri)["user"]) for each in statements))
        live(postgres_store(uri))


def test_owner_whom_row_security_is_forced_upon_is_told(postgres: EmbeddedPostgres, database_uri: str) -> None:
    with user(postgres, database_uri) as uri:
        name = psycopg.conninfo.conninfo_to_dict(uri)["user"]
        told_to(database_uri, f"GRANT CREATE ON DATABASE {psycopg.conninfo.conninfo_to_dict(uri)['dbname']} TO {name}")
        with psycopg.connect(uri) as connection:
            migrate(connection)
        told_to(uri, SECURE, f"ALTER TABLE {VERSIONS} FORCE ROW LEVEL SECURITY")
        with psycopg.connect(uri) as connection, pytest.raises(ConfigurationError, match="may hide rows"):
            migrate(connection)


def test_functions_of_new_records_are_called_whatever_the_database_takes_from_everybody(
    postgres: EmbeddedPostgres, database_uri: str
) -> None:
    told_to(database_uri, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
    with user(postgres, database_uri, "retraining_writer") as uri:
        live(postgres_store(uri))
        with psycopg.connect(uri) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT retraining.drop_month('model_drift_monitoring', '2020-01-01', 'eve')")
    with user(postgres, database_uri, "retraining_reader") as uri:
        read_all(uri)


def test_function_that_is_refused_is_told_with_what_lets_it_be_called(postgres: EmbeddedPostgres, own_uri: str) -> None:
    told_to(own_uri, "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA retraining FROM PUBLIC")
    with user(postgres, own_uri, "retraining_writer") as uri:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as caught:
            execute(postgres_store(uri), "run-1")
        seen = RecordsSeen(partial(psycopg.connect, uri)).server()
        assert (seen.may_write, seen.may_call) == (True, False)
        assert LET_CALL in refusal_of(caught.value)
        told_to(own_uri, LET_CALL.replace(" (or whatever the schema of the records is called)", ""))
        forbidden = pytest.raises(psycopg.errors.InsufficientPrivilege, match="append_to_chain")
        with psycopg.connect(uri) as connection, forbidden:
            connection.execute(
                "CREATE TEMP TABLE mine (id bigint); "
                "CREATE TRIGGER forge AFTER INSERT ON mine EXECUTE FUNCTION retraining.append_to_chain()"
            )
        execute(postgres_store(uri), "run-2")
        read_all(uri)
        assert RecordsSeen(partial(psycopg.connect, uri)).server().may_call


def test_migrating_gives_the_roles_their_rights_after_a_restore_without_privileges(
    postgres: EmbeddedPostgres, own_uri: str
) -> None:
    with user(postgres, own_uri, "retraining_writer") as uri:
        for role in ("retraining_writer", "retraining_reader", "retraining_metrics"):
            told_to(own_uri, f"REVOKE ALL ON ALL TABLES IN SCHEMA retraining FROM {role}",
                    f"REVOKE ALL ON SCHEMA retraining FROM {role}")  # fmt: skip
        assert not RecordsSeen(partial(psycopg.connect, uri)).server().may_write, "tables that he may not see are there"
        with psycopg.connect(own_uri) as connection:
            assert migrate(connection) == []
        assert RecordsSeen(partial(psycopg.connect, uri)).server().may_write
        live(postgres_store(uri))


def test_pooler_that_does_not_do_it_is_told_with_what_to_set() -> None:
    told = refusal_of(psycopg.errors.ProtocolViolation("transaction blocks not allowed in statement pooling mode"))
    assert "transaction blocks not allowed" in told
    assert "pool_mode" in told
    assert "default_pool_size" in told


def test_migrating_waits_for_nobody_for_ever(own_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.records.schema.LONGEST_LOCK", "200ms")
    with psycopg.connect(own_uri) as other, psycopg.connect(own_uri) as connection:
        other.execute("LOCK TABLE retraining.schema_migrations IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            migrate(connection)
        assert "pg_terminate_backend" in refusal_of(caught.value)
        other.rollback()
        assert migrate(connection) == []


def test_migrating_gives_nothing_back_that_somebody_took_from_a_role(postgres: EmbeddedPostgres, own_uri: str) -> None:
    told_to(own_uri, "REVOKE SELECT ON retraining.model_annotations FROM retraining_reader")
    with psycopg.connect(own_uri) as connection:
        migrate(connection)
    with user(postgres, own_uri, "retraining_reader") as uri, pytest.raises(psycopg.errors.InsufficientPrivilege):
        told_to(uri, "SELECT * FROM retraining.model_annotations")
