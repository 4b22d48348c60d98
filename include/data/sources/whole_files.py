"""A table in a file, read whole as it is: CSV of whatever dialect, or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from include.data.kinds.conform import conform
from include.data.kinds.decimals import Said
from include.data.kinds.text_cells import plain_text
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import Files, LocalFiles
from include.data.sources.overlaps import frame_of_files
from include.data.sources.parquet_batches import ParquetBatches
from include.errors import DataError
from include.registry.dialect import Dialect

PARQUET = (".parquet", ".pq", ".parq")


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
    place: str | Path, kind: str, dialect: Dialect, files: Files | None = None, missing: Sequence[str] = ()
) -> WholeFile:  # fmt: skip
    """Read a file, a folder of files or a glob.

    Parameters
    ----------
    kind : str
        ``csv`` or ``parquet``, see `kind_of`.
    dialect : Dialect
        What is said of how CSV files are written.
    missing : sequence of str
        Further words that stand for an empty cell.

    Raises
    ------
    DataError
        When it is no table, or has no rows.
    SourceUnavailable
        When there is no such file.
    """
    there = files or LocalFiles()
    if kind == "parquet":
        rows, overlap = frame_of_files(ParquetBatches(place, None, there))
        said = Said(decimal=dialect.decimal, thousands=dialect.thousands, where=str(place))
        (table,), told = plain_text([conform(rows, {}, missing)], said)
        found = WholeFile(table=table, told=(*(f"{Path(place).name}: {e}" for e in told), *overlap), dialect=dialect)
    else:
        batches = CsvBatches(place, None, there, dialect=dialect, missing=missing)
        table, overlap = frame_of_files(batches)
        found = WholeFile(table=table, told=(*batches.told, *overlap), dialect=(batches.dialects or (dialect,))[0])
    names = [str(name) for name in found.table.columns]
    if not any(name.strip() for name in names):
        raise DataError(f"{place}: it is empty; give a table with the names of its columns on top")
    if not len(found.table):
        raise DataError(f"{place}: it has columns ({', '.join(names[:8])}) and no rows; deliver some")
    return found


def kind_of(path: Path) -> str:
    """``parquet`` for a file of that name or content, and for a folder that holds no other tables; else ``csv``."""
    if path.name.endswith(PARQUET):
        return "parquet"
    if path.is_dir():
        only = next(path.rglob("*.parquet"), None) is not None and next(path.rglob("*.csv"), None) is None
        return "parquet" if only else "csv"
    try:
        with path.open("rb") as opened:
            return "parquet" if opened.read(4) == b"PAR1" else "csv"
    except OSError:
        return "csv"  # a glob, or what the reader will refuse by name
