"""Rows of CSV files, a batch at a time: what a column holds is decided by all cells of the file, not by the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from include.data.batches import Batch, empty_batch, require_distinct
from include.data.kinds.decimals import Said, decimals_of, told_of
from include.data.kinds.numbers import Written, plain_numbers
from include.data.kinds.text_cells import decoded, trimmed
from include.data.sources.changes import unchanged
from include.data.sources.column_names import as_written
from include.data.sources.csv_dialect import SAMPLE_BYTES, find_dialect, is_empty, line_without_end, require_text
from include.data.sources.csv_faults import located, require_end
from include.data.sources.csv_seen import Scan, Seen, coded_in
from include.data.sources.files import Files, LocalFiles
from include.data.sources.partitions import with_partition
from include.data.sources.same_files import distinct_files
from include.data.sources.spark_commits import committed
from include.errors import DataError
from include.registry.dialect import Dialect
from include.registry.source import SOURCES, FileSource

Wanted = Sequence[str] | None  # names of columns
Rules = Mapping[str, bool]
CSV_BLOCK_BYTES = 1 << 20  # Arrow reads some fifty of them ahead
LARGEST_BLOCK = 1 << 26  # for a file whose rows are longer than a block
NOTHING = (  # what stands for an empty cell among numbers, truth values and times, as pandas reads it
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
_FIRST = {pa.null(): pa.float64(), pa.time32("s"): pa.string()}  # other than what the first cells look like


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How one file is read: its dialect, types, numbers in other writing, and words for empty cells of text."""

    dialect: Dialect
    types: Mapping[str, pa.DataType]
    decimals: Mapping[str, str] = field(default_factory=dict)
    mixed: frozenset[str] = frozenset()
    empty: Mapping[str, pa.Array] = field(default_factory=dict)
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class CsvBatches:
    """The rows of a CSV file, of all ``*.csv`` files in a folder (by name), or of those that a glob matches.

    A column's type is that of all its values in a file: before the first batch the file is parsed once to find it, and
    again whenever a type does not hold. Whole numbers give way to floats, then to text. Whole numbers of which some
    begin with a zero are text: they are codes. So are those that floats could not tell apart, in all files, where a few
    cells, or some of another file, are no whole numbers. Blanks around a cell of text do not count, and an empty one is
    missing.

    Parameters
    ----------
    columns : sequence of str, optional
        The only columns to read; those that a file lacks are left out.
    files : Files
        Where they are; by default on this machine's disks.
    dialect : Dialect
        What is known of how they are written.
    missing : sequence of str
        Further words that stand for an empty cell.
    stated : mapping of str to bool
        Columns whose text is read by a rule of its own; with whether they are text, whatever their cells look like.
    """

    path: str | Path
    columns: Wanted = None
    files: Files = field(default_factory=LocalFiles)
    dialect: Dialect = field(default_factory=Dialect)
    missing: Sequence[str] = ()
    stated: Rules = field(default_factory=dict)
    _states: dict[str | Path, str] = field(default_factory=dict, compare=False, repr=False)
    _layouts: dict[str | Path, _Layout] = field(default_factory=dict, compare=False, repr=False)
    _scans: dict[str | Path, Scan | None] = field(default_factory=dict, compare=False, repr=False)
    _lines: dict[str | Path, bytes] = field(default_factory=dict, compare=False, repr=False)
    _blocks: dict[str | Path, int] = field(default_factory=dict, compare=False, repr=False)

    def __iter__(self) -> Iterator[Batch]:
        there = self.files.find(self.path, *SOURCES["csv"].endings)
        found = distinct_files(self.files, committed(self.files, self.path, there))
        for file in found if len(found) > 1 else ():  # how numbers are written is told by all of them
            with unchanged(self.files, file, "CSV", self._states), self._located(file):
                self._scan(file)
        self._agree()
        for file in found:
            with unchanged(self.files, file, "CSV", self._states), self._located(file):
                layout = self._layout(file)
                if not layout.types and len(found) > 1:
                    continue
                if not layout.types:
                    raise DataError(f"{file}: cannot be read as CSV: it is empty; deliver it with its names on top")
                names = [name for name in layout.types if name in (self.columns or ())]
                reader = self._open(file, layout.dialect, layout.types, names if self.columns is not None else None)
                nothing = _tidy(empty_batch(reader.schema, file=str(file)), layout)
                yield with_partition(nothing, self.path, self.columns)  # the columns, also of a file without rows
                for batch in reader:
                    yield with_partition(_tidy(Batch.of(batch, str(file)), layout), self.path, self.columns)

    def _located(self, file: str | Path) -> AbstractContextManager[None]:
        return located(file, partial(self._stream, file), self.dialect.encoding)

    @property
    def told(self) -> tuple[str, ...]:
        """What had to be found out about the files read so far, each thing once."""
        return tuple(dict.fromkeys(line for layout in self._layouts.values() for line in layout.told))

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """How the files read so far are written, each way once."""
        return tuple(dict.fromkeys(replace(layout.dialect, told="") for layout in self._layouts.values()))

    def _layout(self, file: str | Path) -> _Layout:
        if file not in self._layouts:
            scan = self._scan(file)
            empty = _Layout(dialect=self.dialect, types={}, told=(f"{Path(str(file)).name}: it is empty and left out",))
            self._layouts[file] = empty if scan is None else self._found(file, scan)
        return self._layouts[file]

    def _scan(self, file: str | Path) -> Scan | None:
        """What the file's cells are, all of them; None for an empty file."""
        if file not in self._scans:
            with self._stream(file) as opened:
                sample = opened.read(SAMPLE_BYTES)
            require_text(sample, self.dialect.encoding, str(file))
            self._scans[file] = None
            if not is_empty(sample):
                dialect = find_dialect(sample, self.dialect)
                if line := line_without_end(sample, dialect):
                    self._lines[file] = line
                self._scans[file] = self._types_of_rows(file, dialect)
                require_end(self.files, file, dialect)
        return self._scans[file]

    def _agree(self) -> None:
        """Look again at all files, where some have decimal commas: cells such as 1.203 were floats in the others."""
        scans = {file: scan for file, scan in self._scans.items() if scan is not None}
        commas = {file for file, scan in scans.items() if any(each.decimal == "," for each in scan.written.values())}
        for file, scan in scans.items() if commas else ():
            if scan.dialect.decimal is None:
                again = _with_commas(scan.dialect) if file in commas else replace(scan.dialect, decimal=",")
                self._scans[file] = self._types(file, again)

    def _evidence(self, written: Mapping[str, Written]) -> dict[str, Written]:
        """How each column of a file is written; of those whose own cells do not tell it, in all files together."""
        found = dict(written)
        for name, each in written.items():
            if each.numbers and each.decimal:
                continue
            several = (scan.written[name] for scan in self._scans.values() if scan and name in scan.written)
            whole = sum(several, start=Written())
            found[name] = whole if whole.numbers else each
        return found

    def _found(self, file: str | Path, scan: Scan) -> _Layout:
        """The file's layout, once all of its cells have been seen; a decimal comma found in them begins anew."""
        dialect, types, written = scan.dialect, dict(scan.types), self._evidence(scan.written)
        known = Said(
            decimal=self.dialect.decimal, thousands=self.dialect.thousands, where=str(file),
            commas=dialect.decimal == ",", dots=pa.float64() in types.values() and dialect.decimal != ",",
        )  # fmt: skip
        decimals = decimals_of(written, known)
        if "," in decimals.values() and dialect.decimal is None:
            again = _with_commas(dialect)
            return self._found(file, self._types(file, again))
        told = [f"{Path(str(file)).name}: {dialect.told}"] if dialect.told else []
        bytes_in = [name for name, kind in types.items() if kind == pa.binary()]
        if bytes_in:
            told.append(f"{Path(str(file)).name}: cells of {', '.join(bytes_in)} that are no UTF-8 are read as "
                        "Windows-1252 (source.encoding)")  # fmt: skip
        owner = self.dialect.decimal is not None or self.dialect.thousands is not None
        told += [f"{Path(str(file)).name}: {line}" for line in told_of(written, decimals, said=owner)]
        mixed = frozenset(name for name in decimals if written[name].mixed)
        coded = coded_in([scan for scan in self._scans.values() if scan is not None])
        if floats := sorted(coded & scan.floats):
            told.append(f"{Path(str(file)).name}: {', '.join(floats)}: read as text, since other files have whole "
                        "numbers from 2^53 on there, which floats could not tell apart")  # fmt: skip
        types |= {name: pa.string() for name in coded if types.get(name) in (pa.int64(), pa.float64())}
        stated = [name for name in as_written(self.stated, list(types)) if types[name] == pa.string()]
        empty = dict.fromkeys(stated, pa.array([*NOTHING, *self.missing]))
        return _Layout(dialect=dialect, types=types, decimals=decimals, mixed=mixed, empty=empty, told=tuple(told))

    def _types_of_rows(self, file: str | Path, dialect: Dialect) -> Scan:
        """The same of rows however long: blocks grow until each holds a whole one."""
        try:
            return self._types(file, dialect)
        except pa.ArrowInvalid as error:
            block = self._blocks.get(file, CSV_BLOCK_BYTES)
            if "straddling" not in str(error) or block >= LARGEST_BLOCK:
                raise
            self._blocks[file] = 4 * block
            return self._types_of_rows(file, dialect)

    def _types(self, file: str | Path, dialect: Dialect) -> Scan:
        """Types that all values of the file have, widened until they do, and how numbers in text are written."""
        reader = self._open(file, dialect, {})
        wanted = [name for name in reader.schema.names if self.columns is None or name in self.columns]
        require_distinct(wanted, str(file))
        types = {entry.name: _FIRST.get(entry.type, entry.type) for entry in reader.schema}
        hollow = {entry.name for entry in reader.schema if entry.type == pa.null() and entry.name in wanted}
        exact: set[str] = set()  # columns that looked like floats and are looked at as text, in case they are codes
        while True:
            whole = {name for name in wanted if types[name] == pa.int64()}
            nothing = pa.array([*NOTHING, *self.missing])
            seen = Seen.of(
                self._open(file, dialect, {**types, **dict.fromkeys(whole, pa.string())}), types, wanted, nothing,
                dialect,
            )  # fmt: skip
            types |= dict.fromkeys(seen.codes, pa.string())
            if seen.misfit is not None:
                types[seen.misfit[0]] = seen.misfit[1]
            elif seen.large - exact:
                types |= dict.fromkeys(seen.large, pa.string())
                exact |= seen.large
            elif hollow := {name for name in hollow if types[name] == pa.float64()} - seen.filled:
                types |= dict.fromkeys(hollow, pa.string())  # nothing but words for an empty cell, which may be names
                hollow = set()
            elif not seen.codes:
                stated = as_written(self.stated, reader.schema.names)
                return seen.scan(dialect, types, exact, {name: self.stated[each] for name, each in stated.items()})

    def _open(
        self, file: str | Path, dialect: Dialect, types: Mapping[str, pa.DataType], columns: Wanted = None
    ) -> pa_csv.CSVStreamingReader:  # fmt: skip
        names = list(dialect.header) if isinstance(dialect.header, tuple) else None
        line = self._lines.get(file)
        return pa_csv.open_csv(
            self.files.open(file) if line is None else pa.BufferReader(line),
            read_options=pa_csv.ReadOptions(
                block_size=self._blocks.get(file, CSV_BLOCK_BYTES), column_names=names, skip_rows=dialect.skip,
                encoding=dialect.encoding or "utf8",
            ),
            parse_options=pa_csv.ParseOptions(
                newlines_in_values=True, delimiter=dialect.delimiter or ",", quote_char=dialect.quote or False
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict(types), include_columns=columns, strings_can_be_null=False,
                null_values=[*NOTHING, *self.missing], decimal_point=dialect.decimal or ".",
                true_values=["true", "True", "TRUE"], false_values=["false", "False", "FALSE"],
            ),
        )  # fmt: skip

    def _stream(self, file: str | Path) -> pa.NativeFile:
        opened = self.files.open(file)
        return pa.input_stream(str(opened), compression="detect") if isinstance(opened, str | Path) else opened


def of_source(source: FileSource, path: str | Path, files: Files, columns: Wanted, stated: Rules) -> CsvBatches:
    """The rows of one of the source's paths."""
    words = [each for each in source.missing if isinstance(each, str)]
    return CsvBatches(path, columns, files, dialect=source.dialect, missing=words, stated=stated)


def _with_commas(dialect: Dialect) -> Dialect:
    """The same with decimals after a comma, which is told."""
    said = "; ".join(filter(None, (dialect.told, "decimals come after a comma (source.decimal)")))
    return replace(dialect, decimal=",", told=said)


def _tidy(batch: Batch, layout: _Layout) -> Batch:
    """The batch with its text made plain: without blanks around it, in Unicode, with numbers written in one way."""
    made = {}
    for name, values in batch.columns.items():
        if values.type == pa.binary():
            values = pa.array([None if cell is None else decoded(cell) for cell in values.to_pylist()], pa.string())
        if values.type == pa.string():
            values = trimmed(values)
            if name in layout.empty:
                values = pc.if_else(pc.is_in(values, value_set=layout.empty[name]), None, values)
            if name in layout.decimals:
                decimal, thousands = layout.decimals[name], layout.dialect.thousands
                values = plain_numbers(values, decimal, thousands, mixed=name in layout.mixed)
        made[name] = values
    return Batch(batch.rows, made, batch.file)
