"""Background processes that can be found and stopped again, also after whoever started them was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tools.patience import QUIET_SECONDS, Patience, StackError, tail

CLOCK_TOLERANCE = 2.0  # s; a process's start time is derived from the boot time, which moves when the clock is set
STOP_SECONDS = 20.0

__all__ = ["BackgroundProcess", "StackError", "finish_step", "run_step", "tail"]


@dataclass
class BackgroundProcess:
    """A process in a session of its own, with its output in a file and a record of it in another.

    Parameters
    ----------
    name : str
        Names the record and the log file.
    records : Path
        Folder of the records.
    log : Path
        Receives standard output and error, appended.
    """

    name: str
    records: Path
    log: Path
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def record(self) -> Path:
        """File that tells which process was started."""
        return self.records / f"{self.name}.json"

    def start(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        """Start `command`; whatever is left of an earlier start under this name is killed first."""
        self.stop(seconds=0)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                list(command),
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with contextlib.suppress(psutil.NoSuchProcess):  # already over: nothing to find again
            started = psutil.Process(self._child.pid).create_time()
            self.record.write_text(json.dumps({"pid": self._child.pid, "started": started, "folder": str(folder)}))

    def pid(self) -> int | None:
        """Process id if the recorded process is alive, else None."""
        if self._child is not None and self._child.poll() is not None:
            return None
        known = self._recorded()
        if known is None:
            return None
        pid, started, _ = known
        return pid if _is_alive(pid, started) else None

    def exit_code(self) -> int | None:
        """Exit code of the process if this object started it and it is over."""
        return None if self._child is None else self._child.poll()

    def kill(self) -> None:
        """Kill the process alone, without warning and without its descendants; for tests of failure."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            if self._child is not None:
                self._child.wait()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask the process to end, then kill what is left of its session after `seconds`."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.pid() is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in self._session():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._child is not None:
            self._child.wait()
            self._child = None
        self.record.unlink(missing_ok=True)

    def _recorded(self) -> tuple[int, float, str] | None:
        try:
            known = json.loads(self.record.read_text())
        except (FileNotFoundError, json.JSONDecodeError):  # never started, or killed while writing the record
            return None
        return int(known["pid"]), float(known["started"]), str(known["folder"])

    def _session(self) -> list[psutil.Process]:
        """Live processes of the recorded session.

        The kernel reuses no number that still names a session. If the leader is gone, the members must also
        have been started later than it and in the same working directory before they count as ours.
        """
        known = self._recorded()
        if known is None:
            return []
        pid, started, folder = known
        leader_alive = _is_alive(pid, started)
        if not leader_alive and psutil.pid_exists(pid) and not _is_zombie(pid):
            return []  # the number belongs to another process by now
        members = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
                if os.getsid(process.pid) != pid or process.create_time() < started - CLOCK_TOLERANCE:
                    continue
                if leader_alive or process.cwd() == folder:
                    members.append(process)
        return members


def run_step(process: BackgroundProcess, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    """Start one step of the set-up; `finish_step` waits for it."""
    process.log.unlink(missing_ok=True)
    process.start(command, environment, folder)


def finish_step(process: BackgroundProcess, title: str, seconds: float = QUIET_SECONDS) -> None:
    """Wait for a step; raise `StackError` with the end of its log if it fails, or nothing moves for `seconds`."""
    patience = Patience(title, logs=[process.log], pids=lambda: [process.pid()], quiet_seconds=seconds)
    while (code := process.exit_code()) is None:
        try:
            patience.go_on()
        except StackError:
            process.stop(seconds=0)
            raise
        time.sleep(0.05)
    process.stop(seconds=0)
    if code != 0:
        raise StackError(f"{title}: failed with exit code {code}.\n{tail(process.log)}")


def _is_alive(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < CLOCK_TOLERANCE and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
