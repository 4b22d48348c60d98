"""Ends a process, or its database sessions, at a chosen step of what it does to the world outside.

A step is one round trip to Postgres (each statement, each BEGIN, each COMMIT) or one change of a file or folder. What
happens between two steps stays inside the process, so to die just before each step is to die at every boundary.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg

_CHANGES = {"open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.symlink", "shutil.rmtree"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Blow(StrEnum):
    """What happens at the chosen step."""

    KILL = "the process is killed"
    CUT = "all database sessions are cut"
    NO_ANSWER = "the session is cut after the server did it, before it answered"


@dataclass
class Fuse:
    """Counts the steps of this process; at the one with the number `at` it blows."""

    root: Path
    uri: str
    at: int | None = None
    blow: Blow = Blow.KILL
    steps: list[str] = field(default_factory=list)

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection whose round trips are steps."""
        fuse = self

        class Stepping(psycopg.Connection[Any]):
            def wait(self, *arguments: Any, **named: Any) -> Any:
                fuse.step(_statement())
                answer = super().wait(*arguments, **named)
                if fuse.at == len(fuse.steps) - 1 and fuse.blow is Blow.NO_ANSWER:
                    fuse.cut()
                    self.close()
                    raise psycopg.OperationalError("server closed the connection unexpectedly")
                return answer

        return Stepping.connect(self.uri)

    def watch_files(self) -> None:
        """Count changes below `root` from now on; the hook ends with the process."""
        prefix = f"{self.root}{os.sep}"

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event not in _CHANGES or (event == "open" and not _writes(arguments)):
                return
            path = next((f"{a}" for a in reversed(arguments[:2]) if f"{a}".startswith(prefix)), None)
            if path is not None:
                self.step(f"{event} {path.removeprefix(prefix)}")

        sys.addaudithook(hook)

    def step(self, name: str) -> None:
        """Count a step that is about to happen."""
        self.steps.append(name)
        if self.at != len(self.steps) - 1:
            return
        if self.blow is Blow.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.blow is Blow.CUT:
            self.cut()

    def cut(self) -> None:
        """End every session of the database but this one, as a server that restarts does."""
        with psycopg.connect(self.uri) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return bool(flags & _WRITING) if mode is None else not set(mode) <= set("rbt")


def _statement() -> str:
    """Name of the query that the code above is at, for messages; BEGIN and COMMIT have none of their own."""
    frame, names = sys._getframe(2), {"rows": "name", "each": "name"}
    begin: dict[str, Callable[[], str]] = {"__enter__": lambda: "BEGIN", "__exit__": lambda: "COMMIT or ROLLBACK"}
    for _ in range(12):
        if frame is None:
            break
        code = frame.f_code.co_name
        if code in names and names[code] in frame.f_locals:
            return f"sql {frame.f_locals[names[code]]}"
        if code in begin and "psycopg" in frame.f_code.co_filename:
            return f"sql {begin[code]()}"
        frame = frame.f_back  # type: ignore[assignment]
    return "sql"
