"""An Airflow for tests. Airflow reads its settings when it is imported, so pytest's own process never imports it.

One process imports it and makes its API; whatever is to run in this Airflow is run in a copy (fork) of that process, so
that each has a fresh memory and none pays for the imports again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
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

_FORKS = """
import json, os, sys, traceback
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time.supervisor import in_process_api_server
in_process_api_server().app
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid:
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
        continue
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, path in enumerate(order["output"], 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["-c", *order["arguments"]]
        exec(compile(order["code"], "<code>", "exec"), {"__name__": "__main__"})
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
"""

_RUN_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
dag_id, confs, answer = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
from airflow.settings import dispose_orm
from airflow.utils.session import create_session
from airflow.models.taskinstance import TaskInstance
bag = DagBag()
assert not bag.import_errors, bag.import_errors
answers = []
for conf in confs:
    run = bag.dags[dag_id].test(run_conf=conf)
    with create_session() as session:
        tasks = session.query(TaskInstance).filter_by(dag_id=dag_id, run_id=run.run_id).all()
        states = [[t.task_id, t.map_index, t.rendered_map_index, str(t.state)] for t in tasks]
    answers.append({"run_id": run.run_id, "state": str(run.state), "tasks": states})
with open(answer, "w") as file:
    json.dump(answers, file)
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
        self._forking: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """Create the metadata database and the pool."""
        self.layout.prepare()
        self._postgres.create_databases(METADATA_DATABASE)
        self.run_python(_PREPARE)

    def close(self) -> None:
        """End the process that the others are copies of."""
        if self._forking is not None:
            self._forking.communicate()
            self._forking = None

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
    ) -> subprocess.CompletedProcess[str]:
        """Run Python code in a process of its own with all settings; a failure is an error with its output."""
        forking = self._forking or self._start_forking()
        assert forking.stdin is not None
        output = [self.layout.home / f"{name}.txt" for name in ("stdout", "stderr")]
        order = {
            "code": code, "arguments": arguments, "environment": self.environment(records_uri, settings),
            "output": [f"{file}" for file in output],
        }  # fmt: skip
        print(json.dumps(order), file=forking.stdin, flush=True)
        exit_code = int(self._said(forking))
        stdout, stderr = (file.read_text() for file in output)
        if exit_code != 0:
            raise AssertionError(f"exit code {exit_code}\n{stdout[-4000:]}\n{stderr[-8000:]}")
        return subprocess.CompletedProcess(arguments, exit_code, stdout, stderr)

    def run_dag(self, conf: Mapping[str, Any] | None = None, **where: Any) -> FinishedRun:
        """Run a DAG from start to end with `dag.test()` and return what became of it; `where` as for `run_dags`."""
        [finished] = self.run_dags([conf or {}], **where)
        return finished

    def run_dags(
        self,
        confs: Sequence[Mapping[str, Any]],
        *,
        records_uri: str | None = None,
        dag_id: str = DAG_ID,
        settings: Mapping[str, str] | None = None,
    ) -> list[FinishedRun]:
        """Run a DAG once for each of these parameters, one after the other in one process."""
        answer = self.layout.home / "answer.json"
        answer.unlink(missing_ok=True)
        arguments = (dag_id, json.dumps([dict(conf) for conf in confs]), f"{answer}")
        self.run_python(_RUN_DAG, *arguments, records_uri=records_uri, settings=settings)
        return [
            FinishedRun(
                run_id=told["run_id"],
                state=told["state"],
                tasks={(task, index): state for task, index, _, state in told["tasks"]},
                labels={(task, index): label for task, index, label, _ in told["tasks"]},
            )
            for told in json.loads(answer.read_text())
        ]

    def _start_forking(self) -> subprocess.Popen[str]:
        self._forking = subprocess.Popen(
            [sys.executable, "-c", _FORKS],
            cwd=PROJECT_ROOT, env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        while self._said(self._forking) != "ready":
            pass  # what Airflow says while it is imported
        return self._forking

    @staticmethod
    def _said(process: subprocess.Popen[str]) -> str:
        """The next line of a process; an AssertionError when it has ended instead."""
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the process that imports Airflow has ended: {process.wait()}"
        return line.strip()
