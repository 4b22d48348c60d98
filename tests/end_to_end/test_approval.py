"""A person's answer, and downstream DAGs that start, with a real scheduler."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from tests.models import PROJECT_ROOT, models_dir
from tools.layout import DAG_ID
from tools.stack import LocalStack

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep]

ASKING = (PROJECT_ROOT / "include" / "models" / "iris.yaml").read_text(encoding="utf-8")
ASKING += "approval: {severities: [MEDIUM], within: 1min}\n"
NAMES = ["quiet", "silent", "unwanted", "wanted"]  # in the order in which tasks are mapped
PATIENCE_SECONDS = 600
SETTLED_SECONDS = 8  # an answer within a second or two may find the asking process not gone yet: Airflow asks again
DOWNSTREAM = """
from airflow.sdk import Asset, dag, task

for model in ("wanted", "unwanted"):

    @dag(dag_id=f"downstream_of_{model}", schedule=[Asset(f"champion_{model}", f"x-retraining://champion/{model}")])
    def downstream():
        @task
        def use(triggering_asset_events=None):
            told = [event.extra for events in triggering_asset_events.values() for event in events]
            print("told", told)
            assert told
            assert all((extra["model"], extra["version"]) == ("wanted", 1) for extra in told)

        use()

    downstream()
"""


def downstream_runs(uri: str) -> list[tuple[str, str]]:
    with psycopg.connect(uri) as connection:
        return connection.execute(
            "SELECT dag_id, state FROM dag_run WHERE starts_with(dag_id, 'downstream')"
        ).fetchall()


def answer(stack: LocalStack, run_id: str, answers: Mapping[str, str]) -> None:
    """Answer for each model named, a while after it has begun to wait; return when all three models have waited."""
    path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/approve_retraining"
    asked: dict[str, float] = {}
    left, deadline = dict(answers), time.monotonic() + PATIENCE_SECONDS
    while left or len(asked) < 3:
        assert time.monotonic() < deadline, (asked, left)
        for task in stack.task_states(run_id):  # a task has its label only once it is done
            if (task.task_id, task.state) == ("approve_retraining", "awaiting_input"):
                asked.setdefault(NAMES[task.map_index], time.monotonic())
        for name in [name for name in left if time.monotonic() > asked.get(name, deadline) + SETTLED_SECONDS]:
            stack.api.request("PATCH", f"{path}/{NAMES.index(name)}/hitlDetails", {"chosen_options": [left.pop(name)]})
        time.sleep(0.5)
    assert set(asked) == {"silent", "unwanted", "wanted"}


def test_yes_is_executed_no_and_silence_are_held_and_downstream_starts_after_a_promotion(tmp_path: Path) -> None:
    folder = models_dir(tmp_path / "models", wanted=ASKING, unwanted=ASKING, silent=ASKING)
    dags = tmp_path / "dags"
    dags.mkdir()
    ours = (PROJECT_ROOT / "dags" / f"{DAG_ID}.py").read_text(encoding="utf-8")
    (dags / f"{DAG_ID}.py").write_text(ours.replace('schedule="0 */6 * * *"', "schedule=None"))
    (dags / "downstream.py").write_text(DOWNSTREAM)
    with LocalStack(tmp_path / "home", models_dir=folder, dags_dir=dags, schedule=True) as stack:
        run = stack.trigger()
        answer(stack, run, {"wanted": "Approve", "unwanted": "Reject"})
        assert stack.wait(run) == "success"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while downstream_runs(stack.metadata_uri) != [("downstream_of_wanted", "success")]:
            assert time.monotonic() < deadline, downstream_runs(stack.metadata_uri)
            time.sleep(0.5)
        with psycopg.connect(stack.metadata_uri) as connection:
            told = connection.execute(
                "SELECT a.name, a.uri FROM asset_event e JOIN asset a ON a.id = e.asset_id ORDER BY 1"
            ).fetchall()
        with psycopg.connect(stack.records_uri) as connection:
            events = connection.execute(
                "SELECT model_name, status, outcome, retraining_notes FROM model_retraining_events ORDER BY 1"
            ).fetchall()

    assert [(name, status) for name, status, _, _ in events] == [
        ("quiet", "promoted"), ("silent", "held"), ("unwanted", "held"), ("wanted", "promoted"),
    ]  # fmt: skip
    outcomes = {name: outcome for name, _, outcome, _ in events}
    assert outcomes["silent"] == "not approved: nobody answered in time"
    assert outcomes["unwanted"] == "not approved: rejected by admin"
    assert {name: notes for name, _, _, notes in events}["wanted"] == "approved by admin"
    assert told == [(f"champion_{name}", f"x-retraining://champion/{name}") for name in ("quiet", "wanted")]
