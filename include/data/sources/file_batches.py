"""Which files a source names, and what reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from include.data.batches import Batch
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import Files, LocalFiles
from include.data.sources.object_files import ObjectFiles
from include.data.sources.parquet_batches import ParquetBatches
from include.registry.address import SCHEME
from include.registry.source import FileSource


def files_of(
    source: FileSource, path: str, data_dir: Path, connections: Connections = FROM_ENVIRONMENT
) -> tuple[str | Path, Files]:
    """Where one of the source's paths leads, and what finds and opens the files there."""
    if path.startswith(SCHEME):
        return path, ObjectFiles(connections.storage, source.connection)
    return (data_dir / Path(path).expanduser()).resolve(), LocalFiles()


def batches_of(
    source: FileSource, path: str, data_dir: Path, connections: Connections, columns: Sequence[str] | None = None
) -> Iterable[Batch]:
    """The rows of the files at one of the source's paths, all columns or these."""
    place, files = files_of(source, path, data_dir, connections)
    return FILE_READERS[source.kind](source, place, files, columns)


def _csv(source: FileSource, place: str | Path, files: Files, columns: Sequence[str] | None) -> Iterable[Batch]:
    words = [each for each in source.missing if isinstance(each, str)]
    return CsvBatches(place, columns, files, dialect=source.dialect, missing=words)


def _parquet(_source: FileSource, place: str | Path, files: Files, columns: Sequence[str] | None) -> Iterable[Batch]:
    return ParquetBatches(place, columns, files)


#: How files are read, by the kind of their source.
FILE_READERS: Mapping[str, Callable[[FileSource, str | Path, Files, Sequence[str] | None], Iterable[Batch]]] = {
    "csv": _csv,
    "parquet": _parquet,
}
