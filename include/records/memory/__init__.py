"""The records in memory, for replays and tests: the same contract as in Postgres."""

from include.records.memory.store import MemoryStore

__all__ = ["MemoryStore"]
