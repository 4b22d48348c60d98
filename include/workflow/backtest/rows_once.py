"""A model's rows, read once for all windows of a replay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from include.data.sources.file_batches import files_of
from include.data.sources.read import Rows, read_rows
from include.data.tables import ModelTables, cut_tables, rows_before
from include.errors import ConfigurationError
from include.registry.kinds import Kinds
from include.registry.source import SOURCES, FileSource
from include.registry.spec import ModelSpec

_Stamp = tuple[tuple[str, str], ...]


class RowsOnce:
    """Reads as `include.data.tables.read_tables` does, but the source only once, up to `until`.

    A file that has changed since (by its time of change or its size) is read anew. The tables that are given out share
    one copy of the rows; they are not to be written to.
    """

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._stamp: _Stamp | None = None
        self._rows = Rows(table=pd.DataFrame())

    def history(self, spec: ModelSpec, data_dir: Path) -> pd.DataFrame:
        """All rows up to `until`, in time order."""
        if spec.timestamp is None:
            raise ConfigurationError(spec.name, "a model without timestamps has no history to replay")
        stamp = _stamp(spec, data_dir)
        if stamp != self._stamp:
            self._rows = read_rows(spec, data_dir, self._until)
            self._stamp = stamp
        return self._rows.table

    def __call__(
        self, spec: ModelSpec, data_dir: Path, *, as_of: datetime, seen_until: datetime | None = None,
        seen_hash: str = "", columns: Collection[str] = (), kinds: Kinds | None = None,
    ) -> ModelTables:  # fmt: skip
        """As `include.data.tables.read_tables`, for models with timestamps and moments up to `until`.

        Of `columns` only those are there that the model file names: a replay's versions have no others. Kinds are those
        of the reference, which a replay's versions have too.
        """
        whole = self.history(spec, data_dir)
        assert spec.timestamp is not None
        tables = cut_tables(spec, whole.iloc[: rows_before(whole[spec.timestamp], as_of)], as_of, seen_until)
        return replace(tables, kinds=self._rows.kinds, told=self._rows.told, without_time=self._rows.without_time)


def _stamp(spec: ModelSpec, data_dir: Path) -> _Stamp:
    """What tells whether the files behind a source are still the same; nothing for other sources."""
    if not isinstance(spec.source, FileSource) or spec.source.path is None:
        return ()
    place, files = files_of(spec.source, spec.source.path, data_dir)
    found = files.find(place, *SOURCES[spec.source.kind].endings)
    return tuple((str(file), files.state(file)) for file in found)
