"""Fifty-five models on a Celery cluster of two workers, each of which is lost once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from benchmarks.many_models import ACCEPTED, MODEL, WINDOW, copy, make_first, rows
from include.records.postgres import PostgresStore
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder
from include.workflow.batches import batches_of
from include.workflow.deployment import Deployment
from tests.chaos.training import CALLABLE
from tests.end_to_end.cluster import Cluster
from tools.runs import FINISHED, TaskState

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep, pytest.mark.timeout(3600)]

QUIET, FIRING = 50, 5
NAMES = [f"model_{number:05d}" for number in range(QUIET + FIRING)]
TURNED = NAMES[QUIET:]


@dataclass(frozen=True)
class Finished:
    """What is left of the run."""

    state: str
    tasks: list[TaskState]
    batch: int
    killed: int
    notes: list[str]
    records: dict[str, list[tuple[Any, ...]]]


def write(folder: Path, notes: Path) -> Path:
    """Rows and model files; the folder of the files."""
    models = folder / "models"
    models.mkdir()
    for name, turned in (("still", False), ("turned", True)):
        rows(2_000, 6, turned=turned).to_parquet(folder / f"{name}.parquet", index=False)
    training = f"training: {{callable: '{CALLABLE}', hyperparameters: {{seconds: 8, notes: '{notes}'}}}}\n"
    for name in NAMES:
        text = MODEL.format(rows="turned" if name in TURNED else "still")
        (models / f"{name}.yaml").write_text(text + (training if name in TURNED else ""))
    return models


def asked(uri: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(uri) as connection:
        return connection.execute(query, values).fetchall()  # type: ignore[arg-type]  # the queries of this file


def fill(cluster: Cluster, folder: Path, models: Path) -> None:
    """A champion of each model, on record and on disk."""
    uri, artifacts = cluster.stack.records_uri, cluster.stack.layout.artifacts
    with psycopg.connect(uri) as connection:
        migrate(connection)
    store = PostgresStore(partial(psycopg.connect, uri))
    place = ArtifactFolder(artifacts)
    make_first(Deployment(store=store, models_dir=models, data_dir=folder, artifacts=place), NAMES[0])
    copy(uri, artifacts, NAMES)


def lose_a_worker_in_a_batch(cluster: Cluster, run: str) -> tuple[str, int]:
    """Kill the worker that has come to an end with some models of a batch and not with all; it and the batch."""
    batches = batches_of(NAMES)
    with psycopg.connect(cluster.stack.metadata_uri, autocommit=True) as metadata:
        while cluster.stack.run_state(run) not in FINISHED:
            found = metadata.execute(
                "SELECT pid, map_index FROM task_instance WHERE run_id = %s "
                "AND task_id = 'analyze_retraining_need' AND state = 'running' AND pid IS NOT NULL", (run,),
            ).fetchall()  # fmt: skip
            for pid, index in found:
                if not in_the_middle(cluster, run, batches[index]) or (worker := cluster.worker_of(pid)) is None:
                    continue
                frozen = cluster.freeze(worker)
                if pid in {each.pid for each in frozen} and in_the_middle(cluster, run, batches[index]):
                    cluster.kill(worker, frozen)
                    return worker, index
                cluster.thaw(frozen)
            time.sleep(0.02)
    raise AssertionError("no batch was seen in its middle")


def in_the_middle(cluster: Cluster, run: str, batch: list[str]) -> bool:
    query = "SELECT count(*) FROM retraining_runs WHERE run_id = %s AND model_name = ANY(%s)"
    return 0 < asked(cluster.stack.records_uri, query, run, batch)[0][0] < len(batch)


def lose_a_worker_in_a_training(cluster: Cluster, run: str, notes: Path) -> int:
    """Kill the worker that trains; how many trainings that ended."""
    while cluster.stack.run_state(run) not in FINISHED:
        for pid in going_on(notes):
            worker = cluster.worker_of(pid)
            if worker is None:
                continue
            frozen = cluster.freeze(worker)
            pids = {each.pid for each in frozen}
            if ended := sum(each in pids for each in going_on(notes)):
                cluster.kill(worker, frozen)
                return ended
            cluster.thaw(frozen)
        time.sleep(0.2)
    raise AssertionError("no training was seen in its middle")


def going_on(notes: Path) -> list[int]:
    """The processes whose training has begun and not ended."""
    lines = notes.read_text().split("\n")[:-1] if notes.exists() else []
    heard = Counter(line.split()[0] for line in lines)
    return [int(pid) for pid, count in heard.items() if count % 2]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """One run, in the middle of which each worker was lost."""
    folder = tmp_path_factory.mktemp("celery")
    notes = folder / "notes"
    models = write(folder, notes)
    settings = {"RETRAINING_DATA_DIR": f"{folder}", "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600"}
    with Cluster(folder / "home", models, settings) as cluster:
        fill(cluster, folder, models)
        run = cluster.stack.trigger({"as_of": (ACCEPTED + WINDOW).isoformat()})
        lost, batch = lose_a_worker_in_a_batch(cluster, run)
        killed = lose_a_worker_in_a_training(cluster, run, notes)
        cluster.start_worker(lost)  # both are gone now
        state = cluster.stack.wait(run)
        ask, counted = partial(asked, cluster.stack.records_uri), "SELECT model_name, count(*) FROM"
        yield Finished(
            state=state, tasks=cluster.stack.task_states(run), batch=batch, killed=killed,
            notes=notes.read_text().splitlines(),
            records={
                "decisions": ask("SELECT model_name, triggered FROM retraining_decisions WHERE run_id = %s", run),
                "runs": ask(f"{counted} retraining_runs WHERE run_id = %s GROUP BY 1", run),
                "signals": ask(f"{counted} model_drift_monitoring WHERE run_id = %s GROUP BY 1", run),
                "events": ask("SELECT model_name, status, attempts FROM model_retraining_events "
                              "WHERE run_id = %s", run),
                "versions": ask("SELECT model_name, version, status FROM model_version_management"),
                "changes": ask("SELECT model_name, to_version FROM model_deployment_history"),
                "told": ask("SELECT count(*) FROM champion_announcements"),
            },
        )  # fmt: skip


def test_run_in_which_each_worker_was_lost_ends_green(finished: Finished) -> None:
    assert finished.state == "success"
    assert {task.state for task in finished.tasks} == {"success", "skipped"}


def test_batch_and_trainings_of_the_lost_workers_were_tried_again_by_the_other_one(finished: Finished) -> None:
    again = Counter(task.task_id for task in finished.tasks if task.try_number > 1)
    tries = {task.map_index: task.try_number for task in finished.tasks if task.task_id == "analyze_retraining_need"}
    assert tries[finished.batch] == 2
    words = Counter(line.split()[1] for line in finished.notes)
    assert words["begin"] - words["end"] == finished.killed
    assert again["execute_retraining"] >= finished.killed >= 1  # some had not come to their training


def test_every_model_was_decided_once_and_no_signal_is_lost_or_doubled(finished: Finished) -> None:
    assert sorted(finished.records["decisions"]) == [(name, name in TURNED) for name in NAMES]
    assert sorted(finished.records["runs"]) == [(name, 1) for name in NAMES]
    signals = dict(finished.records["signals"])
    assert len({signals[name] for name in NAMES[:QUIET]}) == 1  # they read the same rows
    assert len({signals[name] for name in TURNED}) == 1


def test_every_retrain_came_to_one_version_and_one_change_of_champion(finished: Finished) -> None:
    events = sorted(finished.records["events"])
    assert [(name, status) for name, status, _ in events] == [(name, "promoted") for name in TURNED]
    again = sum(task.task_id == "execute_retraining" and task.try_number > 1 for task in finished.tasks)
    assert finished.killed <= sum(attempts - 1 for _, _, attempts in events) <= again
    for name in NAMES:
        made = Counter(status for model, _, status in finished.records["versions"] if model == name)
        assert made == ({"champion": 1, "retired": 1} if name in TURNED else {"champion": 1}), name
    changes = Counter(name for name, _ in finished.records["changes"])
    assert changes == {name: 2 if name in TURNED else 1 for name in NAMES}
    assert finished.records["told"] == [(len(NAMES) + FIRING,)]
