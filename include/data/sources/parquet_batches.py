"""Rows of Parquet files: a file, a folder, or those that a glob matches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.data.batches import BATCH_ROWS, Batch, empty_batch, require_distinct
from include.data.sources.changes import OneMoment
from include.data.sources.files import Files, LocalFiles
from include.data.sources.partitions import with_partition
from include.data.sources.same_files import distinct_files
from include.data.sources.spark_commits import committed
from include.data.sources.table_formats import rows_of_now
from include.registry.source import SOURCES, FileSource

PAGE_BYTES = 1 << 16  # read ahead in each column of a local file; without it a row group is held as a whole
_ROW_LABELS = re.compile(r"__index_level_\d+__")  # what pandas calls row labels without a name


@dataclass(frozen=True)
class ParquetBatches:
    """The rows of a Parquet file, of all ``*.parquet`` files in a folder (by name), or of those that a glob matches.

    Of a Delta table files that it has given up are left out (`include.data.sources.table_formats`).

    Text is read as dictionary codes, and one row group at a time: memory is that of one page of each column and of one
    batch; of a distant file, which is fetched in few large pieces, that of a row group's compressed pages.

    Parameters
    ----------
    path : str or Path
    columns : sequence of str, optional
        The only columns to read; those that a file lacks are left out.
    files : Files
        Where they are; by default on this machine's disks.
    """

    path: str | Path
    columns: Sequence[str] | None = None
    files: Files = field(default_factory=LocalFiles)

    def __iter__(self) -> Iterator[Batch]:
        found = self.files.find(self.path, *SOURCES["parquet"].endings)
        moment = OneMoment(self.files, found, "Parquet")
        of_now = rows_of_now(self.files, self.path, committed(self.files, self.path, found))
        for file in distinct_files(self.files, of_now):
            with moment.reading(file):
                yield from self._read(file)
        moment.require()

    def _read(self, file: str | Path) -> Iterator[Batch]:
        with pq.ParquetFile(self.files.open(file)) as opened:
            schema = opened.schema_arrow
        asked = [name for name in schema.names if self.columns is None or name in self.columns]
        require_distinct(asked, str(file))
        text = [
            entry.name for entry in schema if pa.types.is_string(entry.type) or pa.types.is_large_string(entry.type)
        ]
        wanted = [name for name in asked if not _ROW_LABELS.fullmatch(name)]
        distant = self.files.distant
        with pq.ParquetFile(
            self.files.open(file), read_dictionary=text, pre_buffer=distant, buffer_size=0 if distant else PAGE_BYTES,
            page_checksum_verification=True,
        ) as opened:  # fmt: skip
            yield with_partition(
                empty_batch(schema, wanted, str(file)), self.path, self.columns
            )  # the columns, also of a file without rows
            for group in range(opened.num_row_groups):
                for batch in opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=wanted, use_threads=False):
                    yield with_partition(Batch.of(batch, str(file)), self.path, self.columns)


def of_source(
    _source: FileSource, path: str | Path, files: Files, columns: Sequence[str] | None, _stated: Collection[str] = ()
) -> ParquetBatches:
    """The rows of one of the source's paths; its types say what its times are."""
    return ParquetBatches(path, columns, files)
