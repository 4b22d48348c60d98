"""The section `source` of a model file: where the rows come from."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from include.data.address import Address
from include.registry.section import Section


class FileSource(Section):
    """Rows in files. Either one `path` with a timestamp column, or a pair without timestamps.

    A path is that of a file, of a folder of files, or a glob (``sales/2026-*.parquet``). Relative ones start from
    ``RETRAINING_DATA_DIR``. With ``s3://bucket/key`` the files are objects in S3-compatible storage; `connection`
    names the Airflow connection of the type ``aws`` to read them by, so that no secret stands in a model file.
    """

    kind: Literal["csv", "parquet"]
    path: str | None = None
    reference_path: str | None = None
    recent_path: str | None = None
    connection: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$")

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

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.path is not None

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return self.path or f"{self.reference_path} + {self.recent_path}"


class SqlSource(Section):
    """Rows with a timestamp column that a query selects from a Postgres database.

    `connection` names an Airflow connection of the type ``postgres``; outside Airflow, one that the environment holds
    (``AIRFLOW_CONN_SALES_DB`` for ``sales_db``). No secret stands in a model file. The query may use ``%(start)s`` and
    ``%(end)s``, the bounds of the rows that are needed (``start <= timestamp < end``), so that the server leaves the
    others out.
    """

    kind: Literal["sql"]
    connection: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    query: str = Field(min_length=1)

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


class SampleSource(Section):
    """Rows that come with this package: ``iris`` (bundled with scikit-learn) or ``demand`` (simulated, hourly)."""

    kind: Literal["sample"]
    name: Literal["iris", "demand"]

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.name == "demand"

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return f"sample:{self.name}"


Source = Annotated[FileSource | SqlSource | SampleSource, Field(discriminator="kind")]
