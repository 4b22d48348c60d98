"""Renders templates: whatever came from outside is text in them, never markup."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.decision.policy.durations import write_period
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.numbers import moment, number

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
DAY = timedelta(days=1)
FARTHEST = 10  # thresholds: beyond them how many they are tells nothing any more


def render(template: str, **values: Any) -> str:
    """The page that a template makes of the values; an undefined name in it is an error."""
    return _environment().get_template(template).render(**values)


def link(view: str, /, **query: Any) -> str:
    """The relative address of a view, for example ``model?model=sales``; what is empty is left out.

    >>> link("decision", model="sales", run_id="a&b", cursor="")
    'decision?model=sales&run_id=a%26b'
    """
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{view}?{urlencode(given)}" if given else view


def percent(value: float | None, digits: int = 0) -> str:
    """A share as per cent; a dash for what is not known.

    >>> percent(0.126), percent(None)
    ('13 %', '-')
    """
    return "-" if value is None or math.isnan(value) else f"{100.0 * value:.{digits}f} %"


def ago(at: datetime | None, now: datetime) -> str:
    """How long something is past, or to come, in the largest unit that tells it.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 3, 12, tzinfo=UTC))
    '2 days ago'
    """
    if at is None:
        return "never"
    past = now - at
    length = abs(past)
    for unit, name in ((DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if length >= unit:
            count = length // unit
            told = f"{count} {name}{'' if count == 1 else 's'}"
            return f"{told} ago" if past > timedelta(0) else f"in {told}"
    return "just now"


def near(share: float | None) -> str:
    """How near a trigger is: in per cent up to its threshold, beyond it in thresholds.

    >>> near(0.64), near(1.0), near(2.34), near(2068.0), near(None)
    ('64 %', '1.0 times', '2.3 times', 'over 10 times', '-')
    """
    if share is None or math.isnan(share):
        return "-"
    if share < 1.0:
        return percent(share)
    return f"{share:.1f} times" if share <= FARTHEST else f"over {FARTHEST} times"


def hours(length: float) -> str:
    """A length in hours, in the unit that tells it.

    >>> hours(0.0), hours(0.002), hours(0.5), hours(12.34)
    ('0 h', '7 s', '30 min', '12.3 h')
    """
    if length >= 1.0 or length == 0.0:
        return f"{length:.3g} h"
    minutes = 60.0 * length
    return f"{minutes:.0f} min" if minutes >= 1.0 else f"{60.0 * minutes:.0f} s"


def whole(value: float | None) -> str:
    """A number of things.

    >>> whole(1234567), whole(None)
    ('1,234,567', '-')
    """
    return "-" if value is None else f"{value:,.0f}"


def words(name: str) -> str:
    """A name of the code as people read it.

    >>> words("at_risk")
    'at risk'
    """
    return str(name).replace("_", " ")


def version_of(file: str) -> str:
    """What changes when a file of the page changes: browsers keep each version of it."""
    return hashlib.sha256((STATIC / file).read_bytes()).hexdigest()[:12]


def _shown(value: Any) -> Any:
    """A value in a template: markup that was made here stays, all else is escaped, freed of what no page may hold."""
    if isinstance(value, Markup):
        return value
    return Markup(escape("" if value is None else value))  # noqa: S704  # escaped here


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, finalize=_shown,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "number": number, "moment": moment, "percent": percent, "ago": ago, "whole": whole, "words": words,
        "period": write_period, "near": near, "hours": hours, "shorten": shorten,
    }  # fmt: skip
    versions: Mapping[str, str] = {name: version_of(name) for name in ("page.css", "page.js")}
    made.globals |= {"link": link, "versions": versions}
    return made
