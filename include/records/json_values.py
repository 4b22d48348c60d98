"""Values in the form that a database can keep: finite numbers, clean text, UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from numbers import Real
from typing import Any

import numpy as np

from include.errors import DataError

_PASSWORD_IN_URL = re.compile(r"(://[^\s:/@]*:)[^\s/@]+(?=@)")
_PASSWORD_SETTING = re.compile(r"(\bpassword\s*=\s*)\S+", re.IGNORECASE)


def to_utc(at: datetime) -> datetime:
    """Return `at` in UTC; a `DataError` for a time without zone, which the database would read in its own one."""
    if at.tzinfo is None:
        raise DataError(f"{at.isoformat()} has no time zone; pass an aware datetime")
    return at.astimezone(UTC)


def finite(value: object) -> float | None:
    """Return `value` as a float, or None if it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return None
    return float(value)


def clean_text(text: str) -> str:
    r"""Return `text` as the database can hold it, with passwords in URLs and settings blotted out.

    Postgres text cannot hold NUL or lone surrogates; they become replacement marks.

    >>> clean_text("cannot reach postgresql://me:secret@host/db\x00")
    'cannot reach postgresql://me:***@host/db\ufffd'
    """
    text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return _PASSWORD_SETTING.sub(r"\1***", _PASSWORD_IN_URL.sub(r"\1***", text))


def clean_json(value: Any) -> Any:
    """Return `value` with only what JSONB can hold: non-finite numbers become None, numpy's numbers plain, times text.

    >>> clean_json({"loss": float("nan"), "sizes": (1, 2)})
    {'loss': None, 'sizes': [1, 2]}
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, np.generic):
        return clean_json(value.item())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    raise DataError(f"a {type(value).__name__} cannot be kept in a record: {value!r}")


def clean_scores(scores: Mapping[str, float]) -> dict[str, float | None]:
    """Turn metrics into JSON; those without a finite value are kept as None."""
    return {clean_text(name): finite(value) for name, value in scores.items()}


def read_scores(stored: Mapping[str, float | None]) -> dict[str, float]:
    """Read what `clean_scores` wrote: NaN for what had no finite value."""
    return {name: math.nan if value is None else value for name, value in stored.items()}
