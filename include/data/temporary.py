"""Temporary folders, each with a name that the doctor knows when its process has died."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.errors import SourceUnavailable

PREFIX = "retraining-"
WAY_OUT = "set TMPDIR to a folder that this user may write to, or mount one at /tmp (in Kubernetes an emptyDir)"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new temporary folder, removed at the end.

    Raises
    ------
    SourceUnavailable
        Where none can be made.
    """
    with made_temporarily():
        folder = tempfile.TemporaryDirectory(prefix=PREFIX)
    with folder as name:
        yield Path(name)


@contextmanager
def made_temporarily() -> Iterator[None]:
    """What keeps a temporary file or folder from being made, as an error that says what to do."""
    try:
        yield
    except OSError as error:
        raise SourceUnavailable(f"no temporary file can be made: {error.strerror or error}; {WAY_OUT}") from error
