"""Files of rows on this machine's disks, and the protocol of what finds and opens files elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn, Protocol

import pyarrow as pa

from include.data.sources.disk_glob import (
    EVERYTHING,
    DiskGlob,
    as_there,
    is_file,
    may_not_be_read,
    require_text,
)
from include.data.sources.foreign_files import holds_rows, tell_left_out, tell_other_case
from include.data.sources.packing import codec_of, unpacked
from include.errors import SourceUnavailable

#: Folders that table formats and streaming queries keep beside the rows.
DELTA_LOG, ICEBERG_METADATA, SINK_LOG = "_delta_log", "metadata", "_spark_metadata"
HUDI, HUDI_TIMELINE = ".hoodie", ".hoodie/timeline"
STARTED, COMMITTED = "_started_", "_committed_"  # how files begin that tell of jobs on Databricks


class Files(Protocol):
    """Finds and opens files."""

    def find(self, path: str | Path, *endings: str) -> Sequence[str | Path]:
        """The file itself, a folder's files that end so, or a glob's matches, by path; `SourceUnavailable` if none.

        What lies there without being rows of the model is left out, see `include.data.sources.foreign_files`. A glob's
        part that is the name of a folder, ``sales [eu]/*.csv``, stands for that folder; a folder that it matches and
        that is named as a file, ``out.parquet/``, for the files in it.
        """
        ...

    def open(self, file: str | Path) -> str | Path | pa.NativeFile:
        """What pyarrow reads one of the files from, unpacked."""
        ...

    def state(self, file: str | Path) -> str:
        """What tells whether a file has changed since."""
        ...

    def size(self, file: str | Path) -> int:
        """Its bytes, as they are stored."""
        ...

    def tag(self, file: str | Path) -> str:
        """The same for files of one content, as far as the place knows; empty where it knows nothing."""
        ...

    def raw(self, file: str | Path) -> IO[bytes]:
        """Its bytes as they are stored, to be read at any place."""
        ...

    def beside(self, folder: str, name: str) -> Mapping[str, str | Path]:
        """The files in the folder of that name in `folder`, by name: one that a table format keeps, see `DELTA_LOG`.

        Without a name those in `folder` itself, at least those that begin with `STARTED` or `COMMITTED`.
        """
        ...

    @property
    def distant(self) -> bool:
        """Whether each reading takes so long that few large ones are better than many small ones."""
        ...


class LocalFiles:
    """Files on this machine's disks."""

    def find(self, path: str | Path, *endings: str) -> list[Path]:
        """See `Files.find`."""
        try:
            found = sorted(_found(Path(path), endings)) or nothing_found(path, endings)
        except OSError as error:
            raise may_not_be_read(path, error) from error
        for file in found:
            require_text(file)
        return found

    def open(self, file: str | Path) -> str | Path | pa.NativeFile:
        """See `Files.open`."""
        return file if codec_of(file) is None else unpacked(file, pa.OSFile(str(file)))

    def state(self, file: str | Path) -> str:
        """See `Files.state`."""
        found = Path(file).stat()
        return f"{found.st_mtime_ns} {found.st_size} {found.st_ino} {found.st_ctime_ns}"

    def size(self, file: str | Path) -> int:
        """See `Files.size`; 0 for one that is gone by now."""
        place = Path(file)
        return place.stat().st_size if place.exists() else 0

    def tag(self, file: str | Path) -> str:
        """See `Files.tag`."""
        return ""

    def raw(self, file: str | Path) -> IO[bytes]:
        """See `Files.raw`."""
        return Path(file).open("rb")

    def beside(self, folder: str, name: str) -> dict[str, str | Path]:
        """See `Files.beside`."""
        place = Path(folder) / name
        return {file.name: file for file in place.iterdir()} if place.is_dir() else {}

    @property
    def distant(self) -> bool:
        """See `Files.distant`."""
        return False


def _found(place: Path, endings: tuple[str, ...]) -> list[Path]:
    place = as_there(place)
    if place.is_file():
        return [place]
    if place.is_dir():
        return _below(place, endings)
    matched = _matches(place)
    found = [file for file in matched if file.is_file() or (file.name.lower().endswith(endings) and is_file(file))]
    for folder in (each for each in matched if each.name.lower().endswith(endings) and each.is_dir()):
        found += _below(folder, endings)  # as Spark writes: one.parquet/part-0.parquet
    return found


def _below(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    """The model's files in a folder, at any depth."""
    every = list(DiskGlob(folder).find([EVERYTHING]))
    tell_left_out(folder, (file.name for file in every), endings)
    found = [file for file in every if file.name.lower().endswith(endings)]
    return [file for file in found if holds_rows(file.relative_to(folder).parts) and is_file(file)]


def _matches(pattern: Path) -> set[Path]:
    """What a glob matches, its parts taken as names where there is such a folder."""
    start, parts = Path(pattern.anchor), list(pattern.parts[bool(pattern.anchor) :])
    while parts and as_there(start / parts[0]).is_dir():
        start = as_there(start / parts.pop(0))
    ways = {tuple(parts), tuple(part.replace("[", "[[]") for part in parts)}
    glob = DiskGlob(start, parts)
    found = {file for way in ways for file in glob.find(way)}
    tell_other_case(pattern, (str(file) for file in glob.other_case if holds_rows([file.name], parts)))
    return {file for file in found if holds_rows(file.relative_to(start).parts, parts)}


def nothing_found(path: object, endings: Sequence[str]) -> NoReturn:
    """Raise the error of a path that leads to no file."""
    raise SourceUnavailable(
        f"{path}: no such file, folder with *{endings[0]} files, or glob with a match; deliver it or correct it"
    )
