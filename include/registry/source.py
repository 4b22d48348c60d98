"""The section `source` of a model file: where the rows come from."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from include.registry.address import Address
from include.registry.arrival import CONNECTION, Watch, on_or_off
from include.registry.dialect import Dialect
from include.registry.section import Section
from include.registry.time_format import TimeFormat, wrong_with
from include.registry.yaml_text import as_cell

_DIALECT = ("delimiter", "decimal", "thousands", "encoding", "quote", "header")
_NUMBERS = ("decimal", "thousands")
_LONGEST_NAME = 255  # bytes of a file's name, on all usual file systems
CODECS: Mapping[str, str] = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}  # of packed files, by their endings
_READERS = "include.data.sources"

FileKind = Literal["csv", "parquet", "json_lines"]


class TimestampReading(Section):
    """How the column of times is written, where that cannot be told from its cells or is to be certain.

    `columns` are joined, a blank between them, into the column that `timestamp` names: a date and a time of day, say.
    """

    columns: list[str] = Field(default_factory=list)
    """Columns that together hold the time; joined with a blank between them."""
    format: str = ""
    """As for `datetime.strptime`, for example `%d/%m/%Y %H:%M`."""
    timezone: str = ""
    """Of times that carry none, for example Europe/Zurich; UTC if it is not given."""
    unit: Literal["", "s", "ms", "us", "ns", "excel"] = ""
    """Of whole numbers that count from 1970; `excel`: days as spreadsheets count them."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            return timezone and str(ZoneInfo(timezone))
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {timezone!r}; write one such as Europe/Zurich") from error

    @field_validator("format")
    @classmethod
    def _has_directives(cls, form: str) -> str:
        if form and (wrong := wrong_with(form)):
            raise ValueError(wrong)
        return form

    @property
    def how(self) -> TimeFormat:
        """The same for who reads the cells."""
        return TimeFormat(format=self.format, timezone=self.timezone, unit=self.unit)


class _Rows(Section):
    """How cells are read, whatever they come from."""

    timestamp: TimestampReading = TimestampReading()
    """How times are written, where that cannot be told from the cells."""
    missing: list[Annotated[str | int | float | date, BeforeValidator(as_cell)]] = Field(default_factory=list)
    """What stands for an empty cell, in any column: `[-999, unknown, 9999-12-31]`."""
    decimal: Literal[".", ","] | None = None
    """What stands before the decimals, in numbers written as text; found out where it is not given."""
    thousands: Literal["", ",", ".", " ", "'"] | None = None
    """What stands between groups of digits, in numbers written as text; empty for nothing."""

    @model_validator(mode="after")
    def _separators_differ(self) -> Self:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"thousands: {self.thousands!r} is the decimal separator already")
        return self


class FileSource(_Rows):
    """Rows in files. Either one `path` with a timestamp column, or a pair without timestamps.

    A path is that of a file, of a folder of files, or a glob (``sales/2026-*.parquet``). Relative ones start from
    ``RETRAINING_DATA_DIR``. With ``s3://bucket/key`` the files are objects in S3-compatible storage; `connection`
    names the Airflow connection of the type ``aws`` to read them by, so that no secret stands in a model file.

    How a CSV file is written is found out from the file and told; `delimiter`, `decimal`, `thousands`, `encoding`,
    `quote` and `header` (true, false, or the columns' names) say it. `decimal` and `thousands` are also those of
    numbers that another file or a query's result holds as text.
    """

    kind: FileKind
    """How the files are written."""
    path: str | None = None
    """A file, a folder or a glob; relative ones start from `RETRAINING_DATA_DIR`; or `s3://bucket/key`."""
    reference_path: str | None = None
    """Without timestamps: the rows that the first version is trained on."""
    recent_path: str | None = None
    """Without timestamps: the rows observed since."""
    connection: str = Field(default="", pattern=CONNECTION)
    """Airflow connection of the type `aws`, for paths that begin with `s3://`; by default `aws_default`."""
    watch: Annotated[Watch | None, BeforeValidator(on_or_off)] = None
    """With `true`, or the fields below, a change of the files starts a run; see [data arrival](data-arrival.md)."""
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    """Of CSV files. This and the next three are found out from the file where they are not given."""
    encoding: str | None = None
    """As Python names it, for example cp1252."""
    quote: str | None = Field(None, max_length=1)
    """What encloses a cell that holds a delimiter; empty for nothing."""
    header: bool | list[str] | None = None
    """Whether the first row holds the names of the columns; or these names."""

    @model_validator(mode="after")
    def _one_path_or_a_pair(self) -> Self:
        pair = self.reference_path is not None and self.recent_path is not None
        alone = self.path is not None and self.reference_path is None and self.recent_path is None
        if alone == (pair and self.path is None):
            raise ValueError("give either `path`, or both `reference_path` and `recent_path`")
        return self

    @model_validator(mode="after")
    def _storage_is_known(self) -> Self:
        paths = [path for path in (self.path, self.reference_path, self.recent_path) if path is not None]
        for path in paths:
            if "://" in path and Address.of(path).connection:
                raise ValueError("write s3://bucket/key, and the name of the connection in `connection`")
        if self.connection and not any("://" in path for path in paths):
            raise ValueError("a connection is for paths that begin with s3://")
        return self

    @model_validator(mode="after")
    def _dialect_is_one(self) -> Self:
        said = [name for name in _DIALECT if name not in _NUMBERS and getattr(self, name) is not None]
        if said and self.kind != "csv":
            raise ValueError(f"{said[0]} is for CSV files; those of the kind {self.kind} say how they are written")
        if self.decimal is not None and self.decimal == self.delimiter:
            raise ValueError(f"delimiter: {self.delimiter!r} is the decimal separator already")
        return self

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, encoding: str | None) -> str | None:
        try:
            name = encoding and codecs.lookup(encoding).name
            if name:
                b"  ".decode(name, "replace")  # of those that turn bytes into bytes this is an error, too
        except LookupError as error:
            raise ValueError(f"no encoding {encoding!r}; write one such as utf-8, cp1252 or latin-1") from error
        return name

    @field_validator("delimiter", "quote")
    @classmethod
    def _is_ascii(cls, mark: str | None) -> str | None:
        if mark and (not mark.isascii() or mark in "\0\r\n"):
            raise ValueError(
                f"{mark!r} is none that a CSV file can be read with; it has to be an ASCII character, and no line end"
            )
        return mark

    @field_validator("path", "reference_path", "recent_path")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        if path is not None:
            if not path.strip():
                raise ValueError("no path: it is empty; the whole folder of data is written as '.'")
            try:
                named = path.encode()
            except UnicodeEncodeError as error:
                raise ValueError(f"no path: it has characters that are none: {path!r}") from error
            if b"\0" in named or max(map(len, named.split(b"/"))) > _LONGEST_NAME:
                raise ValueError(f"no path: a name in it is longer than {_LONGEST_NAME} bytes, or has a character NUL")
        return path

    @property
    def dialect(self) -> Dialect:
        """What is said of how its CSV files are written."""
        names = tuple(self.header) if isinstance(self.header, list) else self.header
        return Dialect(**{name: getattr(self, name) for name in _DIALECT[:-1]}, header=names)

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.path is not None

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return self.path or f"{self.reference_path} + {self.recent_path}"


class SqlSource(_Rows):
    """Rows with a timestamp column that a query selects from a Postgres database.

    `connection` names an Airflow connection of the type ``postgres``; outside Airflow, one that the environment holds
    (``AIRFLOW_CONN_SALES_DB`` for ``sales_db``). No secret stands in a model file. The query may use ``%(start)s`` and
    ``%(end)s``, the bounds of the rows that are needed (``start <= timestamp < end``), so that the server leaves the
    others out.
    """

    kind: Literal["sql"]
    """Rows that a query selects from a Postgres database."""
    connection: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    """Airflow connection of the type `postgres`."""
    query: str = Field(min_length=1)
    """A SELECT; `%(start)s` and `%(end)s` are the bounds of the rows needed, `%%` is a per cent sign."""

    @field_validator("query")
    @classmethod
    def _known_parameters(cls, query: str) -> str:
        marks = re.findall(r"%(\([^)]*\)s|.?)", query, re.DOTALL)
        wrong = [f"%{mark}" for mark in marks if mark not in ("%", "(start)s", "(end)s")]
        if wrong:
            raise ValueError(f"{wrong[0]!r}: a query knows %(start)s and %(end)s; a per cent sign is written %%")
        return query

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return True

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return f"sql:{self.connection}"


class SampleSource(_Rows):
    """Rows that come with this package: ``iris`` (bundled with scikit-learn) or ``demand`` (simulated, hourly)."""

    kind: Literal["sample"]
    """Rows that come with this package."""
    name: Literal["iris", "demand"]
    """`iris` has no timestamps; `demand` is simulated, hourly."""

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.name == "demand"

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return f"sample:{self.name}"


@dataclass(frozen=True, kw_only=True)
class SourceEntry:
    """What the catalogue says of one kind of source. What reads it is named as ``module:function``.

    Parameters
    ----------
    section : type
        How it is written in a model file.
    rows : str
        Given an `include.data.sources.read.Reading` of a model with timestamps: its rows, and the name of their place.
    batches : str
        Of files: given the section, a path, an `include.data.sources.files.Files`, the columns wanted (None: all) and
        those of times whose format is stated, the rows in batches.
    endings : tuple of str
        Of files: how their names end, which a folder's are found by.
    plain_text : bool
        Whether what reads it makes plain text of cells itself; else `include.data.kinds.text_cells` does.
    """

    section: type[FileSource] | type[SampleSource] | type[SqlSource]
    rows: str = f"{_READERS}.read:rows_of_files"
    batches: str = ""
    endings: tuple[str, ...] = ()
    plain_text: bool = False


def _packed(*endings: str) -> tuple[str, ...]:
    """The endings, and the same of packed files."""
    return (*endings, *(f"{ending}{packing}" for ending in endings for packing in CODECS))


#: The kinds of sources, by the `kind` that they are written with, in the order in which they are told.
SOURCES: Mapping[str, SourceEntry] = {
    "csv": SourceEntry(
        section=FileSource, batches=f"{_READERS}.csv_batches:of_source", endings=_packed(".csv"), plain_text=True
    ),
    "parquet": SourceEntry(section=FileSource, batches=f"{_READERS}.parquet_batches:of_source", endings=(".parquet",)),
    "json_lines": SourceEntry(
        section=FileSource,
        batches=f"{_READERS}.json_lines:of_source",
        endings=_packed(".jsonl", ".ndjson"),
    ),
    "sample": SourceEntry(section=SampleSource, rows=f"{_READERS}.read:rows_of_sample"),
    "sql": SourceEntry(section=SqlSource, rows=f"{_READERS}.read:rows_of_query"),
}

Source = Annotated[FileSource | SqlSource | SampleSource, Field(discriminator="kind")]
