"""Who keeps a local Airflow running: an advisory lock, which the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from tools.processes import StackError

_TRIES = 10


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who holds a stack: `mode` is "run" or "up"; `ready` once runs can be triggered."""

    mode: str
    pid: int
    api_port: int
    ready: bool


class Ownership:
    """The right to start and stop the stack whose lock file is `path`; one process at a time has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None

    @property
    def held(self) -> bool:
        """Whether this object has the right."""
        return self._file is not None

    def take(self, mode: str, api_port: int) -> None:
        """Take the right or raise `StackError` naming who has it."""
        file = self._path.open("a+")
        for _ in range(_TRIES):  # a reader of the file holds a lock on it for a moment
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.05)
        else:
            file.close()
            raise StackError(f"{self._path.parent} is in use: {self.current()}")
        self._file = file
        self.declare(mode, api_port, ready=False)

    def declare(self, mode: str, api_port: int, *, ready: bool) -> None:
        """Tell others how far this owner is."""
        if self._file is None:
            raise StackError(f"{self._path.parent} belongs to another process")
        self._file.truncate(0)
        self._file.write(json.dumps(asdict(Owner(mode=mode, pid=os.getpid(), api_port=api_port, ready=ready))))
        self._file.flush()

    def release(self) -> None:
        """Give the right up."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def current(self) -> Owner | None:
        """Return who has the right now, or None."""
        for _ in range(_TRIES):
            try:
                with self._path.open() as file:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return None
            except FileNotFoundError:
                return None
            except BlockingIOError:
                text = self._path.read_text()
            if text:
                return Owner(**json.loads(text))
            time.sleep(0.05)  # between taking the lock and writing who did
        raise StackError(f"another process holds {self._path} and does not say who it is")
