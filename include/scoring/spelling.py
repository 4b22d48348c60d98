"""Spellings: what names that look the same have in common, and which words mean true and false."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping

Pair = tuple[str, str]  # how true and false are spelled

#: Words for true and false that belong together, in small letters.
PAIRS: tuple[Pair, ...] = (
    ("true", "false"), ("yes", "no"), ("1", "0"), ("y", "n"), ("t", "f"), ("on", "off"), ("wahr", "falsch"),
    ("ja", "nein"), ("j", "n"), ("vrai", "faux"), ("oui", "non"), ("vero", "falso"), ("verdadero", "falso"),
    ("sí", "no"), ("si", "no"),
)  # fmt: skip
TRUE = frozenset(true for true, _ in PAIRS)
FALSE = frozenset(false for _, false in PAIRS)
DIGITS: Pair = ("1", "0")
WORDS: Pair = ("True", "False")
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))  # characters without width or meaning
_DECIMALS = {"1.0": "1", "0.0": "0"}


def plain_name(name: str) -> str:
    r"""A name as it looks: composed letters (NFC), one blank of the usual kind for any blanks, none around it.

    >>> plain_name("New\u00a0 York "), plain_name("Zu\u0308rich") == "Zürich"
    ('New York', True)
    """
    if name.isascii() and "  " not in name and name.isprintable():
        return name.strip()
    return " ".join(unicodedata.normalize("NFC", name).translate(_UNSEEN).split())


def alike(name: str, known: Collection[str], by_look: Mapping[str, str]) -> str:
    """A name as it is among those `known`, which `by_look` has by `plain_name`; any other stays as it is."""
    return name if name in known else by_look.get(plain_name(name), name)


def by_look(names: Iterable[str]) -> dict[str, str]:
    """Names by how they look; of several that look the same the first."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(plain_name(name), name)
    return found


def alike_but_for_case(names: Iterable[str]) -> list[list[str]]:
    """Names of two letters or more that differ from each other in small and capital letters only, group by group.

    >>> alike_but_for_case(["yes", "No", "YES", "Yes", "A", "a", "maybe"])
    [['YES', 'Yes', 'yes']]
    """
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(_folded(name), set()).add(name)
    return [sorted(group) for folded, group in sorted(groups.items()) if len(group) > 1 and len(folded) > 1]


def truth_pair(cells: Mapping[str, int]) -> Pair | None:
    """How true and false are spelled in a column with these names, in so many cells; None where it holds other things.

    A third value makes it no column of truth values, and so does a word without the other one of its pair; of several
    pairs the most frequent spellings count. Ones and zeros alone are numbers.

    >>> truth_pair({"Y": 3, "N": 4}), truth_pair({"Y": 3, "N": 4, "T": 1}), truth_pair({"no": 2, "se": 3})
    (('Y', 'N'), None, None)
    """
    folded = {_folded(name) for name in cells}
    whole = [pair for pair in PAIRS if set(pair) <= folded]
    if not whole or not folded <= {word for pair in whole for word in pair} or folded <= set(DIGITS):
        return None
    first = max(whole, key=lambda pair: sum(rows for name, rows in cells.items() if _folded(name) in pair))
    true, false = (
        max((name for name in cells if _folded(name) == word), key=lambda name: (cells[name], name)) for word in first
    )  # fmt: skip
    return true, false


def truth_names(names: Iterable[str], pair: Pair) -> dict[str, str]:
    """What each of a column's names is in the spelling of `pair`; names of other things are left out.

    A single letter of another pair of letters, beside a column's own (T beside Y and N), is a third value unless the
    other one of its pair is there too.

    >>> truth_names(["yes", "NO", "maybe"], ("Y", "N"))
    {'yes': 'Y', 'NO': 'N'}
    >>> truth_names(["Y", "N", "T"], ("Y", "N")), truth_names(["T", "F"], ("Y", "N"))
    ({'Y': 'Y', 'N': 'N'}, {'T': 'Y', 'F': 'N'})
    """
    given = list(names)
    folded = {_folded(name) for name in given}
    own = {_folded(name) for name in pair}
    strange = _lone_letters(folded, own) if all(len(word) == 1 and word.isalpha() for word in own) else frozenset()
    found = {}
    for name in given:
        word = _folded(name)
        if word in strange:
            continue
        if word in own or word in TRUE or word in FALSE:
            found[name] = pair[0] if word == _folded(pair[0]) or (word in TRUE and word not in own) else pair[1]
    return found


def _lone_letters(folded: Collection[str], own: Collection[str]) -> frozenset[str]:
    """Single letters that are not of the column's own pair, and whose counterpart is not there."""
    return frozenset(
        word for word in folded
        if len(word) == 1 and word.isalpha() and word not in own
        and not any(word in pair and set(pair) <= {*folded} and not set(pair) & {*own} for pair in PAIRS)
    )  # fmt: skip


def _folded(name: str) -> str:
    word = name.strip().casefold()
    return _DECIMALS.get(word, word)
