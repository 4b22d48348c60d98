"""What `make psql`, `make cli` and `make env` do: other programs, with the secrets of the local Airflow."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.embedded_postgres import USER, EmbeddedPostgres
from tools.layout import PROJECT_ROOT, RECORDS_DATABASE, Layout, web_port
from tools.patience import StackError
from tools.stack import LocalStack


def exports(home: Path, known: Mapping[str, str] | None = None) -> str:
    """Return lines for a shell to evaluate: every variable that the local Airflow has and `known` has not.

    `known` is the caller's environment if nothing is said.

    Among them are `AIRFLOW_CONN_RETRAINING_DB`, the address of the records, and `AIRFLOW_HOME`; `RETRAINING_PYTHON` is
    the interpreter, which also comes first in `PATH`.
    """
    wanted = environment(home) | {"RETRAINING_PYTHON": sys.executable}
    known = os.environ if known is None else known
    different = {name: value for name, value in sorted(wanted.items()) if known.get(name) != value}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in different.items())


def environment(home: Path) -> dict[str, str]:
    """Return the environment variables of the Airflow of `home`, whether it runs or not; `StackError` before the first.

    Folders and secrets stay what they are between two starts. The port of the interface is the running one's.
    """
    _check_set_up(home)
    owner = LocalStack.owner(home)
    return LocalStack(home, api_port=web_port() if owner is None else owner.api_port).environment()


def command_line(home: Path, arguments: Sequence[str]) -> int:
    """Run `python -m include.cli` with these arguments and return its exit code."""
    command = [sys.executable, "-m", "include.cli", *arguments]
    return subprocess.run(command, env=environment(home), cwd=PROJECT_ROOT, check=False).returncode


def psql(home: Path, sql: str = "", arguments: Sequence[str] = ()) -> int:
    """Open psql on the records, or with `sql` run that and return psql's exit code."""
    postgres = _running_postgres(home)
    server = postgres.location.binaries / "psql"
    program = f"{server}" if os.access(server, os.X_OK) else shutil.which("psql")
    if program is None:
        raise StackError(f"there is no psql, neither {server} nor in PATH; `make status` says the address")
    command = [program, "--host", "127.0.0.1", "--port", f"{postgres.port}", "--username", USER, RECORDS_DATABASE]
    asked = ["--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--command", sql] if sql else []
    own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    own["PGPASSWORD"] = postgres.password  # on the command line everybody could see it
    return subprocess.run([*command, *asked, *arguments], env=own, check=False).returncode


def _running_postgres(home: Path) -> EmbeddedPostgres:
    _check_set_up(home)
    postgres = EmbeddedPostgres(Layout(home).postgres)
    if postgres.pid() is None:
        raise StackError("the records database is not running; start it with: make up")
    return postgres


def _check_set_up(home: Path) -> None:
    if not Layout(home).passwords.exists() or not EmbeddedPostgres(Layout(home).postgres).is_set_up:
        raise StackError(f"nothing has been set up in {home} yet; start it with: make up")
