"""Rows in batches: those of a DataFrame, or the result of a query; `include.data.sources` reads files.

Every source is read a batch at a time, so that memory does not grow with rows. All but a query's result can be read
again; `Spooled` makes that true of anything.
"""

from __future__ import annotations

import tempfile
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

import pandas as pd
import pyarrow as pa

from include.data.arrays import array_of, array_of_series, shared_array
from include.data.temporary import made_temporarily
from include.errors import DataError

BATCH_ROWS = 65_536
FRAME_ROWS = 98_304  # of a DataFrame, whose batches are not copies


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: one Arrow array a column, all of length `rows`. Names need not be text, nor valid Unicode.

    `file` is where they come from, if they come from a file.
    """

    rows: int
    columns: Mapping[Any, pa.Array]
    file: str = ""

    @classmethod
    def of(cls, batch: pa.RecordBatch, file: str = "") -> Batch:
        """The same rows; a DataError names a column that is there twice."""
        require_distinct(batch.schema.names)
        return cls(batch.num_rows, dict(zip(batch.schema.names, batch.columns, strict=True)), file)

    def slice(self, start: int, rows: int) -> Batch:
        """At most `rows` rows from `start` on, without copying."""
        rows = min(rows, self.rows - start)
        return Batch(rows, {name: values.slice(start, rows) for name, values in self.columns.items()})


class Cursor(Protocol):
    """As much of a DB-API cursor as is needed here, after its `execute`."""

    @property
    def description(self) -> Sequence[Sequence[Any]] | None:
        """One entry a column, its name first."""
        ...

    def fetchmany(self, size: int, /) -> Sequence[Sequence[Any]]:
        """Up to `size` further rows; none at the end."""
        ...


@dataclass(frozen=True)
class FrameBatches:
    """The rows of a DataFrame. Numbers are not copied; columns of mixed Python objects become text."""

    table: pd.DataFrame
    columns: Sequence[Hashable] | None = None

    def __iter__(self) -> Iterator[Batch]:
        names = list(self.table.columns)
        wanted = [name for name in (names if self.columns is None else self.columns) if name in set(names)]
        require_distinct([name for name in names if name in set(wanted)])
        cells = {name: self.table[name] for name in wanted}
        shared = {name: shared_array(values) for name, values in cells.items()}
        for start in range(0, max(len(self.table), 1), FRAME_ROWS):
            rows = min(FRAME_ROWS, len(self.table) - start)
            arrays = {
                name: array_of_series(cells[name].iloc[start : start + rows])
                if array is None
                else array.slice(start, rows)
                for name, array in shared.items()
            }
            yield Batch(rows, arrays)


@dataclass(frozen=True)
class CursorBatches:
    """The rows that an executed DB-API cursor still holds; they can be read once.

    With a client-side cursor the driver has already fetched all rows: for a large result use a server-side one.
    """

    cursor: Cursor
    rows: int = BATCH_ROWS

    def __iter__(self) -> Iterator[Batch]:
        if self.cursor.description is None:
            raise DataError("the query returned no rows to read: a SELECT is needed")
        names = [entry[0] for entry in self.cursor.description]
        require_distinct(names)
        first = True
        while (found := self.cursor.fetchmany(self.rows)) or first:
            first = False
            cells = zip(*found, strict=True) if found else ((),) * len(names)
            yield Batch(len(found), {n: array_of(list(values)) for n, values in zip(names, cells, strict=True)})


@dataclass(frozen=True)
class Spooled:
    """Batches that can be read again: the first complete reading leaves them in a temporary file without a name.

    A context manager; the file is gone when it ends.
    """

    source: Iterable[Batch]
    _kept: list[IO[bytes]] = field(default_factory=list, compare=False, repr=False)
    _shapes: list[tuple[tuple[Any, ...], int]] = field(default_factory=list, compare=False, repr=False)

    def __enter__(self) -> Iterable[Batch]:
        return self

    def __exit__(self, *_: object) -> None:
        for spool in self._kept:
            spool.close()

    def __iter__(self) -> Iterator[Batch]:
        if self._kept:
            self._kept[0].seek(0)
            for names, rows in self._shapes:
                with pa.ipc.open_stream(self._kept[0]) as stream:
                    columns = stream.read_next_batch().columns
                    stream.read_all()  # up to the mark that ends this batch, where the next one begins
                yield Batch(rows, dict(zip(names, columns, strict=True)))
            return
        with made_temporarily():
            self._kept.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed on exit
        for batch in self.source:
            record = pa.record_batch(list(batch.columns.values()), names=[str(i) for i in range(len(batch.columns))])
            with pa.ipc.new_stream(self._kept[0], record.schema) as stream:
                stream.write_batch(record)
            self._shapes.append((tuple(batch.columns), batch.rows))
            yield batch


def gathered(batches: Iterable[Batch], rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """The same rows in batches of about `rows`, where they come in smaller ones of one file and the same types."""
    held: list[Batch] = []
    for batch in batches:
        if held and (sum(each.rows for each in held) + batch.rows > rows or not _alike(held[-1], batch)):
            yield _joined(held)
            held = []
        held.append(batch)
    if held:
        yield _joined(held)


def _alike(one: Batch, other: Batch) -> bool:
    types = [{name: cells.type for name, cells in each.columns.items()} for each in (one, other)]
    plain = not any(pa.types.is_dictionary(kind) for kind in types[0].values())
    return one.file == other.file and plain and list(types[0].items()) == list(types[1].items())


def _joined(held: Sequence[Batch]) -> Batch:
    if len(held) == 1:
        return held[0]
    columns = {name: pa.concat_arrays([each.columns[name] for each in held]) for name in held[0].columns}
    return Batch(sum(each.rows for each in held), columns, held[0].file)


def require_distinct(names: Sequence[Any], where: str = "the rows") -> None:
    """Raise a DataError that names the first column that is there twice: which one is meant cannot be told."""
    seen = set()
    for name in names:
        if name in seen:
            raise DataError(f"{where}: column {name!r} is there twice; rename one of the two")
        seen.add(name)


def empty_batch(schema: pa.Schema, columns: Sequence[str] | None = None, file: str = "") -> Batch:
    """No rows of these columns."""
    found = {e.name: pa.array([], type=e.type) for e in schema if columns is None or e.name in columns}
    return Batch(0, found, file)
