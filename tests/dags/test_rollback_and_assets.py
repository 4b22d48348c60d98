"""A whole life in a real Airflow: first versions, failures, a retrain, a rollback, and who is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.airflow_home import AirflowHome
from tests.dags.test_automatic_model_retraining import TASKS, Deployed, labelled
from tests.dags.test_notify import connection, told_by
from tests.models import BROKEN, CHANGED, RAISING
from tests.notifications.receivers import WebReceiver, web_receiver

pytestmark = pytest.mark.airflow

PROMOTED = {
    **dict.fromkeys((*TASKS, "publish_champion"), "success"),
    **dict.fromkeys(("check_model_again", "roll_back_champion", "approve_retraining"), "skipped"),
}
LEAF = ("fail_run_if_any_model_failed", -1)

EVENTS = """SELECT a.name, a.uri, e.source_task_id, e.source_map_index, e.extra
            FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE e.source_run_id = %s ORDER BY 1"""


def events(home: AirflowHome, run_id: str) -> list[list[Any]]:
    """Name, URI, task, map index and extra of the asset events of a run."""
    with psycopg.connect(home.metadata_uri) as connection:
        return [list(row) for row in connection.execute(EVENTS, (run_id,))]


def test_story_of_first_versions_failures_a_retrain_a_hold_a_rollback_and_who_is_told(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path, changed=CHANGED, raising=RAISING, unreadable=BROKEN)
    with web_receiver() as web:
        deployed.settings |= told_by(connection(web, "ok"))
        live(airflow_home, deployed, tmp_path, web)


def live(airflow_home: AirflowHome, deployed: Deployed, tmp_path: Path, web: WebReceiver) -> None:
    link = tmp_path / "artifacts" / "changed" / "champion"

    first = deployed.run(as_of="2026-05-01T00:00:00Z")
    states = labelled(first)
    assert first.state == "failed"
    assert first.tasks[LEAF] == "failed"
    assert set(states) == {"quiet", "changed", "raising", "unreadable"}
    assert states["quiet"] == states["changed"] == PROMOTED
    assert states["raising"] == {**PROMOTED, "execute_retraining": "failed", "publish_champion": "skipped"}
    assert states["unreadable"] == {
        "analyze_retraining_need": "failed", "check_retraining_decision": "upstream_failed"
    }  # fmt: skip
    assert deployed.rows("SELECT status, error_type FROM model_retraining_events WHERE model_name = 'raising'") == [
        ("failed", "TrainingError")
    ]
    assert deployed.rows("SELECT DISTINCT model_name, step, error_type, requested_by FROM retraining_failures"
                         " ORDER BY 1") == [("raising", "execute", "TrainingError", "dag_test"),
                                            ("unreadable", "analyze", "ConfigurationError", "dag_test")]  # fmt: skip
    told = events(airflow_home, first.run_id)
    assert [event[:3] for event in told] == [
        [f"champion_{name}", f"x-retraining://champion/{name}", "publish_champion"] for name in ("changed", "quiet")
    ]
    assert told[0][4]["version"] == 1
    assert told[0][4]["kind"] == "promotion"
    assert link.readlink().name.startswith("v1-")

    models = ["changed", "quiet"]
    promoted = deployed.run(models=models, force=True, reason="one is held", as_of="2026-07-20T00:00:00Z")
    assert promoted.state == "success"
    assert sorted((body["model_name"], body["kind"]) for body in web.bodies()) == [
        ("changed", "promoted"), ("changed", "promoted"), ("quiet", "held"), ("quiet", "promoted"),
        ("raising", "failed"), ("unreadable", "broken_file"),
    ]  # fmt: skip
    outcomes = f"SELECT model_name, status FROM model_retraining_events WHERE run_id = '{promoted.run_id}' ORDER BY 1"
    assert deployed.rows(outcomes) == [("changed", "promoted"), ("quiet", "held")]
    assert [event[0] for event in events(airflow_home, promoted.run_id)] == ["champion_changed"]
    assert link.readlink().name.startswith("v2-")
    states = labelled(promoted)
    assert states["changed"] == PROMOTED
    assert (states["quiet"]["execute_retraining"], states["quiet"]["publish_champion"]) == ("success", "skipped")
    notes = [airflow_home.note(run.run_id) for run in (first, promoted)]
    for said in ("quiet: retrained, promoted v1", "changed: retrained, promoted v1", "raising: yes, failed: ",
                 "unreadable: analyze failed: ConfigurationError: "):  # fmt: skip
        assert said in notes[0]
    assert "changed: retrained, promoted v2" in notes[1]
    reports = deployed.rows("SELECT report_path FROM retraining_decisions")
    assert len(reports) == 5
    assert all((tmp_path / "artifacts" / str(path) / "report.html").is_file() for (path,) in reports)

    back = deployed.run(models=["changed"], rollback_to="previous", reason="complaints")
    assert back.state == "success"
    assert back.tasks["roll_back_champion", 0] == back.tasks["publish_champion", 0] == "success"
    assert back.tasks["analyze_retraining_need", 0] == back.tasks["execute_retraining", 0] == "skipped"
    [told_again] = events(airflow_home, back.run_id)
    assert told_again[0] == "champion_changed"
    [(records,)] = deployed.rows("SELECT id::text FROM records_identity")
    assert {name: told_again[4][name] for name in ("version", "previous_version", "kind", "reason", "records")} == {
        "version": 1, "previous_version": 2, "kind": "rollback", "reason": "complaints",
        "records": records,
    }  # fmt: skip
    assert link.readlink().name.startswith("v1-")
    history = "SELECT kind, from_version, to_version, run_id FROM model_deployment_history WHERE model_name = 'changed'"
    assert deployed.rows(f"{history} ORDER BY id") == [
        ("promotion", None, 1, first.run_id), ("promotion", 1, 2, promoted.run_id), ("rollback", 2, 1, back.run_id)
    ]  # fmt: skip
    assert deployed.rows(f"SELECT 1 FROM retraining_decisions WHERE run_id = '{back.run_id}'") == []


@pytest.mark.sweep
def test_rollback_that_is_refused_fails_the_run_and_one_of_all_models_never_begins(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path)
    refused = deployed.run(models=["quiet"], rollback_to="v7")
    assert refused.state == "failed"
    assert refused.tasks["roll_back_champion", 0] == "failed"
    everything = deployed.run(rollback_to="previous")
    assert everything.tasks["registered_models", -1] == "failed"
