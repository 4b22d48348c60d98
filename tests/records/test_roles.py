"""What writers, readers and scrapers of metrics may do, and that nobody may do more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from include.data.rows.spans import Span
from include.decision.request import RequestKind
from include.detectors.broken_rows import Fault
from include.errors import ConfigurationError
from include.records.entries import ChangeKind, EventStatus
from include.records.entries.facts import Facts
from include.records.postgres import PostgresStore
from include.records.postgres.audit import read_audit
from include.records.postgres.examination import RecordsSeen
from include.records.postgres.lineage import read_lineage
from include.records.schema import migrate
from tests.records.examples import HOUR, NOW, execute, make_analysis, make_decision, open_event, postgres_store, speak
from tools.embedded_postgres import EmbeddedPostgres

_NUMBERS = itertools.count(1)
Refused = psycopg.errors.InsufficientPrivilege


@contextmanager
def user(server: EmbeddedPostgres, uri: str, *roles: str, attributes: str = "") -> Iterator[str]:
    """The address of the records for a new user that has these roles."""
    name = f"user_{next(_NUMBERS)}"
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        connection.execute(f"CREATE USER {name} PASSWORD 'secret' {attributes}".encode())
        for role in roles:
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))
        try:
            yield make_conninfo(uri, user=name, password="secret")
        finally:
            with psycopg.connect(uri, autocommit=True) as records:
                records.execute(f"DROP OWNED BY {name} CASCADE".encode())
            connection.execute(f"DROP OWNED BY {name} CASCADE; DROP USER {name}".encode())


@pytest.mark.parametrize("limit", [-1, 7])
def test_whoever_is_no_superuser_sees_the_connections_of_others_and_his_own_limit(
    postgres: EmbeddedPostgres, records_uri: str, limit: int
) -> None:
    limited = user(postgres, records_uri, "retraining_writer", attributes=f"CONNECTION LIMIT {limit}")
    with psycopg.connect(records_uri), psycopg.connect(records_uri), limited as uri:
        found = RecordsSeen(partial(psycopg.connect, uri)).server()
    assert (found.user_limit, found.of_user, found.database_limit) == (limit, 1, -1)
    assert found.connections >= found.of_database >= 3
    assert found.reserved >= 3
    assert RecordsSeen(partial(psycopg.connect, records_uri)).server().user_limit == -1  # none binds a superuser


def live(store: PostgresStore) -> None:
    """All that a workflow writes."""
    store.identity()
    store.register_model("housing", "hash", {"metric": "rmse"}, at=NOW)
    request, _ = store.add_request("housing", RequestKind.API, "new rows", "ada", at=NOW)
    store.add_request("housing", RequestKind.API, "new rows", "ada", at=NOW)
    fault = Fault(feature="price", statistic="missing_rise", reason="empty", span=Span(NOW - HOUR, NOW))
    analysis = make_analysis(facts=Facts(faults=(fault,)))
    store.save_analysis(analysis, at=NOW)
    store.save_decision(analysis, make_decision(), at=NOW, requests=[request])
    store.note_report("housing", "run-1", "reports/run-1")
    store.close_failed(store.events()[0].id, at=NOW, error_type="E", error="no rows")
    execute(store, "run-2")
    execute(store, "run-3")
    execute(store, "run-4", status=EventStatus.HELD)
    store.announce("housing", "run-4", at=NOW)
    store.roll_back("housing", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada",
                    reason="worse", at=NOW, key="k")  # fmt: skip
    store.set_canary("housing", 2, 10.0, set_by="ada", reason="to see", at=NOW)
    store.lift_quarantine(store.quarantines()[0].id, "ada", "mended", at=NOW)
    speak(store)
    open_event(store, "run-5")
    store.close_unfinished("housing", at=NOW + 9 * HOUR, idle=HOUR)


def read_all(uri: str) -> None:
    """All that the commands read."""
    connect = partial(psycopg.connect, uri)
    store = PostgresStore(connect)
    store.versions("housing"), store.history("housing", until=NOW, most=9), store.canaries("housing")
    assert read_audit(connect, NOW - HOUR, NOW + HOUR).entries
    assert read_lineage(connect, "housing").versions


def test_writer_can_do_all_that_the_workflow_does(postgres: EmbeddedPostgres, records_uri: str) -> None:
    with user(postgres, records_uri, "retraining_writer") as uri:
        live(postgres_store(uri))
        read_all(uri)


def test_reader_reads_everything(postgres: EmbeddedPostgres, records_uri: str) -> None:
    live(postgres_store(records_uri))
    with user(postgres, records_uri, "retraining_reader") as uri:
        read_all(uri)
        with psycopg.connect(uri) as connection:
            names = connection.execute(
                "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'retraining'::regnamespace"
                " AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"
            ).fetchall()
            assert len(names) > 20
            for (name,) in names:
                connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))


WRITING = [
    "INSERT INTO retraining_requests (model_name, kind, key, reason, requested_by, requested_at)"
    " VALUES ('housing', 'api', 'k', 'r', 'ada', now())",
    "UPDATE model_retraining_events SET retraining_notes = 'x'",
    "UPDATE retraining_decisions SET report_path = 'x'",
    "DELETE FROM model_drift_monitoring",
    "SELECT prepare_month(now())",
]
OWNING = [
    "SELECT drop_month('model_drift_monitoring', '2020-01-01', 'eve')",
    "INSERT INTO audit_chain SELECT * FROM audit_chain",
    "DELETE FROM audit_chain",
    "UPDATE audit_chain_heads SET number = number + 1",
    "DELETE FROM dropped_months",
    "DROP TABLE model_drift_monitoring_2026_05",
    "ALTER TABLE model_retraining_events DISABLE TRIGGER ALL",
    "TRUNCATE canary_shares",
    "DELETE FROM model_retraining_events",
    "DELETE FROM retraining_runs",
    "DELETE FROM retraining_requests",
    "DELETE FROM retraining_failures",
    "UPDATE model_pauses SET paused = false",
    "DELETE FROM decision_marks",
    "UPDATE retraining_decisions SET triggered = true",
    "UPDATE retraining_tallies SET total = 99",
    "INSERT INTO retraining_tallies VALUES ('housing', 'decision', 'fired', 99)",
    "UPDATE model_deployment_history SET reason = ''",
    "UPDATE model_drift_monitoring SET verdict = 'stable'",
    "INSERT INTO schema_migrations VALUES ('07_x.sql', '')",
    "UPDATE records_identity SET id = gen_random_uuid()",
    "UPDATE records_places SET place = ''",
    "DELETE FROM records_places",
    "INSERT INTO model_drift_monitoring_2026_05 (model_name) VALUES ('housing')",
    "CREATE TABLE retraining.mine (id int)",
    "CREATE FUNCTION retraining.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
]
PRIVATE = [
    "SELECT * FROM model_retraining_events",
    "SELECT trigger_reason FROM model_retraining_events",
    "SELECT config FROM auto_retraining_jobs",
    "SELECT requested_by FROM retraining_requests",
    "SELECT error FROM retraining_failures",
    "SELECT reason FROM model_pauses",
    "SELECT text FROM model_annotations",
    "SELECT marked_by FROM decision_marks",
    "SELECT answer FROM idempotency_keys",
    "SELECT profile FROM reference_profiles",
    "SELECT facts FROM retraining_analyses",
    "SELECT * FROM model_lineage",
]


@pytest.mark.parametrize(
    ("role", "statements"),
    [
        ("retraining_writer", OWNING),
        ("retraining_reader", WRITING + OWNING),
        ("retraining_metrics", WRITING + OWNING + PRIVATE),
    ],
)
def test_nobody_may_do_more(postgres: EmbeddedPostgres, records_uri: str, role: str, statements: list[str]) -> None:
    open_event(postgres_store(records_uri))
    with user(postgres, records_uri, role) as uri:
        for statement in statements:
            with psycopg.connect(uri) as connection, pytest.raises(Refused):
                connection.execute(statement.encode())


def test_others_see_nothing(postgres: EmbeddedPostgres, records_uri: str) -> None:
    with user(postgres, records_uri) as uri, psycopg.connect(uri) as connection, pytest.raises(Refused):
        connection.execute("SELECT * FROM retraining.model_retraining_events")


def test_metrics_can_be_scraped(postgres: EmbeddedPostgres, records_uri: str) -> None:
    execute(postgres_store(records_uri), "run-1")
    with user(postgres, records_uri, "retraining_metrics") as uri, psycopg.connect(uri) as connection:
        query = "SELECT model_name, status, count(*), max(training_duration) FROM model_retraining_events GROUP BY 1, 2"
        assert connection.execute(query).fetchall() == [("housing", "promoted", 1, 1.5)]
        tallies = connection.execute("SELECT * FROM retraining_tallies").fetchall()
        assert ("housing", "outcome", "promoted", 1) in tallies
        connection.execute("SELECT version, metric, value FROM model_performance_tracking")
        connection.execute("SELECT count(*) FILTER (WHERE verdict = 'changed') FROM model_drift_monitoring")


def test_nobody_can_log_in_as_a_role(records_uri: str) -> None:
    with psycopg.connect(records_uri) as connection:
        found = connection.execute(
            "SELECT rolname, rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'retraining%'"
        ).fetchall()
    assert dict(found) == {f"retraining_{name}": False for name in ("writer", "reader", "metrics")}


def schema_for(server: EmbeddedPostgres, uri: str, name: str) -> None:
    with psycopg.connect(make_conninfo(server.uri(), dbname=psycopg.conninfo.conninfo_to_dict(uri)["dbname"])) as owner:
        owner.execute(sql.SQL("CREATE SCHEMA retraining AUTHORIZATION {}").format(sql.Identifier(name)))


def test_user_without_rights_is_told_what_the_owner_does_and_then_migrates_for_himself(
    postgres: EmbeddedPostgres, database_uri: str
) -> None:
    with user(postgres, database_uri) as uri:
        with psycopg.connect(uri) as connection:
            with pytest.raises(ConfigurationError, match="CREATE SCHEMA retraining AUTHORIZATION user_"):
                migrate(connection)
            schema_for(postgres, uri, connection.info.user)
            assert "09_roles.sql" in migrate(connection)
        store = postgres_store(uri)
        execute(store, "run-1", at=NOW + timedelta(days=60))
        with psycopg.connect(uri) as connection:  # a session of its own finds the tables
            assert connection.execute("SELECT count(*) FROM model_retraining_events").fetchall() == [(1,)]
        with psycopg.connect(database_uri) as connection:  # that of another user does not, as only the owner may set it
            assert connection.execute("SELECT to_regclass('model_retraining_events')").fetchall() == [(None,)]


def test_where_roles_may_not_be_made_the_migration_goes_on_and_says_so(
    postgres: EmbeddedPostgres, database_uri: str
) -> None:
    told: list[Any] = []
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        for role in ("writer", "reader", "metrics"):
            connection.execute(f"ALTER ROLE retraining_{role} RENAME TO aside_{role}".encode())
        try:
            with user(postgres, database_uri) as uri, psycopg.connect(uri) as records:
                schema_for(postgres, uri, records.info.user)
                records.add_notice_handler(lambda notice: told.append(notice.message_primary))
                assert "09_roles.sql" in migrate(records)
        finally:
            for role in ("writer", "reader", "metrics"):
                connection.execute(f"ALTER ROLE aside_{role} RENAME TO retraining_{role}".encode())
    assert [text.split(" ")[1] for text in told if "was not made" in text] == [
        "retraining_writer", "retraining_reader", "retraining_metrics"
    ]  # fmt: skip
