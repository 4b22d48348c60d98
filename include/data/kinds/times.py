"""Cells as moments in time: read by one function, whatever reader and type they come by.

A type that says what it is (timestamps, dates) is believed. Text is read as ISO 8601; dates written otherwise only
where the cells themselves leave one way to read them, whole numbers only where they leave one unit. What was concluded
is told in words, and what could be read in two ways is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from include.data.kinds.epochs import UNITS, digits_of, moments_of, no_unit, told_of, told_rounded, units_of
from include.data.kinds.time_text import (
    MOST_UNREADABLE,
    STRAY,
    Times,
    in_utc,
    not_read,
    read_text,
    told_as,
    with_lost,
)
from include.errors import DataError
from include.registry.time_format import TimeFormat

_COUNT = r"-?\d+(\.0*)?|\d{8,}\.\d+|\d(\.\d+)?[eE]\+?\d+"  # shorter ones with a fraction are dates such as 2026.01
_OFFSET = r"\s*(?:(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?|Z|UTC|GMT)\s*"
_COUNT_OF_UNIT = r"-?\d+(\.\d*)?([eE]\+?\d+)?"
_DATE_DIGITS = 5  # in a whole date, 1 Jan 2026, at least
_EPOCH_DAYS = 21 * 86_400  # seconds since 1970, counted as milliseconds or nanoseconds, end up within these


def read_times(values: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Read a column of times.

    Parameters
    ----------
    values : Series of shape (n,)
        Timestamps, dates, text, or whole numbers.
    how : TimeFormat
    where : str
        What to begin an error with: model, field and column.

    Raises
    ------
    DataError
        When the cells can be read in two ways, in none, or would be times that nobody can mean.
    """
    there = values.notna()
    if not there.any():
        return Times(values=pd.Series(pd.NaT, index=values.index, name=values.name, dtype="datetime64[us, UTC]"))
    if pd.api.types.is_datetime64_any_dtype(values):
        read = Times(values=in_utc(values, how, where))
    elif pd.api.types.is_bool_dtype(values):
        raise DataError(f"{where}: true and false are no times; name the column that holds them")
    elif pd.api.types.is_numeric_dtype(values):
        read = _numbers(values, how, where)
    else:
        read = _mixed(values, how, where)
    if read.unreadable > MOST_UNREADABLE * int(there.sum()):
        raise DataError(f"{where}: {not_read(read, int(there.sum()), how)}")
    _require_plausible(read.values, where)
    return read


def joined(table: pd.DataFrame, columns: Sequence[str], form: str = "") -> pd.Series[Any]:
    """Several columns (a date, a time of day) as one of text, a blank between them; empty where any of them is.

    One column alone is what it is. Of a moment its day counts, for its time of day stands in another column; all of it
    where the others are nothing but its offset from UTC.

    In the last one 900 and 1430 are times of day, unless the format that the model file says, `form`, ends otherwise,
    or the others are no whole date: then 2012 is a year.
    """
    if len(columns) == 1:
        return table[columns[0]]
    others = [_as_text(table[name]) for name in columns[1:]]
    zoned = all(other.dropna().str.fullmatch(_OFFSET).all() for other in others)
    parts = [_as_text(table[columns[0]], zoned), *others]
    digits = sum(part.str.count(r"\d").max() for part in parts[:-1])
    if form.endswith(("%H%M", "%H%M%S")) if form else digits >= _DATE_DIGITS:
        parts[-1] = _of_day(parts[-1], form)
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.str.cat(part, sep=" ")
    return whole


def _of_day(part: pd.Series[Any], form: str) -> pd.Series[Any]:
    """Times of day in digits alone, 30 and 900 or 90000, as 00:30 and 09:00, or as `form` reads them; else as it is."""
    known = part.dropna()
    width = int(known.str.len().max()) if len(known) else 0
    least = 6 if form.endswith("%S") else 4 if form else 3
    if not (form or least <= width) or width > 6:
        return part
    padded: pd.Series[Any] = part.str.zfill(max(width + width % 2, least))
    if not padded.dropna().str.fullmatch(r"(?:(?:[01]\d|2[0-3])[0-5]\d|2400)(?:[0-5]\d)?").all():
        return part
    if form:
        return padded
    spaced: pd.Series[Any] = padded.str.replace(r"(\d\d)(?=\d)", r"\1:", regex=True)
    return spaced


def _as_text(values: pd.Series[Any], zoned: bool = False) -> pd.Series[Any]:
    if pd.api.types.is_datetime64_any_dtype(values):
        moments: pd.Series[Any] = values.dt.strftime("%Y-%m-%d %H:%M:%S.%f" if zoned else "%Y-%m-%d")
        return moments.where(values.notna())
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna().mod(1).eq(0).all()
        values = values.astype("Int64") if whole else values
    text: pd.Series[Any] = values.astype("str").where(values.notna()).astype("str")
    return text


def _numbers(values: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Whole numbers: days written as 20260131, or a count of some unit since 1970."""
    numbers = values.astype("float64")
    finite = np.isfinite(numbers.to_numpy())
    written = how.format or ("" if how.unit else digits_of(numbers[finite]))
    if written:
        text = _digits(values, finite)
        read = read_text(text, TimeFormat(format=written, timezone=how.timezone), where)
        return read if how.format else told_as(read, f"whole numbers are dates written as {written}")
    if how.unit == "excel":
        return _spreadsheet_days(values, numbers, finite)
    units = np.full(len(values), how.unit, dtype=object)
    if not how.unit:
        if (found := units_of(numbers[finite])) is None:
            raise no_unit(numbers[finite], where)
        units[finite] = found
    moments = moments_of(values, numbers, finite, units)
    read = _with_lost_numbers(moments, values)
    if how.unit:
        return read
    return told_as(read, "; ".join(filter(None, (told_of(units[finite]), told_rounded(moments, where)))))


def _digits(values: pd.Series[Any], finite: Any) -> pd.Series[Any]:
    """Numbers as text, whole ones without decimals."""
    known = values[finite]
    whole = known.mod(1).eq(0)
    text: pd.Series[Any] = known[whole].astype("Int64").astype("str").reindex(known.index)
    written: pd.Series[Any] = text.fillna(known.map(str)).astype("str").reindex(values.index)
    return written


def _spreadsheet_days(values: pd.Series[Any], numbers: pd.Series[Any], finite: Any) -> Times:
    """Days since 30 December 1899, to the millisecond."""
    inside = (
        finite & numbers.between(61.0, 2_958_465.0).to_numpy()
    )  # from March 1900, before which they differ, to 9999
    moments = pd.Series(pd.NaT, index=values.index, name=values.name, dtype="datetime64[us]")
    millis = (numbers[inside] * 86_400_000.0).round().astype("int64")
    moments[inside] = (pd.Timestamp("1899-12-30").as_unit("us") + pd.to_timedelta(millis, unit="ms")).astype(
        "datetime64[us]"
    )
    return _with_lost_numbers(moments.dt.tz_localize("UTC"), values)


def _with_lost_numbers(moments: pd.Series[Any], values: pd.Series[Any]) -> Times:
    lost = values[(values.notna() & moments.isna()).to_numpy()]
    return Times(values=moments, unreadable=len(lost), example=f"{lost.iloc[0]:.15g}" if len(lost) else "")


def _mixed(values: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Text, or Python objects of any kind: each as the text that it is written as."""
    typed = _typed(values) if how.format else None
    if typed is not None and typed.any():
        return _typed_and_text(values, typed, how, where)
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.map(lambda cell: cell if isinstance(cell, str) else str(cell), na_action="ignore").astype("str")
    text = values.str.strip()
    text = text.mask(text.eq(""))
    digits = text.str.fullmatch(_COUNT_OF_UNIT if how.unit else _COUNT).fillna(value=False).astype(bool)
    counts = 0.0 if how.format else digits.sum() / max(int(text.notna().sum()), 1)
    if counts >= 1.0 - STRAY:
        read = _numbers(pd.to_numeric(text.where(digits)).astype("float64"), how, where)
        return with_lost(read, text)
    if counts > STRAY and not how.unit:
        return _counts_and_text(text, digits, how, where)
    return read_text(text, how, where)


def _counts_and_text(text: pd.Series[Any], digits: pd.Series[bool], how: TimeFormat, where: str) -> Times:
    """Text beside numbers, as where a source has changed from one to the other; numbers that are no times are text."""
    try:
        counted = _numbers(pd.to_numeric(text.where(digits)).astype("float64"), how, where)
    except DataError:
        return read_text(text, how, where)
    rest = read_text(text.mask(digits), how, where)
    told = "; ".join(filter(None, (rest.told, counted.told)))
    return told_as(with_lost(Times(values=rest.values.fillna(counted.values)), text), told)


def _typed(values: pd.Series[Any]) -> pd.Series[Any] | None:
    """Which cells are dates or times by their type, and not text that a format may be said of."""
    return values.map(lambda cell: isinstance(cell, date)) if values.dtype == object else None


def _typed_and_text(values: pd.Series[Any], typed: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Cells that are times by their type, which are believed, and others beside them."""
    believed = _mixed(values[typed], TimeFormat(timezone=how.timezone), where).values.reindex(values.index)
    rest = _mixed(values.mask(typed), how, where)
    moments = rest.values.fillna(believed)
    return Times(values=moments, unreadable=rest.unreadable, told=rest.told, example=rest.example)


def _require_plausible(moments: pd.Series[Any], where: str) -> None:
    """Refuse times that all lie in the first days of 1970: seconds that somebody took for another unit."""
    known = moments.iloc[:: max(len(moments) // 1_000, 1)].dropna()
    if len(known) < 2:
        return
    seconds = known.astype("int64").to_numpy() / UNITS[known.dt.unit]
    inside = (seconds >= 0.0) & (seconds < _EPOCH_DAYS)
    if inside.mean() > MOST_UNREADABLE:
        raise DataError(
            f"{where}: times such as {known.iloc[0]:%Y-%m-%d %H:%M:%S.%f} look like seconds since 1970 that were taken "
            "for a smaller unit; deliver them as numbers (source.timestamp.unit: s), or as ISO 8601"
        )
