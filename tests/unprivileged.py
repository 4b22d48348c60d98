"""A folder to try out what this user may not do, also where the tests are run by root, who may do everything."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that anybody may write in; it goes with whatever is in it, however it is locked."""
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o777)
        yield folder
    finally:
        for each in (folder, *folder.rglob("*")):
            if each.is_dir() and not each.is_symlink():
                each.chmod(0o777)
        shutil.rmtree(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Let the rights of files hold: root goes on as a user whom nothing belongs to."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(_NOBODY), os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0), os.setegid(0)
