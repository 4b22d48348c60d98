"""Which files a source names, and what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from include.data.batches import Batch
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.files import Files, LocalFiles
from include.data.sources.object_files import ObjectFiles
from include.registry.address import SCHEME
from include.registry.functions import of_catalogue
from include.registry.home import at_home
from include.registry.source import SOURCES, FileSource


def files_of(
    source: FileSource, path: str, data_dir: Path, connections: Connections = FROM_ENVIRONMENT
) -> tuple[str | Path, Files]:
    """Where one of the source's paths leads, and what finds and opens the files there."""
    return place_of(path, data_dir, connections, source.connection)


def place_of(
    path: str, data_dir: Path, connections: Connections = FROM_ENVIRONMENT, connection: str = ""
) -> tuple[str | Path, Files]:
    """Where a path leads, and what finds and opens the files there."""
    if path.startswith(SCHEME):
        return path, ObjectFiles(connections.storage, connection)
    return (data_dir / at_home(path, "the path of a source")).resolve(), LocalFiles()


def batches_of(
    source: FileSource, path: str, data_dir: Path, connections: Connections, columns: Sequence[str] | None = None,
    stated: Mapping[str, bool] | None = None,
) -> Iterable[Batch]:  # fmt: skip
    """The rows of the files at one of the source's paths, all columns or these; `stated`: see `ModelSpec`."""
    place, files = files_of(source, path, data_dir, connections)
    made: Iterable[Batch] = of_catalogue(SOURCES[source.kind].batches)(source, place, files, columns, stated or {})
    return made
