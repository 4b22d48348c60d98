"""Values in the form that a database can keep: finite numbers, clean text, UTC."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from numbers import Real
from typing import Any

from include.errors import DataError
from include.records.masking import gives_secret, masker
from include.records.written_secret import BLOT

_ESCAPE = "\u241b"  # SYMBOL FOR ESCAPE
_NOT_TO_BE_HELD = re.compile("[\x00\ud800-\udfff\u241b]")
_MAY_NOT_BE_HELD = re.compile(r"\\u(?:0000|d[89a-f]|241b)")  # in JSON text; an emoji looks like this, too
_ESCAPED = re.compile("\u241b([0-9a-f]{4})")


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
    r"""Return `text` as the database can hold it, with secrets blotted out (`include.records.masking`).

    Postgres text cannot hold NUL or lone surrogates; they become replacement marks.

    >>> clean_text("cannot reach postgresql://me:secret@host/db\x00")
    'cannot reach postgresql://me:***@host/db\ufffd'
    """
    return cleaner()(text)


def cleaner() -> Callable[[str], str]:
    """What `clean_text` does, for many texts: the environment, which may hold secrets, is looked at once."""
    masked = masker()
    return lambda text: _storable(text, masked)


def storable(text: str) -> str:
    """Return `text` as the database can hold it, with nothing blotted out: a name by which rows are found again."""
    return _storable(text, str)


def name_cleaner(clean: Callable[[str], str]) -> Callable[[str], str]:
    """What `clean` does, for names such as ``token: gold``: a column and a value of it, which are no setting."""
    return lambda name: ": ".join(map(clean, name.split(": ")))


def distinct_names(names: Iterable[str], clean: Callable[[str], str]) -> dict[str, str]:
    """What `clean` makes of each name; two that differ stay two: those that a blot has made alike are numbered.

    >>> distinct_names(["region", "token_1", "token_2"], lambda name: "***" if "token" in name else name)
    {'region': 'region', 'token_1': '***', 'token_2': '*** (2)'}
    """
    told: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys(names):
        cleaned, number = clean(name), 1
        while (shown := cleaned if number == 1 else f"{cleaned} ({number})") in taken:
            number += 1
        taken.add(shown)
        told[name] = shown
    return told


def _storable(text: str, masked: Callable[[str], str]) -> str:
    return masked(text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode())


def clean_json(value: Any) -> Any:
    """Return `value` with only what JSONB can hold: non-finite numbers become None, numpy's numbers plain, times text.

    >>> clean_json({"loss": float("nan"), "sizes": (1, 2), "api_key": "a-4711", "token": "gold"})
    {'loss': None, 'sizes': [1, 2], 'api_key': '***', 'token': 'gold'}
    """
    return _clean(value, masker())


def exact_json(value: Any) -> Any:
    r"""Return `value` as `clean_json` does, but with every text as it is, for what is held against rows again.

    >>> exact_json({"classes": ("no\x00", "token: 1")}), read_exact(exact_json("no\x00")) == "no\x00"
    ({'classes': ['no\u241b0000', 'token: 1']}, True)
    """
    return _clean(_map_text(value, _escape), str)


def read_exact(stored: Any) -> Any:
    """Read what `exact_json` wrote, or `clean_json` did before."""
    return _map_text(stored, _unescape)


def _clean(value: Any, masked: Callable[[str], str]) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _storable(value, masked)
    if getattr(value, "shape", None) == ():  # a number of numpy's, which is not loaded for this
        return _clean(value.item(), masked)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        told = distinct_names(map(str, value), lambda key: _storable(key, masked))
        return {told[str(key)]: _field(str(key), item, masked) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, masked) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    raise DataError(f"a {type(value).__name__} cannot be kept in a record: {value!r}")


def _field(name: str, value: Any, masked: Callable[[str], str]) -> Any:
    exact = masked is str  # every text stays as it is
    return BLOT if not exact and gives_secret(name, value) else _clean(value, masked)


def clean_scores(scores: Mapping[str, float], clean: Callable[[str], str] | None = None) -> dict[str, float | None]:
    """Turn metrics into JSON; those without a finite value are kept as None. `clean`: what `cleaner` made, for many."""
    clean = clean or cleaner()
    told = distinct_names(scores, clean)
    return {told[name]: finite(value) for name, value in scores.items()}


def read_scores(stored: Mapping[str, float | None]) -> dict[str, float]:
    """Read what `clean_scores` wrote: NaN for what had no finite value."""
    return {name: math.nan if value is None else value for name, value in stored.items()}


def write_json(value: Any) -> str:
    r"""Return `value` as JSON text in which nothing is lost, and that every JSON operator of Postgres can read.

    What Postgres cannot hold, NUL and half surrogates, is written as U+241B (the symbol for escape) and four
    hexadecimal digits; so is U+241B. A `ValueError` for numbers that are not finite.

    >>> write_json({"a\x00": 1})
    '{"a\\u241b0000": 1}'
    """
    text = json.dumps(value, allow_nan=False)
    return json.dumps(_map_text(value, _escape)) if _MAY_NOT_BE_HELD.search(text) else text


def read_json(text: str) -> Any:
    r"""Read what `write_json` wrote, or JSON that was written without it.

    >>> read_json(write_json(["a\x00", "\ud800", "\u241b0000"])) == ["a\x00", "\ud800", "\u241b0000"]
    True
    """
    value = json.loads(text)
    return _map_text(value, _unescape) if "\\u241b" in text or _ESCAPE in text else value


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return `value` with all its text changed, keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key) if isinstance(key, str) else key: _map_text(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_text(item, change) for item in value]
    return value


def _escape(text: str) -> str:
    return _NOT_TO_BE_HELD.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", text)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
