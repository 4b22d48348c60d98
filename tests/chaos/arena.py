"""A deployment on a real Postgres whose processes may die at any moment, and what has to hold after each death."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from include.interfaces.reports.files import file_report
from include.records.entries import Run
from include.records.postgres import PostgresStore
from include.records.schema import keep_search_path, migrate
from include.retraining.artifacts.folder import CHAMPION_LINK, MANIFEST_FILE, ArtifactFolder
from include.retraining.artifacts.whole_files import WRITING
from include.workflow.audit_chain import ANCHOR_FILE
from include.workflow.deployment import Deployment
from include.workflow.publication import publish
from include.workflow.rollback import roll_back_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.chaos.fuse import Blow, Fuse
from tests.chaos.training import CALLABLE
from tests.stage import REFERENCE_DAYS, START, day
from tools.embedded_postgres import EmbeddedPostgres

MODEL = "sales"
DECIDE, EXECUTE, PUBLISH, LOG, BACK = "decide", "execute", "publish", "log", "back"
RUN = (DECIDE, EXECUTE, PUBLISH, LOG)
ROLLBACK = (BACK, PUBLISH)
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class Arena:
    """One deployment: a database and a folder."""

    uri: str
    root: Path

    @property
    def artifacts(self) -> ArtifactFolder:
        """Where versions are kept."""
        return ArtifactFolder(self.root / "made")

    def deployment(self, connect: Any = None) -> Deployment:
        """What the steps are given."""
        store = PostgresStore(connect or partial(psycopg.connect, self.uri), poll_seconds=0.05)
        return Deployment(
            store=store, models_dir=self.root / "models", data_dir=self.root / "data", artifacts=self.artifacts
        )

    def prepare(self, table: pd.DataFrame, *, shadow: int = 0, **training: Any) -> None:
        """Write the model file and its rows, and make the schema."""
        for folder in ("models", "data", "made"):
            (self.root / folder).mkdir(parents=True)
        table.to_csv(self.root / "data" / f"{MODEL}.csv", index=False)
        hyperparameters = {"notes": f"{self.root / 'trainings'}", **training}
        fields = {
            "task": "regression", "timestamp": "at", "target": "sales", "metric": "rmse", "window": "6d",
            "source": {"kind": "csv", "path": f"{MODEL}.csv"}, "minimum_rows": 30,
            "reference": {"start": "2026-01-01", "end": f"{START + timedelta(days=REFERENCE_DAYS):%Y-%m-%d}"},
            "training": {"callable": CALLABLE, "rows": "latest", "hyperparameters": hyperparameters},
            "gate": {"shadow": shadow, "better_than_constant": False},  # how good it is does not matter here
        }  # fmt: skip
        (self.root / "models" / f"{MODEL}.yaml").write_text(json.dumps(fields))
        with psycopg.connect(self.uri) as connection:
            migrate(connection)

    def copy(self, server: EmbeddedPostgres, name: str, root: Path) -> Arena:
        """The same deployment once more, in a database of that name and another folder."""
        there = sql.Identifier(psycopg.conninfo.conninfo_to_dict(self.uri)["dbname"])  # type: ignore[arg-type]
        with psycopg.connect(server.uri(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), there))
        with psycopg.connect(server.uri(name)) as connection:  # a copy has not the settings of its template
            keep_search_path(connection)
        shutil.copytree(self.root, root, symlinks=True)
        return Arena(server.uri(name), root)

    def drop(self, server: EmbeddedPostgres) -> None:
        """Remove database and folder."""
        name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(self.uri)["dbname"])  # type: ignore[arg-type]
        with psycopg.connect(server.uri(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        shutil.rmtree(self.root)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with psycopg.connect(self.uri) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]  # the queries of this file

    def trainings(self) -> list[tuple[int, str]]:
        """Process and word of each line that trainers left, in their order."""
        lines = (self.root / "trainings").read_text().splitlines()
        return [(int(pid), word) for pid, word in (line.split() for line in lines)]


def forced(run_id: str, as_of: datetime) -> Run:
    """A run that retrains whatever the policy says."""
    return Run(run_id=run_id, as_of=as_of, force=True, reason="chaos", requested_by="chaos")


def turning(days: int, period: float = 40.0) -> pd.DataFrame:
    """Hourly rows whose relation to the target turns all the time, so that a retrain pays at almost any time."""
    rng, rows = np.random.default_rng(0), days * 24
    first, second = rng.normal(0.0, 1.0, (2, rows))
    angle = 2.0 * np.pi * np.arange(rows) / (24.0 * period)
    target = 100.0 + 10.0 * (np.cos(angle) * first + np.sin(angle) * second) + rng.normal(0.0, 1.0, rows)
    return pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "first": first, "second": second, "sales": target,
    })  # fmt: skip


def take(deployment: Deployment, run: Run, steps: Sequence[str]) -> None:
    """Take the steps of a run; to repeat them is what a retried task does."""
    for step in steps:
        if step == DECIDE:
            analyze(deployment, MODEL, run)
            decide(deployment, MODEL, run)
        elif step == EXECUTE:
            found = deployment.store.decision(MODEL, run.run_id)
            assert found is not None
            assert found[1] is not None
            execute(deployment, found[1].id, wait=PATIENCE)
        elif step == PUBLISH:
            publish(deployment, MODEL, run)
        elif step == LOG:
            log_completion(deployment, MODEL, run)
            file_report(deployment, MODEL, run)
        else:
            roll_back_in_run(deployment, MODEL, run, "previous")


def work(
    arena: Arena, run: Run, steps: Sequence[str], fuse: Fuse | None, file_bytes: int | None, pipe: Connection
) -> None:
    """Run in a process: take the steps, and tell which steps were taken or what went wrong."""
    if file_bytes is not None:  # a file that would be larger fails to be written, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))
    if fuse is not None:
        fuse.watch_files()
    deployment = arena.deployment(None if fuse is None else fuse.connect)
    pipe.send("ready")
    try:
        take(deployment, run, steps)
    except Exception as error:  # whatever it is, the test has to hear of it
        pipe.send(f"{type(error).__name__}: {error}")
    else:
        pipe.send([] if fuse is None else list(fuse.steps))


@cache
def processes() -> ForkServerContext:
    """Processes that start in milliseconds, because their modules are imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "sklearn.ensemble", "skops.io"])
    return context


@dataclass
class Worker:
    """A process that takes the steps of a run."""

    process: BaseProcess
    pipe: Connection

    @classmethod
    def start(
        cls,
        arena: Arena,
        run: Run,
        steps: Sequence[str] = RUN,
        fuse: Fuse | None = None,
        *,
        file_bytes: int | None = None,
    ) -> Worker:
        """Start it, and return when it begins to work; no file that it writes may be larger than `file_bytes`."""
        ours, theirs = processes().Pipe()
        process = processes().Process(target=work, args=(arena, run, steps, fuse, file_bytes, theirs))
        process.start()
        theirs.close()
        if not ours.poll(60) or ours.recv() != "ready":
            raise AssertionError("the process did not start")
        return cls(process, ours)

    def kill(self, after: float) -> bool:
        """Kill it after so many seconds; tell whether it was still at work."""
        self.process.join(after)
        working = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return working

    def end(self, seconds: float = 60) -> Any:
        """Wait for its end, and return its steps, what went wrong, or "killed"."""
        self.process.join(seconds)
        assert not self.process.is_alive(), "the process hangs"
        if self.process.exitcode == -signal.SIGKILL:
            return "killed"
        return self.pipe.recv()


def go(arena: Arena, run: Run, steps: Sequence[str] = RUN) -> None:
    """Take the steps in a process that nobody disturbs; an error in it is one here."""
    told = Worker.start(arena, run, steps).end()
    assert isinstance(told, list), told


def fuse(arena: Arena, at: int | None, blow: Blow = Blow.KILL) -> Fuse:
    """A fuse for a process of that deployment."""
    return Fuse(root=arena.artifacts.root, uri=arena.uri, at=at, blow=blow)


def assert_sound(arena: Arena) -> None:
    """What holds at any moment, in the middle of work and after any death."""
    assert arena.rows("SELECT count(*) - count(DISTINCT (model_name, run_id)) FROM model_retraining_events") == [(0,)]
    lost = """SELECT d.run_id, e.run_id FROM (SELECT * FROM retraining_decisions WHERE triggered) d
              FULL JOIN model_retraining_events e USING (model_name, run_id) WHERE d.run_id IS NULL OR e.id IS NULL"""
    assert arena.rows(lost) == [], "a decision without its event, or an event without its decision"
    promoted = """SELECT e.id, count(h.id) FROM model_retraining_events e
                  LEFT JOIN model_deployment_history h ON h.event_id = e.id
                  GROUP BY e.id HAVING count(h.id) <> (e.status = 'promoted')::integer"""
    assert arena.rows(promoted) == [], "a promotion that is not in the deployment history exactly once"
    changes = arena.rows("SELECT from_version, to_version FROM model_deployment_history ORDER BY id")
    assert [before for before, _ in changes] == [None, *(after for _, after in changes)][: len(changes)]
    champions = arena.rows("SELECT version FROM model_version_management WHERE status = 'champion'")
    assert champions == [(after,) for _, after in changes][-1:], "not exactly one champion, the last change"
    assert_served_whole(arena)


def assert_served_whole(arena: Arena) -> None:
    """Whatever is or may become champion loads with the hash on record, and so does what the link points to."""
    good = arena.rows("""SELECT artifact_path, artifact_sha256 FROM model_version_management
                         WHERE status IN ('champion', 'retired', 'rolled_back') ORDER BY version""")
    for path, sha256 in good:
        arena.artifacts.load(path, sha256)
    link = arena.artifacts.root / MODEL / CHAMPION_LINK
    if link.is_symlink():
        assert f"{MODEL}/{link.readlink()}" in dict(good), "the link points to what was never champion"


def is_whole(link: Path) -> bool:
    """Tell by hashes alone whether the version that the link points to now has all its files."""
    folder = link.resolve(strict=True)
    content = (folder / MANIFEST_FILE).read_bytes()
    named = folder.name.endswith(hashlib.sha256(content).hexdigest()[:12])
    model = hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    return named and bool(json.loads(content)["sha256"] == model)


def assert_settled(arena: Arena) -> None:
    """What holds besides when a run has come to its end: nothing is open, held, unpublished or left lying about."""
    assert_sound(arena)
    assert arena.rows("SELECT id, status FROM model_retraining_events WHERE status IN ('decided', 'executing')") == []
    assert arena.rows("SELECT version FROM model_version_management WHERE status = 'candidate'") == []
    held = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"  # noqa: E501
    for _ in range(100):  # the server takes a moment to see that a process has ended
        if not arena.rows(held):
            break
        time.sleep(0.02)
    assert arena.rows(held) == []
    paths = arena.rows("SELECT artifact_path, status FROM model_version_management WHERE artifact_path <> ''")
    folder = arena.artifacts.root / MODEL
    champion = [Path(path).name for path, status in paths if status == "champion"]
    assert [f"{(folder / CHAMPION_LINK).readlink()}"] == champion
    lying = {path.name for path in folder.iterdir() if not path.name.startswith(WRITING)}  # tidied after an hour
    assert lying - {CHAMPION_LINK, ANCHOR_FILE, "reports"} == {Path(path).name for path, _ in paths}


def first_champion(arena: Arena) -> None:
    """Have the first version made."""
    go(arena, forced("first", day(REFERENCE_DAYS)))
    assert_settled(arena)
