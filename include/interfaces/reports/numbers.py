"""Numbers and times as reports print them."""

from __future__ import annotations

import math
from datetime import UTC, datetime


def number(value: float | None) -> str:
    """Four digits that matter; a dash for what is not known.

    >>> number(1234.567), number(0.000123456), number(None)
    ('1235', '0.0001235', '-')
    """
    return "-" if value is None or math.isnan(value) else f"{value:.4g}"


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def span(start: datetime | None, end: datetime) -> str:
    """A stretch of time; without a start its end only."""
    return f"up to {moment(end)} UTC" if start is None else f"{moment(start)} to {moment(end)} UTC"


def axis(value: float, quantity: str) -> str:
    """A value as the label of an axis: numbers in short, seconds since 1970 as a date, durations in hours.

    >>> axis(1234567.0, "number"), axis(86400.0, "datetime"), axis(5400.0, "duration")
    ('1.235e+06', '1970-01-02', '1.5 h')
    """
    if quantity == "datetime" and abs(value) < 2.5e11:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d}" if value > -6e10 else f"{value:.3g} s"
    return f"{value / 3600.0:.3g} h" if quantity == "duration" else f"{value:.4g}"
