"""Postgres as it is found: settings for everybody, poolers, several records in one database."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import psycopg
import pytest
from psycopg import sql

from include.cli.__main__ import main
from include.data.sources.connections import FROM_ENVIRONMENT
from include.errors import ClaimLost, ConfigurationError, SourceUnavailable
from include.records.entries import EventStatus
from include.records.postgres import PostgresStore
from include.records.postgres.retention import drop_month, kept_months
from include.records.postgres.session import schema_of, shared_schema
from include.records.schema import migrate
from include.workflow.deployment import direct_connection
from include.workflow.migrate import migrate_records
from include.workflow.settings import Settings
from tests.records.examples import HOUR, NOW, execute, open_event
from tests.records.pooler import pooled
from tests.records.test_roles import user
from tests.sweeps import each_nth, first_of
from tools.embedded_postgres import EmbeddedPostgres

SETTINGS = {
    "datestyle": "German", "timezone": "Asia/Kathmandu", "default_transaction_isolation": "serializable",
    "intervalstyle": "sql_standard", "statement_timeout": "60s", "client_encoding": "LATIN1",
    "extra_float_digits": "-15", "standard_conforming_strings": "off", "bytea_output": "escape",
    "idle_session_timeout": "60s", "transform_null_equals": "on", "quote_all_identifiers": "on", "array_nulls": "off",
    "plpgsql.extra_errors": "all", "session_replication_role": "replica",
    "default_tablespace": "pg_default",
}  # fmt: skip


def set_for_all(uri: str, settings: dict[str, str]) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        for name, value in settings.items():
            change = sql.SQL("ALTER DATABASE {} SET {} TO {}")
            names = sql.Identifier(connection.info.dbname), sql.Identifier(*name.split(".")), sql.Literal(value)
            connection.execute(change.format(*names))


@pytest.mark.parametrize("name", each_nth(["all of them", *SETTINGS], 4))
def test_records_are_the_same_whatever_the_database_says_for_everybody(database_uri: str, name: str) -> None:
    set_for_all(database_uri, SETTINGS if name not in SETTINGS else {name: SETTINGS[name]})
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
    store = PostgresStore(partial(psycopg.connect, database_uri))
    event = execute(store, "run-1")
    assert event.status is EventStatus.PROMOTED
    [found] = store.events()
    assert found == event
    assert found.run.as_of == event.run.as_of
    assert store.chain.head("housing") is not None, "the rules of the records were put aside"


def test_rules_that_are_put_aside_for_everybody_are_told_to_who_may_not_have_them_back(
    postgres: EmbeddedPostgres, records_uri: str
) -> None:
    set_for_all(records_uri, {"session_replication_role": "replica"})
    with user(postgres, records_uri, "retraining_writer") as uri:
        store = PostgresStore(partial(psycopg.connect, uri), keep=True)
        for _ in range(2):  # the connection is none the worse for it
            with pytest.raises(ConfigurationError, match="RESET session_replication_role"):
                store.events()


def test_migrate_refuses_what_no_session_can_set_and_says_the_way_out(database_uri: str) -> None:
    set_for_all(database_uri, {"default_transaction_read_only": "on"})
    with psycopg.connect(database_uri) as connection, pytest.raises(ConfigurationError, match="RESET default_trans"):
        migrate(connection)


def test_tables_of_which_nothing_is_written_down_are_told_and_left_as_they_are(records_uri: str) -> None:
    event = execute(PostgresStore(partial(psycopg.connect, records_uri)), "run-1")
    with psycopg.connect(records_uri, autocommit=True) as connection:
        connection.execute("TRUNCATE retraining.schema_migrations")
        with pytest.raises(ConfigurationError, match=r"schema_migrations does not say what.*restore the whole dump"):
            migrate(connection)
    assert PostgresStore(partial(psycopg.connect, records_uri)).events() == [event]


def test_claim_behind_a_pooler_of_transactions_is_refused_and_the_direct_connection_named(records_uri: str) -> None:
    event = open_event(PostgresStore(partial(psycopg.connect, records_uri)))
    with pooled(records_uri) as address:
        behind = partial(psycopg.connect, address)
        store = PostgresStore(behind)
        assert store.event(event.id) == event  # all else goes on through it
        with pytest.raises(ConfigurationError, match="RETRAINING_DB_DIRECT"), store.claim(event.id, at=NOW):
            pass
        store = PostgresStore(behind, direct=partial(psycopg.connect, records_uri))
        with store.claim(event.id, at=NOW), pytest.raises(ClaimLost), store.claim(event.id, at=NOW):
            pass


@pytest.mark.parametrize("sessions", [2, 3])
def test_pooler_that_lends_its_sessions_by_turns_is_noticed(records_uri: str, sessions: int) -> None:
    event = open_event(PostgresStore(partial(psycopg.connect, records_uri)))
    with pooled(records_uri, sessions=sessions) as address:
        store = PostgresStore(partial(psycopg.connect, address))
        with pytest.raises(ConfigurationError, match="RETRAINING_DB_DIRECT"), store.claim(event.id, at=NOW):
            pass


def test_direct_connection_that_leads_to_a_pooler_too_is_refused(records_uri: str) -> None:
    straight = partial(psycopg.connect, records_uri)
    event = open_event(PostgresStore(straight))
    with pooled(records_uri) as address:
        store = PostgresStore(straight, direct=partial(psycopg.connect, address))
        with pytest.raises(ConfigurationError, match="lends a session"), store.claim(event.id, at=NOW):
            pass


@pytest.mark.parametrize(
    "left",
    first_of([
        "CREATE TEMP TABLE model_retraining_events (id int)", "SET session_replication_role TO replica",
        "SET datestyle TO German; SET search_path TO nowhere; SET statement_timeout TO '2s'",
        "PREPARE _pg3_0 AS SELECT 1", "SET default_transaction_isolation TO serializable",
    ], 2),
)  # fmt: skip
def test_what_another_client_left_in_a_session_that_is_lent_changes_nothing(records_uri: str, left: str) -> None:
    straight = partial(psycopg.connect, records_uri)
    with pooled(records_uri, left=left) as address:
        store = PostgresStore(partial(psycopg.connect, address), direct=straight)
        event = execute(store, "run-1")
        assert store.events() == [event]
    assert PostgresStore(straight).events() == [event]
    assert PostgresStore(straight).chain.head("housing") is not None


def test_direct_connection_to_other_records_is_refused(records_uri: str, database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        migrate(connection)
    straight = partial(psycopg.connect, records_uri)
    event = open_event(PostgresStore(straight))
    store = PostgresStore(straight, direct=partial(psycopg.connect, database_uri))
    with pytest.raises(ConfigurationError, match="leads to other records"), store.claim(event.id, at=NOW):
        pass


@pytest.mark.parametrize("name", ["kept", "Kept 2"])
@pytest.mark.parametrize("others", [True, False])
def test_schema_that_was_renamed_is_led_to_its_own_tables_by_migrating_and_touches_no_others_before(
    records_uri: str, name: str, *, others: bool
) -> None:
    execute(PostgresStore(partial(psycopg.connect, records_uri)), "run-1")
    with psycopg.connect(records_uri, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA retraining RENAME TO {}").format(sql.Identifier(name)))
        if others:
            migrate(connection)
    written = '"Kept\\ 2"' if " " in name else name
    renamed = partial(psycopg.connect, records_uri, options=f"-csearch_path={written}")
    store = PostgresStore(renamed)
    for act in (store.events, lambda: execute(store, "run-2", at=NOW + HOUR)):
        with pytest.raises(ConfigurationError, match=r"renamed or copied.*run `python -m include.cli migrate`"):
            act()
    with renamed() as connection:
        migrate(connection)
    event = execute(PostgresStore(renamed), "run-2", at=NOW + 24 * 62 * HOUR)
    assert len(PostgresStore(renamed).events()) == 2
    assert PostgresStore(renamed).events()[0] == event
    if others:
        usual = PostgresStore(partial(psycopg.connect, records_uri))
        assert (usual.events(), usual.chain.head("housing")) == ([], None)
        execute(usual, "run-1")


def test_records_in_two_schemas_of_one_database_do_not_hold_each_others_models(database_uri: str) -> None:
    stores = {}
    for name in ("prod", "Staging 2"):
        written = '"Staging\\ 2"' if " " in name else name
        connect = partial(psycopg.connect, database_uri, options=f"-csearch_path={written}")
        with connect() as connection:
            assert schema_of(connection) == name
            migrate(connection)
        stores[name] = PostgresStore(connect)
    first, second = stores.values()
    events = [open_event(store) for store in stores.values()]
    with first.claim(events[0].id, at=NOW), second.claim(events[1].id, at=NOW) as claim:
        claim.begin_version(at=NOW)
    assert first.identity() != second.identity()
    assert first.versions("housing") == []
    assert len(second.versions("housing")) == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [("", ""), ("-cwork_mem=8MB", ""), ("-csearch_path=", ""), ("-csearch_path=public", "public"),
     ("-c search-path=PUBLIC", "public"), ('-c search_path="$user",public', "$user, public"),
     ("-csearch_path=pg_catalog,public", "pg_catalog, public"), ("-csearch_path=retraining", ""),
     ("-csearch_path=public,retraining", ""), ("-csearch_path=public -csearch_path=retraining", "")],
)  # fmt: skip
def test_options_that_name_no_schema_of_ones_own_leave_the_usual_one_and_are_told(
    records_uri: str, options: str, named: str
) -> None:
    with psycopg.connect(records_uri, options=options) as connection:
        assert schema_of(connection) == "retraining"
        assert shared_schema(connection) == named
    execute(PostgresStore(partial(psycopg.connect, records_uri, options=options)), "run-1")  # nobody is locked out


@pytest.mark.parametrize("migrated_before", [True, False])
@pytest.mark.parametrize("direct", [True, False])
def test_migrating_tells_whoever_names_public_where_the_tables_are(
    database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, migrated_before: bool,
    direct: bool,
) -> None:  # fmt: skip
    if migrated_before:
        with psycopg.connect(database_uri) as connection:
            migrate(connection)
    address = f"{database_uri}?options=-csearch_path%3Dpublic"
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", address)
    if direct:
        monkeypatch.setenv("RETRAINING_DB_DIRECT", address)
    assert main(["migrate"]) == 0
    said = capsys.readouterr().out
    assert "names public" in said
    assert "they are in the schema retraining; leave search_path out" in said
    execute(PostgresStore(partial(psycopg.connect, address)), "run-1")
    assert len(PostgresStore(partial(psycopg.connect, database_uri)).events()) == 1
    for name in ("AIRFLOW_CONN_RETRAINING_DB", *(["RETRAINING_DB_DIRECT"] if direct else [])):
        monkeypatch.setenv(name, database_uri)
    assert main(["migrate"]) == 0
    assert "Found" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "schema"),
    [("-csearch_path=public_ml", "public_ml"), ("-csearch_path=publications,public", "publications"),
     ('-csearch_path="Public"', "Public"),
     ("-c search-path=staging", "staging"), ("--search-path=staging", "staging"), ("-cSearch_Path=STAGING", "staging"),
     ('-csearch_path="a,b",public', "a,b"), ('-csearch_path="$user",\\ "wei""rd"', 'wei"rd'),
     ("-csearch_path=prod -csearch_path=staging", "staging"), ('-csearch_path="per%s\\ cent"', "per%s cent")],
)  # fmt: skip
def test_schema_is_the_one_that_the_server_finds_however_the_options_are_written(
    database_uri: str, options: str, schema: str
) -> None:
    with psycopg.connect(database_uri, options=options) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        assert connection.execute("SELECT current_schema()").fetchone() == (schema,)
        assert schema_of(connection) == schema


def test_removing_months_or_all_of_one_schema_leaves_the_other(database_uri: str) -> None:
    connects = [partial(psycopg.connect, database_uri, options=f"-csearch_path={name}") for name in ("prod", '"a.b"')]
    for connect in connects:
        with connect() as connection:
            migrate(connection)
        execute(PostgresStore(connect), "run-1")
    first, second = connects
    before, event = kept_months(second), PostgresStore(second).events()
    for month in kept_months(first):
        drop_month(first, month, "ada")
    assert kept_months(first) == []
    assert kept_months(second) == before
    with psycopg.connect(database_uri) as connection:
        connection.execute("DROP SCHEMA prod CASCADE")
    assert PostgresStore(second).events() == event
    execute(PostgresStore(second), "run-2", at=NOW + HOUR)


def test_two_schemas_behind_one_pooler_of_transactions_are_two_records(database_uri: str) -> None:
    with pooled(database_uri) as address:
        stores = []
        for name in ("prod", "staging"):
            options = f"-csearch_path={name}"
            with psycopg.connect(database_uri, options=options) as connection:
                migrate(connection)
            stores.append(PostgresStore(partial(psycopg.connect, address, options=options), keep=True))
        first, second = stores
        event = open_event(first)
        assert (first.events(), second.events()) == ([event], [])
        assert first.identity() != second.identity()
        for store in stores:
            store.close()


def test_version_is_numbered_above_what_is_there_already(records_uri: str) -> None:
    store = PostgresStore(partial(psycopg.connect, records_uri))
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        assert claim.begin_version(at=NOW, above=6).version == 7


def test_migrate_goes_past_a_pooler_of_transactions_or_is_refused_there(
    records_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pooled(records_uri) as address:
        monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", address)
        with pytest.raises(ConfigurationError, match="RETRAINING_DB_DIRECT"):
            migrate_records()
        monkeypatch.setenv("RETRAINING_DB_DIRECT", records_uri)
        assert migrate_records() == []


@pytest.mark.parametrize(
    ("address", "error", "said"),
    [
        ("tcp://10.0.0.1:5432", ConfigurationError, "no Postgres address; write postgresql://"),
        ("postgresql://me@127.0.0.1:1/none", SourceUnavailable, "its server cannot be used, and without it"),
        ("postgresql://me:hush@127.0.0.1:notaport/none", SourceUnavailable, "invalid integer value"),
        ("an empty database", ConfigurationError, "leads to other records"),
    ],
)
def test_mistakes_of_the_direct_connection_are_told_by_its_name(
    records_uri: str, database_uri: str, address: str, error: type[Exception], said: str
) -> None:
    store = PostgresStore(partial(psycopg.connect, records_uri))
    event = open_event(store)
    settings = replace(Settings.from_environment({}), direct=database_uri if "empty" in address else address)
    store = PostgresStore(partial(psycopg.connect, records_uri), direct=direct_connection(settings, FROM_ENVIRONMENT))
    with pytest.raises(error, match=f"RETRAINING_DB_DIRECT.*{said}") as told, store.claim(event.id, at=NOW):
        pass
    assert "hush" not in str(told.value)
