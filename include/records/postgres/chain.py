"""The audit chain in Postgres: its ends, and where it breaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.records.entries.chain import BreakKind, ChainBreak, ChainHead
from include.records.postgres.session import Connect, KeptConnection, reading, transaction
from include.records.rows.columns import Row

MOST_BREAKS = 100
"""Told of the links of the chains, and of the rows, each: whoever has broken more has broken all."""

_TABLES = {
    "decision": "the decision of run {key} (retraining_decisions, or its row of retraining_runs)",
    "event": "event {key} (model_retraining_events)",
    "version": "version {key} (model_version_management)",
    "champion": "change of champion {key} (model_deployment_history)",
}
_ROWS = {
    BreakKind.CHANGED: "{row} is not as entry {number}{state} wrote it down: it was changed past the guards",
    BreakKind.DELETED: "{row} is gone; entry {number}{state} wrote it down",
    BreakKind.INSERTED: "{row} has no entry: it was put in past the triggers",
}
_LINKS = {
    BreakKind.MISSING: "entries {after} to {until} of the chain are gone; entry {number} is of {row}{state}",
    BreakKind.ALTERED: "entry {number} of the chain, of {row}{state}, was altered",
    BreakKind.UNLINKED: "entry {number} of the chain, of {row}{state}, does not follow entry {other}, made anew",
    BreakKind.HEAD: "the chain ends with entry {number}, and its end on record (audit_chain_heads) is entry {other}: "
                    "the end was cut off, added to or altered",
}  # fmt: skip


@dataclass(frozen=True)
class PostgresChain:
    """See `include.records.people_roles.Chain`."""

    connect: Connect | KeptConnection

    def head(self, model_name: str) -> ChainHead | None:
        """The newest entry of a model's chain."""
        with reading(self.connect) as session:
            row = session.row("find_chain_head", {"model_name": model_name})
        return None if row is None else ChainHead(model_name=model_name, number=row["number"], hash=row["hash"])

    def hash_at(self, model_name: str, number: int) -> str | None:
        """The hash of one entry of a model's chain."""
        with reading(self.connect) as session:
            row = session.row("find_chain_entry", {"model_name": model_name, "number": number})
        return None if row is None else str(row["hash"])

    def verify(self, model_name: str = "") -> tuple[Sequence[ChainHead], Sequence[ChainBreak]]:
        """The chains of one model or of all, as they are at one moment, and where they break."""
        asked = {"model_name": model_name or None, "most": MOST_BREAKS}
        with transaction(self.connect) as session:
            session.rows("begin_reading", {})
            heads = session.rows("find_chains", {"model_name": model_name or None})
            links = session.rows("find_broken_links", asked)
            rows = session.rows("find_broken_rows", asked)
        chains = [ChainHead(model_name=row["model_name"], number=row["number"], hash=row["hash"]) for row in heads]
        return chains, [*(_break(row, _LINKS) for row in links), *(_break(row, _ROWS) for row in rows)]


def _break(row: Row, sentences: Mapping[BreakKind, str]) -> ChainBreak:
    kind = BreakKind(row["kind"])
    known = _TABLES.get(row["what"], "{what} {key}").format(what=row["what"], key=row["key"])
    told: dict[str, Any] = {
        "row": known, "number": row["number"], "state": f" ({row['state']})" if row["state"] else "",
        "other": row.get("other"), "after": (row.get("other") or 0) + 1, "until": (row["number"] or 0) - 1,
    }  # fmt: skip
    return ChainBreak(
        model_name=row["model_name"], kind=kind, number=row["number"], told=sentences[kind].format(**told)
    )
