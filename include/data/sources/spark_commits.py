"""Which files Spark has committed, where it says so beside them: the others are of a job that died, or is at work.

A streaming query keeps a log of its files in ``_spark_metadata`` of the folder that it writes to [1]_. A job on
Databricks puts ``_started_7`` into each folder before it writes files named ``…-tid-7-…``, and ``_committed_7``, with
the names of those that it added and took away, when it is done [2]_.

References
----------
.. [1] Spark, ``FileStreamSinkLog`` and ``CompactibleFileStreamLog``.
.. [2] Databricks, "Transactional writes to cloud storage with DBIO".
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from include.data.sources.files import COMMITTED, SINK_LOG, STARTED, Files
from include.errors import SourceUnavailable

_BATCH = re.compile(r"(\d+)(\.compact)?")
_JOB = re.compile(r"-tid-(\d+)-")
_WILD = re.compile(r"[*?\[]")

log = logging.getLogger(__name__)


def committed(files: Files, path: str | Path, found: Sequence[str | Path]) -> list[str | Path]:
    """Those of the files found at a path that no log or mark of Spark's leaves out; a file named itself is one.

    Raises
    ------
    SourceUnavailable
        When a log has gaps or cannot be read.
    """
    kept = list(found)
    if [str(file) for file in found] == [str(path)]:
        return kept
    for folder in _folders(path, found):
        known = _of_sink(files.beside(folder, SINK_LOG), files)
        if known is not None:
            kept = _without(kept, folder, [f for f in kept if _is_in(f, folder) and _name(f) not in known])
        jobs = {_name(file): job[1] for file in kept if _is_child(file, folder) and (job := _JOB.search(_name(file)))}
        if jobs:
            marks = files.beside(folder, "")
            removed = _removed(marks, files)
            open_jobs = {
                job for job in jobs.values() if f"{STARTED}{job}" in marks and f"{COMMITTED}{job}" not in marks
            }
            gone = {name for name, job in jobs.items() if job in open_jobs or name in removed}
            kept = _without(kept, folder, [f for f in kept if _is_child(f, folder) and _name(f) in gone])
    return kept


def _folders(path: str | Path, found: Iterable[str | Path]) -> Iterator[str]:
    """The folders from that which the path names to those of the files."""
    given = str(path).split("/")
    named = next((place for place, part in enumerate(given) if _WILD.search(part)), len(given))
    folders: dict[str, None] = {}
    for place in dict.fromkeys(str(file).rpartition("/")[0] for file in found):
        parts = place.split("/")
        folders.update(dict.fromkeys("/".join(parts[:length]) for length in range(named, len(parts) + 1)))
    yield from folders


def _of_sink(there: Mapping[str, str | Path], files: Files) -> set[str] | None:
    """The names of the files in a streaming query's log; None without one."""
    batches = {int(hit[1]): name for name in sorted(there) if (hit := _BATCH.fullmatch(name))}  # N.compact is after N
    if not batches:
        return None
    first = max((number for number, name in batches.items() if name.endswith(".compact")), default=0)
    later = sorted(number for number in batches if number >= first)
    names: set[str] = set()
    for number, batch in enumerate(later, first):
        if number != batch:
            raise SourceUnavailable(
                f"{there[batches[batch]]}: the log of this streaming query has no batch {number} before it; restore "
                "it, or write the rows that the model reads to files of their own"
            )
        for entry in _entries(there[batches[batch]], files):
            name = unquote(str(entry.get("path", ""))).rpartition("/")[2]
            (names.discard if entry.get("action") == "delete" else names.add)(name)
    return names


def _entries(file: str | Path, files: Files) -> Iterator[Mapping[str, Any]]:
    with files.raw(file) as opened:
        lines = opened.read().decode("utf-8").splitlines()
    try:
        yield from (json.loads(line) for line in lines[1:] if line.strip())  # the first one is the log's version
    except ValueError:
        raise SourceUnavailable(f"{file}: no batch of a streaming query's log, for a line of it is no JSON") from None


def _removed(marks: Mapping[str, str | Path], files: Files) -> set[str]:
    """Names of the files that later jobs have taken away."""
    found: set[str] = set()
    for name in (each for each in marks if each.startswith(COMMITTED)):
        with files.raw(marks[name]) as opened:
            content = opened.read()
        try:
            found.update(json.loads(content or b"{}").get("removed", ()))
        except (ValueError, AttributeError):
            raise SourceUnavailable(f"{marks[name]}: no mark of a job on Databricks, for it is no JSON") from None
    return found


def _without(kept: Sequence[str | Path], folder: str, others: Sequence[str | Path]) -> list[str | Path]:
    if not others:
        return list(kept)
    log.warning("%s: left out: %d files that Spark has not committed, or taken away, such as %s", folder, len(others),
                _name(others[0]))  # fmt: skip
    gone = set(others)
    rest = [file for file in kept if file not in gone]
    if not rest:
        raise SourceUnavailable(f"{folder}: Spark has committed no file there so far; see whether its job goes on")
    return rest


def _name(file: str | Path) -> str:
    return str(file).rpartition("/")[2]


def _is_in(file: str | Path, folder: str) -> bool:
    return str(file).startswith(f"{folder}/")


def _is_child(file: str | Path, folder: str) -> bool:
    return str(file).rpartition("/")[0] == folder
