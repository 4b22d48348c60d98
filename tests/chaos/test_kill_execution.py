"""Kills the executing task, and the worker that supervises it, at random moments.

One kill, in the middle of a training, is part of tests/end_to_end/test_scheduler.py.
RETRAINING_TEST_KILLS says how often each is killed (default 1, so that the suite stays short).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
import psycopg
import pytest

from include.retraining.artifacts import ArtifactFolder
from tests.chaos.training import CALLABLE
from tests.models import CHANGED, models_dir
from tools.local_stack import LocalStack

pytestmark = [pytest.mark.chaos, pytest.mark.sweep, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("RETRAINING_TEST_KILLS", "1"))
NAME = "slow"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder = tmp_path_factory.mktemp("chaos")
    settings = f"{{seconds: 4, notes: '{folder / 'notes'}'}}"  # seconds to aim at
    training = f"{{rows: all, callable: '{CALLABLE}', hyperparameters: {settings}}}"
    models = models_dir(folder / "models", **{NAME: f"{CHANGED}training: {training}\n"})
    with LocalStack(folder / "home", models_dir=models) as running:
        assert running.wait(running.trigger({"models": [NAME]})) == "success"
        yield running


@pytest.mark.parametrize("attempt", range(KILLS))
@pytest.mark.parametrize("victim", ["task", "worker"])
def test_killed_execution_leaves_one_event_one_version_and_one_champion(
    stack: LocalStack, victim: str, attempt: int
) -> None:
    before = _rows(stack, "SELECT max(version) FROM model_version_management")[0][0]
    run_id = stack.trigger({"models": [NAME], "force": True, "reason": "chaos", "as_of": _new_as_of(stack)})
    task = _executing_process(stack, run_id)
    target = task if victim == "task" else task.parent()
    time.sleep(random.Random(f"{victim}{attempt}").uniform(0.0, 8.0))
    state = _rows(stack, "SELECT status FROM model_retraining_events WHERE run_id = %s", run_id)
    killed = _kill(target)
    stack.wait(run_id)

    events = _rows(stack, "SELECT id, status, version, attempts FROM model_retraining_events WHERE run_id = %s", run_id)
    versions = _rows(stack, "SELECT version, status FROM model_version_management WHERE event_id = %s", events[0][0])
    champions = _rows(
        stack, "SELECT version, artifact_path, artifact_sha256 FROM model_version_management WHERE status = 'champion'"
    )
    print(
        f"\n{victim} {attempt}: killed {killed} while {state[0][0]}; {events[0][3]} attempts, event {events[0][1]}, "
        f"versions {versions}, champion v{champions[0][0]}"
    )
    assert len(events) == 1
    assert events[0][1] in {"promoted", "held", "rejected", "failed"}  # closed, whatever it came to
    assert len(versions) <= 1
    assert all(version == before + 1 for version, _ in versions)
    assert len(champions) == 1
    ArtifactFolder(stack.layout.artifacts).load(*champions[0][1:])
    assert _rows(stack, "SELECT count(*) FROM model_retraining_events WHERE status = 'executing'") == [(0,)]
    assert not list(stack.layout.artifacts.glob(f"{NAME}/*/*.tmp"))


def _new_as_of(stack: LocalStack) -> str:
    """Some days later for each run, so that there are rows that the champion has not seen."""
    runs = _rows(stack, "SELECT count(*) FROM retraining_runs")[0][0]
    return (datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=4 * runs)).isoformat()


def _rows(stack: LocalStack, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.records_uri) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]  # the queries above


def _executing_process(stack: LocalStack, run_id: str) -> psutil.Process:
    """Wait until the execute task runs; its process is the one that Airflow has on record."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        with psycopg.connect(stack.metadata_uri) as connection:
            row = connection.execute(
                "SELECT pid FROM task_instance WHERE run_id = %s AND task_id = %s AND state = 'running'",
                (run_id, "execute_retraining"),
            ).fetchone()
        if row is not None and row[0] is not None:
            return psutil.Process(row[0])
        time.sleep(0.05)
    raise AssertionError("the execute task never ran")


def _kill(process: psutil.Process | None) -> str:
    """Kill -9, and tell what was hit; a process that has ended already was too quick for us."""
    try:
        assert process is not None
        name = " ".join(process.cmdline())[:80]
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return "nothing: it had ended"
    return f"{process.pid} ({name})"
