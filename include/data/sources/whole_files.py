"""A table in a file, read whole as it is: CSV of whatever dialect, or a file of another kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pandas as pd

from include.data.kinds.conform import conform
from include.data.kinds.decimals import Said
from include.data.kinds.text_cells import plain_text
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import Files, LocalFiles
from include.data.sources.other_kinds import HEAD_BYTES
from include.data.sources.overlaps import frame_of_files
from include.errors import DataError, SourceUnavailable
from include.registry.dialect import Dialect
from include.registry.functions import of_catalogue
from include.registry.source import SOURCES, FileKind, FileSource

_KINDS: tuple[FileKind, ...] = get_args(FileKind)
_ROW = re.compile(rb'(\xef\xbb\xbf)?\s*\{\s*"[^"\n]*"\s*:')  # how a line of JSON begins
_ENDINGS: dict[str, FileKind] = {".pq": "parquet", ".parq": "parquet"}  # of files that are named by themselves


@dataclass(frozen=True, kw_only=True)
class WholeFile:
    """A table as it was read.

    Parameters
    ----------
    table : DataFrame
        At least one row and column.
    told : tuple of str
        What had to be found out to read it.
    dialect : Dialect
        Of CSV files: as it was said, or found.
    """

    table: pd.DataFrame
    told: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)


def read_whole(
    place: str | Path, kind: FileKind, dialect: Dialect, files: Files | None = None, missing: Sequence[str] = (),
    stated: Mapping[str, bool] | None = None,
) -> WholeFile:  # fmt: skip
    """Read a file, a folder of files or a glob.

    Parameters
    ----------
    kind : str
        See `kind_of`.
    dialect : Dialect
        What is said of how CSV files are written.
    missing : sequence of str
        Further words that stand for an empty cell.
    stated : mapping of str to bool, optional
        See `include.data.sources.csv_batches.CsvBatches`.

    Raises
    ------
    DataError
        When it is no table, or has no rows.
    SourceUnavailable
        When there is no such file.
    """
    there = files or LocalFiles()
    if kind == "csv":
        batches = CsvBatches(place, None, there, dialect=dialect, missing=missing, stated=stated or {})
        table, overlap = frame_of_files(batches)
        found = WholeFile(table=table, told=(*batches.told, *overlap), dialect=(batches.dialects or (dialect,))[0])
    else:
        source = FileSource(kind=kind, path=str(place), missing=list(missing))
        other = of_catalogue(SOURCES[kind].batches)(source, place, there, None, stated or {})
        rows, overlap = frame_of_files(other)
        said = Said(decimal=dialect.decimal, thousands=dialect.thousands, where=str(place))
        (table,), text = plain_text([conform(rows, {}, missing)], said)
        about = (*getattr(other, "told", ()), *(f"{Path(place).name}: {e}" for e in text.told), *overlap)
        found = WholeFile(table=table, told=about, dialect=dialect)
    names = [str(name) for name in found.table.columns]
    if not any(name.strip() for name in names):
        raise DataError(f"{place}: it is empty; give a table with the names of its columns on top")
    if not len(found.table):
        raise DataError(f"{place}: it has columns ({', '.join(names[:8])}) and no rows; deliver some")
    return found


def kind_of(place: str | Path, files: Files | None = None) -> FileKind:
    """The kind of a file by its name or content, of a folder or glob by the only kind of files there; else ``csv``."""
    there = files or LocalFiles()
    try:
        found = there.find(place, "")
        if [str(file) for file in found] == [str(place)]:
            return _by_name(str(place)) or _ENDINGS.get(Path(str(place)).suffix) or _by_content(there, place)
    except SourceUnavailable:
        return _by_name(str(place)) or "csv"  # the reader will refuse it by name
    kinds = {kind for file in found if (kind := _by_name(str(file))) is not None}
    return kinds.pop() if len(kinds) == 1 else "csv"


def _by_name(name: str) -> FileKind | None:
    return next((kind for kind in _KINDS if name.endswith(SOURCES[kind].endings)), None)


def _by_content(files: Files, file: str | Path) -> FileKind:
    try:
        with files.raw(file) as opened:
            head = opened.read(HEAD_BYTES)
    except OSError:
        return "csv"  # the reader will refuse it by name
    return "parquet" if head.startswith(b"PAR1") else "json_lines" if _ROW.match(head) else "csv"
