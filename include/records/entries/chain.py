"""The chain of hashes over what is audited, and where it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BreakKind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    """A row is not as it was written down."""
    DELETED = "deleted"
    """A row is gone."""
    INSERTED = "inserted"
    """A row came without an entry in the chain."""
    MISSING = "missing"
    """Entries of the chain are gone."""
    ALTERED = "altered"
    """An entry of the chain was altered."""
    UNLINKED = "unlinked"
    """An entry does not follow the one before it, which was made anew."""
    HEAD = "head"
    """The chain does not end where it is on record that it ends."""
    OLDER = "older"
    """The chain ends before what was published: a dump was restored, or the end was cut off."""
    REPLACED = "replaced"
    """The chain has passed what was published, by another way: made anew, or continued after an older dump."""
    FOREIGN = "foreign"
    """What was published is of other records, or cannot be read."""


@dataclass(frozen=True, kw_only=True)
class ChainHead:
    """The newest entry of one model's chain.

    Parameters
    ----------
    number : int
        How many entries the chain has.
    hash : str
        Of that entry, hexadecimal; it stands for all before it.
    """

    model_name: str
    number: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class ChainBreak:
    """One place where the records are not as they were written down.

    Parameters
    ----------
    number : int or None
        The entry of the chain that it shows at; None where there is none.
    told : str
        What is wrong with which row, in a sentence.
    """

    model_name: str
    kind: BreakKind
    number: int | None
    told: str


@dataclass(frozen=True, kw_only=True)
class ChainAudit:
    """What came of verifying the chains.

    Parameters
    ----------
    chains : sequence of ChainHead
        Those that were verified, by model name.
    breaks : sequence of ChainBreak
        By model name, the first `most` of each kind of question.
    anchors : int
        How many chains were held against what was published beside the artifacts.
    """

    verified_at: datetime
    chains: Sequence[ChainHead]
    breaks: Sequence[ChainBreak]
    anchors: int

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.breaks
