"""What kind of thing a column holds: decided once, on the whole reference, kept with the version, and changeable.

A reader's type is no kind: one stray cell makes text of numbers, a code of digits looks like a quantity, a month of
the year stands still in any short window. The kind says how cells are read, whether the column is compared at all, and
whether a model learns from it unasked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from include.scoring.spelling import Pair


class Kind(StrEnum):
    """The kinds of columns, by the names that a model file uses."""

    NUMBER = "number"  # a quantity; single cells that are no number are unreadable
    CATEGORY = "category"  # names, or numbers that are none but names
    BOOLEAN = "boolean"  # true or false, in whatever spelling
    ORDINAL = "ordinal"  # a number whose order counts and whose distances do not
    TIME = "time"  # a moment, such as a date of birth
    CALENDAR = "calendar"  # moves with time by itself: month, year, row number, a date, a rate set in steps
    IDENTIFIER = "identifier"  # nearly every row has its own
    TEXT = "text"  # sentences
    NESTED = "nested"  # lists, structs: refused

    @property
    def watched(self) -> bool:
        """Whether a change of its distribution means anything."""
        return self not in (Kind.CALENDAR, Kind.IDENTIFIER, Kind.TEXT, Kind.NESTED)

    @property
    def learnt(self) -> bool:
        """Whether a model learns from it where its file does not list the features."""
        return self not in (Kind.IDENTIFIER, Kind.TEXT, Kind.NESTED)

    @property
    def named(self) -> bool:
        """Whether its cells are names and not quantities."""
        return self in (Kind.CATEGORY, Kind.BOOLEAN, Kind.IDENTIFIER, Kind.TEXT, Kind.NESTED)


#: The kinds that a model file may declare.
DECLARABLE = tuple(kind for kind in Kind if kind is not Kind.NESTED)


@dataclass(frozen=True, kw_only=True)
class ColumnKind:
    """The kind of one column.

    Parameters
    ----------
    kind : Kind
    why : str
        What it was told by.
    values : tuple of str
        Words that usually stand for an empty cell and are values here, such as a class ``None``.
    order : tuple of str
        Of an ordinal column of names: the names from the least to the most.
    declared : bool
        Whether the model file says so.
    as_names : bool
        Of a calendar column: that its cells are names, such as those of months.
    truths : (str, str) or None
        Of a column of truth values: how its reference spells true and false, (Y, N) or (1, 0); None for True and False.
    spellings : tuple of str or None
        Of names that are to stay as they are spelled: those that the reference has, which others that look the same are
        read as. None where all names are spelled as they look (`include.scoring.spelling.plain_name`).
    words : tuple of str
        Of a column of numbers or times: the few words among them, which count as empty.
    """

    kind: Kind
    why: str = ""
    values: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    declared: bool = False
    as_names: bool = False
    truths: Pair | None = None
    spellings: tuple[str, ...] | None = None
    words: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether its cells are names and not quantities."""
        return self.as_names or self.kind.named

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "kind": str(self.kind), "why": self.why, "values": list(self.values), "order": list(self.order),
            "declared": self.declared, "as_names": self.as_names,
            "truths": None if self.truths is None else list(self.truths), "plain": self.spellings is None,
            "words": list(self.words),
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ColumnKind:
        """Read what `to_json` wrote."""
        return cls(
            kind=Kind(stored["kind"]), why=stored["why"], values=tuple(stored["values"]), order=tuple(stored["order"]),
            declared=stored["declared"], as_names=stored["as_names"],
            truths=None if stored.get("truths") is None else (stored["truths"][0], stored["truths"][1]),
            spellings=None if stored.get("plain") else (), words=tuple(stored.get("words", ())),
        )  # fmt: skip


Kinds = Mapping[str, ColumnKind]


def unwatched(kinds: Kinds) -> frozenset[str]:
    """Names of the columns whose distribution is not compared."""
    return frozenset(name for name, found in kinds.items() if not found.kind.watched)


def declared_kinds(
    columns: Mapping[str, str | Sequence[str]], categorical: Sequence[str] = ()
) -> dict[str, ColumnKind]:
    """What a model file says: a kind's name, or for an ordinal column its names from the least to the most."""
    found = {name: ColumnKind(kind=Kind.CATEGORY, why="the model file says so", declared=True) for name in categorical}
    for name, said in columns.items():
        kind, order = (Kind(said), ()) if isinstance(said, str) else (Kind.ORDINAL, tuple(said))
        found[name] = ColumnKind(kind=kind, why="the model file says so", order=order, declared=True)
    return found


def as_said(said: ColumnKind, inferred: ColumnKind, before: ColumnKind | None) -> ColumnKind:
    """What the model file says of a column, with what was found of its cells, or was known of them before."""
    found = inferred if before is None else before
    names = said.kind is Kind.CALENDAR and inferred.named
    return replace(
        said, declared=True, values=found.values, truths=found.truths, as_names=names, spellings=found.spellings
    )


def told(kinds: Kinds) -> str:
    """The columns that are not compared, and why; empty for none."""
    return "; ".join(
        f"{name} is {_article(found.kind)} ({found.why})" for name, found in kinds.items() if not found.kind.watched
    )


def incomparable(kinds: Kinds) -> str:
    """Why no column can show a change: in all of them each row has its own name or sentence; empty if one can."""
    if not kinds or any(found.kind.learnt for found in kinds.values()):
        return ""
    return f"no column can be compared: {told(kinds)}"


def _article(kind: Kind) -> str:
    return {Kind.CALENDAR: "a calendar column", Kind.TEXT: "text", Kind.NESTED: "nested"}.get(kind, f"an {kind}")
