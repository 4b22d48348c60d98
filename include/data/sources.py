"""Where rows come from: files, a database, and the samples that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from include.data.address import SCHEME
from include.data.batches import Batch, CsvBatches, ParquetBatches
from include.data.files import Files, LocalFiles
from include.data.frames import frame_of
from include.data.object_files import ObjectFiles
from include.data.profile.cells import floats_of, quantity_of
from include.data.reach import FROM_ENVIRONMENT, Reach
from include.data.samples import demand, iris
from include.data.sql import SqlBatches
from include.errors import DataError, SourceUnavailable
from include.registry.source import FileSource, SampleSource, SqlSource
from include.registry.spec import ModelSpec

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)  # of time, for a query's %(start)s where the reference has no start


def read_timed(
    spec: ModelSpec, data_dir: Path, until: datetime, reach: Reach = FROM_ENVIRONMENT,
    columns: Collection[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """The rows from the reference's start on and before `until`, in time order, with the timestamp column in UTC.

    Rows that arrive later are kept out although the source may hold them: a run for a past date sees what it saw. Only
    the columns that the model needs, and `columns`, are read, if its file lists its features and the source has them
    all. Storage and databases are reached by `reach`.
    """
    assert spec.timestamp is not None  # the spec is timed
    assert spec.reference is not None
    start = spec.reference.start
    if isinstance(spec.source, SampleSource):
        table, where = demand(until), f"sample {spec.source.name}"
    else:
        table, where = _read_between(spec, spec.source, data_dir, start, until, reach, columns)
    for name, field in ((spec.timestamp, "timestamp"), (spec.target, "target")):
        _require(table, name, field, where)
    times = _times(table[spec.timestamp], where)
    wanted = times < pd.Timestamp(until)
    if start is not None:
        wanted &= times >= pd.Timestamp(start)
    table = table.assign(**{spec.timestamp: times})
    return table[wanted].sort_values(spec.timestamp, kind="stable", ignore_index=True)


def read_pair(spec: ModelSpec, data_dir: Path, reach: Reach = FROM_ENVIRONMENT) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reference and recent rows of a model without timestamps, each in the order of its files."""
    source = spec.source
    if not isinstance(source, FileSource):
        pair, places = iris(), (source.place,) * 2
    else:
        places = (str(source.reference_path), str(source.recent_path))
        with _field(spec, "source.reference_path"):
            reference = frame_of(_batches(source, places[0], data_dir, reach))
        with _field(spec, "source.recent_path"):
            pair = reference, frame_of(_batches(source, places[1], data_dir, reach))
    for table, where in zip(pair, places, strict=True):
        _require(table, spec.target, "target", where)
    return pair


def _read_between(
    spec: ModelSpec, source: FileSource | SqlSource, data_dir: Path, start: datetime | None, until: datetime,
    reach: Reach, columns: Collection[str],
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    """The rows between two moments, where the type of the timestamps lets them be told apart as they are read."""
    assert spec.timestamp is not None
    keep = _between(spec.timestamp, start, until)
    if isinstance(source, SqlSource):
        bounds = {"start": start or _BEGINNING, "end": until}
        with _field(spec, "source.query"):
            rows = SqlBatches(
                connection=source.connection, query=source.query, parameters=bounds, connect=reach.database
            )  # fmt: skip
            return frame_of(rows, keep), source.place
    assert source.path is not None
    with _field(spec, "source.path"):
        table = frame_of(_batches(source, source.path, data_dir, reach, _needed(spec, columns)), keep)
        if spec.features is not None and not {*spec.features, *spec.categorical} <= set(table.columns):
            every = _batches(source, source.path, data_dir, reach)  # all columns: an error will list them
            table = frame_of(every, keep)
        return table, source.path


def files_of(
    source: FileSource, path: str, data_dir: Path, reach: Reach = FROM_ENVIRONMENT
) -> tuple[str | Path, Files]:
    """Where one of the source's paths leads, and what finds and opens the files there."""
    if path.startswith(SCHEME):
        return path, ObjectFiles(reach.storage, source.connection)
    return (data_dir / Path(path).expanduser()).resolve(), LocalFiles()


def _batches(
    source: FileSource, path: str, data_dir: Path, reach: Reach, columns: Sequence[str] | None = None
) -> Iterable[Batch]:
    place, files = files_of(source, path, data_dir, reach)
    return CsvBatches(place, columns, files) if source.kind == "csv" else ParquetBatches(place, columns, files)


def _needed(spec: ModelSpec, columns: Collection[str]) -> list[str] | None:
    """The columns that the model's file names, and `columns`; None if its features are all that there are."""
    if spec.features is None or spec.measures:  # a measure is given whole rows
        return None
    told = (spec.timestamp, spec.target, spec.prediction, *spec.probability_columns)
    named = (*told, *spec.features, *spec.categorical, *spec.slices, *sorted(columns))
    return list({name: None for name in named if name is not None})


def _between(timestamp: str, start: datetime | None, until: datetime) -> Callable[[Batch], Batch]:
    """Leaves a batch's rows between the two moments, a second more on either side, and those without a time.

    Of text all rows are left: what format it is in can only be told from all of it.
    """
    earliest = (start or _BEGINNING).timestamp() - 1.0
    latest = until.timestamp() + 1.0

    def keep(batch: Batch) -> Batch:
        values = batch.columns.get(timestamp)
        if values is None or quantity_of(values.type) != "datetime":
            return batch
        seconds = floats_of(values)[0]
        chosen = ~((seconds < earliest) | (seconds > latest))
        if chosen.all():
            return batch
        places = pa.array(np.flatnonzero(chosen))
        return Batch(len(places), {name: cells.take(places) for name, cells in batch.columns.items()})

    return keep


def _times(values: pd.Series[pd.Timestamp], where: str) -> pd.Series[pd.Timestamp]:
    try:
        times = pd.to_datetime(values, utc=True)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: field timestamp: column {values.name!r} holds what is no time: {error}") from error
    if times.isna().any():
        raise DataError(f"{where}: field timestamp: column {values.name!r} is empty in {int(times.isna().sum())} rows")
    return times


def _require(table: pd.DataFrame, column: str, field: str, where: str) -> None:
    if column not in table.columns:
        found = ", ".join(str(name) for name in table.columns)
        raise DataError(f"{where}: field {field}: no column {column!r}; found: {found}")


@contextmanager
def _field(spec: ModelSpec, field: str) -> Iterator[None]:
    """Errors of a source, with the model and the field that it was read for."""
    try:
        yield
    except SourceUnavailable as error:
        raise SourceUnavailable(f"model {spec.name}: field {field}: {error}") from error
    except DataError as error:
        raise DataError(f"model {spec.name}: field {field}: {error}") from error
