"""A real MLflow server. It cannot live beside Airflow, so it has an environment of its own; `make test` makes it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tools.layout import PROJECT_ROOT
from tools.ports import free_port

PYTHON = Path(os.environ.get("RETRAINING_TEST_MLFLOW") or PROJECT_ROOT / ".venv" / "mlflow" / "bin" / "python")


@dataclass
class MlflowServer:
    """A server with a database and artifacts below `home`."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = [
            f"{PYTHON}", "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", f"{self.port}", "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.home / 'runs.sqlite'}",
            "--artifacts-destination", f"{self.home / 'artifacts'}",
        ]  # fmt: skip
        with (self.home / "server.log").open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, env=own_environment())
        deadline = time.monotonic() + 600
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError((self.home / "server.log").read_text()[-3000:])
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.uri}/health", timeout=2).is_success
        except httpx.TransportError:
            return False


def own_environment() -> dict[str, str]:
    """Variables for a Python that must not see ours."""
    ours = ("PYTHON", "MLFLOW", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true"}  # MLflow's switch for models of any format


@contextmanager
def running(home: Path) -> Iterator[MlflowServer]:
    """A server for the time that the context is open."""
    server = MlflowServer(home, free_port())
    try:
        server.start()
        yield server
    finally:
        server.stop()
