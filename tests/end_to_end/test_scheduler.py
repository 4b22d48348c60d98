from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from include.retraining.artifacts import ArtifactFolder
from tests.models import CHANGED, RAISING, models_dir
from tools.layout import DAG_ID
from tools.local_stack import LocalStack

pytestmark = pytest.mark.end_to_end


def seen_at_once(log: Path) -> list[str]:
    """What the web interface shows of a task's log when it is opened: the records in none of its folded groups."""
    seen, folded = [], False
    for line in log.read_text().splitlines():
        event = json.loads(line)["event"]
        folded = event.startswith("::group::") or (folded and event != "::endgroup::")
        if not folded and event != "::endgroup::":
            seen.append(event)
    return seen


def test_decisions_are_obeyed_and_one_failure_stops_no_other_model(tmp_path: Path) -> None:
    folder = models_dir(tmp_path / "models", changed=CHANGED, raising=RAISING)
    with LocalStack(tmp_path / "home", models_dir=folder) as stack:
        first = stack.trigger()
        assert stack.wait(first) == "failed"  # `raising` gets no first version
        second = stack.trigger()
        assert stack.wait(second) == "failed"
        states = {(task.label, task.task_id): task.state for task in stack.task_states(second)}
        failures = stack.failures(second)
        with psycopg.connect(stack.records_uri) as connection:
            events = connection.execute(
                "SELECT model_name, status, error_type, error FROM model_retraining_events "
                "WHERE run_id = %s ORDER BY 1",
                (second,),
            ).fetchall()
            versions = connection.execute(
                "SELECT model_name, version, artifact_path, artifact_sha256 FROM model_version_management "
                "WHERE status = 'champion' ORDER BY 1"
            ).fetchall()
            quiet = connection.execute(
                "SELECT count(*) FROM model_version_management WHERE model_name = 'quiet'"
            ).fetchone()
        artifacts = ArtifactFolder(stack.layout.artifacts)
        index = next(task.map_index for task in stack.task_states(second) if task.label == "quiet")
        logs = stack.layout.task_logs / f"dag_id={DAG_ID}" / f"run_id={second}"
        shown = {
            task_id: "\n".join(seen_at_once(logs / f"task_id={task_id}" / f"map_index={index}" / "attempt=1.log"))
            for task_id in ("check_retraining_decision", "log_retraining_completion")
        }
        note = stack.api.request("GET", f"/dags/{DAG_ID}/dagRuns/{second}")["note"]

    assert "RETRAINING DECISION: NO" in shown["check_retraining_decision"]
    assert "Report: file://" in shown["log_retraining_completion"]
    assert "quiet: no: nothing changed" in note
    assert "changed: retrained, promoted v2" in note

    assert states["quiet", "execute_retraining"] == "skipped"
    assert states["changed", "execute_retraining"] == "success"
    assert states["raising", "execute_retraining"] == "failed"
    assert [(name, status, error_type) for name, status, error_type, _ in events] == [
        ("changed", "promoted", None),
        ("raising", "failed", "TrainingError"),
    ]
    assert "max_iter" in events[1][3]
    assert any("max_iter" in failure.error for failure in failures)
    assert quiet == (1,)  # decided "no": never trained again
    assert [(name, version) for name, version, _, _ in versions] == [("changed", 2), ("quiet", 1)]
    for _, _, path, sha256 in versions:
        artifacts.load(path, sha256)
