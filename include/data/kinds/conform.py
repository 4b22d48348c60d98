"""A table's cells as the kinds of its columns have them: the same values in every reader and every spelling."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from include.data.arrays import array_of_series, beyond_floats
from include.data.kinds.durations import as_seconds
from include.data.kinds.find import SPEAKING
from include.data.kinds.find import WORDS as EMPTY
from include.data.kinds.spellings import as_they_look, in_one_spelling, pair_of
from include.data.kinds.times import read_times
from include.errors import DataError
from include.registry.kinds import ColumnKind, Kind, Kinds
from include.registry.time_format import TimeFormat
from include.scoring.spelling import WORDS, plain_name

_AS_NUMBERS = {"true": "1", "false": "0"}

Missing = Sequence[str | int | float | date]


def conform(table: pd.DataFrame, kinds: Kinds, missing: Missing = ()) -> pd.DataFrame:
    """The table with cells that stand for nothing emptied, and truth values, dates and ordered names in one form.

    Cells that are of another kind than their column stay as they are: whoever counts them finds them unreadable. What
    needs no change is shared with `table`.

    Parameters
    ----------
    table : DataFrame
    kinds : mapping of str to ColumnKind
        Columns that are not in it are only emptied of what is `missing`.
    missing : sequence
        Texts, numbers and dates that the source's owner writes for an empty cell, in any column.
    """
    changed = {}
    for name, dtype in zip(table.columns, table.dtypes, strict=True):
        kind = kinds.get(name)
        if not missing and isinstance(dtype, np.dtype) and dtype.kind != "O" and (kind is None or not pair_of(kind)):
            continue  # numbers and times are in order as they are
        values = table[name]
        made = _without(values, missing)
        if kind is not None:
            made = _in_order(made, kind)
        if made is not values:
            changed[name] = made
    return table.assign(**changed) if changed else table


def _is_text(values: pd.Series[Any]) -> bool:
    return isinstance(values.dtype, pd.StringDtype) or values.dtype == object


def _without(values: pd.Series[Any], missing: Missing) -> pd.Series[Any]:
    """Without the cells that stand for nothing, by value where they are numbers or times, else by their text."""
    if not missing or pd.api.types.is_bool_dtype(values):
        return values
    if pd.api.types.is_datetime64_any_dtype(values):
        bare = values.dt.tz_localize(None) if values.dt.tz is not None else values
        gone = pd.Series(np.isin(bare.to_numpy().astype("datetime64[D]"), _days(missing)), index=values.index)
    elif pd.api.types.is_numeric_dtype(values):
        whole = pd.api.types.is_integer_dtype(values)
        gone = values.isin(_numbers(missing, whole=whole))
        if whole and gone.any() and beyond_floats(array_of_series(values)):
            values = values.astype("UInt64" if pd.api.types.is_unsigned_integer_dtype(values) else "Int64")
    elif _is_text(values):
        gone = values.isin([str(each) for each in missing]) | values.isin(list(missing))
    else:
        return values
    return values.mask(gone) if gone.any() else values


def _numbers(missing: Missing, *, whole: bool) -> list[int] | list[float]:
    """Those of `missing` that are numbers; or that are `whole` ones of 64 bits, with all their digits."""
    floats = {str(each): float(str(each)) for each in missing if _is_number(each)}
    if not whole:
        return list(floats.values())
    found = (
        int(text) if text.lstrip("+-").isdecimal() else int(each) for text, each in floats.items() if each % 1 == 0
    )
    return [each for each in found if abs(each) < 2**63]


def _is_number(value: object) -> bool:
    try:
        return bool(np.isfinite(float(str(value))))
    except ValueError:
        return False


def _days(missing: Missing) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Those of `missing` that are days, also ones that no column in nanoseconds can hold, as 9999-12-31."""
    moments = [found for each in missing if (found := _moment(each)) is not None]
    whole = [each.date() for each in moments if each.time() == time()]
    return np.array(whole, dtype="datetime64[D]")


def _moment(value: object) -> datetime | None:
    if isinstance(value, date):
        return value if isinstance(value, datetime) else datetime.combine(value, time())
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _in_order(values: pd.Series[Any], kind: ColumnKind) -> pd.Series[Any]:
    """The cells in one form, without the words that stand for an empty one."""
    words = EMPTY - set(kind.values) | set(kind.words)
    if isinstance(values.dtype, pd.StringDtype) and kind.kind is Kind.CATEGORY and not kind.order and not pair_of(kind):
        return as_they_look(values, kind.spellings, words)  # in one look at the names
    gone = values.isin(list(words)) if _is_text(values) else None
    return _in_one_form(values if gone is None or not gone.any() else values.mask(gone), kind)


def _in_one_form(values: pd.Series[Any], kind: ColumnKind) -> pd.Series[Any]:
    pair = pair_of(kind)
    if pair is not None and kind.named and not (pair == WORDS and pd.api.types.is_bool_dtype(values)):
        return in_one_spelling(values, pair)
    if kind.kind is Kind.NUMBER and _is_text(values):
        if pair is not None:
            return in_one_spelling(values, pair)
        truths = _as_text(values).str.lower().map(_AS_NUMBERS)
        return values.where(truths.isna(), truths) if truths.notna().mean() > 0.5 else _with_seconds(values)
    if kind.order and _is_text(values):
        places = {plain_name(name): float(place) for place, name in enumerate(kind.order)}
        return values.map(lambda cell: places.get(plain_name(str(cell)), cell), na_action="ignore")
    if kind.kind is Kind.CATEGORY or kind.as_names:
        return as_they_look(values, kind.spellings)
    if kind.kind is Kind.CALENDAR and _is_text(values):
        values = _with_seconds(values)
    if kind.kind in (Kind.TIME, Kind.CALENDAR) and _is_text(values) and not _numeric_text(values):
        try:
            return read_times(values, TimeFormat(), str(values.name)).values
        except DataError:
            return values  # they are counted as cells that cannot be read
    return values


def _with_seconds(values: pd.Series[Any]) -> pd.Series[Any]:
    """Text in which times of day and lengths of time are seconds, unless more cells are numbers already."""
    text = array_of_series(values)
    if not pa.types.is_string(text.type) and not pa.types.is_large_string(text.type):
        return values
    found = text.cast(pa.string()).dictionary_encode()
    seconds = as_seconds(found.dictionary)
    if seconds is found.dictionary or seconds.equals(found.dictionary):
        return values
    before, after = (pd.to_numeric(cells.to_pandas(), errors="coerce").count() for cells in (found.dictionary, seconds))
    if 2 * before > after:
        return values
    return pd.Series(seconds.take(found.indices).to_pandas(), index=values.index, name=values.name)


def _as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    if isinstance(values.dtype, pd.StringDtype):
        return values
    return values.map(str, na_action="ignore").astype("str")


def _numeric_text(values: pd.Series[Any]) -> bool:
    some = values.dropna().iloc[:100]
    return len(some) > 0 and bool(pd.to_numeric(some, errors="coerce").notna().mean() > 0.5)


def with_words(kinds: dict[str, ColumnKind], named: Mapping[str, Collection[str]]) -> dict[str, ColumnKind]:
    """The kinds, where words that usually stand for an empty cell are values, however rare, because they are named."""
    made = dict(kinds)
    for name in named.keys() & kinds.keys():
        if words := SPEAKING & set(named[name]):
            made[name] = replace(made[name], values=tuple(sorted({*made[name].values, *words})))
    return made
