"""Folders of Parquet files that are tables of Delta, Iceberg or Hudi: not all files hold rows of the table now."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from include.data.sources.delta_log import OTHER_WAY, DeltaLog
from include.data.sources.files import DELTA_LOG, HUDI, HUDI_TIMELINE, ICEBERG_METADATA, Files
from include.errors import DataError, SourceUnavailable

_VERSION = re.compile(r"v?(\d+)(?:-[0-9a-f-]+)?(?:\.gz)?\.metadata\.json(?:\.gz)?")
_HUDI = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d+)?)_\d+-\d+-\d+_(\d{14,17})\.parquet")
_GZIP = b"\x1f\x8b"
_PENDING = re.compile(r"(\d{14,17})(?:\.\w+)?\.(?:inflight|requested)")
_INSTANT = re.compile(r"(\d{14,17})(?:_\d+)?\.(commit|deltacommit|replacecommit)")


def rows_of_now(files: Files, path: str | Path, found: Sequence[str | Path]) -> list[str | Path]:
    """Those of the files found at a path that no table has given up; a file that is named itself is one.

    Of a Delta table the log is obeyed. An Iceberg table that was only ever added to is all of its files, as many as its
    newest snapshot counts; one that was written over is refused: what it has given up stands in Avro files. So is a
    table of Hudi with two generations of a file, with files that others have taken the place of, or with rows in logs.

    Raises
    ------
    SourceUnavailable
        When a log has gaps, cannot be read, or names a file that is not there.
    DataError
        When the table has rows or columns that only its engine can tell.
    """
    kept = list(found)
    if [str(file) for file in found] == [str(path)]:
        return kept
    folders = _folders(found)
    if any(_HUDI.fullmatch(str(file).rpartition("/")[2]) for file in found):
        for folder in folders:
            kept = _of_hudi(files, folder, kept)
    _require_one_generation(kept)
    for folder in folders:
        count = sum(_inside(folder, file) is not None for file in found)
        _require_added_to(files, folder, count if f"{folder}/".startswith(f"{path}/") else None)
        table = DeltaLog(files, folder)
        table.replay(files.beside(folder, DELTA_LOG))
        if table.known:
            inside = {str(file): name for file in kept if (name := _inside(folder, file)) is not None}
            if f"{folder}/".startswith(f"{path}/"):
                table.require(inside.values())
            kept = [file for file in kept if str(file) not in inside or inside[str(file)] in table.present]
    if not kept:
        raise SourceUnavailable(f"{path}: this table has no rows now; write some, or correct the path")
    return kept


def _folders(found: Iterable[str | Path]) -> list[str]:
    """All folders on the way to the files, each before those in it."""
    folders: dict[str, None] = {}
    for place in dict.fromkeys(str(file).rpartition("/")[0] for file in found):
        head, mark, rest = place.rpartition("://")
        for folder in (*reversed(PurePosixPath(rest).parents), PurePosixPath(rest)):
            if str(folder) not in (".", "/"):
                folders[f"{head}{mark}{folder}"] = None
    return list(folders)


def _inside(folder: str, file: str | Path) -> str | None:
    name = str(file)
    return name[len(folder) + 1 :] if name.startswith(f"{folder}/") else None


def _require_one_generation(found: Iterable[str | Path]) -> None:
    """Refuse files of a Hudi table of which some are written over by others."""
    known: dict[tuple[str, str], str | Path] = {}
    for file in found:
        folder, _, name = str(file).rpartition("/")
        if hit := _HUDI.fullmatch(name):
            earlier = known.setdefault((folder, hit[1]), file)
            if earlier != file:
                raise DataError(
                    f"{earlier} and {file} are two generations of one file of a Hudi table, and which rows are deleted "
                    f"file readers do not see; {OTHER_WAY}"
                )


def _of_hudi(files: Files, folder: str, found: Sequence[str | Path]) -> list[str | Path]:
    """Those of the files below a folder that no pending write of its Hudi table has made."""
    there = {**files.beside(folder, HUDI), **files.beside(folder, HUDI_TIMELINE)}
    done = {hit[1]: hit[2] for name in there if (hit := _INSTANT.fullmatch(name))}
    pending = {hit[1] for name in there if (hit := _PENDING.fullmatch(name))} - done.keys()
    if replaced := sorted(instant for instant, how in done.items() if how == "replacecommit"):
        raise DataError(
            f"{folder}: files of this Hudi table have been replaced by others ({replaced[0]}.replacecommit), and which "
            f"ones file readers do not see; {OTHER_WAY}"
        )
    if "hoodie.properties" in there:
        with files.raw(there["hoodie.properties"]) as opened:
            if re.search(rb"^hoodie\.table\.type\s*=\s*MERGE_ON_READ", opened.read(), re.MULTILINE):
                raise DataError(
                    f"{folder}: newer rows of this Hudi table are in logs (MERGE_ON_READ), which file readers do not "
                    f"see; {OTHER_WAY}"
                )
    made = {file: hit[2] for file in found if (hit := _HUDI.fullmatch(str(file).rpartition("/")[2]))}
    return [file for file in found if _inside(folder, file) is None or made.get(file) not in pending]


def _require_added_to(files: Files, folder: str, found: int | None) -> None:
    """Refuse an Iceberg table of which a snapshot has given up files or rows, or that has others than were `found`."""
    there = files.beside(folder, ICEBERG_METADATA)
    versions = {int(hit[1]): name for name in there if (hit := _VERSION.fullmatch(name))}
    if not versions:
        return
    file = there[versions[max(versions)]]
    with files.raw(file) as opened:
        content = opened.read()
    try:
        told = json.loads(gzip.decompress(content) if content.startswith(_GZIP) else content)
    except (ValueError, OSError):
        raise SourceUnavailable(f"{file}: no metadata of an Iceberg table; read again, or {OTHER_WAY}") from None
    told = told if isinstance(told, dict) else {}
    snapshots = told.get("snapshots")
    others = {str(each.get("summary", {}).get("operation", "append")) for each in snapshots or ()} - {"append"}
    if others:
        ways = " and ".join(sorted(others))
        raise DataError(
            f"{folder}: files of this Iceberg table have been given up (snapshots that {ways}), and "
            f"which ones file readers do not see; {OTHER_WAY}"
        )
    of_now = _files_now(told)
    if found is not None and of_now is not None and found != of_now:
        raise SourceUnavailable(
            f"{folder}: the newest snapshot of this Iceberg table has {of_now} files, and {found} are there: some are "
            "of a write that goes on, failed or was rolled back, or are gone; read again, remove orphan files, or "
            f"{OTHER_WAY}"
        )


def _files_now(told: Mapping[str, Any]) -> int | None:
    """How many files an Iceberg table's newest snapshot has; None where it does not say."""
    newest = told.get("current-snapshot-id")
    summaries = [each.get("summary", {}) for each in told.get("snapshots") or () if each.get("snapshot-id") == newest]
    counted = str(summaries[0].get("total-data-files", "")) if newest is not None and summaries else ""
    return int(counted) if counted.isdigit() else None
