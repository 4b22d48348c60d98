from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tools.ownership import Ownership
from tools.processes import BackgroundProcess, StackError, finish_step, run_step
from tools.runs import last_error, wait_for_api

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
# A component with a worker that has a process group of its own, as Airflow's task processes have.
HAS_WORKER = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; "
    "w = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], process_group=0); "
    "print(w.pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def component(tmp_path: Path) -> Iterator[BackgroundProcess]:
    component = _component(tmp_path)
    yield component
    component.stop(seconds=0)


def _component(folder: Path) -> BackgroundProcess:
    return BackgroundProcess(name="component", records=folder, log=folder / "component.log")


def _worker_pid(component: BackgroundProcess) -> int:
    for _ in range(2000):
        text = component.log.read_text()
        if text.endswith("\n"):
            return int(text)
        time.sleep(0.05)
    raise AssertionError("the worker did not start")


def _is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _killed(pid: int) -> bool:
    for _ in range(1000):
        if not _is_running(pid):
            return True
        time.sleep(0.05)
    return False


def test_another_object_finds_and_stops_the_recorded_process(component: BackgroundProcess, tmp_path: Path) -> None:
    component.start(SLEEPS, os.environ, tmp_path)
    pid = component.pid()
    assert pid is not None
    other = _component(tmp_path)
    assert other.pid() == pid
    other.stop(seconds=0)
    assert _killed(pid)
    assert other.pid() is None


def test_stop_also_kills_workers_whose_parent_was_killed(component: BackgroundProcess, tmp_path: Path) -> None:
    component.start(HAS_WORKER, os.environ, tmp_path)
    worker = _worker_pid(component)
    component.kill()
    assert component.pid() is None
    assert _is_running(worker)
    component.stop(seconds=0)
    assert _killed(worker)


def test_a_foreign_process_that_got_the_recorded_number_is_left_alone(tmp_path: Path) -> None:
    foreign = subprocess.Popen(SLEEPS, start_new_session=True, cwd=tmp_path)
    try:
        earlier = psutil.Process(foreign.pid).create_time() - 1000
        record = {"pid": foreign.pid, "started": earlier, "folder": str(tmp_path)}
        (tmp_path / "component.json").write_text(json.dumps(record))
        component = _component(tmp_path)
        assert component.pid() is None
        component.stop(seconds=0)
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_failed_step_shows_its_title_and_the_end_of_its_log(component: BackgroundProcess, tmp_path: Path) -> None:
    run_step(component, [sys.executable, "-c", "raise SystemExit('no disk left')"], os.environ, tmp_path)
    with pytest.raises(StackError, match=r"(?s)making coffee: failed with exit code 1.*component\.log.*no disk left"):
        finish_step(component, "making coffee")


def test_slow_step_is_ended(component: BackgroundProcess, tmp_path: Path) -> None:
    run_step(component, SLEEPS, os.environ, tmp_path)
    pid = component.pid()
    assert pid is not None
    with pytest.raises(StackError, match="not done after"):
        finish_step(component, "making coffee", seconds=0.2)
    assert _killed(pid)


class SlowApi:
    """An API whose health check fails until its time has come."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def health(self) -> tuple[int, object]:
        return (200 if self.healthy() else 0), ""

    def healthy(self) -> bool:
        return time.monotonic() >= self._until


@pytest.mark.sweep
def test_slow_server_is_waited_for_while_its_log_grows(component: BackgroundProcess, tmp_path: Path) -> None:
    talks = "import time\nwhile True: print('loading', flush=True); time.sleep(0.3)"
    component.start([sys.executable, "-c", talks], os.environ, tmp_path)
    wait_for_api(SlowApi(12.0), component, quiet_seconds=4.0)  # type: ignore[arg-type]


def test_server_that_hangs_or_dies_is_given_up_with_the_end_of_its_log(
    component: BackgroundProcess, tmp_path: Path
) -> None:
    stuck = "import time; print('waiting for a lock', flush=True); time.sleep(600)"
    component.start([sys.executable, "-c", stuck], os.environ, tmp_path)
    with pytest.raises(StackError, match=r"(?s)the API server: not done.*component\.log.*waiting for a lock"):
        wait_for_api(SlowApi(600.0), component, quiet_seconds=3.0)  # type: ignore[arg-type]
    component.start([sys.executable, "-c", "raise SystemExit('no port')"], os.environ, tmp_path)
    with pytest.raises(StackError, match=r"(?s)the API server exited with code 1.*no port"):
        wait_for_api(SlowApi(600.0), component)  # type: ignore[arg-type]


def test_only_one_process_owns_a_stack(tmp_path: Path) -> None:
    first, second = Ownership(tmp_path / "owner.json"), Ownership(tmp_path / "owner.json")
    assert first.current() is None
    first.take("run", 8080)
    with pytest.raises(StackError, match=r"is in use: .*mode='run'"):
        second.take("up", 8080)
    first.declare("run", 8080, ready=True)
    owner = second.current()
    assert owner is not None
    assert (owner.mode, owner.pid, owner.ready) == ("run", os.getpid(), True)
    first.release()
    assert second.current() is None
    second.take("up", 8080)
    second.release()


def test_ownership_ends_with_its_owner(tmp_path: Path) -> None:
    lock = tmp_path / "owner.json"
    code = (
        "import sys, time; from pathlib import Path; from tools.ownership import Ownership; "
        "held = Ownership(Path(sys.argv[1])); held.take('run', 1); print('taken', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, f"{lock}"], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "taken\n"
        assert Ownership(lock).current() is not None
    finally:
        holder.kill()
        holder.communicate()
    assert Ownership(lock).current() is None


def test_error_of_a_task_log_is_its_exception(tmp_path: Path) -> None:
    log = tmp_path / "attempt=1.log"
    frames = [{"filename": "trainer.py", "lineno": 7, "name": "fit"}]
    detail = [{"exc_type": "ValueError", "exc_value": "no rows", "frames": frames}]
    lines = [{"event": "starting"}, {"event": "Task failed", "error_detail": detail}, {"event": "cleaning up"}]
    log.write_text("\n".join(map(json.dumps, lines)) + '\n{"event": "cut of')
    assert last_error(log) == "ValueError: no rows (trainer.py:7)"


def test_task_log_without_exception_shows_its_last_event(tmp_path: Path) -> None:
    log = tmp_path / "attempt=1.log"
    log.write_text(json.dumps({"event": "Process terminated by signal -9"}) + "\n")
    assert last_error(log) == "Process terminated by signal -9 (no exception in the log)"
    assert "no log was written" in last_error(tmp_path / "missing.log")
