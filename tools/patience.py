"""Waiting for something slow: as long as anything moves, however long that takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

logger = logging.getLogger(__name__)

QUIET_SECONDS = 120.0  # without any progress, after which waiting is given up
ENOUGH_CPU = 1.0  # s of processor time that count as progress: one that only looks around uses less in QUIET_SECONDS
LOOK_SECONDS = 1.0  # between two looks at logs and processes
FIRST_WORD_SECONDS, WORD_SECONDS = 2.0, 10.0  # when waiting is told first, and then how often
TAIL_LINES = 30


class StackError(RuntimeError):
    """A step of the local Airflow failed; the message names the step and the log file."""


@dataclass
class Patience:
    """Tells whether to go on waiting: as long as a log grows, a process computes, or an answer changes.

    Parameters
    ----------
    title : str
        What is waited for.
    logs : sequence of Path
        Files that grow while there is progress; of folders, all files in them. The first is shown when it is given up.
    pids : callable
        Returns the processes that work on it; their descendants count in.
    sign : callable
        Returns anything that changes with progress, such as the answer of a health check.
    quiet_seconds : float, default 120
        How long nothing may move.
    told : bool, default True
        Whether it is said that the waiting lasts; the caller may show more than that.

    Examples
    --------
    >>> patience = Patience("the kettle")
    >>> while not "hot":
    ...     patience.go_on()
    """

    title: str
    logs: Sequence[Path] = ()
    pids: Callable[[], Iterable[int | None]] = tuple
    sign: Callable[[], object] = lambda: None
    quiet_seconds: float = QUIET_SECONDS
    told: bool = True
    _began: float = field(init=False, default_factory=time.monotonic)
    _moved: float = field(init=False, default_factory=time.monotonic)
    _looked: float = field(init=False, default=0.0)
    _said: float = field(init=False, default=0.0)
    _seen: Any = field(init=False, default=None)
    _cpu: dict[int, float] = field(init=False, default_factory=dict)
    _used: float = field(init=False, default=0.0)

    def go_on(self) -> None:
        """Return where waiting makes sense; say from time to time that it lasts.

        Raises
        ------
        StackError
            When nothing has moved for `quiet_seconds`: what was waited for, how long, and the end of its log.
        """
        now = time.monotonic()
        if now - self._looked < min(LOOK_SECONDS, self.quiet_seconds):
            return
        self._looked = now
        if self._moves():
            self._moved = now
        quiet, waited = now - self._moved, now - self._began
        if quiet > self.quiet_seconds:
            raise StackError(self._given_up(waited, quiet))
        if self.told and waited >= FIRST_WORD_SECONDS and (not self._said or now - self._said >= WORD_SECONDS):
            self._said = now
            still = f"; nothing has moved for {quiet:.0f} s" if quiet > WORD_SECONDS else ""
            logger.info("waiting for %s: %.0f s%s", self.title, waited, still)

    def _moves(self) -> bool:
        seen = (self.sign(), [_size(log) for log in self.logs])
        changed = self._seen is not None and seen != self._seen
        self._seen = seen
        self._used += self._newly_used()
        if not changed and self._used < ENOUGH_CPU:
            return False
        self._used = 0.0
        return True

    def _newly_used(self) -> float:
        """Processor time since the last look, of all processes that are still there."""
        now = {pid: used for root in self.pids() if root is not None for pid, used in _cpu_of_tree(root)}
        spent = sum(max(0.0, used - self._cpu.get(pid, 0.0)) for pid, used in now.items())
        first, self._cpu = not self._cpu, now
        return 0.0 if first else spent

    def _given_up(self, waited: float, quiet: float) -> str:
        told = f"{self.title}: not done after {waited:.0f} s, and for the last {quiet:.0f} s nothing has moved: "
        told += "no log has grown, no process has computed" if self.logs else "it does not change"
        shown = next((log for log in self.logs if log.is_file()), self.logs[0] if self.logs else None)
        return told if shown is None else f"{told}.\n{tail(shown)}"


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """Return the end of a log file under a line that names it."""
    text = log.read_text(errors="replace").splitlines()[-lines:] if log.is_file() else ["(it does not exist)"]
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in text)])


def children_of(pid: int | None) -> list[int]:
    """Return the processes that a process started itself; none where it is gone, or None."""
    try:
        return [] if pid is None else [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def _size(log: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none."""
    total = 0
    for file in log.rglob("*") if log.is_dir() else [log]:
        try:
            total += file.stat().st_size
        except OSError:  # not there yet, or gone since
            continue
    return total


def _cpu_of_tree(pid: int) -> list[tuple[int, float]]:
    """Processor time in seconds of a process and each of its descendants."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
    found = []
    for process in tree:
        try:
            times = process.cpu_times()
        except psutil.Error:  # gone, or not ours to see
            continue
        found.append((process.pid, times.user + times.system))
    return found
