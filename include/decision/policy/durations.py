"""Durations as people write them in model files: ``30min``, ``6h``, ``28d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

LONGEST = timedelta(days=100 * 366)
_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PATTERN = re.compile(r"^\s*(\d+)\s*(min|h|d|w)\s*$")


def parse_duration(value: object) -> timedelta:
    """Read a duration; a ValueError says what is allowed.

    >>> parse_duration("28d")
    datetime.timedelta(days=28)
    """
    if isinstance(value, timedelta):
        return value
    match = _PATTERN.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a duration: write a whole number and min, h, d or w, for example 28d")
    try:
        duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError as error:
        raise ValueError(f"{value!r} is longer than any history") from error
    if duration > LONGEST:
        raise ValueError(f"{value!r} is longer than any history")
    return duration


def format_duration(value: timedelta) -> str:
    """The shortest form of `value` that `parse_duration` reads back.

    >>> format_duration(timedelta(days=28)), format_duration(timedelta(hours=6))
    ('4w', '6h')
    """
    minutes = int(value.total_seconds() // 60)
    for unit, size in (("w", 7 * 24 * 60), ("d", 24 * 60), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}min"


def write_period(value: timedelta) -> str:
    """As `format_duration`, but in days rather than weeks, as most people write it."""
    days = value / timedelta(days=1)
    return f"{days:.0f}d" if days >= 1 and days.is_integer() else format_duration(value)


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str, when_used="json")
]
