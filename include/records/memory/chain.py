"""Records in memory have no audit chain: they do not last."""

from __future__ import annotations

from include.records.entries.chain import ChainHead


class MemoryChain:
    """See `include.records.people_roles.Chain`."""

    def head(self, model_name: str) -> ChainHead | None:
        """None."""
        return None

    def hash_at(self, model_name: str, number: int) -> str | None:
        """None."""
        return None
