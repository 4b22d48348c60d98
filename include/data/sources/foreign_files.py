"""Files and folders that lie among rows and hold none of the model's: hidden, unfinished, copies and logs of tools."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from include.data.sources.packing import without_packing

log = logging.getLogger(__name__)

_BEGINNINGS = (".", "~", "#", "$", "@")  # hidden, unfinished, of an editor, a recycle bin, of a file server
_FOLDERS = frozenset(
    ("tmp", "temp", "temporary", "checkpoint", "checkpoints", "log", "logs", "lost+found", "system volume information")
)
_NUMBERED = re.compile(r"(tmp|checkpoints?)[._-]?\d+|tmp\.[a-z0-9]{6,}")  # one of many that a tool makes
_UNFINISHED = (
    ".tmp", ".temp", ".part", ".partial", ".inprogress", ".incomplete", ".writing", ".uploading", ".crdownload",
    ".download", ".opdownload", ".filepart", ".aria2", ".lock", ".swp", ".bak", "~",
)  # fmt: skip
_ENDINGS_OF_FOLDERS = (*_UNFINISHED, "_checkpoints", "-checkpoints")
_MAY_HOLD_ROWS = re.compile(
    r"\.(csv|tsv|psv|txt|dat|jsonl|ndjson|parquet|pq|parq)(\.(gz|bz2|zst|xz|lzma|lz4|zip|7z))?$"
)
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
        return low in _FOLDERS or low.endswith(_ENDINGS_OF_FOLDERS) or bool(_NUMBERED.fullmatch(low))
    plain = without_packing(low)
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


def tell_left_out(path: object, names: Iterable[str], endings: Sequence[str]) -> None:
    """Log which files of a folder may hold rows, by their names, and are not among those that end so; once for each."""
    others = [
        name for name in names if _MAY_HOLD_ROWS.search(name.lower()) and not name.lower().endswith(tuple(endings))
    ]
    if seen := [name for name in others if not is_foreign(name, folder=False)]:
        _tell(
            f"{path}: left out: {len(seen)}, such as {min(seen)}: of a folder those are read that end in "
            f"{', '.join(endings)}; name others by a glob, or move them away"
        )


def tell_other_case(pattern: object, others: Iterable[str]) -> None:
    """Log which files a glob would match, were capital letters and small ones the same to it."""
    if named := sorted(others):
        _tell(
            f"{pattern}: left out: {len(named)}, such as {named[0]}: to a glob capital letters are other ones than "
            "small ones; name the folder, write a glob that takes both ([cC][sS][vV]), or rename them"
        )


@lru_cache(maxsize=256)
def _tell(said: str) -> None:
    """Log it, but not again and again: a watcher looks every few seconds."""
    log.warning("%s", said)
