"""What `make env`, `make psql` and `make cli` give to other programs, on a real Postgres."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import shell
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import PROJECT_ROOT, RECORDS_DATABASE, Layout, environment
from tools.local_stack import main
from tools.patience import StackError


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A local Airflow of which only Postgres runs."""
    layout = Layout(tmp_path_factory.mktemp("home"))
    layout.prepare()
    server = EmbeddedPostgres(layout.postgres, settings={"fsync": "off"})
    server.start()
    server.create_databases(RECORDS_DATABASE)
    yield layout.home
    server.remove()


def in_a_shell(home: Path, command: str) -> str:
    bare = {"PATH": os.defpath, "HOME": f"{home}"}
    text = f"{shell.exports(home, known=bare)}\n{command}"
    return subprocess.run(["/bin/sh", "-ec", text], env=bare, check=True, capture_output=True, text=True).stdout.strip()


def test_exports_are_all_that_a_shell_needs(home: Path) -> None:
    asked = "import os, sys, psycopg; print(psycopg.connect(os.environ['AIRFLOW_CONN_RETRAINING_DB']).info.dbname)"
    assert in_a_shell(home, f'python -c "{asked}"') == RECORDS_DATABASE
    assert in_a_shell(home, 'echo "$AIRFLOW_HOME"') == f"{home / 'airflow'}"
    assert in_a_shell(home, 'echo "$RETRAINING_PYTHON"') == sys.executable


@pytest.mark.parametrize("value", ["a b", "it's", 'say "x"', "$HOME `id`", "line\nline", "back\\slash"])
def test_exports_survive_the_shell(home: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RETRAINING_DATA_DIR", f"/srv/{value}")
    assert in_a_shell(home, 'printf %s "$RETRAINING_DATA_DIR"') == f"/srv/{value}"


def test_exporting_twice_adds_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shell.environment(home).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RETRAINING_PYTHON", sys.executable)
    assert shell.exports(home) == ""


def test_sql_is_run_and_its_error_is_an_exit_code(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATABASE", "nowhere")  # the caller's own settings are not these of ours
    assert shell.psql(home, "select 40 + 2 as answer") == 0
    assert "42" in capfd.readouterr().out
    assert shell.psql(home, "select nonsense") != 0


def test_command_line_gets_the_records(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["cli", "--home", f"{home}", "--", "migrate"]) == 0
    assert shell.psql(home, "SELECT * FROM model_retraining_events") == 0
    assert main(["cli", "--home", f"{home}", "--", "requests"]) == 1  # there are none
    assert main(["cli", "--home", f"{home}", "--", "report", "nobody"]) == 2
    assert "nobody" in capfd.readouterr().err


@pytest.mark.parametrize("command", ["env", "psql", "cli"])
def test_before_the_first_start_it_is_said_how_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "--home", f"{tmp_path / 'none'}"]) == 1
    assert "start it with: make up" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_psql_of_a_stopped_server_says_so(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.prepare()
    server = EmbeddedPostgres(layout.postgres)
    server.start()
    server.stop()
    with pytest.raises(StackError, match="is not running"):
        shell.psql(tmp_path)
    server.remove()


def test_import_path_of_the_caller_is_kept_behind_the_projects_own(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout(tmp_path / "home")
    layout.prepare()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["mine", "/srv/shop", "", f"{PROJECT_ROOT}", "mine"]))
    found = environment(layout, postgres, api_port=1, schedule=False)["PYTHONPATH"]
    assert found.split(os.pathsep) == [f"{PROJECT_ROOT}", f"{tmp_path / 'mine'}", "/srv/shop"]
