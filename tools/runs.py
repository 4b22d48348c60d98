"""Triggers runs of our DAG through Airflow's REST API and reads their states and errors."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.layout import ADMIN, DAG_ID
from tools.patience import QUIET_SECONDS, Patience
from tools.processes import BackgroundProcess, StackError, tail

FINISHED = frozenset({"success", "failed"})


@dataclass(frozen=True, kw_only=True)
class TaskState:
    """One task instance as Airflow last saw it; `state` is "none" before it is scheduled."""

    task_id: str
    map_index: int
    label: str
    state: str
    try_number: int


@dataclass(frozen=True, kw_only=True)
class TaskFailure:
    """A failed task instance, what its log says about it, and where that log is."""

    task: TaskState
    error: str
    log: Path


class RestApi:
    """Airflow's REST API on this machine; no proxy is used, whatever the environment says."""

    def __init__(self, port: int, password: str) -> None:
        self._port = port
        self._password = password
        self._token: str | None = None

    def healthy(self) -> bool:
        """Tell whether the server answers and reaches its database."""
        status, health = self.health()
        return status == 200 and health["metadatabase"]["status"] == "healthy"

    def health(self) -> tuple[int, Any]:
        """Return the status and the answer of the server's health check; 0 and why where there is no answer."""
        try:
            return self._call("GET", "/api/v2/monitor/health")
        except (OSError, http.client.HTTPException) as error:  # not listening yet, or stopping
            return 0, str(error)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make one request as the administrator and return the decoded answer; other than 2xx is an error."""
        if self._token is None:
            login = {"username": ADMIN, "password": self._password}
            status, answer = self._call("POST", "/auth/token", login)
            if status != 201:
                raise StackError(f"the API server refused the log-in: {status} {answer}")
            self._token = str(answer["access_token"])
        status, answer = self._call(method, f"/api/v2{path}", body, self._token)
        if status == 401 and self._token is not None:  # the token's day is over
            self._token = None
            return self.request(method, path, body)
        if not 200 <= status < 300:
            raise StackError(f"{method} {path}: the API server answered {status} {answer}")
        return answer

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(text) if is_json and text else text


def wait_for_api(api: RestApi, server: BackgroundProcess, quiet_seconds: float = QUIET_SECONDS) -> None:
    """Return when the API server is healthy; raise `StackError` with the end of its log if it exits or hangs."""
    patience = Patience(
        "the API server", [server.log], lambda: [server.pid()], lambda: api.health()[0], quiet_seconds=quiet_seconds
    )
    while not api.healthy():
        if server.pid() is None:
            raise StackError(f"the API server exited with code {server.exit_code()}.\n{tail(server.log)}")
        patience.go_on()
        time.sleep(0.2)


def new_run_id() -> str:
    """Return the id of a manual run that starts now."""
    return f"manual__{datetime.now(UTC).isoformat()}"


def run_state(metadata_uri: str, run_id: str) -> str | None:
    """Return the state of a run of our DAG, None if there is no such run."""
    rows = _query(metadata_uri, "select state from dag_run where dag_id = %s and run_id = %s", (DAG_ID, run_id))
    return str(rows[0][0]) if rows else None


def open_runs(metadata_uri: str) -> list[str]:
    """Return the ids of the runs of our DAG that are queued or running, oldest first."""
    text = "select run_id from dag_run where dag_id = %s and state in ('queued', 'running') order by id"
    return [str(run_id) for (run_id,) in _query(metadata_uri, text, (DAG_ID,))]


def is_paused(metadata_uri: str) -> bool:
    """Tell whether somebody paused our DAG: its runs would stay queued."""
    return bool(_query(metadata_uri, "select is_paused from dag where dag_id = %s", (DAG_ID,))[0][0])


def task_states(metadata_uri: str, run_id: str) -> list[TaskState]:
    """Return the task instances of a run, in no particular order."""
    text = """
        select task_id, map_index, coalesce(rendered_map_index, ''), coalesce(state, 'none'), try_number
        from task_instance where dag_id = %s and run_id = %s
    """
    return [
        TaskState(task_id=task_id, map_index=map_index, label=label, state=state, try_number=try_number)
        for task_id, map_index, label, state, try_number in _query(metadata_uri, text, (DAG_ID, run_id))
    ]


def failures(tasks: list[TaskState], run_id: str, task_logs: Path) -> list[TaskFailure]:
    """Return the task instances that failed themselves, each with the last error of its log."""
    found = []
    for task in sorted(tasks, key=lambda task: (task.task_id, task.map_index)):
        if task.state == "failed":
            log = _task_log(task, run_id, task_logs)
            found.append(TaskFailure(task=task, error=last_error(log), log=log))
    return found


def last_error(log: Path) -> str:
    """Return the last error of a task log: JSON lines with the exception in `error_detail`, else the last event."""
    if not log.exists():
        return "no log was written: the task never started or its worker was killed"
    last_event = "the log is empty"
    error: str | None = None
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:  # the last line of a killed process may be cut off
            continue
        last_event = str(entry.get("event", last_event))
        if entry.get("error_detail"):
            error = _exception_text(entry["error_detail"][0])
    return error or f"{last_event} (no exception in the log)"


def _exception_text(detail: Mapping[str, Any]) -> str:
    frames = detail.get("frames") or []
    place = f" ({frames[-1]['filename']}:{frames[-1]['lineno']})" if frames else ""
    return f"{detail.get('exc_type')}: {detail.get('exc_value')}{place}"


def _task_log(task: TaskState, run_id: str, task_logs: Path) -> Path:
    folder = task_logs / f"dag_id={DAG_ID}" / f"run_id={run_id}" / f"task_id={task.task_id}"
    if task.map_index >= 0:
        folder /= f"map_index={task.map_index}"
    return folder / f"attempt={task.try_number}.log"


def _query(uri: str, text: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    import psycopg

    with psycopg.connect(uri, connect_timeout=10) as connection:
        return connection.execute(text, parameters).fetchall()
