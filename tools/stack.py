"""A real Airflow on this machine: Postgres, API server and scheduler, started, used and stopped from Python."""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools import runs
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import DAG_ID, METADATA_DATABASE, PROJECT_ROOT, RECORDS_DATABASE, Layout, environment
from tools.ownership import Owner, Ownership
from tools.patience import Patience, children_of
from tools.ports import free_port
from tools.processes import STOP_SECONDS, BackgroundProcess, StackError, finish_step, run_step, tail

logger = logging.getLogger(__name__)

ONE_SHOT = ("api-server", "scheduler")
ALL_COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
OUTAGE_SECONDS = 60
RUN_QUIET_SECONDS = 600.0  # without a task that changes its state, writes into its log, or computes


class LocalStack:
    """One local Airflow, all of its state below `home`.

    Parameters
    ----------
    home : Path
        State folder; made if missing, reused otherwise.
    models_dir : Path, optional
        Folder of the model files; default: the caller's RETRAINING_MODELS_DIR or the project's own.
    dags_dir : Path, optional
        Folder of the DAG files; default: the project's.
    api_port : int, optional
        Port of API and web interface; default: a free one.
    schedule : bool, default False
        Whether Airflow also makes the scheduled runs, and not only those that are triggered.
    components : sequence of str, default `ONE_SHOT`
        Which Airflow components run.
    settings : mapping, optional
        Further environment variables; they win over ours.

    Examples
    --------
    >>> with LocalStack(Path("state"), models_dir=Path("models")) as stack:  # doctest: +SKIP
    ...     assert stack.wait(stack.trigger({"mode": "force"})) == "success"
    """

    def __init__(
        self,
        home: Path,
        *,
        models_dir: Path | None = None,
        dags_dir: Path | None = None,
        api_port: int | None = None,
        schedule: bool = False,
        components: Sequence[str] = ONE_SHOT,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.layout = Layout(home.resolve())
        self.postgres = EmbeddedPostgres(self.layout.postgres)
        self.dags_dir = dags_dir or PROJECT_ROOT / "dags"
        self.schedule = schedule
        self.settings = {"RETRAINING_MODELS_DIR": f"{models_dir.resolve()}"} if models_dir else {}
        self.settings |= dict(settings or {})
        self.components = {name: self._process(name) for name in components}
        self._api_port = api_port
        self._ownership = Ownership(self.layout.lock)
        self._api: runs.RestApi | None = None

    def __enter__(self) -> Self:
        """Start everything, or on an error nothing."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    @classmethod
    def attach(cls, home: Path) -> LocalStack | None:
        """Return the stack that another process of ours keeps running in `home`, or None.

        It can trigger and watch runs; starting and stopping stays with its owner.
        """
        if (owner := cls.owner(home)) is None or not owner.ready:
            return None
        return cls(home, api_port=owner.api_port, components=ALL_COMPONENTS if owner.mode == "up" else ONE_SHOT)

    @staticmethod
    def owner(home: Path) -> Owner | None:
        """Return which process keeps the stack of `home` running, or None."""
        return Ownership(Layout(home.resolve()).lock).current()

    @property
    def api_port(self) -> int:
        """Port of API and web interface."""
        if self._api_port is None:
            self._api_port = free_port()
        return self._api_port

    @property
    def api(self) -> runs.RestApi:
        """The REST API, as the administrator."""
        if self._api is None:
            self._api = runs.RestApi(self.api_port, self.layout.admin_password())
        return self._api

    @property
    def metadata_uri(self) -> str:
        """URI of Airflow's own database."""
        return self.postgres.uri(METADATA_DATABASE)

    @property
    def records_uri(self) -> str:
        """URI of the database of retraining records."""
        return self.postgres.uri(RECORDS_DATABASE)

    @property
    def owned(self) -> bool:
        """Whether this object started the stack, and not another process."""
        return self._ownership.held

    def environment(self) -> dict[str, str]:
        """Return the environment variables that every component and step gets."""
        return environment(
            self.layout,
            self.postgres,
            api_port=self.api_port,
            schedule=self.schedule,
            dags_dir=self.dags_dir,
            settings=self.settings,
        )

    def start(self, mode: str = "run", *, close_open_runs: bool = True) -> None:
        """Start Postgres, prepare both databases, start the components and wait until runs can be triggered.

        Our DAG has one run at a time. A run that a killed session left open would hold up every new one, so it
        is failed first, unless `close_open_runs` is false: then Airflow resumes it.
        """
        self.layout.prepare()
        self._ownership.take(mode, self.api_port)
        self._stop_left_over()
        self.postgres.start()
        self.postgres.create_databases(METADATA_DATABASE, RECORDS_DATABASE)
        logger.info("Postgres runs on port %d", self.postgres.port)
        self._prepare_databases()
        logger.info("both databases are ready")
        self.start_component("api-server")
        left_open = runs.open_runs(self.metadata_uri) if close_open_runs else []
        if left_open:
            runs.wait_for_api(self.api, self.components["api-server"])
        for run_id in left_open:
            logger.info("closing run %s, which an interrupted session left open", run_id)
            self.api.request("PATCH", f"/dags/{DAG_ID}/dagRuns/{run_id}", {"state": "failed"})
        for name in self.components:
            if name != "api-server":
                self.start_component(name)
        runs.wait_for_api(self.api, self.components["api-server"])
        logger.info("Airflow runs on http://127.0.0.1:%d", self.api_port)
        self._ownership.declare(mode, self.api_port, ready=True)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop all components and Postgres, also those of an owner that was killed; nothing happens twice.

        The scheduler waits for its running tasks; after `seconds` they are killed, and retried after a restart.
        """
        for name in reversed(self.components):
            self.components[name].stop(seconds)
        self._stop_left_over()
        if self.postgres.home.exists():
            self.postgres.stop()
        self._ownership.release()

    def start_component(self, name: str) -> None:
        """Start one component, or start it again after it exited."""
        # The API server reads the log files itself; a log server would listen on all network interfaces.
        arguments = ["--skip-serve-logs"] if name in {"scheduler", "triggerer"} else []
        command = [sys.executable, "-m", "airflow", name, *arguments]
        self.components[name].start(command, self.environment(), self.layout.airflow)

    def restart_exited(self) -> list[str]:
        """Start again whatever exited, Postgres first, and return its names."""
        exited = [] if self.postgres.pid() else ["postgres"]
        if exited:
            self.postgres.start()
        for name, process in self.components.items():
            if process.pid() is None:
                self.start_component(name)
                exited.append(name)
        return exited

    def check(self) -> None:
        """Raise `StackError` with the end of its log if a component exited."""
        for name, process in self.components.items():
            if process.pid() is None:
                raise StackError(f"the {name} exited with code {process.exit_code()}.\n{tail(process.log)}")

    def trigger(self, conf: Mapping[str, Any] | None = None, run_id: str | None = None) -> str:
        """Ask Airflow for a run of our DAG with the parameters `conf`; return the run's id."""
        if runs.is_paused(self.metadata_uri):
            raise StackError(f"the DAG {DAG_ID} is paused: activate it in the web interface first")
        run_id = run_id or runs.new_run_id()
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
        self.api.request("POST", f"/dags/{DAG_ID}/dagRuns", body)
        return run_id

    def wait(
        self,
        run_id: str,
        seconds: float | None = None,
        on_progress: Callable[[str, Counter[str]], None] | None = None,
    ) -> str:
        """Wait until a run is over and return its state: "success" or "failed".

        Raises `StackError` when a component of ours exits, nothing moves for `RUN_QUIET_SECONDS`, the run does not end
        in `seconds`, or Airflow's database cannot be read. `on_progress` gets the states of run and tasks.
        """
        import psycopg

        began = readable = time.monotonic()
        seen: list[object] = []
        scheduler, log = self.components["scheduler"], self.layout.task_logs / f"dag_id={DAG_ID}" / f"run_id={run_id}"
        patience = Patience(
            f"run {run_id}", [log], lambda: children_of(scheduler.pid()), lambda: list(seen), RUN_QUIET_SECONDS,
            told=on_progress is None,
        )  # fmt: skip
        while True:
            try:
                state = self.run_state(run_id)
                tasks = self.task_states(run_id)
            except psycopg.OperationalError as error:
                if time.monotonic() - readable > OUTAGE_SECONDS:
                    raise StackError(f"Airflow's database cannot be read: {error}") from error
                time.sleep(1)
                continue
            readable = time.monotonic()
            if on_progress is not None:
                on_progress(state, Counter(task.state for task in tasks))
            if state in runs.FINISHED:
                return state
            if self.owned:
                self.check()
            if seconds is not None and readable - began > seconds:
                raise StackError(f"run {run_id} is still {state} after {seconds:.0f} s; logs are in {self.layout.logs}")
            seen[:] = sorted((task.task_id, task.map_index, task.state, task.try_number) for task in tasks)
            patience.go_on()
            time.sleep(0.5)

    def run_state(self, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        state = runs.run_state(self.metadata_uri, run_id)
        if state is None:
            raise StackError(f"there is no run {run_id} of {DAG_ID}")
        return state

    def task_states(self, run_id: str) -> list[runs.TaskState]:
        """Return the task instances of a run."""
        return runs.task_states(self.metadata_uri, run_id)

    def failures(self, run_id: str) -> list[runs.TaskFailure]:
        """Return the failed task instances of a run with their errors."""
        return runs.failures(self.task_states(run_id), run_id, self.layout.task_logs)

    def _process(self, name: str) -> BackgroundProcess:
        return BackgroundProcess(name=name, records=self.layout.processes, log=self.layout.logs / f"{name}.log")

    def _prepare_databases(self) -> None:
        """Set up Airflow's database and ours at the same time."""
        steps = {
            "setting up Airflow": (self._process("airflow-setup"), ["-m", "tools.airflow_setup"]),
            "creating the tables of the records": (self._process("records-setup"), ["-m", "include.cli", "migrate"]),
        }
        for process, arguments in steps.values():
            run_step(process, [sys.executable, *arguments], self.environment(), self.layout.airflow)
        try:
            for title, (process, _) in steps.items():
                finish_step(process, title)
        finally:
            for process, _ in steps.values():
                process.stop(seconds=0)

    def _stop_left_over(self) -> None:
        """Stop what the records name and no object of ours holds: what a killed owner left behind."""
        for record in sorted(self.layout.processes.glob("*.json")):
            logger.info("stopping %s, which an interrupted session left behind", record.stem)
            self._process(record.stem).stop(seconds=5)
