"""An Airflow for tests. Airflow reads its settings when it is imported, so pytest's own process never imports it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import DAG_ID, METADATA_DATABASE, POOL, POOL_SLOTS, PROJECT_ROOT, Layout, environment
from tools.ports import free_port

_PREPARE = f"""
from airflow.utils import db
db.initdb()
from airflow.models.pool import Pool
Pool.create_or_update_pool({POOL!r}, {POOL_SLOTS}, "", include_deferred=False)
"""

_RUN_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
dag_id, conf, answer = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
bag = DagBag()
assert not bag.import_errors, bag.import_errors
run = bag.dags[dag_id].test(run_conf=conf)
from airflow.settings import dispose_orm
from airflow.utils.session import create_session
from airflow.models.taskinstance import TaskInstance
with create_session() as session:
    tasks = session.query(TaskInstance).filter_by(dag_id=dag_id, run_id=run.run_id).all()
    states = [[t.task_id, t.map_index, t.rendered_map_index, str(t.state)] for t in tasks]
with open(answer, "w") as file:
    json.dump({"run_id": run.run_id, "state": str(run.state), "tasks": states}, file)
dispose_orm()
"""


@dataclass(frozen=True)
class FinishedRun:
    """What became of one `dag.test()`; `tasks` maps (task id, map index) to the task instance's state."""

    run_id: str
    state: str
    tasks: Mapping[tuple[str, int], str]
    labels: Mapping[tuple[str, int], str | None]


class AirflowHome:
    """Settings and metadata database of an Airflow on a shared Postgres, without any running component."""

    def __init__(self, home: Path, postgres: EmbeddedPostgres) -> None:
        self.layout = Layout(home)
        self._postgres = postgres

    def prepare(self) -> None:
        """Create the metadata database and the pool."""
        self.layout.prepare()
        self._postgres.create_databases(METADATA_DATABASE)
        self.run_python(_PREPARE)

    @property
    def metadata_uri(self) -> str:
        """URI of Airflow's own database."""
        return self._postgres.uri(METADATA_DATABASE)

    def note(self, run_id: str) -> str:
        """What the note of a run says; empty for none."""
        import psycopg

        text = "SELECT n.content FROM dag_run_note n JOIN dag_run r ON r.id = n.dag_run_id WHERE r.run_id = %s"
        with psycopg.connect(self.metadata_uri) as connection:
            row = connection.execute(text, (run_id,)).fetchone()
        return str(row[0]) if row else ""

    def environment(self, records_uri: str | None = None, settings: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return all environment variables; `settings` win. `records_uri` is the database of the retraining records."""
        records = {}
        if records_uri is not None:
            made = self.layout.artifacts / hashlib.sha256(records_uri.encode()).hexdigest()[:12]  # each has its own
            records = {"AIRFLOW_CONN_RETRAINING_DB": records_uri, "RETRAINING_ARTIFACTS_DIR": str(made)}
        ours = records | dict(settings or {})
        return environment(self.layout, self._postgres, api_port=free_port(), schedule=False, settings=ours)

    def run_python(
        self,
        code: str,
        *arguments: str,
        records_uri: str | None = None,
        settings: Mapping[str, str] | None = None,
        seconds: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run Python code in a process of its own with all settings; a failure is an error with its output."""
        result = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=PROJECT_ROOT,
            env=self.environment(records_uri, settings),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if result.returncode != 0:
            raise AssertionError(f"exit code {result.returncode}\n{result.stdout[-4000:]}\n{result.stderr[-8000:]}")
        return result

    def run_dag(
        self,
        conf: Mapping[str, Any] | None = None,
        *,
        records_uri: str | None = None,
        dag_id: str = DAG_ID,
        settings: Mapping[str, str] | None = None,
    ) -> FinishedRun:
        """Run a DAG from start to end with `dag.test()` and return what became of it."""
        answer = self.layout.home / "answer.json"
        answer.unlink(missing_ok=True)
        arguments = (dag_id, json.dumps(dict(conf or {})), f"{answer}")
        self.run_python(_RUN_DAG, *arguments, records_uri=records_uri, settings=settings)
        told = json.loads(answer.read_text())
        return FinishedRun(
            run_id=told["run_id"],
            state=told["state"],
            tasks={(task, index): state for task, index, _, state in told["tasks"]},
            labels={(task, index): label for task, index, label, _ in told["tasks"]},
        )
