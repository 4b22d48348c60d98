"""Where rows come from: files, and the samples that come with the package."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd

from include.data.samples import demand, iris
from include.errors import DataError, SourceUnavailable
from include.registry.spec import FileSource, ModelSpec, SampleSource


def read_timed(spec: ModelSpec, data_dir: Path, until: datetime) -> pd.DataFrame:
    """The rows before `until`, in time order, with the timestamp column in UTC.

    Rows that arrive later are kept out although the file may hold them: a run for a past date sees what it saw.
    """
    assert spec.timestamp is not None  # the spec is timed
    if isinstance(spec.source, SampleSource):
        table, where = demand(until), f"sample {spec.source.name}"
    else:
        assert spec.source.path is not None
        table, where = _read_file(spec.source, spec.source.path, "path", data_dir), spec.source.path
    _require(table, spec.timestamp, "timestamp", where)
    _require(table, spec.target, "target", where)
    try:
        times = pd.to_datetime(table[spec.timestamp], utc=True)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{where}: field timestamp: column {spec.timestamp!r} holds what is no time: {error}"
        ) from error
    if times.isna().any():
        raise DataError(
            f"{where}: field timestamp: column {spec.timestamp!r} is empty in {int(times.isna().sum())} rows"
        )
    table = table.assign(**{spec.timestamp: times})
    return table[times < pd.Timestamp(until)].sort_values(spec.timestamp, kind="stable", ignore_index=True)


def read_pair(spec: ModelSpec, data_dir: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference and recent rows of a model without timestamps, each in the order of its file."""
    if isinstance(spec.source, SampleSource):
        pair = iris()
        places = (f"sample {spec.source.name}",) * 2
    else:
        places = (str(spec.source.reference_path), str(spec.source.recent_path))
        pair = (
            _read_file(spec.source, places[0], "reference_path", data_dir),
            _read_file(spec.source, places[1], "recent_path", data_dir),
        )
    for table, where in zip(pair, places, strict=True):
        _require(table, spec.target, "target", where)
    return pair


def _read_file(source: FileSource, path: str, field: str, data_dir: Path) -> pd.DataFrame:
    file = (data_dir / Path(path).expanduser()).resolve()
    if not file.exists():
        raise SourceUnavailable(f"{file}: field source.{field}: no such file; deliver it or correct the path")
    try:
        return pd.read_csv(file) if source.kind == "csv" else pd.read_parquet(file)
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{file}: field source.{field}: the file is empty") from error
    except (ValueError, OSError) as error:  # parser errors and pyarrow's errors are ValueErrors
        raise DataError(f"{file}: field source.{field}: cannot be read as {source.kind}: {error}") from error


def _require(table: pd.DataFrame, column: str, field: str, where: str) -> None:
    if column not in table.columns:
        found = ", ".join(str(name) for name in table.columns)
        raise DataError(f"{where}: field {field}: no column {column!r}; found: {found}")
