"""Finding out what kind of thing a column holds, from all of its cells in the reference."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import EXACT, array_of_series, beyond_floats
from include.data.kinds.durations import as_seconds, clocks
from include.data.kinds.entities import counters_of_entities
from include.data.kinds.few_words import words_among
from include.data.kinds.row_times import (
    calendar_part,
    follows_its_row,
    rises_by_its_newest,
)
from include.data.kinds.spellings import pair_of, with_truths
from include.data.kinds.standing import AT_A_GLANCE, Moments, highest_of_each, moves, names_stand_still
from include.data.kinds.times import read_times
from include.data.profile.cells import floats_of, quantity_of
from include.data.profile.sentinels import sentinels_of_many
from include.errors import DataError
from include.registry.kinds import ColumnKind, Kind, Kinds, as_said
from include.registry.time_format import TimeFormat

FEWEST = 20  # cells below which nothing but their type is looked at
MOSTLY = 0.95  # share of the cells that are of a kind, from which on the others are its unreadable cells
OWN = 0.5  # estimated probability that the next row's name is a new one, from which on names are identifiers
FEWEST_NAMES = 100  # cells below which all may be different by chance
SENTENCE = 3.0  # blanks in a cell, on average, from which on it is a sentence
SPEAKING = frozenset({"None", "NA", "N/A", "n/a", "null", "NULL", "?", "-", "--"})  # for an empty cell, or names
WORDS = SPEAKING | {"", "nan", "NaN", "-nan", "-NaN", "<NA>", "#N/A", "#NA", "#N/A N/A"}  # for an empty cell
USUAL = 0.2  # times the median category's rows, from which on such a word is a category like the others
TRUTHS = {"true": "True", "false": "False"}
FEW = 0.01  # share of true and false, up to which they are slips among ones and zeros
_ONE_AND_ZERO = ["1", "0", "1.0", "0.0"]
IDENTIFYING = re.compile(
    r"(?i:(^|[_ -])(id|uuid|guid|key|nr|no|number|code)$)|(?<=[a-z])(Id|ID|Uuid|UUID|Guid|GUID|Key|Nr|No|Number|Code)$"
)
_DATE = r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|^\d{1,2}[- ][A-Za-z]{3}[- ]\d{4}"

Floats = npt.NDArray[np.float64]


def find_kinds(
    table: pd.DataFrame, declared: Kinds, *, without: str | None = None, times: pd.Series[Any] | None = None,
    window_rows: int = 0, known: Kinds | None = None, labels: Collection[str] = (),
) -> dict[str, ColumnKind]:  # fmt: skip
    """The kind of each column of `table`: as declared, else as it is known from before, else found.

    Parameters
    ----------
    table : DataFrame
        All rows of the reference.
    declared, known : mapping of str to ColumnKind
        What the model file says; what the champion's reference had.
    without : str, optional
        A column to leave out.
    times : Series of timestamps (UTC), shape (rows,), optional
        Of the rows, ascending: only with them can a column be seen to move with time.
    window_rows : int
        Rows of a usual recent window.
    labels : collection of str
        Columns whose names stay as they are spelled: keys, and classes (see `include.data.class_columns`).
    """
    found: dict[str, ColumnKind] = {}
    numbers: list[str] = []
    moments = None if times is None else np.asarray(times.astype("int64"), dtype=np.int64)
    for name in (name for name in table.columns if name != without):
        before = (known or {}).get(name)
        said = declared.get(name)
        if said is None and before is not None and not before.declared:
            found[name] = before
            continue
        inferred = _find(str(name), cells := array_of_series(table[name]), moments, window_rows)
        if times is not None and len(times) >= FEWEST and (part := calendar_part(table[name], times)):
            names = inferred.kind.named
            inferred = ColumnKind(kind=Kind.CALENDAR, why=f"it is the {part} of the row's time", as_names=names)
        elif (
            times is not None and inferred.kind is Kind.TIME and (why := follows_its_row(_moments(table[name]), times))
        ):
            inferred = ColumnKind(kind=Kind.CALENDAR, why=why)
        if name in labels:
            inferred = replace(inferred, spellings=())
        else:
            inferred = _in_steps(with_truths(inferred, cells, WORDS), cells, moments, window_rows)
        found[name] = inferred if said is None else as_said(said, inferred, before)
        if said is None and inferred.kind is Kind.NUMBER:
            numbers.append(name)
    return found if moments is None else found | dict(counters_of_entities(table, found, numbers))


def _in_steps(kind: ColumnKind, cells: pa.Array, moments: Moments | None, window_rows: int) -> ColumnKind:
    """The kind found of a column, or that it moves with time: where names stand still for a long time."""
    if moments is None or kind.kind not in (Kind.CATEGORY, Kind.BOOLEAN):
        return kind
    why = names_stand_still(cells, moments, window_rows)
    return replace(kind, kind=Kind.CALENDAR, why=why, as_names=True, truths=pair_of(kind)) if why else kind


def _find(name: str, values: pa.Array, moments: Moments | None, window_rows: int) -> ColumnKind:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_null(kind):
        return ColumnKind(kind=Kind.NUMBER, why="no values")
    if pa.types.is_nested(kind):
        return ColumnKind(kind=Kind.NESTED, why=f"its cells are {kind}")
    if pa.types.is_boolean(kind):
        return ColumnKind(kind=Kind.BOOLEAN, why="true and false")
    if pa.types.is_integer(kind) and beyond_floats(values.dictionary if kind is not values.type else values):
        return _names(name, _text(values), moments, window_rows)
    if (quantity := quantity_of(kind)) is not None:
        return _quantity(name, values, Kind.TIME if quantity == "datetime" else Kind.NUMBER, moments, window_rows)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return ColumnKind(kind=Kind.CATEGORY, why=f"its cells are {kind}")
    return _names(name, values, moments, window_rows)


def _quantity(name: str, values: pa.Array, kind: Kind, moments: Moments | None, window_rows: int) -> ColumnKind:
    floats = floats_of(values)[0]
    there = np.isfinite(floats)
    finite, when = floats[there], None if moments is None else moments[there]
    if odd := sentinels_of_many(finite, "datetime" if kind is Kind.TIME else "number"):
        usual = ~np.isin(finite, odd)
        finite, when = finite[usual], None if when is None else when[usual]
    if len(finite) >= FEWEST:
        ordered = when is not None or kind is Kind.TIME
        if why := moves(finite, when, ordered=ordered, window_rows=window_rows * len(finite) / len(floats)):
            return ColumnKind(kind=Kind.CALENDAR, why=why)
        if kind is Kind.NUMBER and (why := _numbers_each_row(name, finite)):
            return ColumnKind(kind=Kind.IDENTIFIER, why=why)
        if (
            when is not None
            and IDENTIFYING.search(name)
            and _whole(finite)
            and rises_by_its_newest(highest_of_each(finite, when))
        ):
            return ColumnKind(kind=Kind.CALENDAR, why="its highest number rises steadily")
    return ColumnKind(kind=kind, why="times" if kind is Kind.TIME else "numbers")


def _numbers_each_row(name: str, finite: Floats) -> str:
    """Why these are numbers of rows or of customers and no quantity; empty if they are one."""
    span = float(np.ptp(finite))
    if len(finite) < FEWEST_NAMES or span < len(finite) - 1.0:  # too narrow for as many whole numbers
        return ""
    if not all(_whole(part) for part in (finite[:AT_A_GLANCE], finite)):
        return ""
    alone = float(np.count_nonzero(np.unique(finite, return_counts=True)[1] == 1)) / len(finite)
    if alone == 1.0 and span < 1.5 * len(finite):
        return "whole numbers without gaps, each once"
    if not IDENTIFYING.search(name) or alone < OWN:
        return ""
    return f"whole numbers, {'each once' if alone == 1.0 else f'{alone:.0%} of them once'}, and its name"


def _whole(finite: Floats) -> bool:
    return bool(np.all(finite == np.rint(finite)))


def _names(name: str, values: pa.Array, moments: Moments | None, window_rows: int) -> ColumnKind:
    found = values.drop_null().value_counts()
    cells = found.field(0)
    names = (cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells).cast(pa.string())
    times = np.asarray(found.field(1))
    spoken = _spoken(names, times)
    there = ~np.isin(np.array(names.to_pylist(), dtype=object), list(WORDS - set(spoken)))
    names, times = names.filter(pa.array(there)), times[there]
    total = int(times.sum())
    if not total:
        return ColumnKind(kind=Kind.NUMBER, why="no values", values=spoken)
    dates = pc.match_substring_regex(names, _DATE)
    if words := words_among(names, times, dates):
        text = _text(values)
        rest = _names(name, pc.if_else(pc.is_in(text, pa.array(words)), None, text), moments, window_rows)
        if not rest.kind.named:
            return replace(rest, words=words)
    truths = _share(pc.is_in(pc.utf8_lower(names), pa.array(list(TRUTHS))), times)
    if truths > FEW and truths + _share(pc.is_in(names, pa.array(_ONE_AND_ZERO)), times) >= MOSTLY:
        return ColumnKind(kind=Kind.BOOLEAN, why="true and false", values=spoken)
    if _share(clocks(names), times) >= MOSTLY:
        seconds = floats_of(as_seconds(_text(values)))[0]
        kind = _quantity(name, pa.array(seconds, from_pandas=True), Kind.NUMBER, moments, window_rows)
        return replace(kind, why="times of day or lengths of time" if kind.kind is Kind.NUMBER else kind.why)
    if (share := _share_of_numbers(names, times)) >= MOSTLY:
        floats, unreadable = floats_of(values)
        kind = _quantity(name, pa.array(floats, from_pandas=True), Kind.NUMBER, moments, window_rows)
        why = kind.why if share == 1.0 else f"{kind.why}, but for {unreadable} cell{'s' * (unreadable != 1)}"
        return ColumnKind(kind=kind.kind, why=why, values=spoken)
    if _share(dates, times) >= MOSTLY and (found_dates := _dates(values, moments, window_rows)):
        return found_dates
    if _codes_of_digits(names, times) and (moving := _moving(name, values, moments, window_rows)):
        return moving
    alone = float(times[times == 1].sum()) / total
    if total >= FEWEST_NAMES and alone >= OWN:
        sentences = float(np.mean(np.asarray(pc.count_substring(names, " ")))) >= SENTENCE
        why = f"{alone:.0%} of the rows have one of their own"
        return ColumnKind(kind=Kind.TEXT if sentences else Kind.IDENTIFIER, why=why, values=spoken)
    return ColumnKind(kind=Kind.CATEGORY, why=f"{len(times):,} names", values=spoken)


def _share(chosen: pa.Array, times: npt.NDArray[Any]) -> float:
    return float(times[np.asarray(chosen)].sum()) / float(times.sum())


def _share_of_numbers(names: pa.Array, times: npt.NDArray[Any]) -> float:
    """Share of the cells that are numbers; 0 where they are codes."""
    if _codes_of_digits(names, times):
        return 0.0
    return float(times[np.isfinite(_numbers_of(names))].sum()) / float(times.sum())


def _codes_of_digits(names: pa.Array, times: npt.NDArray[Any]) -> bool:
    """Whether whole numbers begin with a zero, or floats would not keep them apart, and fewer cells are other numbers.

    One as large whose digits are lost (9.0072E+15) is no other number: it was such a code.
    """
    numbers = _numbers_of(names)
    large, there = np.abs(numbers) >= EXACT, np.isfinite(numbers)
    whole = np.asarray(pc.match_substring_regex(names, r"^[+-]?\d+$"))
    led = np.asarray(pc.match_substring_regex(names, r"^0\d"))
    lost = large & np.asarray(pc.match_substring_regex(names, r"[eE]"))
    return bool(times[whole & (led | large)].sum() > times[there & ~whole & ~lost].sum())


def _numbers_of(names: pa.Array) -> Floats:
    found: Floats = pd.to_numeric(pd.Series(names.to_pylist(), dtype=object), errors="coerce").to_numpy(dtype=float)
    return found


def _moving(name: str, values: pa.Array, moments: Moments | None, window_rows: int) -> ColumnKind | None:
    """The kind of codes of digits that move with time, such as nanoseconds since 1970; None for others."""
    floats = pa.array(floats_of(values)[0], from_pandas=True)
    kind = _quantity(name, floats, Kind.NUMBER, moments, window_rows)
    return kind if kind.kind is Kind.CALENDAR else None


def _text(values: pa.Array) -> pa.Array:
    return (values.dictionary_decode() if pa.types.is_dictionary(values.type) else values).cast(pa.string())


def _dates(values: pa.Array, moments: Moments | None, window_rows: int) -> ColumnKind | None:
    """The kind of text that holds dates; None where how they are to be read cannot be told."""
    try:
        seconds = array_of_series(_moments(pd.Series(_text(values).to_pandas())))
    except DataError:
        return None
    return _quantity("", seconds, Kind.TIME, moments, window_rows)


def _moments(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Dates, or text that holds some, in UTC."""
    moments: pd.Series[Any]
    if pd.api.types.is_datetime64_any_dtype(cells):
        moments = cells.dt.tz_localize("UTC") if cells.dt.tz is None else cells.dt.tz_convert("UTC")
    else:
        moments = read_times(cells, TimeFormat(), "").values
    return moments


def _spoken(names: pa.Array, times: npt.NDArray[Any]) -> tuple[str, ...]:
    """Words for an empty cell that are names here: about as frequent as the other names."""
    found = dict(zip(names.to_pylist(), times.tolist(), strict=True))
    others = [rows for name, rows in found.items() if name not in WORDS]
    if not others:
        return ()
    usual = USUAL * float(np.median(others))
    numbers = pd.to_numeric(pd.Series([name for name in found if name not in WORDS], dtype=object), errors="coerce")
    if numbers.notna().mean() > 0.5:
        return ()
    return tuple(sorted(name for name, rows in found.items() if name in SPEAKING and rows >= usual))
