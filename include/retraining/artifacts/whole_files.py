"""Files of a disk that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.errors import SourceUnavailable

WRITING = ".writing-"
OLD = 3600.0  # seconds; no text takes so long to write


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """What the disk refuses, as an error that says where and what to do."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else f"{error}"
        at = f" at {error.filename}" if error.filename and str(error.filename) != str(place) else ""
        raise SourceUnavailable(
            f"{place}: cannot be written: {why}{at}; make room, let the user of this process write there, or move away "
            "what has its place"
        ) from error


def is_left_draft(path: Path) -> bool:
    """Whether it is what `write_whole` began, and nobody can be at work on any more."""
    try:
        return path.name.startswith(WRITING) and time.time() - path.lstat().st_mtime > OLD
    except FileNotFoundError:  # somebody has just ended it
        return False


def write_whole(file: Path, text: str) -> None:
    """Write a text under another name, make sure that it survives a power cut, and rename it."""
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f"{WRITING}{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Make sure that what was written survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
