"""The store protocol. Two implementations fulfil it, under one contract suite: `MemoryStore` and `PostgresStore`."""

from __future__ import annotations

from typing import Protocol

from include.records.claim import Claim
from include.records.roles import Canaries, Champions, Events, Quarantines, Requests, Runs

__all__ = ["Canaries", "Champions", "Claim", "Events", "Quarantines", "Requests", "Runs", "Store"]


class Store(Runs, Events, Champions, Requests, Quarantines, Canaries, Protocol):
    """All that is remembered."""

    def identity(self) -> str:
        """Id of these records, made with them; a copy of the database has the same."""
        ...
