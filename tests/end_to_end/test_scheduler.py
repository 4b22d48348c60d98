from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.records.entries import Run
from include.records.postgres import PostgresStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment, now
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.chaos.training import CALLABLE
from tests.models import CHANGED, PROJECT_ROOT, RAISING, models_dir
from tests.waiting import wait_until
from tools.layout import DAG_ID
from tools.local_stack import LocalStack

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep]

NAMES = ["changed", "quiet", "raising"]  # in the order in which tasks are mapped: `quiet` has yet to be published


def seen_at_once(log: Path) -> list[str]:
    """What the web interface shows of a task's log when it is opened: the records in none of its folded groups."""
    seen, folded = [], False
    for line in log.read_text().splitlines():
        event = json.loads(line)["event"]
        folded = event.startswith("::group::") or (folded and event != "::endgroup::")
        if not folded and event != "::endgroup::":
            seen.append(event)
    return seen


def impatient_dag(folder: Path) -> Path:
    """Our DAG, but that it is tried again at once; the folder that it is in."""
    ours = (PROJECT_ROOT / "dags" / f"{DAG_ID}.py").read_text(encoding="utf-8")
    assert ours.count("timedelta(seconds=20)") == 1
    folder.mkdir()
    (folder / f"{DAG_ID}.py").write_text(ours.replace("timedelta(seconds=20)", "timedelta(seconds=1)"))
    return folder


def make_first_versions(stack: LocalStack, models: Path) -> None:
    """Retrain what has no version without the scheduler."""
    store = PostgresStore(partial(psycopg.connect, stack.records_uri))
    deployment = Deployment(
        store=store, models_dir=models, data_dir=models, artifacts=ArtifactFolder(stack.layout.artifacts)
    )
    run = Run(run_id="first", as_of=now())
    for name in ("changed", "quiet"):
        analyze(deployment, name, run)
        _, event = decide(deployment, name, run)
        assert event is not None
        execute(deployment, event.id)


def kill_in_the_middle_of_a_training(stack: LocalStack, run_id: str, notes: Path) -> None:
    """Kill -9 the process that Airflow has on record for the training of `changed`."""
    before = notes.read_text()
    wait_until(lambda: notes.read_text().removeprefix(before).endswith("begin\n"), seconds=600)
    with psycopg.connect(stack.metadata_uri) as connection:
        row = connection.execute(
            "SELECT pid FROM task_instance WHERE run_id = %s AND task_id = 'execute_retraining' AND map_index = %s",
            (run_id, NAMES.index("changed")),
        ).fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGKILL)
    assert rows(stack, "SELECT status FROM model_retraining_events WHERE run_id = %s AND model_name = 'changed'",
                run_id) == [("executing",)]  # fmt: skip


def rows(stack: LocalStack, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.records_uri) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]  # the queries of this file


def test_decisions_are_obeyed_a_killed_retrain_is_made_good_and_one_failure_stops_no_other_model(
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes"
    training = f"{{callable: '{CALLABLE}', hyperparameters: {{seconds: 3, trees: 30, notes: '{notes}'}}}}"
    folder = models_dir(tmp_path / "models", changed=f"{CHANGED}training: {training}\n", raising=RAISING)
    with LocalStack(tmp_path / "home", models_dir=folder, dags_dir=impatient_dag(tmp_path / "dags")) as stack:
        make_first_versions(stack, folder)
        run = stack.trigger()
        kill_in_the_middle_of_a_training(stack, run, notes)
        assert stack.wait(run) == "failed"  # `raising` gets no first version
        tasks = stack.task_states(run)
        states = {(task.label, task.task_id): task.state for task in tasks}
        failures = stack.failures(run)
        events = rows(
            stack, "SELECT model_name, status, attempts, error_type, error FROM model_retraining_events "
            "WHERE run_id = %s ORDER BY 1", run,
        )  # fmt: skip
        versions = rows(
            stack, "SELECT model_name, version, status, artifact_path, artifact_sha256 FROM model_version_management "
            "ORDER BY 1, 2",
        )  # fmt: skip
        decided = rows(stack, "SELECT count(*) FROM retraining_decisions WHERE model_name = 'quiet'")
        logs = stack.layout.task_logs / f"dag_id={DAG_ID}" / f"run_id={run}"
        shown = {
            task_id: "\n".join(seen_at_once(logs / f"task_id={task_id}" / f"map_index={index}" / "attempt=1.log"))
            for task_id, index in (("check_retraining_decision", 1), ("log_retraining_completion", 0))
        }
        note = stack.api.request("GET", f"/dags/{DAG_ID}/dagRuns/{run}")["note"]

    assert {task.label for task in tasks if task.map_index == 1} == {"quiet"}
    assert "RETRAINING DECISION: NO" in shown["check_retraining_decision"]
    assert "Report: file://" in shown["log_retraining_completion"]
    assert "quiet: no: nothing changed" in note
    assert "changed: retrained, promoted v2" in note

    assert states["quiet", "execute_retraining"] == "skipped"
    assert states["changed", "execute_retraining"] == "success"
    assert states["raising", "execute_retraining"] == "failed"
    assert [event[:4] for event in events] == [
        ("changed", "promoted", 2, None),
        ("raising", "failed", 1, "TrainingError"),
    ]
    assert "max_iter" in events[1][4]
    assert any("max_iter" in failure.error for failure in failures)
    assert decided == [(2,)]  # the "no" is on record, too
    kept = [(name, version, status) for name, version, status, _, _ in versions if name != "raising"]
    assert kept == [("changed", 1, "retired"), ("changed", 2, "champion"), ("quiet", 1, "champion")]
    artifacts = ArtifactFolder(stack.layout.artifacts)
    for _, _, status, path, sha256 in versions:
        if status == "champion":
            artifacts.load(path, sha256)
    assert not list(artifacts.root.glob("*/*/*.tmp"))
