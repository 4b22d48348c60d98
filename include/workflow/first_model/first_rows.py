"""The rows that a first model file is written for, read as they are, and how they turned out to be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from include.data.frames import frame_of
from include.data.kinds.conform import Missing, conform
from include.data.kinds.decimals import Said
from include.data.kinds.text_cells import plain_text
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.file_batches import place_of
from include.data.sources.sql import SqlBatches
from include.data.sources.whole_files import kind_of, read_whole
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.registry.address import SCHEME
from include.registry.dialect import Dialect as Dialect
from include.registry.home import at_home
from include.registry.loader import problems_of
from include.registry.source import FileSource, SqlSource

_BOUNDS = {"start": datetime(1, 1, 1, tzinfo=UTC), "end": datetime(9999, 12, 31, tzinfo=UTC)}
_TABLE = re.compile(r"\w+(\.\w+)?")


@dataclass(frozen=True, kw_only=True)
class FirstRows:
    """Rows as they are.

    Parameters
    ----------
    table : DataFrame
    source : FileSource or SqlSource
        Where they come from, as a model file has it.
    told : tuple of str
        What had to be found out to read them.
    dialect : Dialect
        Of CSV files: what was found out.
    table_name : str
        Of a database's table that is read whole; empty for files and queries.
    """

    table: pd.DataFrame
    source: FileSource | SqlSource
    told: tuple[str, ...] = ()
    dialect: Dialect = field(default_factory=Dialect)
    table_name: str = ""


def read_file(
    given: str, flag: str, data_dir: Path, *, connection: str = "", dialect: Dialect | None = None,
    missing: Missing = (), stated: Mapping[str, bool] | None = None, connections: Connections = FROM_ENVIRONMENT,
) -> FirstRows:  # fmt: skip
    """The rows of a file, of a folder of files, of a glob or of objects (``s3://bucket/key``).

    Parameters
    ----------
    given : str
        As it was written on the command line; relative to the folder that the command is called in, or to `data_dir`.
    flag : str
        What it was given by, for errors.
    data_dir : Path
        What relative paths of model files start from.
    dialect : Dialect, optional
        What its owner says of how CSV files are written.
    missing : sequence
        What its owner writes for an empty cell.
    stated : mapping of str to bool, optional
        Columns of times whose format its owner has said.

    Raises
    ------
    DataError, SourceUnavailable
        When there is no such file, when it is no table, or has no rows.
    """
    path = given if given.startswith(SCHEME) else _as_in_model_file(given, data_dir, flag)
    said = dialect or Dialect()
    place, files = place_of(path, data_dir, connections, connection)
    kind = kind_of(place, files)
    written = {
        name: value for name in ("delimiter", "decimal", "thousands", "encoding", "quote")
        if (value := getattr(said, name)) is not None
    }  # fmt: skip
    try:
        source = FileSource(kind=kind, path=path, connection=connection, missing=list(missing), **written)
    except ValidationError as error:
        raise ConfigurationError(flag, *problems_of(error, FileSource)) from error
    try:
        words = [each for each in missing if isinstance(each, str)]
        read = read_whole(place, kind, said, files, words, stated)
    except SourceUnavailable as error:
        raise SourceUnavailable(f"{flag}: {error}") from error
    except DataError as error:
        raise DataError(f"{flag}: {error}") from error
    return FirstRows(table=conform(read.table, {}, missing), source=source, told=read.told, dialect=read.dialect)


def read_query(
    connection: str, query: str, table_name: str, connections: Connections = FROM_ENVIRONMENT, missing: Missing = ()
) -> FirstRows:  # fmt: skip
    """The rows of a Postgres database that a query selects, or of a table of it.

    Raises
    ------
    ConfigurationError
        When the table's name is none.
    """
    if table_name and not _TABLE.fullmatch(table_name):
        raise ConfigurationError("--table", f"found {table_name!r}; write table or schema.table, or give a --query")
    quoted = ".".join(f'"{part}"' for part in table_name.split("."))
    text = query or f"SELECT * FROM {quoted}"  # noqa: S608 - the name is letters, digits and a dot
    try:
        source = SqlSource(kind="sql", connection=connection, query=text, missing=list(missing))
    except ValidationError as error:
        raise ConfigurationError("--sql, --query", *problems_of(error, SqlSource)) from error
    rows = SqlBatches(connection=connection, query=text, parameters=_BOUNDS, connect=connections.database)
    (table,), plain = plain_text([conform(frame_of(rows), {}, missing)], Said(where=f"--sql {connection}"))
    if not len(table):
        raise DataError(f"--sql {connection}: the query selects no rows")
    return FirstRows(table=table, source=source, told=plain.told, table_name=table_name)


def _as_in_model_file(given: str, data_dir: Path, flag: str) -> str:
    """The path as a model file has it: relative to the folder of data where it lies in there.

    It is one from the folder that the command is called in, or, where there is none of that name, from that of data.
    """
    path = Path.cwd() / at_home(given, flag)
    if not path.exists() and (data_dir / given).exists():
        path = data_dir / given
    whole = path.resolve() if path.exists() else path
    return str(whole.relative_to(data_dir)) if whole.is_relative_to(data_dir) else str(whole)
