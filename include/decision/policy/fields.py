"""Settings of a trigger as people write them in model files: each read, or refused with what is allowed; and back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from include.decision.policy.durations import parse_duration
from include.decision.policy.problems import refuse
from include.errors import did_you_mean


def at(where: str, name: object) -> str:
    """Where a field of these settings stands."""
    return f"{where}.{name}" if where else str(name)


def fields_of(settings: Any, where: str, *, needed: Sequence[str] = (), also: Sequence[str] = ()) -> dict[str, Any]:
    """The settings, which have to be a mapping with these fields."""
    known = [*needed, *also]
    given = {} if settings is None else settings
    if not isinstance(given, Mapping):
        refuse(where, settings, f"write {{{', '.join(f'{name}: ...' for name in known)}}}")
    for name in given:
        if name not in known:
            near = did_you_mean(str(name), known)
            refuse(at(where, name), given[name], f"unknown field{near}; allowed: {', '.join(known)}")
    for name in needed:
        if name not in given:
            refuse(at(where, name), None, f"it is missing; needed: {', '.join(needed)}")
    return dict(given)


def number(value: object, where: str, *, whole: bool = False) -> Any:
    """A number, also one that YAML reads as text, such as ``20%``."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) and not whole else None
    if match:
        return float(match[1]) / 100.0
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        refuse(where, value, "a whole number is needed" if whole else "a number is needed")
    if not math.isfinite(value):
        refuse(where, value, "a finite number is needed")
    return value


def boolean(value: object, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        refuse(where, value, "true or false is needed")
    return value


def duration(value: object, where: str) -> timedelta:
    """A length of time."""
    try:
        return parse_duration(value)
    except ValueError as error:
        refuse(where, value, str(error))


def share_of(value: object, where: str) -> float:
    """More than 0 and at most 1, also as ``20%``."""
    share = float(number(value, where))
    if not 0.0 < share <= 1.0:
        refuse(where, value, "a share is more than 0 and at most 1: write for example 20% or 0.2")
    return share


def named(name: str, /, **settings: Any) -> Any:
    """A name with those of the settings that are not None; bare without any."""
    given = {key: value for key, value in settings.items() if value is not None}
    return {name: given} if given else name


def write_share(value: float) -> str | float:
    """In per cent where that is read back as the same."""
    percent = f"{value * 100:.10g}%"
    return percent if float(percent[:-1]) / 100.0 == value else value


def plain_number(value: float | None) -> float | None:
    """Without a point where it is whole."""
    return int(value) if value is not None and value.is_integer() else value
