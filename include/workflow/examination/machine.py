"""This machine: room on its disk, and what processes that died have left on it."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from include.data.temporary import PREFIX, WAY_OUT
from include.decision.decision import Severity
from include.records.entries.examination import Finding, NotLookedAt, Seen, Told
from include.retraining.artifacts import ArtifactFolder
from include.workflow.examination.subject import Subject

GIBIBYTE = 2**30
LITTLE, NOTHING = 5 * GIBIBYTE, GIBIBYTE
FEW_FILES = 1000  # inodes
OLD = 24 * 3600.0  # seconds after which a temporary folder belongs to nobody any more
TEMPORARY = (f"{PREFIX}*",)
UNFINISHED = ("*/.saving-*", "*/.publishing-*")


def disk(subject: Subject) -> Iterator[Told]:
    """Room where versions, and the files of trainings, are written."""
    if _temporary() is None:
        yield Finding(
            subject="temporary folder", told="there is none that this process may write to: no script trains, and "
            "nothing is stored in object storage", way_out=WAY_OUT, severity=Severity.HIGH,
        )  # fmt: skip
    for what, folder in _places(subject):
        there = next((each for each in (folder, *folder.parents) if each.is_dir()), None)
        if there is None:
            yield NotLookedAt(why=f"{what} {folder}: neither it nor a folder above it is there")
            continue
        if not os.access(there, os.W_OK):
            yield Finding(
                subject=f"{what} {folder}", told="may not be written to by the user of this process",
                way_out=f"chown it to that user (uid {os.getuid()}), or name another", severity=Severity.HIGH,
            )  # fmt: skip
        files = os.statvfs(there)
        if files.f_files and files.f_favail < FEW_FILES:
            yield Finding(
                subject=f"{what} {folder}", told=f"takes {files.f_favail} files more, however much room it has left",
                way_out="remove small files (old reports, say), or use a file system with more inodes",
                severity=Severity.HIGH,
            )  # fmt: skip
        free = shutil.disk_usage(there).free
        if free < LITTLE:
            yield Finding(
                subject=f"{what} {folder}", told=f"has {free / GIBIBYTE:.1f} GiB left",
                way_out="make room: old reports and months (see Operations), or a larger disk",
                severity=Severity.HIGH if free < NOTHING else Severity.MEDIUM,
            )  # fmt: skip
        else:
            yield Seen(told=f"{what} {folder} has {free / GIBIBYTE:.0f} GiB left")


def _places(subject: Subject) -> Iterator[tuple[str, Path]]:
    artifacts = subject.deployment.artifacts
    if isinstance(artifacts, ArtifactFolder):
        yield "artifacts folder", artifacts.root
    if (temporary := _temporary()) is not None:
        yield "temporary folder", temporary


def _temporary() -> Path | None:
    """Where temporary files go; None where they can go nowhere."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return None


def leftovers(subject: Subject) -> Iterator[Told]:
    """Folders that processes which died were writing to."""
    found, artifacts = list[Path](), subject.deployment.artifacts
    temporary = _temporary()
    places: list[tuple[Path, tuple[str, ...]]] = [] if temporary is None else [(temporary, TEMPORARY)]
    if isinstance(artifacts, ArtifactFolder):
        places.append((artifacts.root, UNFINISHED))
    for folder, patterns in places:
        for pattern in patterns:
            found.extend(path for path in subject.in_time([*folder.glob(pattern)]) if _old(path))
    if found:
        first = ", ".join(str(path) for path in sorted(found)[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        so_on = ", and so on" if len(found) > 1 else ""
        yield Finding(
            subject="this machine", told=f"processes that died a day ago or more have left {first}{more}",
            way_out=f"rm -r {shlex.quote(str(min(found)))}{so_on}", severity=Severity.LOW,
        )  # fmt: skip
    yield Seen(told=f"{len(found)} folders are left over")


def _old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > OLD
    except OSError:  # gone meanwhile
        return False
