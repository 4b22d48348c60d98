"""Where rows come from: files, a database, and the samples that come with the package."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from include.data.kinds.conform import conform, with_words
from include.data.kinds.decimals import Said
from include.data.kinds.few_words import told_words
from include.data.kinds.find import find_kinds
from include.data.kinds.shares import with_shares
from include.data.kinds.text_cells import PlainText, plain_text
from include.data.kinds.times import joined
from include.data.rows.odd_times import odd_first, told_clocks
from include.data.sources.column_names import AnySpelling, OneSpelling
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.file_batches import batches_of
from include.data.sources.reading import BEGINNING, Reading, whole_table
from include.data.sources.samples import demand, iris
from include.data.sources.sql import SqlBatches
from include.data.sources.time_limit import in_time
from include.errors import DataError, SourceUnavailable, found_instead
from include.registry.functions import of_catalogue
from include.registry.kinds import Kinds
from include.registry.source import SOURCES, FileSource, SampleSource, SqlSource
from include.registry.spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A model's rows, and how they were read.

    Parameters
    ----------
    table : DataFrame
        In time order, with the timestamp column in UTC; cells as the kinds of their columns have them.
    kinds : mapping of str to ColumnKind
    told : tuple of str
        What had to be found out about how the rows are written, a sentence each.
    without_time : int
        Rows that were left out because their time is missing or cannot be read.
    """

    table: pd.DataFrame
    kinds: Kinds = field(default_factory=dict)
    told: tuple[str, ...] = ()
    without_time: int = 0


@in_time
def read_rows(
    spec: ModelSpec, data_dir: Path, until: datetime, connections: Connections = FROM_ENVIRONMENT,
    columns: Collection[str] = (), known: Kinds | None = None,
) -> Rows:  # fmt: skip
    """The rows from the reference's start on and before `until`, in time order, with the timestamp column in UTC.

    Rows that arrive later are kept out although the source may hold them: a run for a past date sees what it saw. Only
    the columns that the model needs, and `columns`, are read, if its file lists its features and the source has them
    all. Storage and databases are reached by `connections`. Kinds are those of the reference, or `known` from before.
    """
    assert spec.timestamp is not None  # the spec is timed
    assert spec.reference is not None
    start, told = spec.reference.start, list[str]()
    wanted_rows = Reading(
        spec=spec, data_dir=data_dir, start=start, until=until, connections=connections, columns=columns, told=told
    )
    read_source: Reader = of_catalogue(SOURCES[spec.source.kind].rows)
    table, where = read_source(wanted_rows)
    return rows_of(wanted_rows, table, where, known)[0]


def rows_of(
    reading: Reading, table: pd.DataFrame, where: str, known: Kinds | None, lost: int | None = None
) -> tuple[Rows, PlainText]:
    """A table as its source's reader made it, as rows in time order; and how its text was read.

    Of a part of the rows `lost` says how many of them all have no time.
    """
    spec, told = reading.spec, reading.told
    assert spec.timestamp is not None
    for name in spec.source.timestamp.columns:
        _require(table, name, "source.timestamp.columns", where)
    if spec.source.timestamp.columns:
        table = table.assign(
            **{spec.timestamp: joined(table, spec.source.timestamp.columns, spec.source.timestamp.format)}
        )
    for name, field_name in ((spec.timestamp, "timestamp"), (spec.target, "target")):
        _require(table, name, field_name, where)
    read = reading.times(table[spec.timestamp], where)
    told += [f"{spec.timestamp}: {read.told}"] if read.told else []
    times = read.values
    wanted = times < pd.Timestamp(reading.until)
    if reading.start is not None:
        wanted &= times >= pd.Timestamp(reading.start)
        told += [f"{spec.timestamp}: {clocks}"] if (clocks := told_clocks(times, reading.start)) else []
    table = table.assign(**{spec.timestamp: times})
    table = _in_time_order(table if wanted.all() else table[wanted], spec.timestamp)
    (table,), text = _read_text(spec, [table], where, known)
    table, of_shares = with_shares(table, spec.probability_columns)
    told += [*text.told, *of_shares]
    kinds = _kinds_of(spec, table, known)
    told += told_words(kinds)
    without_time = int(times.isna().sum()) if lost is None else lost
    if without_time:
        shown = f", such as {read.example!r}" if read.example else ""
        told.append(f"{spec.timestamp}: {without_time} rows without a readable time are left out{shown}")
    table = conform(table, kinds, spec.source.missing)
    return Rows(table=table, kinds=kinds, told=tuple(told), without_time=without_time), text


def _in_time_order(table: pd.DataFrame, timestamp: str) -> pd.DataFrame:
    """The rows in the order of their times, numbered from 0; those that come so are not copied."""
    if table[timestamp].is_monotonic_increasing:
        return table.reset_index(drop=True)
    return table.sort_values(timestamp, kind="stable", ignore_index=True)


@in_time
def read_both(
    spec: ModelSpec, data_dir: Path, connections: Connections = FROM_ENVIRONMENT, known: Kinds | None = None
) -> tuple[Rows, Rows]:
    """Reference and recent rows of a model without timestamps, each in the order of its files."""
    source, told = spec.source, (list[str](), list[str]())
    if isinstance(source, SampleSource):
        pair, places = iris(), (source.place,) * 2
    elif not isinstance(source, FileSource):
        raise DataError(f"model {spec.name}: rows of kind {source.kind} need the field timestamp")
    else:
        places = (str(source.reference_path), str(source.recent_path))
        from_files = [(source, place, data_dir, connections, None, spec.text_by_its_own_rule) for place in places]
        with _field(spec, "source.reference_path"):
            batches = OneSpelling(batches_of(*from_files[0]), _named(spec))
            reference = whole_table(batches, None, told[0], spec)
        with _field(spec, "source.recent_path"):
            batches = OneSpelling(batches_of(*from_files[1]), [*_named(spec), *map(str, reference.columns)])
            pair = reference, whole_table(batches, None, told[1], spec)
    for table, where in zip(pair, places, strict=True):
        _require(table, spec.target, "target", where)
    tables, text = _read_text(spec, list(pair), " + ".join(dict.fromkeys(places)), known)
    tables, of_shares = zip(*(with_shares(table, spec.probability_columns) for table in tables), strict=True)
    kinds = with_words(
        find_kinds(tables[0], spec.declared_kinds, known=known, labels=spec.as_spelled), spec.named_words
    )
    found = [
        Rows(
            table=conform(table, kinds, spec.source.missing),
            kinds=kinds,
            told=(*each, *text.told, *share, *told_words(kinds)),
        )
        for table, each, share in zip(tables, told, of_shares, strict=True)
    ]
    return found[0], found[1]


def _read_text(
    spec: ModelSpec, tables: Sequence[pd.DataFrame], where: str, known: Kinds | None
) -> tuple[Sequence[pd.DataFrame], PlainText]:
    """The tables with their text made plain, but for names that the champion knows; unless its reader has done so."""
    if SOURCES[spec.source.kind].plain_text:
        return tables, PlainText()
    names = {name for name, kind in (known or {}).items() if kind.named} | {*spec.probability_columns}
    source = spec.source
    return plain_text(
        [conform(table, {}, source.missing) for table in tables],
        Said(decimal=source.decimal, thousands=source.thousands, where=f"model {spec.name}: {where}"),
        without=names,
    )


def _kinds_of(spec: ModelSpec, table: pd.DataFrame, known: Kinds | None) -> Kinds:
    """The kinds of the columns, from all rows of the reference."""
    assert spec.timestamp is not None
    assert spec.reference is not None
    table = table.iloc[odd_first(table[spec.timestamp]) :]
    times = table[spec.timestamp]
    rows = int(times.searchsorted(pd.Timestamp(spec.reference.end), side="left"))
    share = 0.0
    if rows and (span := times.iloc[rows - 1] - times.iloc[rows // 50]):  # not from the first: its time may be odd
        share = min(pd.Timedelta(spec.window) / span, 1.0)
    found = find_kinds(
        conform(table.iloc[:rows], {}, spec.source.missing), spec.declared_kinds, without=spec.timestamp,
        times=times.iloc[:rows], window_rows=round(rows * share), known=known, labels=spec.as_spelled,
    )  # fmt: skip
    return with_words(found, spec.named_words)


def rows_of_files(reading: Reading) -> tuple[pd.DataFrame, str]:
    """Those of a `FileSource`; see `include.registry.source.SourceEntry`."""
    spec, source = reading.spec, reading.spec.source
    assert isinstance(source, FileSource)
    assert source.path is not None
    where = source, source.path, reading.data_dir, reading.connections
    with _field(spec, "source.path"):
        named, rules = _named(spec, reading.columns), spec.text_by_its_own_rule
        needed = AnySpelling(named) if spec.features is not None and not spec.measures else None  # measures: whole rows
        times = spec.source.timestamp.columns or [each for each in (spec.timestamp,) if each is not None]
        table = reading.table(OneSpelling(batches_of(*where, needed, rules), named, times))
        if spec.features is not None and not {*spec.features, *spec.categorical} <= set(table.columns):
            table = reading.table(
                OneSpelling(batches_of(*where, None, rules), named, times)
            )  # all: an error lists them
        return table, source.path


def rows_of_query(reading: Reading) -> tuple[pd.DataFrame, str]:
    """Those of a `SqlSource`."""
    source = reading.spec.source
    assert isinstance(source, SqlSource)
    bounds = {"start": reading.start or BEGINNING, "end": reading.until}
    with _field(reading.spec, "source.query"):
        rows = SqlBatches(
            connection=source.connection, query=source.query, parameters=bounds, connect=reading.connections.database
        )  # fmt: skip
        return reading.table(rows), source.place


def rows_of_sample(reading: Reading) -> tuple[pd.DataFrame, str]:
    """Those of a `SampleSource`."""
    source = reading.spec.source
    assert isinstance(source, SampleSource)
    return demand(reading.until), f"sample {source.name}"


Reader = Callable[[Reading], tuple[pd.DataFrame, str]]


def _named(spec: ModelSpec, columns: Collection[str] = ()) -> list[str]:
    """The columns that the model's file names, and `columns`."""
    told = (spec.timestamp, spec.target, spec.prediction, *spec.probability_columns)
    marks = (*spec.slices, *spec.key, spec.weight, *spec.source.timestamp.columns)
    named = (*told, *(spec.features or ()), *spec.categorical, *marks, *spec.columns, *sorted(columns))
    return list({name: None for name in named if name is not None})


def _require(table: pd.DataFrame, column: str, field: str, where: str) -> None:
    if column not in table.columns:
        raise DataError(f"{where}: field {field}: no column {column!r}{found_instead(column, table.columns)}")


@contextmanager
def _field(spec: ModelSpec, field: str) -> Iterator[None]:
    """Errors of a source, with the model and the field that it was read for."""
    try:
        yield
    except SourceUnavailable as error:
        raise SourceUnavailable(f"model {spec.name}: field {field}: {error}") from error
    except DataError as error:
        raise DataError(f"model {spec.name}: field {field}: {error}") from error
