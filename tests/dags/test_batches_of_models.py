"""A batch of several models in a real Airflow: one fails, one is retrained, the others are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow_home import AirflowHome
from tests.dags.test_automatic_model_retraining import Deployed
from tests.models import BROKEN, CHANGED, PROJECT_ROOT
from tests.records.examples import NOW, postgres_store

pytestmark = pytest.mark.airflow

MANY = 21  # the first two share a batch
IRIS = (PROJECT_ROOT / "include" / "models" / "iris.yaml").read_text(encoding="utf-8")


@pytest.mark.sweep
def test_model_that_fails_beside_another_is_red_under_its_own_name_and_only_the_one_that_fired_is_retrained(
    airflow_home: AirflowHome, database_uri: str, tmp_path: Path
) -> None:
    others = [f"other_{number:02d}" for number in range(MANY - 3)]  # and `quiet`
    deployed = Deployed(
        airflow_home, database_uri, tmp_path, a_broken=BROKEN, b_changed=CHANGED, **dict.fromkeys(others, IRIS)
    )
    for name in (*others, "quiet"):
        postgres_store(database_uri).people.set_pause(name, paused=True, by="ada", reason="not now", at=NOW)
    run = deployed.run()
    label = "a_broken … b_changed (2 models)"
    assert run.state == "failed"
    assert (run.labels["analyze_retraining_need", 0], run.tasks["analyze_retraining_need", 0]) == (label, "success")
    assert (run.labels["check_retraining_decision", 0], run.tasks["check_retraining_decision", 0]) == (label, "success")
    assert {run.tasks["analyze_retraining_need", index] for index in range(1, MANY - 1)} == {"skipped"}
    lanes = {index: run.labels[task, index] for (task, index) in run.tasks if task == "log_retraining_completion"}
    assert lanes == {0: "a_broken", 1: "b_changed"}
    states = {index: {task: state for (task, at), state in run.tasks.items() if at == index} for index in lanes}
    assert (states[0]["check_model_again"], states[0]["execute_retraining"]) == ("failed", "upstream_failed")
    assert (states[1]["check_model_again"], states[1]["execute_retraining"]) == ("skipped", "success")
    assert states[0]["log_retraining_completion"] == states[1]["publish_champion"] == "success"
    assert deployed.rows("SELECT model_name, step, error_type FROM retraining_failures") == [
        ("a_broken", "analyze", "ConfigurationError")
    ]
    assert deployed.rows("SELECT model_name, status FROM model_retraining_events") == [("b_changed", "promoted")]
    note = airflow_home.note(run.run_id)
    assert note.startswith("a_broken: analyze failed: ConfigurationError: ")
    assert "b_changed: retrained, promoted v1; other_00: paused by ada" in note

    back = deployed.run(models=["b_changed", "quiet"], rollback_to="previous")
    assert back.tasks["analyze_retraining_need", 0] == "skipped"
    assert [back.labels["roll_back_champion", index] for index in range(2)] == ["b_changed", "quiet"]


def test_run_in_which_there_is_nothing_to_do_is_green(
    airflow_home: AirflowHome, database_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, database_uri, tmp_path)
    (tmp_path / "models" / "quiet.yaml").unlink()
    run = deployed.run()
    assert run.state == "success"
    assert {task for (task, _), state in run.tasks.items() if state == "success"} == {
        "registered_models", "models_to_act_on", "notify"
    }  # fmt: skip
    assert set(run.tasks.values()) == {"success", "skipped"}
    assert deployed.rows("SELECT count(*) FROM retraining_failures") == [(0,)]
    assert airflow_home.note(run.run_id) == "no model was to be looked at: none is due"
