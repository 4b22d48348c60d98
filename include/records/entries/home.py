"""Where records live: a copy of a database, or one that was restored, is noticed by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Noted(StrEnum):
    """Why a place was written down."""

    WRITTEN = "written"  # a retraining or a publication wrote beside the artifacts
    ADOPTED = "adopted"  # somebody said that these records go on there
    NEW = "new"  # somebody said that they are others from there on


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """Who records are, where they lived when they last wrote outside, and where they are.

    Parameters
    ----------
    lived, here : str
        Server, database and table, as numbers; `lived` is empty before the first time.
    lived_told, here_told : str
        The same for people.
    renewed_at : datetime or None
        When they became others than those that they were copied from; None for no copy.
    said_at : datetime or None
        When somebody last said that they go on here, or are others; None where nobody had to.
    """

    identity: str
    lived: str
    lived_told: str
    here: str
    here_told: str
    renewed_at: datetime | None = None
    said_at: datetime | None = None

    @property
    def moved(self) -> bool:
        """Whether they are somewhere else than where they wrote: copied, restored, or moved."""
        return bool(self.lived) and self.lived != self.here
