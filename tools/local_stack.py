"""What `make run`, `make up`, `make down`, `make status` and their like call: a real Airflow below `.local/`.

Run as ``python -m tools.local_stack run|up|down|status|clean|env|psql|cli [--home FOLDER] [-- ARGUMENTS]``.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tools import demonstration, shell
from tools.embedded_postgres import PostgresError
from tools.layout import ADMIN, PROJECT_ROOT, Layout, web_port
from tools.ownership import Owner
from tools.patience import Patience
from tools.ports import is_free
from tools.processes import StackError, tail
from tools.stack import ALL_COMPONENTS, LocalStack

__all__ = ["LocalStack", "main"]

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0


def run(home: Path) -> int:
    """Do one full demonstration: in a stack of its own, or in the one that `up` keeps running."""
    owner = LocalStack.owner(home)
    if owner is not None and owner.mode == "run":
        raise StackError(f"another `make run` (process {owner.pid}) is at work; wait for it or stop it: make down")
    running = LocalStack.attach(home)
    if running is not None:
        logger.info("using the Airflow that `make up` keeps running on http://127.0.0.1:%d", running.api_port)
        return demonstration.demonstrate(running)
    if owner is not None:
        raise StackError("`make up` is still starting; try again when it is ready (make status)")
    stack = LocalStack(home)
    try:
        stack.start()
        return demonstration.demonstrate(stack)
    finally:
        _ignore_signals()
        logger.info("stopping")
        stack.stop(seconds=5)


def up(home: Path) -> int:
    """Start everything in the background and leave it running."""
    owner = LocalStack.owner(home)
    if owner is None:
        port = web_port()
        if not is_free(port):
            raise StackError(f"port {port} is in use by another program; choose one: make up API_PORT=8081")
        _start_supervisor(home, port)
    elif owner.mode != "up":
        raise StackError(f"`make run` (process {owner.pid}) is at work; wait for it or stop it: make down")
    return status(home)


def supervise(home: Path, port: int) -> int:
    """Keep all components running until a signal ends this process; what `up` leaves in the background."""
    stack = LocalStack(home, api_port=port, schedule=True, components=ALL_COMPONENTS)
    try:
        stack.start("up", close_open_runs=False)
        pause = 1.0
        while True:
            time.sleep(pause)
            exited = stack.restart_exited()
            for name in exited:
                logger.warning("%s had exited and was started again", name)
            pause = min(2 * pause, LONGEST_PAUSE) if exited else 1.0
    finally:
        _ignore_signals()
        logger.info("stopping")
        stack.stop()


def down(home: Path) -> int:
    """Stop whatever runs in `home`: the background stack, a run in progress, what a killed one left behind."""
    owner = LocalStack.owner(home)
    if owner is not None:
        os.kill(owner.pid, signal.SIGTERM)
        log, pid = Layout(home).logs / "supervisor.log", owner.pid
        patience = Patience(f"process {pid} to stop", logs=[log, log.parent], pids=lambda: [pid])
        while LocalStack.owner(home) is not None:
            patience.go_on()
            time.sleep(0.1)
    LocalStack(home, components=ALL_COMPONENTS).stop()
    logger.info("stopped")
    return 0


def status(home: Path) -> int:
    """Tell what runs and how to reach it; 3 if nothing does."""
    layout = Layout(home)
    owner = LocalStack.owner(home)
    if owner is None:
        sys.stdout.write("not running; start it with: make up\n")
        return 3
    stack = LocalStack(home, api_port=owner.api_port, components=ALL_COMPONENTS)
    lines = [
        f"web interface  http://127.0.0.1:{owner.api_port}",
        f"user           {ADMIN}",
        f"password       {layout.admin_password()}   (kept in {layout.passwords})",
        f"records        {stack.records_uri}",
        f"logs           {layout.logs}",
        f"held by        make {owner.mode}, process {owner.pid}{'' if owner.ready else ', still starting'}",
        f"postgres       {_described(stack.postgres.pid())}",
        *(f"{name:<14} {_described(process.pid())}" for name, process in stack.components.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def clean(home: Path) -> int:
    """Stop everything and delete its state, also a Postgres folder in /var/tmp."""
    down(home)
    if home.exists():
        if (home / "postgres").exists():
            LocalStack(home).postgres.remove()
        shutil.rmtree(home)
    return 0


def _described(pid: int | None) -> str:
    return f"process {pid}" if pid else "not running"


def _start_supervisor(home: Path, port: int) -> None:
    """Start the supervisor in a session of its own and show what it says until it is ready."""
    log = Layout(home).logs / "supervisor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.local_stack", "supervise", "--home", f"{home}", "--port", f"{port}"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    shown = 0
    patience = Patience("Airflow", logs=[log, log.parent], pids=lambda: [process.pid], told=False)
    try:
        owner: Owner | None = None
        while owner is None or not owner.ready:
            text = log.read_text()
            sys.stdout.write(text[shown:])
            shown = len(text)
            if process.poll() is not None:
                raise StackError(f"the start failed with exit code {process.returncode}.\n{tail(log)}")
            patience.go_on()
            time.sleep(0.2)
            owner = LocalStack.owner(home)
    except BaseException:
        process.terminate()
        process.wait()
        raise


def _end_on_signal(number: int, _: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


COMMANDS = {"run": run, "up": up, "down": down, "status": status, "clean": clean}


def _do(command: str, home: Path, port: int, passed_on: list[str]) -> int:
    if command == "supervise":
        return supervise(home, port)
    if command == "env":
        sys.stdout.write(shell.exports(home))
        return 0
    if command == "psql":
        return shell.psql(home, os.environ.get("SQL", ""), passed_on)
    return shell.command_line(home, passed_on) if command == "cli" else COMMANDS[command](home)


class _ElapsedFormatter(logging.Formatter):
    """Puts the seconds since the start of the program before each line."""

    def format(self, record: logging.LogRecord) -> str:
        return f"[{record.relativeCreated / 1000:6.1f} s] {record.getMessage()}"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors of a step go to standard error with the end of its log, exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=[*COMMANDS, "supervise", "env", "psql", "cli"])
    parser.add_argument("--home", type=Path, default=PROJECT_ROOT / ".local")
    parser.add_argument("--port", type=int, default=web_port(), help="of `supervise`")
    given = sys.argv[1:] if arguments is None else arguments
    own, passed_on = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    options = parser.parse_args(own)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_ElapsedFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    signal.signal(signal.SIGTERM, _end_on_signal)
    signal.signal(signal.SIGHUP, _end_on_signal)
    home = options.home.resolve()
    try:
        return _do(options.command, home, options.port, passed_on)
    except (StackError, PostgresError) as error:
        sys.stdout.flush()
        sys.stderr.write(f"\nmake {options.command} failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
