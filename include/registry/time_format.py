"""How a model's owner says that times are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_MEANT = {"D": "%m/%d/%y", "F": "%Y-%m-%d", "R": "%H:%M", "T": "%H:%M:%S", "e": "%d", "h": "%b", "k": "%H", "l": "%I",
          "P": "%p", "-": "%d, %m or %H, which read 7 as well as 07"}  # fmt: skip  # of strftime, unknown to strptime
_PART = re.compile(r"%(.?)", re.DOTALL)
_YEARS = frozenset("YyGcx")
_ONE = datetime(2026, 10, 25, 13, 59, 58, 123456, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class TimeFormat:
    """How a model's owner says that times are written; what is left out is found out.

    Parameters
    ----------
    format : str
        As for `datetime.strptime`, for example ``%d/%m/%Y %H:%M``.
    timezone : str
        IANA name of the zone of times that carry none; UTC if it is empty.
    unit : str
        Of whole numbers since 1970: ``s``, ``ms``, ``us`` or ``ns``; ``excel`` for days as spreadsheets count them.
    """

    format: str = ""
    timezone: str = ""
    unit: str = ""


def wrong_with(form: str) -> str:
    """Why times cannot be read in that format; empty where they can.

    >>> wrong_with("%Y-%m-%d %Q")
    'strptime knows no %Q'
    >>> wrong_with("%d/%m"), wrong_with("%d/%m/%Y %H:%M")
    ('it has no year: add %Y or %y', '')
    >>> wrong_with("%d/%m/%Y %H:%M %p")
    'beside %H strptime takes no notice of %p; write %I for hours from 1 to 12'
    """
    if "%" not in form:
        return "write it with the directives of strptime, for example %d/%m/%Y %H:%M"
    parts = _PART.findall(form)
    if meant := next((part for part in parts if part in _MEANT), ""):
        return f"strptime knows no %{meant}; write {_MEANT[meant]}"
    try:
        datetime.strptime(_ONE.strftime(form), form)  # noqa: DTZ007  # what it reads is of no use
    except re.error:
        twice = next(part for part in parts if parts.count(part) > 1) if len(set(parts)) < len(parts) else ""
        return f"%{twice} is in it twice" if twice else "a part of the time is in it twice"
    except ValueError as error:
        if "bad directive" in str(error):
            return f"strptime knows no %{str(error)[1]}"
        if "stray %" in str(error):
            return "a per cent sign stands alone; one of the cells' own is written %%"
        if "directive" in str(error):  # a week without its year, and the like
            return str(error)
    if {"H", "p"} <= set(parts):
        return "beside %H strptime takes no notice of %p; write %I for hours from 1 to 12"
    if "I" in parts and "p" not in parts:
        return "hours of %I are of the morning or of the afternoon: add %p, or write %H"
    return "" if _YEARS & set(parts) else "it has no year: add %Y or %y"
