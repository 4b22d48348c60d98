"""Files and folders that lie among rows and hold none of the model's: hidden, unfinished, copies and logs of tools."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

_BEGINNINGS = (".", "~", "#", "$", "@")  # hidden, unfinished, of an editor, a recycle bin, of a file server
_FOLDERS = frozenset(
    ("tmp", "temp", "temporary", "checkpoint", "checkpoints", "log", "logs", "lost+found", "system volume information")
)
_UNFINISHED = (
    ".tmp", ".temp", ".part", ".partial", ".inprogress", ".incomplete", ".writing", ".uploading", ".crdownload",
    ".download", ".opdownload", ".filepart", ".aria2", ".lock", ".swp", ".bak", "~",
)  # fmt: skip
_COPY = "-checkpoint"  # how Jupyter names the copies that it keeps


def is_foreign(part: str, *, folder: bool) -> bool:
    """Whether a file or folder of that name holds none of the model's rows, as Spark, Hadoop, Jupyter and editors name.

    A folder such as ``_day=3`` is a partition of rows. Checks that read a place and watchers that wait for it agree.

    >>> [is_foreign(name, folder=True) for name in ("_delta_log", ".ipynb_checkpoints", "_day=3", "tmp", "eu")]
    [True, True, False, True, False]
    >>> [is_foreign(name, folder=False) for name in ("a.tmp.csv", "a.csv.part", "a-checkpoint.csv", "tmp.csv")]
    [True, True, True, False]
    """
    low = part.casefold()
    if low.startswith(_BEGINNINGS):
        return True
    if low.startswith("_"):
        return not (folder and "=" in low)
    if folder:
        return low in _FOLDERS or low.endswith((*_UNFINISHED, "_checkpoints", "-checkpoints"))
    plain = low.removesuffix(".gz")
    return any(name.endswith((*_UNFINISHED, _COPY)) for name in (low, plain, plain.rpartition(".")[0]))


def holds_rows(parts: Sequence[str], named: Sequence[str] = ()) -> bool:
    """Whether a file is one of the model's, by the names on its way from the place that the model file gives.

    Parameters
    ----------
    parts : sequence of str
        Folders, and last the file.
    named : sequence of str
        Parts of the model file's glob: what one of these names on purpose, ``_days/*.csv`` or ``*.bak``, is not left
        out.
    """
    last = len(parts) - 1
    return not any(
        is_foreign(part, folder=place < last) and not any(_names(each, part) for each in named)
        for place, part in enumerate(parts)
    )


def _names(named: str, part: str) -> bool:
    if named == part:
        return True
    if not fnmatchcase(part, named):
        return False
    if named[:1] not in "*?[":
        return True
    return not part.startswith((*_BEGINNINGS, "_")) and named.casefold().endswith(_UNFINISHED)
