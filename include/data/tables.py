"""A model's rows as the workflow needs them: reference, recent, history, and the columns in them that matter."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from include.data.rows.arrivals import Arrivals, measure_arrivals, measure_counted
from include.data.rows.copies import pair_without_copies, timed_without_copies
from include.data.rows.odd_times import OddTimes, describe, odd_counted, odd_first
from include.data.rows.spans import Span
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.sources.part import Undecided, Wanted, read_part
from include.data.sources.read import Rows, read_both, read_rows
from include.data.sources.sieve import Counting, Sample
from include.errors import DataError, found_instead
from include.registry.kinds import Kind, Kinds
from include.registry.spec import ModelSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ModelTables:
    """The rows of one model as of one moment.

    Parameters
    ----------
    reference : DataFrame
        What the first version is trained on.
    recent : DataFrame
        Observed since the champion was accepted, within the window, in time order.
    history : DataFrame
        All rows known at that moment, from the start of the reference on, recent ones included and last.
    window_start : datetime or None
        Where the recent rows begin; None without timestamps.
    arrivals : Arrivals or None
        How many rows came and how old the newest is; None without timestamps, or without rows before the recent ones.
    quarantined : tuple of Span
        Rows that must not be trained on: a column is broken in them.
    kinds : mapping of str to ColumnKind
        Of the columns, as the whole reference shows them or the model file says.
    told : tuple of str
        What had to be found out about how the rows are written, a sentence each.
    without_time : int
        Rows that were left out because their time is missing or cannot be read.
    copies, reference_copies : int
        Rows left out of `history`, and of `reference`, because another delivery of them is there, by the model's key.
    recent_hash : str
        Of the recent rows as they were read; empty with timestamps.
    odd_times : OddTimes or None
        Rows that are in none of the tables because their time stands apart from all others; None for none.
    sample : Sample or None
        What the tables hold a part of, of very many rows an even one; None where they hold all.
    """

    reference: pd.DataFrame
    recent: pd.DataFrame
    history: pd.DataFrame
    window_start: datetime | None
    arrivals: Arrivals | None = None
    quarantined: tuple[Span, ...] = ()
    kinds: Kinds = field(default_factory=dict)
    told: tuple[str, ...] = ()
    without_time: int = 0
    copies: int = 0
    reference_copies: int = 0
    recent_hash: str = ""
    odd_times: OddTimes | None = None
    sample: Sample | None = None

    @property
    def recent_rows(self) -> int:
        """How many recent rows there are, also where the table holds a part of them."""
        return len(self.recent) if self.sample is None else self.sample.rows

    def evenly_since(self, moment: datetime) -> pd.DataFrame:
        """`history`, of which the rows since `moment` are all, or as dense before the window as in it."""
        sample, recent = self.sample, len(self.recent)
        if sample is None or self.window_start is None or moment >= self.window_start:
            return self.history
        earlier = len(self.history) - recent
        sparse = max(sample.earlier_every, sample.every)
        places = np.arange(len(self.history))
        kept = np.where(
            places < earlier, places % (sparse // sample.earlier_every) == 0,
            (places - earlier) % (sparse // sample.every) == 0,
        )  # fmt: skip
        return self.history.iloc[np.flatnonzero(kept)]


def read_tables(
    spec: ModelSpec, data_dir: Path, *, as_of: datetime, seen_until: datetime | None = None, seen_hash: str = "",
    connections: Connections = FROM_ENVIRONMENT, columns: Collection[str] = (), kinds: Kinds | None = None,
) -> ModelTables:  # fmt: skip
    """Read a model's rows as of `as_of`.

    Parameters
    ----------
    seen_until : datetime, optional
        Rows before it were used to train and accept the champion; they are not recent.
    seen_hash : str
        The same for models without timestamps: hash of the recent rows that the champion was accepted on.
    connections : Connections
        How object storage and databases are reached; by default by the connections that the environment holds.
    columns : collection of str
        To be read besides those that the model file names, as far as they are there.
    kinds : mapping of str to ColumnKind, optional
        Of columns, as they were when the champion was accepted; the model file may say otherwise since.
    """
    if spec.source.timed:
        rows = read_rows(spec, data_dir, as_of, connections, columns, kinds)
        return replace(cut_tables(spec, rows.table, as_of, seen_until), **_reading(rows))
    first, second = read_both(spec, data_dir, connections, kinds)
    reference, recent, copies = pair_without_copies(spec, first.table, second.table)
    found = table_hash(recent)
    if seen_hash and found == seen_hash:
        recent = recent.iloc[:0]
    history = pd.concat([reference, recent], ignore_index=True)
    return ModelTables(
        reference=reference, recent=recent, history=history, window_start=None, copies=int(copies.sum()),
        reference_copies=int(copies[: len(reference)].sum()), kinds=first.kinds, recent_hash=found,
        told=tuple(dict.fromkeys((*first.told, *second.told))),
    )  # fmt: skip


def _reading(rows: Rows) -> dict[str, Any]:
    return {"kinds": rows.kinds, "told": rows.told, "without_time": rows.without_time}


def read_part_of_tables(
    spec: ModelSpec, data_dir: Path, *, as_of: datetime, counting: Counting, seen_until: datetime,
    connections: Connections = FROM_ENVIRONMENT, columns: Collection[str] = (), kinds: Kinds | None = None,
    hashed: bool = False,
) -> ModelTables | None:  # fmt: skip
    """The same in memory that does not grow with rows: of many the tables hold an even part, and `sample` says of what.

    None for what cannot be read so: a model without timestamps; with a `key`, whose copies are found among all rows;
    one whose times are told by all of them together. `counting` and `hashed` as in `include.data.sources.part.Wanted`.
    """
    if not spec.source.timed or spec.key:
        return None
    start = window_start(spec, as_of, seen_until)
    wanted = Wanted(start=start, until=as_of, seen_until=seen_until, counting=counting, hashed=hashed)
    try:
        rows, sample = read_part(spec, data_dir, wanted, connections, columns, kinds)
    except Undecided as error:
        log.info("%s: all rows are held: %s", spec.name, error)
        return None
    if sample is None:
        return replace(cut_tables(spec, rows.table, as_of, seen_until), **_reading(rows))
    assert spec.timestamp is not None
    odd_times, times = odd_counted(sample.times)
    begin = pd.Timestamp(int(times.first[0]), unit="us", tz="UTC") if len(times.first) else pd.Timestamp(as_of)
    odd = int(rows.table[spec.timestamp].searchsorted(begin, side="left"))
    return replace(
        cut_tables(spec, rows.table, as_of, seen_until, odd), **_reading(rows), odd_times=odd_times,
        arrivals=measure_counted(times, window_start=start, as_of=as_of, max_age=spec.max_age),
        sample=replace(sample, times=times),
    )  # fmt: skip


def feature_names(spec: ModelSpec, table: pd.DataFrame, kinds: Kinds | None = None) -> list[str]:
    """The model's features: those that its file lists, else all columns but timestamp, target and prediction.

    Without a list identifiers and sentences are none either, and a column of lists is refused.
    """
    wanted = [*(spec.features or []), *spec.categorical]
    missing = sorted(set(wanted) - set(table.columns))
    if missing:
        found = found_instead(missing[0], table.columns)
        raise DataError(f"model {spec.name}: field features: no column {', '.join(missing)}{found}")
    names = _features(spec, table, kinds or {})
    for name in names:
        kind = (kinds or {}).get(name)
        if kind is not None and kind.kind is Kind.NESTED:
            raise DataError(
                f"model {spec.name}: field features: column {name!r} cannot be learnt from: {kind.why}; list the "
                "features without it, or deliver its parts as columns"
            )
    if not names:
        raise DataError(f"model {spec.name}: field features: there is no column besides target and timestamp")
    return names


def next_features(spec: ModelSpec, table: pd.DataFrame, known: Collection[str]) -> list[str]:
    """The features of the champion's challenger: those that the model file lists, else the champion's, `known`.

    A model file that lists none leaves them as they are: a column that turns up is told, not learnt from unasked.
    """
    return feature_names(spec, table) if spec.features is not None else [n for n in known if n not in _special(spec)]


def is_given_up(spec: ModelSpec, column: str) -> bool:
    """Whether the model file lists its features, and that column is none of them, nor a measure."""
    return spec.features is not None and column not in {*spec.features, *spec.measures}


def new_features(
    spec: ModelSpec, table: pd.DataFrame, known: Collection[str], kinds: Kinds | None = None
) -> tuple[str, ...]:
    """Columns of `table` that would be features of a new first version, and that the champion does not know."""
    return tuple(name for name in _features(spec, table, kinds or {}) if name in table.columns and name not in known)


def kinds_to_tell(spec: ModelSpec, kinds: Kinds, known: Collection[str]) -> Kinds:
    """The kinds of the champion's columns, `known`, and of those that no version learns from unless it is told to."""
    left = set() if spec.features is not None else {name for name, kind in kinds.items() if not kind.kind.learnt}
    return {name: kinds[name] for name in (*known, *sorted(left - _special(spec) - set(known))) if name in kinds}


def table_hash(table: pd.DataFrame) -> str:
    """SHA-256 of a table's values, column names and row order."""
    digest = hashlib.sha256("\x1f".join(str(name) for name in table.columns).encode("utf-8", "surrogatepass"))
    digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def _features(spec: ModelSpec, table: pd.DataFrame, kinds: Kinds) -> list[str]:
    if spec.features is not None:
        return list(spec.features)
    unasked = {name for name, found in kinds.items() if not found.kind.learnt and found.kind is not Kind.NESTED}
    return [name for name in table.columns if name not in _special(spec) | unasked]


def _special(spec: ModelSpec) -> set[str | None]:
    roles = (spec.timestamp, spec.target, spec.prediction, spec.weight)
    return {*roles, *spec.probability_columns, *spec.key, *spec.measures}


def window_start(spec: ModelSpec, as_of: datetime, seen_until: datetime | None) -> datetime:
    """Where the recent rows begin."""
    start = as_of - spec.window
    return start if seen_until is None else max(start, seen_until)


def cut_tables(
    spec: ModelSpec, history: pd.DataFrame, as_of: datetime, seen_until: datetime | None = None, odd: int | None = None
) -> ModelTables:
    """The tables of a model with timestamps, from its rows before `as_of`, in time order; `read_tables` says the rest.

    Labels that had not arrived at that moment are emptied, and the first `odd` rows left out; where that is not given,
    those with odd times. The tables share the memory of `history` where they can.
    """
    assert spec.timestamp is not None
    assert spec.reference is not None
    odd = odd_first(history[spec.timestamp]) if odd is None else odd
    odd_times = describe(history[spec.timestamp], odd)
    history = history.iloc[odd:].reset_index(drop=True) if odd else history
    history, copies = timed_without_copies(spec, history)
    times = history[spec.timestamp]
    if spec.label_delay:
        arrived = np.arange(len(history)) < rows_before(times, as_of - spec.label_delay)
        history = history.assign(**{spec.target: history[spec.target].where(arrived)})
    start = window_start(spec, as_of, seen_until)
    first_rows = rows_before(times, spec.reference.end)
    return ModelTables(
        reference=history.iloc[:first_rows],
        recent=history.iloc[rows_before(times, start) :].reset_index(drop=True),
        history=history,
        window_start=start,
        arrivals=measure_arrivals(times, window_start=start, as_of=as_of, max_age=spec.max_age),
        copies=int(copies.sum()),
        reference_copies=int(copies[:first_rows].sum()),
        odd_times=odd_times,
    )


def rows_before(times: pd.Series[pd.Timestamp], moment: datetime) -> int:
    """How many of `times`, ascending, are earlier than `moment`.

    >>> from datetime import UTC
    >>> seconds = pd.Series(pd.to_datetime([0, 1, 2], unit="s", utc=True)).dt.as_unit("s")
    >>> [rows_before(seconds, datetime(1970, 1, 1, second=1, microsecond=m, tzinfo=UTC)) for m in (0, 1)]
    [1, 2]
    """
    unit = times.dt.unit  # none of `times` lies between the moment and the next whole unit
    return int(times.searchsorted(pd.Timestamp(moment).ceil(unit), side="left"))
