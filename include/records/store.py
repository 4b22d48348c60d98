"""The store protocol. Two implementations fulfil it, under one contract suite: `MemoryStore` and `PostgresStore`."""

from __future__ import annotations

from typing import Protocol

from include.records.claim import Claim
from include.records.message_roles import Outbox
from include.records.people_roles import Arrivals, Calls, Chain, Failures, Home, People, Watch
from include.records.roles import Canaries, Champions, Events, Quarantines, Requests, Runs

__all__ = [
    "Arrivals", "Calls", "Canaries", "Champions", "Claim", "Events", "Failures", "Home", "Outbox", "People",
    "Quarantines", "Requests", "Runs", "Store", "Watch",
]  # fmt: skip


class Store(Runs, Events, Champions, Requests, Quarantines, Canaries, Protocol):
    """All that is remembered."""

    def identity(self) -> str:
        """Id of these records, made with them; a copy of the database has the same."""
        ...

    @property
    def people(self) -> People:
        """What people say about models and decisions."""
        ...

    @property
    def failures(self) -> Failures:
        """Steps of runs that failed."""
        ...

    @property
    def chain(self) -> Chain:
        """The chain of hashes over what is audited."""
        ...

    @property
    def watch(self) -> Watch:
        """What the records say of the monitor itself."""
        ...

    @property
    def calls(self) -> Calls:
        """Calls from outside that write."""
        ...

    @property
    def arrivals(self) -> Arrivals:
        """What arrived at watched places."""
        ...

    @property
    def home(self) -> Home:
        """Where these records live."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What people are told."""
        ...
