"""Temporary folders of scripts: each has the name of the process that needs it, so that none outlives that for long."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from include.data.temporary import made_temporarily
from include.retraining.trainers.supervise import remove_tree

_PREFIX = "retraining"

log = logging.getLogger(__name__)


def owner() -> str:
    """This process, as nobody else is called: start of the machine, PID namespace, PID and start of the process.

    Empty where there is no /proc: then nothing is known of processes that died.
    """
    place = _place()
    start = _start_of(os.getpid())
    return f"{place}-{os.getpid()}-{start}" if place and start else ""


def is_dead(name: str) -> bool:
    """Whether the process that `owner` called so is known to have died; one of another machine or namespace never is.

    >>> is_dead("elsewhere-4026531836-1-1"), bool(owner()) and is_dead(owner())
    (False, False)
    """
    rest, _, start = name.rpartition("-")
    place, _, pid = rest.rpartition("-")
    return bool(place) and place == _place() and pid.isdigit() and _start_of(int(pid)) != start


def is_left(mark: str) -> bool:
    """Whether what is called ``OWNER-SOMETHING`` was left behind by an owner that has died."""
    return is_dead(mark.rpartition("-")[0])


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder, removed at the end however deep it has become; others whose owners died are, too."""
    folder = new_folder()
    try:
        yield folder
    finally:
        remove(folder)


def new_folder() -> Path:
    """A new temporary folder; whoever asks for it removes it."""
    with made_temporarily():
        root = Path(tempfile.gettempdir())
    for found in root.glob(f"{_PREFIX}-*-*-*-*-*"):
        if is_left(found.name.removeprefix(f"{_PREFIX}-")):
            log.warning("%s: removed: the process that needed it has died", found)
            remove(found)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{owner()}-".replace("--", "-")))


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it; what cannot be removed is told in the log."""
    if left := remove_tree(f"{folder}"):
        log.warning("%s could not be removed: %s", folder, left)


@cache
def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """When a process started, in ticks since the machine did; empty where there is none, or one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
