from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from tests.chaos.training import CALLABLE
from tests.models import CHANGED, models_dir
from tools.layout import POOL, POOL_SLOTS
from tools.local_stack import LocalStack

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep]

PRIORITIES = {"birch": 2, "cedar": 1, "elm": 4, "oak": 3}


def test_three_retrains_at_once_and_the_most_important_first(tmp_path: Path) -> None:
    training = f"{{callable: '{CALLABLE}', hyperparameters: {{seconds: 1, notes: '{tmp_path / 'notes'}'}}}}"
    texts = {name: f"{CHANGED}priority: {rank}\ntraining: {training}\n" for name, rank in PRIORITIES.items()}
    folder = models_dir(tmp_path / "models", **texts)
    with LocalStack(tmp_path / "home", models_dir=folder) as stack:
        resize_pool(stack, 0)  # until all are ready, so that only their order decides
        run_id = stack.trigger({"models": sorted(PRIORITIES)})
        wait_until_ready(stack, run_id)
        resize_pool(stack, POOL_SLOTS)
        assert stack.wait(run_id) == "success"
        with psycopg.connect(stack.records_uri) as connection:
            spans = connection.execute(
                "SELECT model_name, execution_started_at, execution_completed_at FROM model_retraining_events"
                " ORDER BY execution_started_at"
            ).fetchall()
    at_once = [sum(begun <= moment < ended for _, begun, ended in spans) for _, moment, _ in spans]
    assert max(at_once) == POOL_SLOTS == 3
    ranks = [PRIORITIES[name] for name, _, _ in spans]
    assert set(ranks[:3]) == {4, 3, 2}  # these three may overtake each other on their way to the claim


def resize_pool(stack: LocalStack, slots: int) -> None:
    """Give the pool of retrains that many slots."""
    with psycopg.connect(stack.metadata_uri) as connection:
        done = connection.execute("UPDATE slot_pool SET slots = %s WHERE pool = %s", (slots, POOL))
        assert done.rowcount == 1


def wait_until_ready(stack: LocalStack, run_id: str) -> None:
    """Return when every retrain waits for nothing but the pool."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        states = [task.state for task in stack.task_states(run_id) if task.task_id == "execute_retraining"]
        if states == ["scheduled"] * len(PRIORITIES):
            return
        time.sleep(0.2)
    raise AssertionError(f"{states}")
