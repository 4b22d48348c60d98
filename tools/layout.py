"""Folders, secrets and environment variables of one local Airflow."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.embedded_postgres import EmbeddedPostgres

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "automatic_model_retraining"
POOL = "retraining"
POOL_SLOTS = 3
ADMIN = "admin"
METADATA_DATABASE = "airflow"
RECORDS_DATABASE = "retraining"
_OUR_FOLDERS = ("RETRAINING_MODELS_DIR", "RETRAINING_DATA_DIR", "RETRAINING_ARTIFACTS_DIR")


@dataclass(frozen=True)
class Layout:
    """Where one local Airflow keeps its state; everything is below `home`."""

    home: Path

    @property
    def postgres(self) -> Path:
        """Folder of the embedded Postgres."""
        return self.home / "postgres"

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME."""
        return self.home / "airflow"

    @property
    def artifacts(self) -> Path:
        """Folder of the trained versions."""
        return self.home / "artifacts"

    @property
    def logs(self) -> Path:
        """Logs, one file a component."""
        return self.home / "logs"

    @property
    def task_logs(self) -> Path:
        """Logs of task instances, in Airflow's own layout."""
        return self.logs / "tasks"

    @property
    def processes(self) -> Path:
        """Records of the processes that were started, one file each."""
        return self.home / "processes"

    @property
    def lock(self) -> Path:
        """Lock file that tells which process keeps this Airflow running."""
        return self.home / "owner.json"

    @property
    def passwords(self) -> Path:
        """User name and password of the web interface, as JSON."""
        return self.home / "secrets" / "web-users.json"

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (self.airflow, self.artifacts, self.task_logs, self.processes):
            folder.mkdir(parents=True, exist_ok=True)
        self.passwords.parent.mkdir(mode=0o700, exist_ok=True)
        if not self.passwords.exists():
            _write_secret(self.passwords, json.dumps({ADMIN: secrets.token_urlsafe(16)}))

    def admin_password(self) -> str:
        """Return the password of the web interface's only user."""
        return str(json.loads(self.passwords.read_text())[ADMIN])

    def secret(self, name: str) -> str:
        """Return the secret of this name: 32 random bytes in URL-safe base 64, made on the first call."""
        path = self.passwords.parent / name
        if not path.exists():
            _write_secret(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        return path.read_text()


def environment(
    layout: Layout,
    postgres: EmbeddedPostgres,
    *,
    api_port: int,
    schedule: bool,
    dags_dir: Path = PROJECT_ROOT / "dags",
    settings: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return all environment variables of the Airflow of `layout`, on top of the caller's own.

    `settings` come last and win. Folders of ours that the caller names, and those of PYTHONPATH, are made absolute,
    because the components run elsewhere; the project's own comes before the caller's. With `schedule` false only
    triggered runs are made.
    """
    result = {"OMP_WAIT_POLICY": "PASSIVE"} | dict(os.environ)  # several retrains share the cores: idle threads sleep
    result |= _paths(layout, dags_dir)
    result |= _databases(postgres)
    result |= _secrets(layout)
    result |= _behaviour(schedule=schedule)
    result |= {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": f"{api_port}",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{api_port}/",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{api_port}/execution/",
    }
    spared = (result.get("NO_PROXY") or result.get("no_proxy") or "").split(",")
    local = ",".join(dict.fromkeys([*filter(None, spared), "127.0.0.1", "localhost"]))
    result |= {"NO_PROXY": local, "no_proxy": local}  # tasks speak to the API server; never through a proxy
    return result | dict(settings or {})


def web_port() -> int:
    """Return the port of `make up`'s web interface: API_PORT, by default 8080."""
    return int(os.environ.get("API_PORT") or 8080)


def _paths(layout: Layout, dags_dir: Path) -> dict[str, str]:
    given = {name: os.environ[name] for name in _OUR_FOLDERS if os.environ.get(name)}
    folders = {"RETRAINING_ARTIFACTS_DIR": f"{layout.artifacts}"} | given
    programs = Path(sys.executable).parent
    return {name: f"{Path(folder).expanduser().resolve()}" for name, folder in folders.items()} | {
        "AIRFLOW_HOME": f"{layout.airflow}",
        "AIRFLOW_CONFIG": f"{layout.airflow / 'airflow.cfg'}",
        "AIRFLOW__CORE__DAGS_FOLDER": f"{dags_dir}",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{PROJECT_ROOT / 'plugins'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{layout.task_logs}",
        "PYTHONPATH": _joined([f"{PROJECT_ROOT}", *(f"{Path(place).resolve()}" for place in _split("PYTHONPATH"))]),
        "PATH": _joined([f"{programs}", *(_split("PATH") or os.defpath.split(os.pathsep))]),
    }


def _split(name: str) -> list[str]:
    """The parts of a search path in the caller's environment."""
    return [part for part in os.environ.get(name, "").split(os.pathsep) if part]


def _joined(parts: list[str]) -> str:
    return os.pathsep.join(dict.fromkeys(parts))


def _databases(postgres: EmbeddedPostgres) -> dict[str, str]:
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.uri(METADATA_DATABASE, driver="postgresql+psycopg2"),
        "AIRFLOW_CONN_RETRAINING_DB": postgres.uri(RECORDS_DATABASE),
    }


def _secrets(layout: Layout) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__FERNET_KEY": layout.secret("fernet-key"),
        "AIRFLOW__API__SECRET_KEY": layout.secret("api-secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": layout.secret("jwt-1") + layout.secret("jwt-2"),  # wants 64 bytes
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{layout.passwords}",
    }


def _behaviour(*, schedule: bool) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "32",
        # Without this, unpausing a DAG at once makes the run of its last past slot.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": f"{schedule}",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # at 5, the default, every task ends up to 5 s late
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "10",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _write_secret(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
