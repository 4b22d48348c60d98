"""A person's answer, and downstream DAGs that start, with a real scheduler."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest

from tests.marks import TELLER, Marks, files_below, rows_of
from tests.models import PROJECT_ROOT, models_dir
from tests.notifications.receivers import web_receiver
from tools.layout import DAG_ID
from tools.stack import LocalStack

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep]

ASKING = (PROJECT_ROOT / "include" / "models" / "iris.yaml").read_text(encoding="utf-8")
ASKING += "approval: {severities: [MEDIUM], within: 1min}\n"
NAMES = ["quiet", "silent", "telling", "unwanted", "wanted"]  # in the order in which tasks are mapped
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


def answer_by_ours(stack: LocalStack, model: str, *, approve: bool) -> None:
    """Answer as the page and scripts do."""
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.api_port}", trust_env=False, timeout=60.0) as client:
        who = {"username": "admin", "password": stack.layout.admin_password()}
        client.headers["Authorization"] = f"Bearer {client.post('/auth/token', json=who).json()['access_token']}"
        waiting = client.get("/retraining/api/v1/approvals").json()
        assert model in {each["model_name"] for each in waiting["entries"]}, waiting
        with psycopg.connect(stack.records_uri) as connection:
            row = connection.execute(
                "SELECT id FROM model_retraining_events WHERE model_name = %s", (model,)
            ).fetchone()
        assert row is not None
        told = client.post(f"/retraining/api/v1/events/{row[0]}/approval", json={"approve": approve})
        assert told.status_code == 200, told.text


def answer(stack: LocalStack, run_id: str, answers: Mapping[str, str]) -> None:
    """Answer for each model named, a while after it has begun to wait; return when all four models have waited.

    ``Approve`` and ``Reject`` in Airflow's own API, ``approve`` and ``reject`` in ours.
    """
    path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/approve_retraining"
    asked: dict[str, float] = {}
    left, deadline = dict(answers), time.monotonic() + PATIENCE_SECONDS
    while left or len(asked) < 4:
        assert time.monotonic() < deadline, (asked, left)
        for task in stack.task_states(run_id):  # a task has its label only once it is done
            if (task.task_id, task.state) == ("approve_retraining", "awaiting_input"):
                asked.setdefault(NAMES[task.map_index], time.monotonic())
        for name in [name for name in left if time.monotonic() > asked.get(name, deadline) + SETTLED_SECONDS]:
            if (chosen := left.pop(name)) in ("Approve", "Reject"):
                stack.api.request("PATCH", f"{path}/{NAMES.index(name)}/hitlDetails", {"chosen_options": [chosen]})
            else:
                answer_by_ours(stack, name, approve=chosen == "approve")
        time.sleep(0.5)
    assert set(asked) == {"silent", "telling", "unwanted", "wanted"}


def telling(folder: Path) -> str:
    """A model whose script, once it is approved, tells all the secrets that it knows."""
    script = folder / "teller.py"
    script.write_text(TELLER)
    command = json.dumps([sys.executable, str(script)])
    passed = "[SHOP_LICENCE, AIRFLOW_CONN_RETRAINING_NOTIFY]"
    return f"{ASKING}training: {{script: {{command: {command}, predict_command: {command}, environment: {passed}}}}}\n"


def request(stack: LocalStack, model: str, reason: str) -> None:
    """Ask for a retrain, with words that end up in the question to a person."""
    asked = [sys.executable, "-m", "include.cli", "request", model, "--reason", reason]
    subprocess.run(asked, env=stack.environment(), cwd=PROJECT_ROOT, check=True)


def prepared_dags(folder: Path) -> Path:
    """Ours without a schedule, and those that wait for its champions."""
    folder.mkdir()
    ours = (PROJECT_ROOT / "dags" / f"{DAG_ID}.py").read_text(encoding="utf-8")
    (folder / f"{DAG_ID}.py").write_text(ours.replace('schedule="0 */6 * * *"', "schedule=None"))
    (folder / "downstream.py").write_text(DOWNSTREAM)
    return folder


def wait_for_downstream(stack: LocalStack) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while downstream_runs(stack.metadata_uri) != [("downstream_of_wanted", "success")]:
        assert time.monotonic() < deadline, downstream_runs(stack.metadata_uri)
        time.sleep(0.5)


def test_yes_is_executed_no_and_silence_are_held_and_downstream_starts_after_a_promotion(tmp_path: Path) -> None:
    """Neither the questions, nor what a script tells once it is approved, hold a secret."""
    marks, home = Marks(), tmp_path / "home"
    folder = models_dir(
        tmp_path / "models", wanted=ASKING, unwanted=ASKING, silent=ASKING, telling=telling(tmp_path)
    )  # fmt: skip
    with web_receiver() as web:
        notify = f"json://teller:{quote(marks.secret('notify'), safe='')}@127.0.0.1:{web.port}/ok"
        settings = {
            "SHOP_LICENCE": marks.secret("licence"), "RETRAINING_API_TOKEN": marks.secret("api"),
            "RETRAINING_NOTIFY_ALLOW": "127.0.0.1",
            "AIRFLOW_CONN_RETRAINING_NOTIFY": json.dumps(
                {"conn_type": "apprise", "extra": {"config": [{"path": notify, "tag": "ops"}]}}),
        }  # fmt: skip
        dags = prepared_dags(tmp_path / "dags")
        with LocalStack(home, models_dir=folder, dags_dir=dags, schedule=True, settings=settings) as stack:
            request(stack, "telling", f"its key {settings['SHOP_LICENCE']} has changed")
            run = stack.trigger()
            answer(stack, run, {"wanted": "approve", "unwanted": "reject", "telling": "Approve"})
            assert stack.wait(run) == "failed"  # the script's model, and it alone
            wait_for_downstream(stack)
            with psycopg.connect(stack.metadata_uri) as connection:
                told = connection.execute(
                    "SELECT a.name, a.uri FROM asset_event e JOIN asset a ON a.id = e.asset_id ORDER BY 1"
                ).fetchall()
                questions = connection.execute("SELECT subject, body FROM hitl_detail ORDER BY 1").fetchall()
            with psycopg.connect(stack.records_uri) as connection:
                events = connection.execute(
                    "SELECT model_name, status, outcome, retraining_notes FROM model_retraining_events ORDER BY 1"
                ).fetchall()
            written = [*rows_of(stack.records_uri, "retraining"), *rows_of(stack.metadata_uri, "public")]
        written += files_below(home / "artifacts", home / "logs")
        written += [("message", f"{at} {body}".encode()) for at, _, body in web.got]

    assert [(name, status) for name, status, _, _ in events] == [
        ("quiet", "promoted"), ("silent", "held"), ("telling", "failed"), ("unwanted", "held"), ("wanted", "promoted"),
    ]  # fmt: skip
    outcomes = {name: outcome for name, _, outcome, _ in events}
    assert outcomes["silent"] == "not approved: nobody answered in time"
    assert outcomes["unwanted"] == "not approved: rejected by admin"
    assert {name: notes for name, _, _, notes in events}["wanted"] == "approved by admin"
    assert told == [(f"champion_{name}", f"x-retraining://champion/{name}") for name in ("quiet", "wanted")]
    assert any("its key *** has changed" in f"{body}" for _, body in questions), questions
    assert web.got
    assert marks.leaks(written) == []
