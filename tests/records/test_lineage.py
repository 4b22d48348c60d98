"""Lineage, performance and deployment history, and the six tables of a retraining pipeline, after normal runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from include.errors import DataError
from include.records.entries import ChangeKind, EventStatus, TrainingDetails, VersionStatus
from include.records.postgres.lineage import read_lineage
from tests.records.examples import (
    HOUR,
    NOW,
    execute,
    make_analysis,
    make_decision,
    make_measurement,
    make_outcome,
    open_event,
    postgres_store,
)
from tests.stage import REFERENCE_DAYS, Stage, day, sales

RETRAINING_METADATA = (
    "retraining_id", "parent_model_id", "parent_model_version", "trigger", "trigger_reason", "start_time", "end_time",
    "status", "training_data_path", "training_data_hash", "training_data_size", "hyperparameters",
    "performance_metrics", "parent_performance", "performance_delta", "training_duration", "gpu_usage", "memory_usage",
    "retraining_notes", "created_by",
)  # fmt: skip
MODEL_LINEAGE = (
    "model_id", "model_name", "version", "parent_versions", "children_versions", "creation_time", "last_updated",
    "total_retraining_count", "performance_history", "deployment_history",
)  # fmt: skip
PIPELINE_TABLES = (
    "auto_retraining_jobs", "retraining_job_history", "model_drift_monitoring", "model_performance_tracking",
    "model_version_management", "auto_retraining_config",
)  # fmt: skip
MEASURED_ONLY_ON_A_DEVICE = {"gpu_usage"}
WRITTEN_BY_HAND = {"retraining_notes"}


def rows_of(uri: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(uri, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A model whose world changes, to be run."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(60, change=REFERENCE_DAYS + 1))
    return stage


def run_twice(stage: Stage, uri: str) -> None:
    """A first version, then a check that retrains and promotes."""
    deployed = Stage(stage.root, postgres_store(uri))  # type: ignore[arg-type]  # either store will do
    deployed.run("sales", day(REFERENCE_DAYS))
    second = deployed.run("sales", day(REFERENCE_DAYS + 12))
    assert second.event is not None
    assert second.event.status is EventStatus.PROMOTED


def test_normal_runs_fill_every_field_of_metadata_and_lineage_and_all_six_tables(
    stage: Stage, records_uri: str
) -> None:
    run_twice(stage, records_uri)
    first, second = rows_of(records_uri, "SELECT * FROM retraining_metadata ORDER BY event_id")
    assert set(RETRAINING_METADATA) <= set(second)
    empty = {name for name in RETRAINING_METADATA if second[name] in (None, "", {})}
    assert empty <= MEASURED_ONLY_ON_A_DEVICE | WRITTEN_BY_HAND
    assert (first["parent_model_version"], second["parent_model_id"]) == (None, "sales_v1")
    assert second["performance_delta"]["rmse"] < 0.0
    assert second["memory_usage"]["peak_mib"] >= second["memory_usage"]["mean_mib"] > 0.0
    assert second["end_time"] > second["start_time"]

    old, new = rows_of(records_uri, "SELECT * FROM model_lineage ORDER BY version")
    assert set(MODEL_LINEAGE) <= set(new)
    assert [name for name in MODEL_LINEAGE if new[name] in (None, "", [])] == ["children_versions"]
    assert (old["children_versions"], new["parent_versions"], new["model_id"]) == ([2], [1], "sales_v2")
    assert new["total_retraining_count"] == 2
    assert [(entry["source"], entry["trigger"]) for entry in old["performance_history"]] == [
        ("gate", first["trigger"]), ("check", None)
    ]  # fmt: skip
    assert old["performance_history"][1]["metrics"]["rmse"] > old["performance_history"][0]["metrics"]["rmse"]
    assert [entry["status"] for entry in old["deployment_history"]] == ["production", "retired"]
    assert [entry["status"] for entry in new["deployment_history"]] == ["production"]

    for table in PIPELINE_TABLES:
        assert rows_of(records_uri, f"SELECT * FROM {table} WHERE model_name = 'sales'"), table
    history = rows_of(records_uri, "SELECT * FROM retraining_job_history ORDER BY event_id")
    assert [(row["old_version"], row["new_version"], row["status"]) for row in history] == [
        (None, 1, "promoted"), (1, 2, "promoted")
    ]  # fmt: skip


def test_metadata_holds_a_devices_figures_and_notes_written_later(records_uri: str) -> None:
    store, device = postgres_store(records_uri), {"devices": 1, "peak_mib": 8192.0, "mean_utilization_percent": 85.0}
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(details=TrainingDetails(gpu_usage=device)), at=NOW)
    with psycopg.connect(records_uri) as connection:
        connection.execute("UPDATE model_retraining_events SET retraining_notes = 'seen by the auditor'")
    [row] = rows_of(records_uri, "SELECT gpu_usage, retraining_notes FROM retraining_metadata")
    assert row == {"gpu_usage": device, "retraining_notes": "seen by the auditor"}


def test_lineage_is_read_as_it_is_on_record(stage: Stage, records_uri: str) -> None:
    run_twice(stage, records_uri)
    found = read_lineage(lambda: psycopg.connect(records_uri), "sales")
    old, new = found.versions
    assert (found.metric, found.champion) == ("rmse", new)
    assert (old.children, new.parent, new.retrainings, new.status) == ((2,), 1, 2, VersionStatus.CHAMPION)
    assert old.reign == [(old.deployments[0]["timestamp"], new.deployments[0]["timestamp"])]
    assert new.reign == [(new.deployments[0]["timestamp"], None)]
    assert new.scores["rmse"] == new.performance[0]["metrics"]["rmse"]
    assert new.data_path == "sales.csv"
    assert (new.data_rows or 0) > 0
    assert len(new.data_hash) == 64


def test_champion_periods_agree_with_who_was_champion_at_any_time(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR)
    store.roll_back(
        "housing", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="too slow",
        at=NOW + 2 * HOUR, key="k",
    )  # fmt: skip
    execute(store, "run-3", at=NOW + 2 * HOUR)  # at the same moment: the later change counts
    periods = rows_of(records_uri, "SELECT * FROM champion_periods ORDER BY since, change_id")
    assert [(period["version"], period["kind"], period["ended_by"]) for period in periods] == [
        (1, "promotion", "promotion"), (2, "promotion", "rollback"), (1, "rollback", "promotion"),
        (3, "promotion", None),
    ]  # fmt: skip
    for minutes in range(-30, 180, 15):
        at = NOW + timedelta(minutes=minutes)
        mine = [p["version"] for p in periods if p["since"] <= at and (p["until"] is None or at < p["until"])]
        champion = store.champion_at("housing", at)
        assert mine == ([] if champion is None else [champion.version]), at


def test_performance_history_has_the_gate_and_every_check_of_each_version(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    for number in (2, 3):
        at = NOW + number * HOUR
        seen = make_analysis(f"run-{number}", as_of=at, measurements=[make_measurement(1, 0.1 * number)])
        store.save_decision(store.save_analysis(seen, at=at), make_decision(triggered=False), at=at)
    [version] = read_lineage(lambda: psycopg.connect(records_uri), "housing").versions
    assert [(entry["source"], entry["run_id"], entry["metrics"]["r2"]) for entry in version.performance] == [
        ("gate", "run-1", 0.9), ("check", "run-2", pytest.approx(0.2)), ("check", "run-3", pytest.approx(0.3))
    ]  # fmt: skip
    assert version.performance[1]["timestamp"] == NOW + 2 * HOUR


def test_model_without_versions_has_no_lineage(records_uri: str) -> None:
    with pytest.raises(DataError, match="no version"):
        read_lineage(lambda: psycopg.connect(records_uri), "housing")
