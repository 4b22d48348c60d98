"""Times that are written as text: ISO 8601, or another way that the cells themselves leave no choice about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.kinds.half_converted import require_unconverted
from include.data.kinds.time_periods import as_days
from include.errors import DataError
from include.registry.time_format import TimeFormat

MOST_UNREADABLE = 0.5  # share of the cells, from which on it is the reading that is wrong and not the cells
STRAY = 0.01  # share of the cells that may speak against a way to read the others
_NUMERIC = r"^(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})[./-](?P<year>\d{2,4})(?:[ T]+(?P<rest>.+))?$"
_MIDNIGHT = r"(?<=[ T])24(?=[:.]00(?:[:.]00(?:[.,]0+)?)?(?:$|[Z+ -]))"
_FLOAT = r"(?<=\d)\.0(?=\s|$)"  # behind a whole number that was a floating point number when it was written
_NOTHING = pd.Timedelta(0).as_unit("us")  # in nanoseconds the year 9999 would be beyond what they count
_DAY = pd.Timedelta(days=1).as_unit("us")
_ZONE = r"(?:Z|\d{2}:\d{2}.*[+-]\d{2}:?\d{2})$"
_CLOCKS = (r"%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%H.%M.%S", "%H.%M", "%H")
_WORDED = (
    "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%a %b %d %H:%M:%S %Y",
    "%Y-%b-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y%m%d",
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


def read_text(text: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Text as moments; a DataError where the cells leave two ways to read it."""
    if how.format:
        return _in_format(text, how, where)
    moments = _parsed(text, "ISO8601", how, where)
    rest = text.notna() & moments.isna()
    if not rest.any():
        return Times(values=moments)
    days = as_days(text[rest])
    moments = moments.fillna(_parsed(days.mask(days.eq(text[rest])), "ISO8601", how, where).reindex(text.index))
    begun = rest & moments.notna() & ~text.str.contains(":", na=False).astype(bool)
    told = "weeks, quarters and days of the year are the day that they begin with" if begun.any() else ""
    rest &= moments.isna()
    if not rest.any():
        return Times(values=moments, told=told)
    require_unconverted(text, where)
    _require_month_second(text, rest, where)
    try:
        found, format_told = _other_formats(_in_usual_letters(text[rest]), how, where)
    except DataError:
        if rest.mean() > STRAY:
            raise
        return with_lost(Times(values=moments, told=told), text)
    moments = moments.where(~rest, found.reindex(text.index))
    return told_as(with_lost(Times(values=moments), text), "; ".join(filter(None, (told, format_told))))


def _require_month_second(text: pd.Series[Any], rest: pd.Series[bool], where: str) -> None:
    """Refuse 2026-31-01 where it is no slip: other days, up to the 12th, would be read as months."""
    left = text[rest]
    parts = left.str.extract(r"^\d{4}(?P<sep>[-/.])(?P<day>\d{1,2})[-/.](?P<month>\d{1,2})(?!\d)")
    turned = pd.to_numeric(parts["day"]).between(13, 31) & pd.to_numeric(parts["month"]).le(12)
    if turned.sum() <= STRAY * text.notna().sum():
        return
    cell, sep = str(left[turned].iloc[0]), parts["sep"][turned].iloc[0]
    usual = text[text.str.match(r"\d{4}[-/.]\d{1,2}[-/.](1[3-9]|[23]\d)(?!\d)", na=False)]
    way_out = (
        f"write all in one way: {usual.iloc[0]!r} has the month before the day"
        if len(usual)
        else f"say source.timestamp.format: '%Y{sep}%d{sep}%m{_Example.of(cell).clock}'"
    )
    raise DataError(
        f"{where}: {cell!r} has the day before the month, and others would be read the other way round; {way_out}"
    )


def _in_format(text: pd.Series[Any], how: TimeFormat, where: str) -> Times:
    """Text in the format that the model file says.

    Where most cells fit a format that begins as ISO 8601 does, others in ISO 8601 say the same in longer or shorter
    words, such as a midnight without its time of day; whole numbers may have been written as 20260131.0.
    """
    moments = _parsed(text, how.format, how, where)
    rest = text.where(moments.isna()).str.replace(_FLOAT, "", regex=True)
    if rest.notna().any():
        moments = moments.fillna(_parsed(rest, how.format, how, where))
    left = text.where(moments.isna())
    if not left.notna().any() or moments.notna().sum() < MOST_UNREADABLE * text.notna().sum():
        return with_lost(Times(values=moments), text)
    told = ""
    if how.format.startswith("%Y-%m-%d"):
        found = _parsed(left, "ISO8601", how, where)
        if found.notna().any():
            told = f"cells such as {left[found.notna()].iloc[0]!r} do not fit {how.format!r} and are read as ISO 8601"
            moments = moments.fillna(found)
    return told_as(with_lost(Times(values=moments), text), told)


def not_read(read: Times, cells: int, how: TimeFormat) -> str:
    """What to say of so many cells most of which are no times."""
    some = f"{read.unreadable} of {cells} cells"
    if how.format:
        return f"{some} do not fit source.timestamp.format {how.format!r}, such as {read.example!r}; " + (
            f"write {longer!r}"
            if (longer := _completed(how.format, read.example))
            else "write it as the cells are, or leave it out if they are ISO 8601"
        )
    if how.unit:
        return (
            f"{some} are no times in source.timestamp.unit {how.unit!r}, such as {read.example!r}; write the unit that "
            "they count, or leave it out"
        )
    return (
        f"{some} are no times, such as {read.example!r}; say how they are written in source.timestamp.format, for "
        "example '%d/%m/%Y %H:%M'"
    )


def _completed(form: str, cell: str) -> str:
    """The format with the time of day that a cell has besides; empty where it lacks something else."""
    found = _Example.of(cell)
    date = cell.split(" ")[0].split("T")[0]
    try:
        datetime.strptime(date, form)  # noqa: DTZ007  # only whether it fits
    except (ValueError, re.error):
        return ""
    return f"{form}{found.clock}" if found.clock else ""


def in_utc(values: Any, how: TimeFormat, where: str) -> Any:
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


def _parsed(text: pd.Series[Any], written: str, how: TimeFormat, where: str) -> pd.Series[Any]:
    """Text in one format as UTC, NaT where it does not fit; times without a zone are those of `how.timezone`.

    24:00 is the beginning of the next day.
    """
    moments = _read(text, written, how, where)
    late = text.where(moments.isna()).str.contains(_MIDNIGHT, na=False).astype(bool)
    if not late.any():
        return moments
    begun = text.where(late).str.replace(_MIDNIGHT, "00", regex=True)
    return moments.fillna(_read(begun, written, how, where, later=_DAY))


def _read(
    text: pd.Series[Any], written: str, how: TimeFormat, where: str, later: pd.Timedelta = _NOTHING
) -> pd.Series[Any]:
    """The same; `later` is added before a zone is looked at."""
    zoned = pd.Series("%z" in written, index=text.index)
    if written == "ISO8601" and how.timezone:
        zoned = text.str.contains(_ZONE, na=False).astype(bool)
    try:
        if zoned.all() or not how.timezone:
            return pd.to_datetime(text, format=written, utc=True, errors="coerce").dt.as_unit("us") + later
        plain = pd.to_datetime(text.mask(zoned), format=written, errors="coerce").dt.as_unit("us") + later
        moments: pd.Series[Any] = in_utc(plain, how, where)
        if zoned.any():
            there = pd.to_datetime(text.where(zoned), format=written, utc=True, errors="coerce")
            moments = moments.fillna(there + later)
    except (ValueError, re.error) as error:
        raise DataError(f"{where}: source.timestamp.format: {written!r} is no format of times: {error}") from error
    return moments


def _in_usual_letters(text: pd.Series[Any]) -> pd.Series[Any]:
    """With fractions of a second after a dot, and without the name of UTC, which times without a zone are in anyway."""
    dots = text.str.replace(r"(:\d{2}),(\d+)", r"\1.\2", regex=True)
    return dots.str.replace(r"\s*(?:UTC|GMT)$", "", regex=True)


def _other_formats(text: pd.Series[Any], how: TimeFormat, where: str) -> tuple[pd.Series[Any], str]:
    """Dates with the day or the month first, or with the month's name, and how they were read."""
    parts = pc.extract_regex(pa.array(text, from_pandas=True), _NUMERIC)
    matched = np.asarray(pc.is_valid(parts))
    if matched.mean() > MOST_UNREADABLE:
        first, second = (
            np.asarray(pc.struct_field(parts, name).drop_null().cast(pa.int64())) for name in ("a", "b")
        )  # fmt: skip
        separator, year = (pc.struct_field(parts, name).drop_null()[0].as_py() for name in ("sep", "year"))
        order = _order(first, second, separator, year, _Example.of(str(text[matched].iloc[0])), where)
        return _with_clock(text, order, how, where)
    for written in _WORDED:  # of seven digits, 2026112, nobody can tell which are the month
        cells = text.where(text.str.match(r"\d{8}(?!\d)")) if written == "%Y%m%d" else text
        found, told = _with_clock(cells, written, how, where)
        if found.notna().mean() > MOST_UNREADABLE:
            return found, told
    return pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]"), ""


@dataclass(frozen=True)
class _Example:
    """A date, and how its time of day is written: with a blank before it, or nothing."""

    cell: str
    clock: str = ""

    @classmethod
    def of(cls, cell: str) -> _Example:
        found = re.fullmatch(r"\S+?([ T]+)(\S.*)", cell)
        clock = "" if found is None else clock_format(found[2])
        return cls(cell, f"{found[1]}{clock}" if found is not None and clock else "")


def clock_format(clock: str) -> str:
    """The format of a time of day, with its zone; empty where it is none.

    >>> clock_format("03:00"), clock_format("1:05:59 PM"), clock_format("03:00 +0200"), clock_format("later")
    ('%H:%M', '%I:%M:%S %p', '%H:%M %z', '')
    """
    for form in (f"{each}{zone}" for zone in ("", " %z", "%z", "Z") for each in _CLOCKS):
        try:
            datetime.strptime(clock, form)  # noqa: DTZ007  # only whether it fits
        except ValueError:
            continue
        return form
    return ""


def _order(first: Any, second: Any, separator: str, year: str, example: _Example, where: str) -> str:
    """The format of the date, from where numbers above 12 stand; refused where there are none, or in both places."""
    day_first, month_first = f"%d{separator}%m{separator}", f"%m{separator}%d{separator}"
    if len(year) != 4:
        raise DataError(
            f"{where}: {example.cell!r} may have its year first or last; say source.timestamp.format, for example "
            f"'{day_first}%y{example.clock}'"
        )
    late, early = float(np.mean(first > 12)), float(np.mean(second > 12))
    if max(late, early) > 0.0 and min(late, early) <= STRAY * max(late, early):
        return (day_first if late > early else month_first) + "%Y"
    if separator == "." and early == 0.0:
        return day_first + "%Y"
    both = "in some cells the first number is above 12, in some the second" if late else "no number is above 12"
    raise DataError(
        f"{where}: {example.cell!r} may have the day or the month first ({both}); say source.timestamp.format: "
        f"'{day_first}%Y{example.clock}' or '{month_first}%Y{example.clock}'"
    )


def _with_clock(text: pd.Series[Any], date: str, how: TimeFormat, where: str) -> tuple[pd.Series[Any], str]:
    """Dates of that format with whatever time of day follows them, of one way of writing it or of several."""
    found, used = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]"), []
    for clock in ("",) if "%H" in date else ("", *_CLOCKS):
        left = text[found.isna()]
        if not len(left):
            break
        moments = _parsed(left.str.replace("T", " ", regex=False) if "%b" not in date.lower() else left,
                          f"{date} {clock}".strip(), how, where)  # fmt: skip
        if moments.notna().any():
            used.append(f"{date} {clock}".strip())
            found = found.where(found.notna(), moments.reindex(text.index))
    return found, f"times are written {' and '.join(map(repr, used))}" if used else ""


def told_as(read: Times, told: str) -> Times:
    """The same with a word on how they were read."""
    return Times(values=read.values, unreadable=read.unreadable, told=told, example=read.example)


def with_lost(read: Times, text: pd.Series[Any]) -> Times:
    """The same with the cells counted that were there and are no times."""
    lost = text.notna() & read.values.isna()
    example = str(text[lost].iloc[0]) if lost.any() else ""
    return Times(values=read.values, unreadable=int(lost.sum()), told=read.told, example=example)
