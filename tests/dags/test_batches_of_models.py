"""A batch of several models in a real Airflow: one fails, one is retrained, the others are left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.airflow_home import AirflowHome
from tests.dags.test_automatic_model_retraining import Deployed
from tests.models import BROKEN, CHANGED, PROJECT_ROOT
from tests.records.examples import NOW, postgres_store

pytestmark = pytest.mark.airflow

GO_ON = """
import json
from pathlib import Path
from include.errors import ConfigurationError
from include.interfaces.airflow.batches import choose, go_on
from include.records.entries import Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.batches import batches_of
from include.workflow.deployment import Deployment, now
place = Path(".")
deployment = Deployment(store=MemoryStore(), models_dir=place, data_dir=place, artifacts=ArtifactFolder(place))
names, run = [f"m{number}" for number in range(2500)], Run(run_id="r", as_of=now())
told = [{"models": batch, "goes_on": batch[:20], "lines": {}} for batch in batches_of(names)]
going_on, lines = go_on(deployment, batches_of(names), told, run, "")
one, _ = go_on(deployment, [["m0"]], {"models": ["m0"], "goes_on": ["m0"], "lines": {}}, run, "")
try:
    refused = choose(deployment, names, {"rollback_to": "previous"})
except ConfigurationError as error:
    refused = str(error)
made = len(choose(deployment, names, {"rollback_to": ""}))
answer = [len(going_on), going_on[-1], len(lines), lines["m2494"], one, refused, made]
print("ANSWER", json.dumps(answer))
"""

MANY = 21  # the first two share a batch
IRIS = (PROJECT_ROOT / "include" / "models" / "iris.yaml").read_text(encoding="utf-8")


@pytest.mark.sweep
def test_model_that_fails_beside_another_is_red_under_its_own_name_and_only_the_one_that_fired_is_retrained(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    others = [f"other_{number:02d}" for number in range(MANY - 3)]  # and `quiet`
    deployed = Deployed(
        airflow_home, records_uri, tmp_path, a_broken=BROKEN, b_changed=CHANGED, **dict.fromkeys(others, IRIS)
    )
    for name in (*others, "quiet"):
        postgres_store(records_uri).people.set_pause(name, paused=True, by="ada", reason="not now", at=NOW)
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


@pytest.mark.parametrize(("allowed", "most"), [("1024", 1000), ("300", 300)])
def test_more_models_than_airflow_maps_a_task_over_go_on_in_the_next_run_and_that_is_said(
    airflow_home: AirflowHome, allowed: str, most: int
) -> None:
    out = airflow_home.run_python(GO_ON, settings={"AIRFLOW__CORE__MAX_MAP_LENGTH": allowed}).stdout
    told = json.loads(next(line for line in out.splitlines() if line.startswith("ANSWER")).removeprefix("ANSWER"))
    assert told[:3] == [most, f"m{most // 20 * 25 - 6}", 2000 - most]
    assert told[3] == f"m2494: put off to the next run: this one goes on with {most} models already"
    assert told[4:] == [["m0"], f"parameter models: 2500 models; name {most} at most to roll back", 100]


def test_run_in_which_there_is_nothing_to_do_is_green(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path)
    (tmp_path / "models" / "quiet.yaml").unlink()
    run = deployed.run()
    assert run.state == "success"
    assert {task for (task, _), state in run.tasks.items() if state == "success"} == {
        "registered_models", "models_to_act_on", "notify"
    }  # fmt: skip
    assert set(run.tasks.values()) == {"success", "skipped"}
    assert deployed.rows("SELECT count(*) FROM retraining_failures") == [(0,)]
    assert airflow_home.note(run.run_id) == "no model was to be looked at: none is due"
