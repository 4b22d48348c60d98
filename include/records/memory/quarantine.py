"""Quarantined spans in memory: what the queries of ``quarantined_spans`` do, on rows in a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from include.records.entries import Quarantine
from include.records.rows.columns import Row
from include.records.rows.quarantine import not_to_be_lifted, quarantine_from_row


@dataclass(frozen=True)
class MemoryQuarantine:
    """The rows of ``quarantined_spans``. Whoever uses it holds the store's lock."""

    rows: list[Row] = field(default_factory=list)

    def of_model(self, model_name: str | None) -> list[Quarantine]:
        """Return those of a model, or all."""
        return [quarantine_from_row(row) for row in self.rows if model_name in (None, row["model_name"])]

    def add(self, found: Iterable[Row]) -> None:
        """Make a span longer for each that overlaps or continues it, and add the others."""
        for row in found:
            earlier = next((kept for kept in self.rows if kept["lifted_at"] is None and _continues(row, kept)), None)
            if earlier is None:
                lifting = dict.fromkeys(("lifted_by", "lift_reason", "lifted_at"))
                self.rows.append({"id": len(self.rows) + 1, **row, **lifting, "accepts": False})
                continue
            if earlier["as_of"] <= row["as_of"]:
                earlier |= {name: row[name] for name in ("reason", "last_run_id", "champion_version", "as_of")}
            if row["span_start"] is not None:
                earlier["span_start"] = min(earlier["span_start"], row["span_start"])
                earlier["span_end"] = max(earlier["span_end"], row["span_end"])

    def lift(self, lifting: Row) -> Quarantine:
        """Lift one, once."""
        row = next((kept for kept in self.rows if kept["id"] == lifting["id"] and kept["lifted_at"] is None), None)
        if row is None:
            raise not_to_be_lifted(lifting["id"])
        row |= lifting
        return quarantine_from_row(row)


def _continues(row: Row, kept: Row) -> bool:
    if any(row[name] != kept[name] for name in ("model_name", "feature", "statistic")):
        return False
    if row["span_start"] is None or kept["span_start"] is None:
        return row["span_start"] is kept["span_start"]
    return bool(kept["span_start"] <= row["span_end"] and row["span_start"] <= kept["span_end"])
