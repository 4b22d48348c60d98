"""Cursors: where a page begins, as an opaque word that is safe in an address."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from include.errors import ConfigurationError
from include.records.json_values import storable

_LONGEST, _LARGEST = 2000, 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in a list.

    Parameters
    ----------
    of : str
        Which list, in which order: a cursor of another one is refused.
    place : sequence
        What the last row of the page before was sorted by: text and numbers.
    back : bool
        Whether the page ends at the place, instead of beginning there.
    """

    of: str
    place: Sequence[Any]
    back: bool = False

    def write(self) -> str:
        """The word.

        >>> Cursor(of="fleet", place=[1, "a"]).write()
        'WyJmbGVldCIsWzEsImEiXSxmYWxzZV0'
        """
        text = json.dumps([self.of, list(self.place), self.back], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(word: str, of: str, kinds: Sequence[type | tuple[type, ...]]) -> Cursor | None:
    """The cursor that a word stands for; None for the empty one, the first page.

    Parameters
    ----------
    kinds : sequence of type
        What the place has to be made of.

    Raises
    ------
    ConfigurationError
        For a word that is no cursor, or one of another list.
    """
    if not word:
        return None
    found = _parsed(word)
    if not isinstance(found, list) or list(map(type, found)) != [str, list, bool]:
        raise _refused(word, "it is none that was given out")
    if found[0] != of:
        raise _refused(word, "it is of another list, or of another order")
    fits = len(found[1]) == len(kinds) and all(map(_fits, found[1], kinds))
    if not fits:
        raise _refused(word, "it is none that was given out")
    return Cursor(of=of, place=found[1], back=found[2])


def _fits(part: object, kind: type | tuple[type, ...]) -> bool:
    """Whether a part of a place is of a kind, and nothing that a database cannot hold."""
    if isinstance(part, bool) or not isinstance(part, kind):
        return False
    return abs(part) <= _LARGEST if isinstance(part, int) else not isinstance(part, str) or storable(part) == part


def _parsed(word: str) -> Any:
    if len(word) > _LONGEST or not word.isascii():
        return None
    try:
        text = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True).decode()
        return json.loads(text)
    except (binascii.Error, ValueError, RecursionError):  # ValueError: no UTF-8, no JSON
        return None


def _refused(word: str, why: str) -> ConfigurationError:
    shown = word if len(word) <= 40 else f"{word[:40]}…"
    return ConfigurationError("cursor", f"found {shown!r}: {why}; leave it out for the first page")
