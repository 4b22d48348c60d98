"""Weeks, quarters and days of the year, written as text, as the day that they begin with."""

from __future__ import annotations

from typing import Any

import pandas as pd

_QUARTER = r"^(?P<year>\d{4})[ /-]?Q(?P<part>[1-4])$|^Q(?P<part_first>[1-4])[ /-]?(?P<year_last>\d{4})$"
_WEEK = r"^(?P<year>\d{4})-?W(?P<week>\d{2})(?:-?(?P<day>[1-7]))?$"
_DAY_OF_YEAR = r"^\d{4}-\d{3}$"
_NAMED_ZONE = r"([+-]\d{2}:?\d{2}|Z)\[[\w/+-]+\]$"


def as_days(text: pd.Series[Any]) -> pd.Series[Any]:
    """The same text with ISO dates where it is a week, quarter or day of the year; a zone named twice is named once.

    >>> as_days(pd.Series(["2026-W05", "2026-W05-3", "2026Q2", "Q4 2025", "2026-032", "soon"])).tolist()
    ['2026-01-26', '2026-01-28', '2026-04-01', '2025-10-01', '2026-02-01', 'soon']
    """
    made = text.str.replace(_NAMED_ZONE, r"\1", regex=True)
    quarter = text.str.extract(_QUARTER)
    year, part = quarter["year"].fillna(quarter["year_last"]), quarter["part"].fillna(quarter["part_first"])
    if year.notna().any():
        month = (part.astype("Float64") * 3 - 2).astype("Int64").astype("str").str.zfill(2)
        made = made.where(year.isna(), year + "-" + month + "-01")
    week = text.str.extract(_WEEK)
    if week["year"].notna().any():
        whole = week["year"] + "-W" + week["week"] + "-" + week["day"].fillna("1")
        made = _replaced(made, pd.to_datetime(whole, format="%G-W%V-%u", errors="coerce"))
    if (days := text.str.fullmatch(_DAY_OF_YEAR).fillna(value=False).astype(bool)).any():
        made = _replaced(made, pd.to_datetime(text.where(days), format="%Y-%j", errors="coerce"))
    return made


def _replaced(text: pd.Series[Any], moments: pd.Series[Any]) -> pd.Series[Any]:
    return text.where(moments.isna(), moments.dt.strftime("%Y-%m-%d"))
