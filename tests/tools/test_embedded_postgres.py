from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tools import server_location
from tools.embedded_postgres import EmbeddedPostgres, PostgresError


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Where no server was yet."""
    home = tmp_path / "postgres"
    yield home
    EmbeddedPostgres(home).remove()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Home of a server that was set up, and may have been stopped in any way."""
    home = tmp_path_factory.mktemp("lived_in") / "postgres"
    yield home
    EmbeddedPostgres(home).remove()


def write_row(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.uri()) as connection:
        connection.execute("drop table if exists kept")
        connection.execute("create table kept (value int)")
        connection.execute("insert into kept values (42)")


def read_row(server: EmbeddedPostgres) -> int:
    with psycopg.connect(server.uri()) as connection:
        row = connection.execute("select value from kept").fetchone()
    assert row is not None
    return int(row[0])


def test_rows_and_port_survive_a_restart(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        write_row(server)
        port = server.port
    assert EmbeddedPostgres(home).pid() is None
    with EmbeddedPostgres(home) as server:
        assert read_row(server) == 42
        assert server.port == port


def test_start_and_stop_can_be_repeated(lived_in: Path) -> None:
    server = EmbeddedPostgres(lived_in)
    server.start()
    pid = server.pid()
    server.start()
    assert server.pid() == pid
    server.stop()
    server.stop()
    assert server.pid() is None


def test_committed_rows_survive_kill_9(lived_in: Path) -> None:
    server = EmbeddedPostgres(lived_in)
    server.start()
    write_row(server)
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.start()
    assert server.pid() != pid
    assert read_row(server) == 42
    server.stop()


def test_pid_file_with_the_number_of_a_foreign_process_does_not_block_the_start(lived_in: Path) -> None:
    server = EmbeddedPostgres(lived_in)
    server.start()
    write_row(server)
    pid = server.pid()
    assert pid is not None
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    os.kill(pid, signal.SIGKILL)
    # The kernel gave the dead server's number to somebody else, who even runs as the server's own user.
    foreign = subprocess.Popen(["/bin/sleep", "60"], **server.location.user.process_arguments())
    try:
        _wait_until_gone(pid)
        pid_file.write_text("\n".join([f"{foreign.pid}", *lines[1:]]))
        assert server.pid() is None
        server.start()
        assert read_row(server) == 42
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()
        server.stop()


def test_databases_are_created_once(lived_in: Path) -> None:
    with EmbeddedPostgres(lived_in) as server:
        server.create_databases("one", "two")
        server.create_databases("two", "three")
        with psycopg.connect(server.uri("three")) as connection:
            row = connection.execute(
                "select count(*) from pg_database where datname in ('one', 'two', 'three')"
            ).fetchone()
    assert row == (3,)


def test_password_is_asked_for_and_private(lived_in: Path) -> None:
    with EmbeddedPostgres(lived_in) as server:
        password = server.location.folder / "password"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        wrong = server.uri().replace(password.read_text(), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_a_taken_port_is_replaced(lived_in: Path) -> None:
    with EmbeddedPostgres(lived_in) as server:
        port = server.port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sessions of a moment ago
        other.bind(("127.0.0.1", port))
        other.listen()
        with EmbeddedPostgres(lived_in) as server:
            assert server.port != port
            psycopg.connect(server.uri()).close()


def test_failed_start_shows_the_end_of_the_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.embedded_postgres.START_SECONDS", 0)
    server = EmbeddedPostgres(home)
    server.start()
    server.stop()
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(PostgresError, match=r"(?s)server\.log.*no_such_setting"):
        server.start()


def test_address_of_a_server_that_was_never_started_is_an_error(home: Path) -> None:
    with pytest.raises(PostgresError, match="never started"):
        EmbeddedPostgres(home).uri()


def test_long_home_path_works(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("long" * 20) / ("longer" * 15))
    try:
        with server:
            psycopg.connect(server.uri()).close()
    finally:
        server.remove()


def test_command_line_starts_tells_and_stops(home: Path) -> None:
    def call(command: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "tools.embedded_postgres", command, f"{home}"]
        return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)

    assert "running, pid" in call("start").stdout
    assert call("status").returncode == 0
    assert call("stop").stdout == "not running\n"
    assert call("status").returncode == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_root_below_a_private_folder_uses_var_tmp_and_opens_no_permissions(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = EmbeddedPostgres(private / "project" / "postgres")
    try:
        with server:
            write_row(server)
            assert server.location.folder.parent == server_location.FALLBACK
        with EmbeddedPostgres(server.home) as again:
            assert read_row(again) == 42
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        server.remove()
    assert not server.location.folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_binaries_that_the_server_user_cannot_reach_are_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = server_location._installed_server()
    private = tmp_path / "private" / "site-packages"
    private.mkdir(parents=True)
    (private / installed.parent.name).mkdir()
    (private / f"{installed.parent.name}.libs").symlink_to(installed.parent.with_name(f"{installed.parent.name}.libs"))
    shutil.copytree(installed, private / installed.parent.name / installed.name, symlinks=True)
    private.parent.chmod(0o700)
    monkeypatch.setattr(server_location, "_installed_server", lambda: private / installed.parent.name / installed.name)
    server = EmbeddedPostgres(home)
    with server:
        assert server.location.binaries.is_relative_to(server.location.folder)
        psycopg.connect(server.uri()).close()


def _wait_until_gone(pid: int) -> None:
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
