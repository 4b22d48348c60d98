"""Signals, measurements and analyses are kept by month: old months can be dropped, and nothing else can."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from include.records.postgres.audit import read_audit
from include.records.postgres.retention import drop_month, kept_months
from include.records.schema import migrate
from tests.records.examples import (
    NOW,
    execute,
    make_analysis,
    make_decision,
    make_measurement,
    open_event,
    postgres_store,
)

PARTITIONED = ("retraining_analyses", "model_drift_monitoring", "model_performance_tracking")
APRIL = datetime(2026, 4, 30, 23, 30, tzinfo=UTC)


def partitions(uri: str) -> set[str]:
    with psycopg.connect(uri) as connection:
        found = connection.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'").fetchall()
    return {name for (name,) in found}


def drop_before(uri: str, at: datetime) -> list[str]:
    """What was dropped of the months that ended before a time."""
    connect = partial(psycopg.connect, uri)
    due = [month for month in kept_months(connect) if month.month < at.replace(day=1, hour=0, minute=0)]
    dropped = [drop_month(connect, month, "ada") for month in due]
    return [f"{month.table}_{month.month:%Y_%m}" for month in dropped if month is not None]


@pytest.mark.parametrize(
    ("as_of", "month"),
    [
        (APRIL, "2026_04"),
        (APRIL.astimezone(tz=None), "2026_04"),
        (datetime(2026, 5, 1, tzinfo=UTC), "2026_05"),
        (datetime.fromisoformat("2026-05-01T01:00+02:00"), "2026_04"),
        (datetime(2024, 2, 29, tzinfo=UTC), "2024_02"),
        (datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "1999_12"),
        (datetime(9999, 12, 31, tzinfo=UTC), "9999_12"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001_01"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_run_of_any_time_finds_its_month(records_uri: str, as_of: datetime, month: str, zone: str) -> None:
    made = partitions(records_uri)
    with psycopg.connect(records_uri, options=f"-c TimeZone={zone}") as connection:
        connection.execute("SELECT prepare_month(%s), prepare_month(%s)", (as_of, as_of))
    assert partitions(records_uri) - made == {f"{table}_{month}" for table in PARTITIONED} - made
    store = postgres_store(records_uri)
    store.save_analysis(make_analysis(as_of=as_of), at=NOW)
    assert store.analysis("housing", "run-1") == make_analysis(as_of=as_of.astimezone(UTC))


def test_run_tried_again_with_another_time_is_still_one_run(records_uri: str) -> None:
    store = postgres_store(records_uri)
    store.save_analysis(make_analysis(as_of=NOW), at=NOW)
    store.save_analysis(make_analysis(as_of=APRIL, rows=600), at=NOW)
    event = open_event(store, as_of=NOW + timedelta(days=40))
    assert [each.rows for each in store.analyses("housing")] == [500]
    with psycopg.connect(records_uri) as connection:
        for table in PARTITIONED[:2]:
            query = f"SELECT DISTINCT model_name, run_id, as_of FROM {table}"
            assert connection.execute(query.encode()).fetchall() == [("housing", "run-1", event.run.as_of)], table


@pytest.mark.parametrize("table", PARTITIONED)
def test_row_of_no_run_or_at_another_time_than_its_run_is_refused(records_uri: str, table: str) -> None:
    postgres_store(records_uri).save_analysis(make_analysis(), at=NOW)
    others = {
        "retraining_analyses": "",
        "model_drift_monitoring": ", 'data_drift' AS kind, 'psi' AS statistic, 'stable' AS verdict, '' AS reason,"
        " now() AS measured_at",
        "model_performance_tracking": ", 1 AS version, 'rmse' AS metric, 1 AS rows, now() AS measured_at",
    }[table]
    for run, at in (("run-9", NOW), ("run-1", NOW + timedelta(hours=1))):
        columns = f"'housing' AS model_name, '{run}' AS run_id, '{at.isoformat()}'::timestamptz AS as_of{others}"
        names = ", ".join(part.rsplit(" AS ", 1)[1] for part in columns.split(", "))
        with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {columns}".encode())


def test_same_signal_twice_is_refused_whatever_the_month(records_uri: str) -> None:
    postgres_store(records_uri).save_analysis(make_analysis(), at=NOW)
    copy = (
        "INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, feature, statistic, verdict, reason,"
        " measured_at) SELECT model_name, run_id, as_of, kind, feature, statistic, 'stable', '', measured_at"
        " FROM model_drift_monitoring"
    )
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(copy.encode())


def test_dropping_a_month_keeps_what_was_decided_and_done(records_uri: str) -> None:
    store = postgres_store(records_uri)
    old = execute(store, "run-1", at=APRIL)
    version = make_measurement(1)
    kept = store.save_decision(make_analysis("run-2", measurements=(version,)), make_decision(), at=NOW)
    wanted = (lambda: psycopg.connect(records_uri), APRIL - timedelta(days=9), NOW + timedelta(days=9))
    audited = read_audit(*wanted)

    assert drop_before(records_uri, APRIL) == []  # April was not over
    assert drop_before(records_uri, NOW) == [f"{table}_2026_04" for table in sorted(PARTITIONED)]
    assert drop_before(records_uri, NOW) == []

    assert store.event(old.id) == old
    assert store.decision("housing", "run-2") == kept
    assert read_audit(*wanted) == audited  # what was removed is told of the day on which it was
    [(bare, _)] = store.decisions(run_id="run-1")
    assert (bare.signals, bare.measurements, bare.rows, bare.run.as_of) == ((), (), 500, APRIL)
    removed = read_audit(wanted[0], NOW - timedelta(days=1), datetime.now(UTC), "housing").entries
    assert [(each.action, each.who, each.why) for each in removed if each.source == "dropped_months"] == [
        ("month_removed", "ada", f"retention of {table}") for table in sorted(PARTITIONED)
    ]
    assert bare.removed.startswith("signals, measurements and distributions of 2026-04 were removed by retention on 20")
    assert [check.analysis.run.run_id for check in store.history("housing", until=NOW, most=9)] == ["run-1", "run-2"]
    [(full, _)] = store.decisions(run_id="run-2")
    assert (len(full.signals), full.measurements, full.removed) == (2, (version,), "")
    assert store.running_errors("housing", 1, before=NOW + timedelta(days=1)) is None
    execute(store, "run-3", at=APRIL)  # a run for a time that has been dropped makes its month again
    assert f"{PARTITIONED[0]}_2026_04" in partitions(records_uri)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM model_drift_monitoring",
        "DELETE FROM model_drift_monitoring_2026_05",
        "UPDATE model_drift_monitoring SET verdict = 'stable'",
        "TRUNCATE model_drift_monitoring",
        "TRUNCATE model_drift_monitoring_2026_05",
        "DELETE FROM retraining_analyses",
        "UPDATE retraining_analyses SET facts = '{}'",
        "TRUNCATE retraining_analyses_2026_05",
        "DELETE FROM model_performance_tracking",
        "UPDATE model_performance_tracking_2026_05 SET value = 0",
        "INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, statistic, verdict, reason)"
        " SELECT model_name, run_id, as_of, 'performance', 'made up', 'changed', '' FROM retraining_runs",
        "UPDATE retraining_runs SET rows = 9999",
        "DELETE FROM retraining_runs",
        "TRUNCATE retraining_runs CASCADE",
        "UPDATE retraining_decisions SET triggered = false",
        "UPDATE retraining_decisions SET decided_at = now()",
        "DELETE FROM retraining_decisions",
        "TRUNCATE retraining_decisions CASCADE",
        "DELETE FROM model_retraining_events",
        "TRUNCATE model_retraining_events CASCADE",
        "DELETE FROM champion_announcements",
        "TRUNCATE quarantined_spans",
        "TRUNCATE retraining_requests",
    ],
)
def test_what_was_decided_on_never_changes(records_uri: str, statement: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    store.announce("housing", "run-1", at=NOW)
    store.save_decision(make_analysis("run-2", measurements=(make_measurement(1),)), make_decision(), at=NOW)
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(statement.encode())


def test_of_many_first_runs_of_a_month_all_are_kept(records_uri: str) -> None:
    store, problems = postgres_store(records_uri), list[Any]()
    months = [NOW + timedelta(days=31 * number) for number in range(6)]

    def save(number: int) -> None:
        try:
            for at in months:
                analysis = make_analysis(f"run-{at:%m}", f"model-{number}", as_of=at)
                store.save_decision(analysis, make_decision(), at=at)
        except psycopg.Error as error:
            problems.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for number in range(3):  # retention at the same time
        drop_before(records_uri, months[number])
    for thread in threads:
        thread.join()
    assert problems == []
    with psycopg.connect(records_uri) as connection:
        assert connection.execute("SELECT count(*) FROM retraining_runs").fetchall() == [(36,)]
        assert connection.execute("SELECT count(*) FROM model_drift_monitoring_2026_10").fetchall() == [(12,)]


def test_months_outlive_a_second_migration(records_uri: str) -> None:
    postgres_store(records_uri).save_analysis(make_analysis(), at=NOW)
    with psycopg.connect(records_uri) as connection:
        assert migrate(connection) == []
    assert len(partitions(records_uri)) == len(PARTITIONED)
