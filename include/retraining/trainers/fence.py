"""What holds the processes of a script together, so that they can be ended whatever they did to get away.

The supervisor ends what is below it. For what it cannot reach any more, because it was killed itself, each process has
a mark in its environment, those that were seen below it are remembered, and where the machine lets us all of them are
in a control group (cgroup v2), which the kernel ends as a whole.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil

from include.retraining.trainers.scratch import is_left, owner

MARK = "MODEL_SCRIPT_RUN"
SUPERVISOR = Path(__file__).with_name("supervise.py")
_KILLING_SECONDS = 5.0
_PREFIX = "retraining-"

log = logging.getLogger(__name__)


@dataclass
class Fence:
    """Around the processes of one run of a command.

    Parameters
    ----------
    mark : str
        In the environment of all of them, as `MARK`: the process that runs the command, and a number.
    group : Path or None
        Their control group; None where none can be made.
    seen : set of process
        Those that were seen.
    """

    mark: str
    group: Path | None = None
    seen: set[psutil.Process] = field(default_factory=set)

    @classmethod
    def raised(cls) -> Fence:
        """A new one. What is left of runs whose owners have died is ended on the way.

        But for their supervisors: these end by themselves, and remove the folder of the run before they do.
        """
        above = own_group()
        for process, mark in _marked():
            if is_left(mark) and not _supervises(process):
                log.warning("process %d is killed: the process whose script it belongs to has died", process.pid)
                _kill(process)
        mark = f"{owner()}-{uuid.uuid4().hex}"
        if above is None:
            _tell_once("scripts are held together by a subreaper and a mark in their environment: there is no control "
                       "group (cgroup v2) that may be written to")  # fmt: skip
            return cls(mark)
        for left in above.glob(f"{_PREFIX}*"):
            if is_left(left.name.removeprefix(_PREFIX)):
                _end_group(left)
        return cls(mark, _new_group(above / f"{_PREFIX}{mark}"))

    @property
    def environment(self) -> Mapping[str, str]:
        """What marks a process and all that it starts."""
        return {MARK: self.mark}

    def down(self) -> None:
        """End all of them that are still there; what cannot be ended is told in the log."""
        if self.group is not None:
            _end_group(self.group)
        deadline = time.monotonic() + _KILLING_SECONDS
        while (left := self._left()) and time.monotonic() < deadline:
            for process in left:
                _kill(process)
            time.sleep(0.02)
        for process in left:
            log.warning("process %d of a script could not be ended", process.pid)

    def _left(self) -> list[psutil.Process]:
        marked = {process for process, mark in _marked() if mark == self.mark}
        return [process for process in marked | self.seen if _is_alive(process)]


def _supervises(process: psutil.Process) -> bool:
    try:
        return f"{SUPERVISOR}" in process.cmdline()[:4]
    except psutil.Error:
        return False  # it has just ended


@cache
def own_group() -> Path | None:
    """The control group (cgroup v2) of this process, where groups can be made in it; None for none."""
    try:
        groups, mounts = (Path("/proc/self", name).read_text(encoding="utf-8") for name in ("cgroup", "mountinfo"))
    except OSError:
        return None
    paths = [Path(line[3:]) for line in groups.splitlines() if line.startswith("0::")]
    roots = [line.split()[3:5] for line in mounts.splitlines() if " - cgroup2 " in line]
    found = [
        Path(place) / path.relative_to(root) for path in paths for root, place in roots if path.is_relative_to(root)
    ]
    return next((group for group in found if group.is_dir() and os.access(group, os.W_OK)), None)


def _new_group(group: Path) -> Path | None:
    """Make a group that the kernel can end as a whole; None where it cannot, or none may be made."""
    try:
        group.mkdir()
    except OSError as error:
        _tell_once(f"scripts run without a control group: {error}")
        return None
    if (group / "cgroup.kill").exists():
        return group
    group.rmdir()
    _tell_once("scripts run without a control group: this kernel cannot end one (cgroup.kill)")
    return None


def _end_group(group: Path) -> None:
    """Kill all that is in a group and in those below it, and remove them."""
    deadline = time.monotonic() + _KILLING_SECONDS
    while group.is_dir():
        try:
            (group / "cgroup.kill").write_text("1", encoding="ascii")
            for below in sorted(group.glob("**/"), reverse=True):
                below.rmdir()
        except OSError as error:  # busy until the last process is gone
            if time.monotonic() > deadline:
                log.warning("%s could not be ended: %s", group, error)
                return
            time.sleep(0.01)


def _marked() -> Iterator[tuple[psutil.Process, str]]:
    """All processes with a mark, and their marks."""
    begin = f"{MARK}=".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            content = (folder / "environ").read_bytes()
            if begin in content:
                mark = next(each for each in content.split(b"\0") if each.startswith(begin))
                yield psutil.Process(int(folder.name)), mark.removeprefix(begin).decode(errors="replace")
        except (OSError, StopIteration, psutil.NoSuchProcess):
            continue  # it has ended, or is another user's


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return


@cache
def _tell_once(text: str) -> None:
    log.info("%s", text)


def resident_bytes(processes: Iterable[psutil.Process]) -> int:
    """Resident memory of processes together; of those that have just ended there is none."""
    total = 0
    for process in processes:
        try:
            total += int(process.memory_info().rss)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
