"""Cells as moments in time: read by one function, whatever reader and type they come by.

A type that says what it is (timestamps, dates) is believed. Text is read as ISO 8601; dates written otherwise only
where the cells themselves leave one way to read them, whole numbers only where they leave one unit. What was concluded
is told in words, and what could be read in two ways is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.time_format import TimeFormat
from include.errors import DataError

MOST_UNREADABLE = 0.5  # share of the cells, from which on it is the reading that is wrong and not the cells
STRAY = 0.01  # share of the cells that may speak against a way to read the others
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
PLAUSIBLE = (datetime(1980, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))  # of numbers that count from 1970
_EPOCH_DAYS = 21 * 86_400  # seconds since 1970, counted as milliseconds or nanoseconds, end up within these
_NUMERIC = r"^(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})[./-](?P<year>\d{2,4})(?:[ T]+(?P<rest>.+))?$"
_ZONE = r"(?:Z|\d{2}:\d{2}.*[+-]\d{2}:?\d{2})$"
_CLOCKS = (r"%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H.%M.%S", "%H.%M", "%H")
_WORDED = (
    "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%Y-%b-%d", "%Y/%m/%d",
    "%Y.%m.%d", "%Y-%m-%d",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Times:
    """Moments, and how they were read.

    Parameters
    ----------
    values : Series of timestamps (UTC), shape (n,)
        NaT where there is none.
    unreadable : int
        Cells that were there but no time.
    told : str
        How they were read, where that had to be found out; else empty.
    example : str
        One of the unreadable cells; empty for none.
    """

    values: pd.Series[Any]
    unreadable: int = 0
    told: str = ""
    example: str = ""


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
        read = Times(values=_in_utc(values, how, where))
    elif pd.api.types.is_bool_dtype(values):
        raise DataError(f"{where}: true and false are no times; name the column that holds them")
    elif pd.api.types.is_numeric_dtype(values):
        read = _numbers(values, how, where)
    else:
        read = _mixed(values, how, where)
    lost = read.unreadable / int(there.sum())
    if lost > MOST_UNREADABLE:
        raise DataError(
            f"{where}: {read.unreadable} of {int(there.sum())} cells are no times, such as {read.example!r}; say how "
            "they are written in source.timestamp.format, for example '%d/%m/%Y %H:%M'"
        )
    _require_plausible(read.values, where)
    return read


def joined(table: pd.DataFrame, columns: Sequence[str]) -> pd.Series[Any]:
    """Several columns (a date, a time of day) as one of text, a blank between them; empty where any of them is."""
    parts = [_as_text(table[name]) for name in columns]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole.str.cat(part, sep=" ")
    return whole


def _as_text(values: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_datetime64_any_dtype(values):
        days: pd.Series[Any] = values.dt.strftime("%Y-%m-%d").where(values.notna())
        return days
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna().mod(1).eq(0).all()
        values = values.astype("Int64") if whole else values
    text: pd.Series[Any] = values.astype("str").where(values.notna()).astype("str")
    return text


def _in_utc(values: Any, how: TimeFormat, where: str) -> Any:
    """Times with a zone as they are, others as of the zone that was named; an hour that came twice is the first."""
    if values.dt.tz is not None:
        return values.dt.tz_convert("UTC")
    if not how.timezone or how.timezone == "UTC":
        return values.dt.tz_localize("UTC")
    try:
        first = np.ones(len(values), dtype=bool)
        return values.dt.tz_localize(how.timezone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
    except (KeyError, ValueError, OSError) as error:
        raise DataError(f"{where}: no time zone {how.timezone!r}; write one such as Europe/Zurich") from error


def _numbers(values: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Whole numbers: days written as 20260131, or a count of some unit since 1970."""
    numbers = values.astype("float64")
    finite = np.isfinite(numbers.to_numpy())
    if how.format or (not how.unit and _are_days(numbers[finite])):
        text = values[finite].astype("Int64").astype("str").reindex(values.index)
        read = _text(text, TimeFormat(format=how.format or "%Y%m%d", timezone=how.timezone), where)
        return read if how.format else _told(read, "whole numbers are days as in 20260131")
    unit = how.unit or _unit_of(numbers[finite])
    if not unit:
        shown = f"{numbers[finite].iloc[0]:.0f}"
        raise DataError(
            f"{where}: numbers such as {shown} are no times since 1970 in seconds, ms, us or ns between "
            f"{PLAUSIBLE[0].year} and {PLAUSIBLE[1].year}; say source.timestamp.unit, or source.timestamp.format"
        )
    scale = UNITS[unit]
    whole = values.astype("Int64") if scale == UNITS["ns"] and values.dtype.kind in "iu" else None
    micros = numbers * (1e6 / scale) if whole is None else (whole // 1000).astype("float64")
    inside = finite & (np.abs(micros.fillna(0.0).to_numpy()) < 2.5e17)  # the calendar ends in the year 9999
    moments = pd.Series(pd.NaT, index=values.index, name=values.name, dtype="datetime64[us]")
    moments[inside] = micros[inside].round().astype("int64").astype("datetime64[us]")
    read = Times(values=moments.dt.tz_localize("UTC"), unreadable=int(values.notna().sum() - inside.sum()))
    return read if how.unit else _told(read, f"whole numbers are {unit} since 1970")


def _are_days(numbers: pd.Series[Any]) -> bool:
    """Whether nearly all numbers are days written as eight digits."""
    year, month, day = numbers // 10_000, numbers // 100 % 100, numbers % 100
    fits = numbers.mod(1).eq(0) & year.between(1800, 2200) & month.between(1, 12) & day.between(1, 31)
    return len(numbers) > 0 and float(fits.mean()) >= 1.0 - STRAY


def _unit_of(numbers: pd.Series[Any]) -> str:
    """The unit in which nearly all numbers are plausible times; empty for none. No two units can be."""
    low, high = (moment.timestamp() for moment in PLAUSIBLE)
    for unit, scale in UNITS.items():
        if len(numbers) and float(numbers.between(low * scale, high * scale).mean()) >= 1.0 - STRAY:
            return unit
    return ""


def _mixed(values: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Text, or Python objects of any kind: each as the text that it is written as."""
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.map(lambda cell: cell if isinstance(cell, str) else str(cell), na_action="ignore").astype("str")
    text = values.str.strip()
    text = text.mask(text.eq(""))
    digits = text.str.fullmatch(r"-?\d+(\.0*)?").fillna(value=False).astype(bool)
    if not how.format and digits.any() and digits.sum() >= (1.0 - STRAY) * text.notna().sum():
        read = _numbers(pd.to_numeric(text.where(digits)).astype("float64"), how, where)
        return _lost(read, text)
    return _text(text, how, where)


def _text(text: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    if how.format:
        return _lost(Times(values=_parsed(text, how.format, how, where)), text)
    moments = _parsed(text, "ISO8601", how, where)
    rest = text.notna() & moments.isna()
    if not rest.any():
        return Times(values=moments)
    if rest.mean() <= STRAY and not _written_otherwise(text[rest]):
        return _lost(Times(values=moments), text)
    found, format_told = _other_formats(text[rest], how, where)
    moments = moments.where(~rest, found.reindex(text.index))
    return _told(_lost(Times(values=moments), text), format_told)


def _written_otherwise(text: pd.Series[Any]) -> bool:
    """Whether these cells are dates, though not as ISO 8601 has them."""
    parts = pc.extract_regex(pa.array(text, from_pandas=True), _NUMERIC)
    return bool(np.mean(pc.is_valid(parts)) > MOST_UNREADABLE)


def _parsed(text: pd.Series[Any], written: str, how: TimeFormat, where: str) -> pd.Series[Any]:
    """Text in one format as UTC, NaT where it does not fit; times without a zone are those of `how.timezone`."""
    zoned = pd.Series("%z" in written, index=text.index)
    if written == "ISO8601" and how.timezone:
        zoned = text.str.contains(_ZONE, na=False).astype(bool)
    try:
        if zoned.all() or not how.timezone:
            return pd.to_datetime(text, format=written, utc=True, errors="coerce").dt.as_unit("us")
        plain = pd.to_datetime(text.mask(zoned), format=written, errors="coerce").dt.as_unit("us")
        moments: pd.Series[Any] = _in_utc(plain, how, where)
        if zoned.any():
            moments = moments.fillna(pd.to_datetime(text.where(zoned), format=written, utc=True, errors="coerce"))
    except ValueError as error:
        raise DataError(f"{where}: source.timestamp.format: {written!r} is no format of times: {error}") from error
    return moments


def _other_formats(text: pd.Series[Any], how: TimeFormat, where: str) -> tuple[pd.Series[Any], str]:
    """Dates with the day or the month first, or with the month's name, and how they were read."""
    parts = pc.extract_regex(pa.array(text, from_pandas=True), _NUMERIC)
    matched = np.asarray(pc.is_valid(parts))
    if matched.mean() > MOST_UNREADABLE:
        first, second = (
            np.asarray(pc.struct_field(parts, name).drop_null().cast(pa.int64())) for name in ("a", "b")
        )  # fmt: skip
        separator, year = (pc.struct_field(parts, name).drop_null()[0].as_py() for name in ("sep", "year"))
        order = _order(first, second, separator, year, str(text[matched].iloc[0]), where)
        return _with_clock(text, order, how, where)
    for written in _WORDED:
        found, told = _with_clock(text, written, how, where)
        if found.notna().mean() > MOST_UNREADABLE:
            return found, told
    return pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]"), ""


def _order(first: Any, second: Any, separator: str, year: str, example: str, where: str) -> str:
    """The format of the date, from where numbers above 12 stand; refused where there are none, or in both places."""
    day_first, month_first = f"%d{separator}%m{separator}", f"%m{separator}%d{separator}"
    if len(year) != 4:
        raise DataError(
            f"{where}: {example!r} may have its year first or last; say source.timestamp.format, for example "
            f"'{day_first}%y'"
        )
    late, early = float(np.mean(first > 12)), float(np.mean(second > 12))
    if max(late, early) > 0.0 and min(late, early) <= STRAY * max(late, early):
        return (day_first if late > early else month_first) + "%Y"
    if separator == "." and early == 0.0:
        return day_first + "%Y"
    both = "in some cells the first number is above 12, in some the second" if late else "no number is above 12"
    raise DataError(
        f"{where}: {example!r} may have the day or the month first ({both}); say source.timestamp.format: "
        f"'{day_first}%Y' or '{month_first}%Y'"
    )


def _with_clock(text: pd.Series[Any], date: str, how: TimeFormat, where: str) -> tuple[pd.Series[Any], str]:
    """Dates of that format with whatever time of day follows them, of one way of writing it or of several."""
    found, used = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]"), []
    for clock in ("", *_CLOCKS):
        left = text[found.isna()]
        if not len(left):
            break
        moments = _parsed(left.str.replace("T", " ", regex=False) if "%b" not in date.lower() else left,
                          f"{date} {clock}".strip(), how, where)  # fmt: skip
        if moments.notna().any():
            used.append(f"{date} {clock}".strip())
            found = found.where(found.notna(), moments.reindex(text.index))
    return found, f"times are written {' and '.join(map(repr, used))}" if used else ""


def _told(read: Times, told: str) -> Times:
    return Times(values=read.values, unreadable=read.unreadable, told=told, example=read.example)


def _lost(read: Times, text: pd.Series[Any]) -> Times:
    """The same with the cells counted that were there and are no times."""
    lost = text.notna() & read.values.isna()
    example = str(text[lost].iloc[0]) if lost.any() else ""
    return Times(values=read.values, unreadable=int(lost.sum()), told=read.told, example=example)


def _require_plausible(moments: pd.Series[Any], where: str) -> None:
    """Refuse times that all lie in the first days of 1970: seconds that somebody took for another unit."""
    known = moments.dropna()
    if len(known) < 2:
        return
    seconds = known.astype("int64").to_numpy() / UNITS[known.dt.unit]
    inside = (seconds >= 0.0) & (seconds < _EPOCH_DAYS)
    if inside.mean() > MOST_UNREADABLE:
        raise DataError(
            f"{where}: times such as {known.iloc[0]:%Y-%m-%d %H:%M:%S.%f} look like seconds since 1970 that were taken "
            "for a smaller unit; deliver them as numbers (source.timestamp.unit: s), or as ISO 8601"
        )
