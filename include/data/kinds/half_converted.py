"""Dates of which a spreadsheet has turned a part, with day and month swapped, and left the others as text.

A spreadsheet that expects the month first takes 03/05/2026 for the 5th of March, whoever wrote it, and keeps 25/03/2026
as text, as there is no month 25. What it saves then holds 2026-03-05 beside 25/03/2026: each cell is a date, and two
in five are wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import DataError

MONTHS = 12  # the last number that can be taken for a month
EARLY = 0.39  # share of all days that are the 12th of their month or before
CHANCE = 0.01  # up to which probability dates that were drawn from all days do not look so by chance
LEAST = 0.01  # share of the cells in each of the two writings, up to which they are strays
FEW = 0.1  # share of the dates of a writing that may be otherwise: 9999-12-31, dates of another hand
ENDS = (0.05, 0.95)  # between which share of the dates their reach is measured, so that a single one does not make it
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:\D|$)"
_YEAR_LAST = r"^(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<year>\d{4})(?:\D|$)"


def require_unconverted(text: pd.Series[Any], where: str) -> None:
    """Raise a DataError where a spreadsheet has turned those dates around whose day may be a month.

    All dates with the year first have a day up to 12 then, and all others a number above 12 in the same place. Dates
    of two sources look so, too, where both are of a few days: these lie closer together as they are than turned back.

    >>> march = [f"{day}/03/2026" for day in range(13, 32)]
    >>> require_unconverted(pd.Series([*march, "2026-05-03", "2026-04-03"]), "column 'at'")
    Traceback (most recent call last):
    include.errors.DataError: column 'at': no date such as '2026-05-03' has a day above 12, and ...
    >>> require_unconverted(pd.Series([*march, *(f"2026-04-0{day}" for day in range(1, 10))]), "column 'at'")
    """
    days = text.str.slice(0, 10).value_counts()
    turned, left = (days.index.to_series().str.extract(each).dropna().astype(int) for each in (_YEAR_FIRST, _YEAR_LAST))
    if min(days[turned.index].sum(), days[left.index].sum()) <= LEAST * days.sum():
        return
    early = turned[turned["day"] <= MONTHS].drop_duplicates()
    for day, month in (("first", "second"), ("second", "first")):
        late = left[(left[day] > MONTHS) & (left[month] <= MONTHS)].drop_duplicates()
        if len(early) < (1.0 - FEW) * len(turned) or len(late) < (1.0 - FEW) * len(left):
            continue
        if EARLY ** len(early) * (1.0 - EARLY) ** len(late) < CHANCE and not _apart(early, late, day, month):
            raise DataError(_refusal(text, early, late, where))


def _apart(early: pd.DataFrame, late: pd.DataFrame, day: str, month: str) -> bool:
    """Whether these are the dates of two periods, as they are: turned back they would be all over the year."""
    others = _ordinals(late["year"], late[month], late[day])
    as_they_are = _ordinals(early["year"], early["month"], early["day"])
    turned_back = _ordinals(early["year"], early["day"], early["month"])
    return 2.0 * _reach(others, as_they_are) <= _reach(others, turned_back)


def _ordinals(year: pd.Series[int], month: pd.Series[int], day: pd.Series[int]) -> npt.NDArray[np.int64]:
    """Days, of months of 31."""
    return np.asarray(year * 372 + month * 31 + day, dtype=np.int64)


def _reach(*ordinals: npt.NDArray[np.int64]) -> float:
    every = np.concatenate(ordinals)
    low, high = ENDS
    return float(np.quantile(every, high, method="lower") - np.quantile(every, low, method="higher"))


def _refusal(text: pd.Series[Any], early: pd.DataFrame, late: pd.DataFrame, where: str) -> str:
    differs = early[early["day"] != early["month"]]
    shown = (str((differs if len(differs) else early).index[0]), str(late.index[0]))
    turned, left = (str(text[text.str.startswith(each, na=False)].iloc[0]) for each in shown)
    return (
        f"{where}: no date such as {turned!r} has a day above {MONTHS}, and all such as {left!r} have one: a "
        "spreadsheet has most likely taken day for month in the former, and left the latter as text; deliver the "
        "column as it was before, in one form (text, or ISO 8601); if all are right, write those such as "
        f"{left!r} as ISO 8601, too"
    )
