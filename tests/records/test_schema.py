"""The migrations, and what the schema itself forbids."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from include.errors import ConfigurationError
from include.records.entries import EventStatus
from include.records.migration_files import SCHEMA_FILES
from include.records.postgres.queries import QUERIES, query
from include.records.schema import migrate
from tests.records.examples import HOUR, NOW, execute, make_analysis, make_outcome, open_event, postgres_store

SEED_QUERIES = {
    "find_all_retraining_events": """
SELECT * FROM model_retraining_events 
ORDER BY triggered_at DESC;
""",  # noqa: W291 -- to the letter, as users have it
    "check_recent_retraining": """
SELECT 
    triggered_at, 
    severity, 
    trigger_type,
    execution_successful,
    improvement_r2_percent
FROM model_retraining_events
WHERE triggered_at > NOW() - INTERVAL '7 days'
ORDER BY triggered_at DESC;
""",  # noqa: W291 -- to the letter, as users have it
    "analyze_trigger_frequency": """
SELECT 
    trigger_type,
    COUNT(*) as frequency,
    AVG(CAST(execution_successful AS INT)) * 100 as success_rate
FROM model_retraining_events
GROUP BY trigger_type;
""",  # noqa: W291 -- to the letter, as users have it
    "check_improvement_after_retraining": """
SELECT 
    triggered_at,
    improvement_r2_percent,
    improvement_rmse_percent,
    improvement_accuracy_percent
FROM model_retraining_events
WHERE execution_successful = TRUE
ORDER BY triggered_at DESC;
""",  # noqa: W291 -- to the letter, as users have it
}


def names_of_files() -> list[str]:
    return sorted(path.name for path in SCHEMA_FILES.glob("*.sql"))


def test_migrating_again_changes_nothing(database_uri: str) -> None:
    with psycopg.connect(database_uri) as connection:
        assert migrate(connection) == names_of_files()
        assert migrate(connection) == []
    with psycopg.connect(database_uri, autocommit=True) as connection:
        assert migrate(connection) == []


def test_of_two_processes_that_migrate_at_once_each_migration_is_applied_by_one(database_uri: str) -> None:
    def migrate_alone(_: int) -> list[str]:
        with psycopg.connect(database_uri) as connection:
            return migrate(connection)

    with ThreadPoolExecutor(2) as pool:
        applied = [name for names in pool.map(migrate_alone, range(2)) for name in names]
    assert sorted(applied) == names_of_files()


def test_schema_that_changed_without_a_migration_is_refused(database_uri: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SCHEMA_FILES, tmp_path / "schema"))
    with psycopg.connect(database_uri) as connection:
        migrate(connection, folder)
        changed = folder / names_of_files()[0]
        changed.write_text(changed.read_text() + "-- a second thought\n")
        with pytest.raises(ConfigurationError, match=r"01_.*changed after it was applied"):
            migrate(connection, folder)


def test_schema_that_fails_leaves_nothing_behind(database_uri: str, tmp_path: Path) -> None:
    (tmp_path / "01_good.sql").write_text("CREATE TABLE good (id int);")
    bad = tmp_path / "02_bad.sql"
    bad.write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    with psycopg.connect(database_uri) as connection:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(connection, tmp_path)
        bad.write_text("CREATE TABLE half (id int);")
        assert migrate(connection, tmp_path) == ["01_good.sql", "02_bad.sql"]


@pytest.mark.parametrize("names", [(), ("first.sql",), ("01_a.sql", "01_b.sql"), ("0001_a.sql",)])
def test_folder_without_order_is_refused(database_uri: str, tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with psycopg.connect(database_uri) as connection, pytest.raises(ConfigurationError):
        migrate(connection, tmp_path)


def test_users_queries_run_as_printed_and_answer_as_the_named_ones(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    execute(store, "run-2", status=EventStatus.FAILED)
    open_event(store, "run-3", dry_run=True)
    with psycopg.connect(records_uri) as connection:
        for name, printed in SEED_QUERIES.items():
            answer = connection.execute(printed.encode()).fetchall()
            assert answer == connection.execute(query(name)).fetchall(), name
        [frequency] = connection.execute(query("analyze_trigger_frequency")).fetchall()
        [gain] = connection.execute(query("check_improvement_after_retraining")).fetchall()
    assert frequency == ("performance", 3, 50)
    assert gain == (NOW, pytest.approx(12.5), pytest.approx(20.0), None)


def test_improvement_is_unknown_where_the_champion_has_zero_or_nothing(records_uri: str) -> None:
    store = postgres_store(records_uri)
    with store.claim(open_event(store).id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        scores = {"r2": 0.5, "rmse": float("nan"), "accuracy": 0.9}
        claim.finish(make_outcome(scores=scores, champion_scores={"r2": 0.0, "rmse": 1.0}), at=NOW)
    with psycopg.connect(records_uri) as connection:
        row = connection.execute(
            "SELECT improvement_r2_percent, improvement_rmse_percent, improvement_accuracy_percent, retraining_rmse,"
            " retraining_accuracy, performance_delta, retraining_model_version, parent_model_version,"
            " training_data_hash, training_data_size, training_duration, attempts FROM model_retraining_events"
        ).fetchone()
    assert row == (None, None, None, None, 0.9, {"r2": 0.5, "rmse": None}, "v1", None, "ef", 900, 1.5, 1)


def test_lineage_names_parents_and_children(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR, status=EventStatus.HELD)
    with psycopg.connect(records_uri) as connection:
        rows = connection.execute(
            "SELECT version, status, parent_version, children_versions, total_retraining_count, deployed_at"
            " FROM model_lineage ORDER BY version"
        ).fetchall()
    assert rows == [(1, "champion", None, [2], 1, NOW), (2, "held", 1, [], 2, None)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE model_retraining_events SET status = 'executing' WHERE id = 1",
        "UPDATE model_retraining_events SET retraining_r2 = 99 WHERE id = 1",
        "UPDATE model_retraining_events SET outcome = 'a great success' WHERE id = 1",
        "UPDATE model_retraining_events SET status = 'promoted', execution_completed_at = now() WHERE id = 2",
        "UPDATE model_retraining_events SET decision = '{}' WHERE id = 2",
        "UPDATE model_retraining_events SET severity = 'AWFUL' WHERE id = 2",
        "UPDATE model_retraining_events SET status = 'executing' WHERE id IN (2, 3)",
        "UPDATE model_retraining_events SET status = 'failed' WHERE id = 2",
        "UPDATE model_version_management SET status = 'candidate' WHERE version = 1",
        "UPDATE model_version_management SET status = 'rejected' WHERE version = 1",
        "UPDATE model_version_management SET status = 'held' WHERE version = 1",
        "UPDATE model_version_management SET status = 'held' WHERE version = 2; "
        "UPDATE model_version_management SET status = 'candidate' WHERE version = 2",
        "UPDATE model_version_management SET status = 'held' WHERE version = 2; "
        "UPDATE model_version_management SET status = 'rejected' WHERE version = 2",
        "UPDATE model_version_management SET artifact_sha256 = '' WHERE version = 1",
        "UPDATE model_version_management SET status = 'rejected' WHERE version = 2; "
        "UPDATE model_version_management SET status = 'retired' WHERE version = 1; "
        "UPDATE model_version_management SET status = 'champion' WHERE version = 2",
        "UPDATE model_version_management SET status = 'retired' WHERE version = 1; "
        "UPDATE model_version_management SET status = 'champion' WHERE version = 2; SET CONSTRAINTS ALL IMMEDIATE",
        "INSERT INTO model_deployment_history (model_name, from_version, to_version, deployed_by, reason, deployed_at,"
        " kind) VALUES ('housing', 1, NULL, 'ada', '', now(), 'rollback')",
        "UPDATE model_version_management SET status = 'champion' WHERE version = 2",
        "INSERT INTO model_version_management SELECT (jsonb_populate_record(v, '{\"version\": 9}')).*"
        " FROM model_version_management v WHERE version = 2",
        "INSERT INTO model_version_management SELECT (jsonb_populate_record(v, '{\"event_id\": 2}')).*"
        " FROM model_version_management v WHERE version = 2",
        "INSERT INTO model_retraining_events (model_name, run_id, status, trigger_type, severity, confidence,"
        " trigger_reason, decision, as_of, requested_by, created_by, triggered_at) SELECT model_name, run_id,"
        " 'decided', '', 'LOW', 0, '', '{}', now(), '', '', now() FROM model_retraining_events WHERE id = 2",
        "UPDATE model_deployment_history SET deployed_by = 'nobody'",
        "DELETE FROM model_deployment_history",
        "TRUNCATE model_deployment_history CASCADE",
        "DELETE FROM model_version_management",
        "INSERT INTO canary_shares (model_name, version, champion_version, share, set_by, reason, set_at)"
        " VALUES ('housing', 2, 1, 101, 'ada', '', now())",
        "INSERT INTO canary_shares (model_name, version, champion_version, share, set_by, reason, set_at)"
        " VALUES ('housing', 1, 1, 10, 'ada', '', now())",
        "TRUNCATE canary_shares",
    ],
)
def test_schema_forbids(records_uri: str, statement: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    open_event(store, "run-2", at=NOW)
    event = open_event(store, "run-3", at=NOW)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.IntegrityError):
            connection.execute(statement.encode())


def test_notes_may_be_added_to_a_closed_event(records_uri: str) -> None:
    event = execute(postgres_store(records_uri), "run-1")
    with psycopg.connect(records_uri) as connection:
        connection.execute("UPDATE model_retraining_events SET retraining_notes = 'seen by the auditor'")
    found = postgres_store(records_uri).event(event.id)
    assert found.wish.notes == "seen by the auditor"
    assert replace(found, wish=event.wish) == event


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_every_query_says_what_it_does_and_returns(path: Path) -> None:
    lines = path.read_text().splitlines()
    header = [line for line in lines if line.startswith("-- ")]
    assert header == lines[: len(header)]
    assert any(line.startswith("-- Parameters: ") for line in header)
    assert any(line.startswith("-- Returns:    ") for line in header)
    assert max(map(len, lines)) <= 120


def test_unknown_query_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="find_champion"):
        query("find_chamption")


def test_analysis_and_its_signals_are_one_row_each(records_uri: str) -> None:
    postgres_store(records_uri).save_analysis(make_analysis(), at=NOW)
    with psycopg.connect(records_uri) as connection:
        rows = connection.execute("SELECT kind, feature, verdict FROM model_drift_monitoring ORDER BY id").fetchall()
    assert rows == [("performance", "", "changed"), ("data_drift", "price", "stable")]
