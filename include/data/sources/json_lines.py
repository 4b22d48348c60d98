"""Rows of JSON Lines files, a batch at a time: one object a line, the names of its values are the columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.json as pa_json

from include.data.arrays import EXACT, as_type
from include.data.batches import Batch
from include.data.kinds.text_cells import decoded
from include.data.sources.changes import OneMoment
from include.data.sources.column_names import as_written
from include.data.sources.files import Files, LocalFiles
from include.data.sources.json_cells import Seen, is_deep, parse_lines, size_of
from include.data.sources.partitions import with_partition
from include.data.sources.same_files import distinct_files
from include.data.sources.spark_commits import committed
from include.errors import DataError
from include.registry.source import SOURCES, FileSource

BLOCK_BYTES = 1 << 22
LONGEST_LINE = 1 << 26
_MARK = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class JsonLinesBatches:
    """The rows of a JSON Lines file, of all ``*.jsonl`` and ``*.ndjson`` files in a folder, or of those of a glob.

    An object within a row becomes columns of its own, ``user.country``; a list is text. A column's type is that of all
    its values in a file, which is parsed once to find it and once more to be read: whole numbers give way to floats,
    numbers and truth values beside text to text. Whole numbers that floats could not tell apart are text where they
    would become floats: they are codes. Text of which every cell is a time in ISO 8601 is one. What a row lacks is
    empty, as is ``null``. Of lines that pyarrow does not take as they are, each is looked at by itself.

    Parameters
    ----------
    path : str or Path
    columns : sequence of str, optional
        The only columns to read; those that a file lacks are left out.
    files : Files
        Where they are; by default on this machine's disks.
    stated : collection of str
        Columns whose text is read by a rule of its own: that of times stays text, also where it looks like ISO 8601.
    """

    path: str | Path
    columns: Sequence[str] | None = None
    files: Files = field(default_factory=LocalFiles)
    stated: Collection[str] = ()
    _told: list[str] = field(default_factory=list, compare=False, repr=False)

    def __iter__(self) -> Iterator[Batch]:
        there = self.files.find(self.path, *SOURCES["json_lines"].endings)
        found = distinct_files(self.files, committed(self.files, self.path, there))
        moment = OneMoment(self.files, found, "JSON Lines", may_grow=True)
        for file in found:
            with moment.reading(file):
                types = self._types(file)
                if not types and len(found) > 1:
                    self._told.append(f"{Path(str(file)).name}: it is empty and left out")
                    continue
                if not types:
                    raise DataError(f"{file}: cannot be read as JSON Lines: it is empty; deliver one object a line")
                wanted = {name: kind for name, kind in types.items() if self.columns is None or name in self.columns}
                nothing = Batch(0, {name: pa.array([], kind) for name, kind in wanted.items()}, str(file))
                yield with_partition(nothing, self.path, self.columns)
                for table in self._tables(file):
                    yield with_partition(_as_batch(table, wanted, str(file)), self.path, self.columns)
        moment.require()

    @property
    def told(self) -> tuple[str, ...]:
        """What had to be found out about the files read so far, each thing once."""
        return tuple(dict.fromkeys(self._told))

    def _types(self, file: str | Path) -> dict[str, pa.DataType]:
        """The type that all values of each column have, in the order in which they come up."""
        seen: dict[str, Seen] = {}
        for table in self._tables(file):
            for name, values in zip(table.schema.names, table.columns, strict=True):
                seen.setdefault(name, Seen()).add(values)
        types = {name: each.type for name, each in seen.items() if each.types or not _holds_others(name, seen)}
        stated = as_written(self.stated, list(types))
        return types | {name: pa.string() for name in stated if pa.types.is_timestamp(types[name])}

    def _tables(self, file: str | Path) -> Iterator[pa.RecordBatch]:
        """The rows of each block of lines, with whatever types they have there."""
        texts: pa.Schema | None = None  # columns of text, in which pyarrow would look for times in its own way
        for line, block in self._blocks(file):
            table, texts = _parsed(block, texts)
            if table is None:
                table = parse_lines(block, line, str(file))
            if table.num_rows:
                yield table

    def _blocks(self, file: str | Path) -> Iterator[tuple[int, bytes]]:
        """The file in pieces of whole lines in UTF-8, each with the number of its first line."""
        line, rest = 1, b""
        with self._stream(file) as stream:
            while True:
                read = stream.read(BLOCK_BYTES)
                if line == 1 and not rest:
                    if read.startswith(_WIDE):
                        raise DataError(f"{file}: cannot be read as JSON Lines: it is UTF-16; deliver it as UTF-8")
                    read = read.removeprefix(_MARK)
                end = read.rfind(b"\n") + 1 if read else 0
                block, rest = (rest + read[:end], read[end:]) if end or not read else (b"", rest + read)
                if len(rest) > LONGEST_LINE:
                    raise DataError(
                        f"{file}: cannot be read as JSON Lines: line {line + block.count(10)} is longer than "
                        f"{LONGEST_LINE >> 20} MiB; write one object a line"
                    )
                if block.strip():
                    yield line, self._in_utf8(block, file)
                line += block.count(b"\n")
                if not read:
                    return

    def _in_utf8(self, block: bytes, file: str | Path) -> bytes:
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            self._told.append(f"{Path(str(file)).name}: lines that are no UTF-8 are read as Windows-1252")
            return b"\n".join(decoded(line).encode() for line in block.split(b"\n"))
        return block

    def _stream(self, file: str | Path) -> IO[bytes]:
        opened = self.files.open(file)
        if isinstance(opened, str | Path):
            return cast(IO[bytes], pa.input_stream(str(opened), compression="detect"))
        return cast(IO[bytes], opened)


def of_source(
    _source: FileSource, path: str | Path, files: Files, columns: Sequence[str] | None, stated: Collection[str] = ()
) -> JsonLinesBatches:
    """The rows of one of the source's paths."""
    return JsonLinesBatches(path, columns, files, stated)


def _holds_others(name: str, names: Iterable[str]) -> bool:
    """Whether a name is that of an object, which is ``null`` in some rows."""
    return any(other.startswith(f"{name}.") for other in names)


def _parsed(block: bytes, texts: pa.Schema | None) -> tuple[pa.RecordBatch | None, pa.Schema | None]:
    """The block as pyarrow reads it, and what of it is text; no rows where each line is to be looked at by itself."""
    if is_deep(block):
        return None, texts
    table = _read(block, texts) if texts is not None else None
    if table is None:
        table = _read(block, None)
    names = [] if table is None else _flat(table).schema.names
    if table is not None and (times := _with_text_for_times(table.schema)) != table.schema:
        table = _read(block, _texts_only(times))
    if table is None or _has_time(table.schema):
        return None, texts
    rows = block.count(b"\n") + (not block.endswith(b"\n"))
    if table.num_rows != rows and table.num_rows != sum(1 for line in block.split(b"\n") if line.strip()):
        return None, texts  # some object is not alone on its line
    flat = _flat(table)
    if len(set(flat.schema.names)) < len(flat.schema.names) or any(_needs_care(values) for values in flat.columns):
        return None, texts
    return flat.select(names), _texts_only(table.schema)  # not with the columns of text first


def _read(block: bytes, texts: pa.Schema | None) -> pa.Table | None:
    try:
        return pa_json.read_json(
            pa.BufferReader(block),
            read_options=pa_json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pa_json.ParseOptions(explicit_schema=texts, unexpected_field_behavior="infer"),
        )
    except pa.ArrowInvalid:
        return None


def _flat(table: pa.Table) -> pa.RecordBatch:
    """The rows with the members of objects as columns."""
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    merged = table.combine_chunks()
    columns = [
        values.chunk(0) if values.num_chunks else pa.array([], values.type) for values in merged.columns
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, names=table.schema.names) if columns else _nothing(table.num_rows)


def _nothing(rows: int) -> pa.RecordBatch:
    """Rows without any value."""
    return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))


def _needs_care(values: pa.Array) -> bool:
    """Whether pyarrow's reading of a column loses something: lists, and whole numbers that it makes floats of."""
    if pa.types.is_list(values.type):
        return True
    return bool(pa.types.is_floating(values.type)) and size_of(values) >= EXACT


def _with_text_for_times(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(each.name, _texts_for_times(each.type)) for each in schema])


def _texts_for_times(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(each.name, _texts_for_times(each.type)) for each in kind])
    if pa.types.is_list(kind):
        return pa.list_(_texts_for_times(kind.value_type))
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _has_time(schema: pa.Schema) -> bool:
    return bool(_with_text_for_times(schema) != schema)


def _texts_only(schema: pa.Schema) -> pa.Schema:
    """Of a schema the columns of text, and objects that hold some."""
    return pa.schema([each for each in map(_text_field, schema) if each is not None])


def _text_field(each: pa.Field) -> pa.Field | None:
    if pa.types.is_struct(each.type):
        inner = [found for found in map(_text_field, each.type) if found is not None]
        return pa.field(each.name, pa.struct(inner)) if inner else None
    return each if pa.types.is_string(each.type) else None


def _as_batch(table: pa.RecordBatch, wanted: dict[str, pa.DataType], file: str) -> Batch:
    columns = {}
    for name, kind in wanted.items():
        place = table.schema.get_field_index(name)
        columns[name] = pa.nulls(table.num_rows, kind) if place < 0 else as_type(table.column(place), kind)
    return Batch(table.num_rows, columns, file)
