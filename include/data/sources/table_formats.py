"""Folders of Parquet files that are tables of Delta or Iceberg: not all files there hold rows of the table now."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from include.data.sources.delta_log import OTHER_WAY, DeltaLog
from include.data.sources.files import DELTA_LOG, ICEBERG_METADATA, Files
from include.errors import DataError, SourceUnavailable

_VERSION = re.compile(r"v?(\d+)(?:-[0-9a-f-]+)?(?:\.gz)?\.metadata\.json(?:\.gz)?")
_HUDI = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-\d+)?)_\d+-\d+-\d+_(\d{14,17})\.parquet")
_GZIP = b"\x1f\x8b"


def rows_of_now(files: Files, path: str | Path, found: Sequence[str | Path]) -> list[str | Path]:
    """Those of the files found at a path that no table has given up; a file that is named itself is one.

    Of a Delta table the log is obeyed. An Iceberg table that was only ever added to is all of its files; one that was
    written over is refused: what it has given up stands in Avro files. So is a table of Hudi with two generations of a
    file.

    Raises
    ------
    SourceUnavailable
        When a log has gaps, cannot be read, or names a file that is not there.
    DataError
        When the table has rows or columns that only its engine can tell.
    """
    kept = list(found)
    _require_one_generation(found)
    if [str(file) for file in found] == [str(path)]:
        return kept
    for folder in _folders(found):
        _require_added_to(files, folder)
        table = DeltaLog(files, folder)
        table.replay(files.beside(folder, DELTA_LOG))
        if table.known:
            inside = {str(file): name for file in kept if (name := _inside(folder, file)) is not None}
            if f"{folder}/".startswith(f"{path}/"):
                table.require(inside.values())
            kept = [file for file in kept if str(file) not in inside or inside[str(file)] in table.present]
    if not kept:
        raise SourceUnavailable(f"{path}: this Delta table has no rows now; write some, or correct the path")
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


def _require_added_to(files: Files, folder: str) -> None:
    """Refuse an Iceberg table of which a snapshot has given up files or rows."""
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
    snapshots = told.get("snapshots") if isinstance(told, dict) else None
    others = {str(each.get("summary", {}).get("operation", "append")) for each in snapshots or ()} - {"append"}
    if others:
        ways = " and ".join(sorted(others))
        raise DataError(
            f"{folder}: files of this Iceberg table have been given up (snapshots that {ways}), and "
            f"which ones file readers do not see; {OTHER_WAY}"
        )
