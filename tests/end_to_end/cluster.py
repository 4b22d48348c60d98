"""A cluster on one machine: the local stack with Redis, two Celery workers and the settings of docker-compose.yaml."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
import yaml

from tests.waiting import wait_until
from tools.layout import PROJECT_ROOT
from tools.ports import free_port
from tools.processes import BackgroundProcess
from tools.stack import LocalStack

TAKEN = (
    "AIRFLOW__SCHEDULER__", "AIRFLOW__CELERY__", "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__", "AIRFLOW__WORKERS__",
    "AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__PARALLELISM",
)  # fmt: skip


def compose_settings(service: str = "cluster-scheduler") -> dict[str, str]:
    """How docker-compose.yaml has a service schedule and give out tasks; without addresses and secrets."""
    compose = yaml.safe_load((PROJECT_ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))
    settings: Mapping[str, Any] = compose["services"][service]["environment"]
    return {name: f"{value}" for name, value in settings.items() if name.startswith(TAKEN) and "${" not in f"{value}"}


def redis_server() -> str:
    """Path of Redis; the test is left out where there is none."""
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("there is no redis-server on the PATH (Debian: apt-get install redis-server)")
    return found


class Cluster:
    """A `LocalStack` with CeleryExecutor, and workers that can be killed as if their machine were gone."""

    def __init__(self, home: Path, models_dir: Path, settings: Mapping[str, str]) -> None:
        self._binary, self._port, self._folder = redis_server(), free_port(), home.parent / "cluster"
        self._folder.mkdir()
        broker = {"AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{self._port}/0"}
        self.stack = LocalStack(
            home, models_dir=models_dir, components=("api-server", "scheduler", "dag-processor"),
            settings=compose_settings() | broker | dict(settings),
        )  # fmt: skip
        self._redis = self._process("redis")
        self.workers = {name: self._process(name) for name in ("one", "two")}

    def __enter__(self) -> Self:
        """Start everything, or on an error nothing."""
        command = [self._binary, "--port", f"{self._port}", "--bind", "127.0.0.1", "--dir", f"{self._folder}"]
        try:
            self._redis.start([*command, "--save", "", "--appendonly", "yes"], os.environ, self._folder)
            self.stack.start()
            for name in self.workers:
                self.start_worker(name, wait=False)
            for name in self.workers:
                self._wait_for(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything."""
        for worker in self.workers.values():
            worker.stop(5)
        self.stack.stop(5)
        self.stack.postgres.remove()
        self._redis.stop()

    def start_worker(self, name: str, *, wait: bool = True) -> None:
        """Start a worker; with `wait` return when it takes tasks."""
        worker = self.workers[name]
        worker.log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "airflow", "celery", "worker", "--skip-serve-logs", "--celery-hostname", name]
        worker.start(command, self.stack.environment(), self.stack.layout.airflow)
        if wait:
            self._wait_for(name)

    def worker_of(self, pid: int) -> str | None:
        """Name of the worker on which this process is at work."""
        parents = {each.pid for each in psutil.Process(pid).parents()} if psutil.pid_exists(pid) else set()
        return next((name for name, worker in self.workers.items() if worker.pid() in parents), None)

    def freeze(self, name: str) -> list[psutil.Process]:
        """Stop a worker with all that it began where they are; those processes."""
        pid = self.workers[name].pid()
        assert pid is not None
        frozen: dict[int, psutil.Process] = {}
        while new := [each for each in _tree(pid) if each.pid not in frozen]:  # one may just have begun another
            for process in new:
                frozen[process.pid] = process
                _send(process, signal.SIGSTOP)
        return list(frozen.values())

    def thaw(self, frozen: list[psutil.Process]) -> None:
        """Let them go on."""
        for process in frozen:
            _send(process, signal.SIGCONT)

    def kill(self, name: str, frozen: list[psutil.Process]) -> None:
        """End what was frozen without warning (kill -9), as when a machine loses its power."""
        for process in frozen:
            _send(process, signal.SIGKILL)
        self.workers[name].stop(seconds=0)

    def _wait_for(self, name: str) -> None:
        worker = self.workers[name]

        def ready() -> bool:
            assert worker.pid(), worker.log.read_text()[-4000:]
            return f"{name} ready." in worker.log.read_text()

        wait_until(ready, 300.0)

    def _process(self, name: str) -> BackgroundProcess:
        return BackgroundProcess(name=name, records=self._folder, log=self._folder / f"{name}.log")


def _tree(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # ended by itself
