"""What the commands' flags hold, read from text; a mistake is answered with the form that is allowed."""

from __future__ import annotations

import argparse
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from include.errors import ConfigurationError

FEWEST_SAMPLES = 10
MOST_ROWS = 200


def moment(text: str) -> datetime:
    """A date or a time; one without zone is UTC.

    >>> moment("2026-01-31")
    datetime.datetime(2026, 1, 31, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        form = "write a date such as 2026-01-31, or a time such as 2026-01-31T06:00 (UTC)"
        raise argparse.ArgumentTypeError(f"found {text!r}; {form}") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def sample_size(text: str) -> int:
    """A number of rows that may prove something."""
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"found {text!r}; write a whole number of rows, such as 100") from error
    if number < FEWEST_SAMPLES:
        raise argparse.ArgumentTypeError(f"{number} rows prove nothing; at least {FEWEST_SAMPLES}")
    return number


def rows(text: str) -> int:
    """How many rows of a list to show."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_ROWS:
        raise argparse.ArgumentTypeError(f"found {text!r}; write a whole number from 1 to {MOST_ROWS}")
    return int(text)


def number_of_row(text: str) -> int:
    """The number of a row of the records, as lists show it: 7 or #7."""
    found = text.removeprefix("#")
    if not found.isascii() or not found.isdigit() or not 1 <= int(found) < 2**63:
        raise argparse.ArgumentTypeError(f"found {text!r}; write the number that the list shows, such as 7")
    return int(found)


def setting(text: str) -> tuple[str, Any]:
    """A name and its value, JSON or text: ``max_iter=300``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}; write NAME=VALUE, for example max_iter=300")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def finite(text: str) -> float:
    """A finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"found {text!r}; write a finite number, such as 0.35")
    return number


def probability(text: str) -> float:
    """A number between 0 and 1, neither included."""
    number = finite(text)
    if not 0.0 < number < 1.0:
        raise argparse.ArgumentTypeError(f"found {text!r}; write a probability, more than 0 and less than 1")
    return number


def positive(text: str) -> float:
    """A finite number above 0."""
    number = finite(text)
    if not number > 0.0:
        raise argparse.ArgumentTypeError(f"found {text!r}; write a number of more than 0, such as 0.1")
    return number


def duration(text: str) -> timedelta:
    """A length of time, such as 30min or 2d."""
    from include.workflow.run_parameters import length_of_time

    try:
        return length_of_time(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError("; ".join(error.problems)) from error
