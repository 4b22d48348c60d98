"""What goes wrong in `benchmarks.soak`, and how the tasks of a run are taken, as the DAG takes them."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import psycopg

from include import workflow
from include.errors import NothingToDo, PermanentError
from include.records.entries import EventStatus, Run
from include.records.postgres import PostgresStore
from include.workflow import deployment as deployments
from include.workflow.deployment import Deployment
from tests.chaos.fuse import Fuse

TRIES = 3  # of a task
SMALL = 200  # bytes: a file that would be larger is not written, as on a full disk
ANY_TIME = datetime.max.replace(tzinfo=UTC)

PARAMETERS: Mapping[str, Any] = {
    "models": [], "reason": "", "force": False, "dry_run": False, "preset": None, "as_of": None, "rollback_to": "",
}  # fmt: skip


@dataclass
class Clock:
    """The time that the workflow is told; what has not been imported before `wind` is called obeys it."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def wind(self) -> None:
        """Have the workflow ask this clock."""
        deployments.now = lambda: self.moment
        for name, module in list(sys.modules.items()):
            if name.startswith("include.workflow.") and hasattr(module, "now"):
                module.now = deployments.now  # type: ignore[attr-defined]


def tried(task: Callable[[], Any], tries: int = TRIES) -> Any:
    """What a task comes to that is tried again after an error; None where it fails or has nothing to do."""
    for number in range(tries):
        try:
            return task()
        except (NothingToDo, PermanentError):
            return None
        except Exception as error:
            time.sleep(1.0)  # another process may have the event
            if number == tries - 1:
                print(f"    failed: {type(error).__name__}: {error}", flush=True)
    return None


def take(deployment: Deployment, names: Sequence[str], run: Run) -> None:
    """The tasks of a run for these models, in the order and by the functions of the DAG."""
    batches, goes_on, known = workflow.batches_of(names), [], set()
    for batch in batches:
        if tried(lambda batch=batch: list(workflow.analyze_batch(deployment, batch, run))) is None:  # type: ignore[misc]
            continue
        settled = tried(lambda batch=batch: list(workflow.decide_batch(deployment, batch, run))) or []  # type: ignore[misc]
        known |= {each.model_name for each in settled}
        goes_on += [each.model_name for each in settled if each.goes_on]
    rest = [name for name in names if name not in known]
    alone = [batch[0] for batch in batches if len(batch) == 1]
    goes_on += [each.model_name for each in workflow.settle_rest(deployment, rest, run, alone) if each.goes_on]
    for name in goes_on:
        act(deployment, name, run)


def act(deployment: Deployment, name: str, run: Run) -> None:
    """The tasks of a model that needs tasks of its own."""
    tried(lambda: workflow.roll_back_in_run(deployment, name, run))
    event = tried(lambda: workflow.event_in_run(deployment, name, run))
    if event is not None and not event.status.closed:
        tried(lambda: workflow.execute_in_run(deployment, event.id, run))
    tried(lambda: workflow.publish(deployment, name, run))
    tried(lambda: workflow.log_completion(deployment, name, run))


def everything(names: Sequence[str], run: Run) -> None:
    """A whole run, in a process of its own."""
    Clock(run.as_of).wind()
    take(workflow.open_deployment(), names, run)


def execute(event_id: int, run: Run, step: int | None, file_bytes: int | None) -> None:
    """Execute an event in a process that is killed at that step, or whose disk is full."""
    Clock(run.as_of).wind()
    opened = workflow.open_deployment()
    fuse = Fuse(
        root=Path(os.environ["RETRAINING_ARTIFACTS_DIR"]), uri=os.environ["AIRFLOW_CONN_RETRAINING_DB"], at=step
    )
    fuse.watch_files()
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
    workflow.execute_in_run(replace(opened, store=PostgresStore(fuse.connect)), event_id, run)


@cache
def processes() -> ForkServerContext:
    """Processes that start in milliseconds, because their modules are imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "sklearn.linear_model", "skops.io"])
    return context


def warm_up() -> None:
    """Start the process that others are copies of: it stays, and is nothing that grows."""
    process = processes().Process(target=str)
    process.start()
    process.join()


def kill(deployment: Deployment, name: str, run: Run, rng: random.Random) -> None:
    """A forced run whose `execute` is killed twice between two steps; the third try comes through."""
    event = _forced(deployment, name, run)
    for _ in range(TRIES - 1):
        process = processes().Process(target=execute, args=(event.id, run, rng.randrange(1, 40), None))
        process.start()
        process.join(300)
        assert process.exitcode == -9, f"the process was to be killed, and ended with {process.exitcode}"
    act(deployment, name, run)
    assert deployment.store.event(event.id).status.closed


def fill_disk(deployment: Deployment, name: str, run: Run) -> None:
    """A forced run whose first try of `execute` finds the disk full."""
    event = _forced(deployment, name, run)
    process = processes().Process(target=execute, args=(event.id, run, None, SMALL))
    process.start()
    process.join(300)
    assert process.exitcode == 1, f"on a full disk it ended with {process.exitcode}"
    act(deployment, name, run)
    assert deployment.store.event(event.id).status in (EventStatus.PROMOTED, EventStatus.HELD, EventStatus.REJECTED)


def take_twice(deployment: Deployment, names: Sequence[str], run: Run) -> None:
    """The same run by two processes at once."""
    process = processes().Process(target=everything, args=(names, run))
    process.start()
    take(deployment, names, run)
    process.join(600)
    assert process.exitcode == 0, f"the other process ended with {process.exitcode}"


def backfill(deployment: Deployment, names: Sequence[str], run: Run) -> None:
    """A run of a past date, which must leave alone what is in force now."""
    before = [_in_force(deployment, name) for name in names]
    take(deployment, names, run)
    after = [_in_force(deployment, name) for name in names]
    assert before == after, f"a backfill changed what is in force: {before} to {after}"


def move_away(artifacts: Path, name: str) -> Callable[[], None]:
    """Take the files of a model's versions away; what brings them back."""
    here, there = artifacts / name, Path(tempfile.mkdtemp(dir=artifacts.parent)) / name
    here.rename(there)

    def bring_back() -> None:
        for entry in list(there.iterdir()):
            if not os.path.lexists(here / entry.name):
                here.mkdir(exist_ok=True)
                entry.rename(here / entry.name)
        shutil.rmtree(there.parent)

    return bring_back


def without_records(server: Any, task: Callable[[], object]) -> None:
    """A try of a task while Postgres is down."""
    server.stop()
    try:
        task()
    except psycopg.OperationalError:
        return
    finally:
        server.start()
    raise AssertionError("a task came to an end without the records")


def earlier(run: Run, by: timedelta, kind: str) -> Run:
    """A run of its own kind that is of an earlier moment."""
    return replace(run, run_id=f"{kind}__{run.as_of.isoformat()}", as_of=run.as_of - by)


def _forced(deployment: Deployment, name: str, run: Run) -> Any:
    list(workflow.analyze_batch(deployment, [name], run))
    list(workflow.decide_batch(deployment, [name], run))
    event = workflow.event_in_run(deployment, name, run)
    assert event is not None, "a forced run decided not to retrain"
    return event


def _in_force(deployment: Deployment, name: str) -> Any:
    store = deployment.store
    champion = store.champion(name)
    held = [(each.fault.feature, each.fault.span, each.lifted) for each in store.quarantines(name)]
    return champion and champion.version, store.last_retrained_at(name, until=ANY_TIME), held
