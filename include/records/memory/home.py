"""Where records in memory live: in their process, which nobody can copy."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from include.records.entries import Noted, Whereabouts

PLACE, TOLD = "memory", "the memory of this process"


@dataclass
class MemoryHome:
    """See `include.records.people_roles.Home`."""

    guarded: bool = False
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    renewed_at: datetime | None = None
    said_at: datetime | None = None
    marks: set[str] = field(default_factory=set)

    def find(self) -> Whereabouts:
        """Return who these records are."""
        lived, told = (PLACE, TOLD) if self.marks else ("", "")
        return Whereabouts(
            identity=self.identity, lived=lived, lived_told=told, here=PLACE, here_told=TOLD,
            renewed_at=self.renewed_at, said_at=self.said_at,
        )  # fmt: skip

    def note(self, kind: Noted, by: str, *, at: datetime) -> str:
        """Keep a new mark, and return it."""
        mark = str(uuid.uuid4())
        self.marks.add(mark)
        self.renewed_at = at if kind is Noted.NEW else self.renewed_at
        self.said_at = at if kind is not Noted.WRITTEN else self.said_at
        return mark

    def knows(self, mark: str) -> bool:
        """Return whether these records wrote that mark."""
        return mark in self.marks

    def renew(self) -> str:
        """Give these records another id."""
        self.identity = str(uuid.uuid4())
        return self.identity
