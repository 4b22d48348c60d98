"""What arrived at watched places, in memory: what the queries of ``data_arrivals`` do, on rows in a list."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from include.records.entries import Arrival
from include.records.json_values import clean_text, to_utc
from include.records.rows.arrivals import arrival_from_row, arrival_row
from include.records.rows.columns import Row


@dataclass(frozen=True)
class MemoryArrivals:
    """See `include.records.people_roles.Arrivals`."""

    guard: threading.RLock
    rows: list[Row] = field(default_factory=list)

    def last(self, place: str) -> Arrival | None:
        """Return the last state of a place."""
        with self.guard:
            mine = [row for row in self.rows if row["place"] == clean_text(place)]
            if not mine:
                return None
            started = max((row["noted_at"] for row in mine if row["starts"]), default=None)
            return arrival_from_row({**max(mine, key=lambda row: row["ordinal"]), "last_start": started})

    def add(
        self, place: str, *, follows: int, fingerprint: str, files: Mapping[str, str], changed: Sequence[str] | None,
        starts: bool, at: datetime,
    ) -> Arrival | None:  # fmt: skip
        """Write down the state after the one that is number `follows`."""
        row = arrival_row(place, follows + 1, fingerprint, files, changed, starts, at)
        with self.guard:
            if any((kept["place"], kept["ordinal"]) == (row["place"], row["ordinal"]) for kept in self.rows):
                return None
            self.rows.append({"id": len(self.rows) + 1, **row, "run_id": None})
            return arrival_from_row(self.rows[-1])

    def waits(self, place: str) -> bool:
        """Return whether an arrival at a place waits for a run."""
        with self.guard:
            return any(row["place"] == clean_text(place) for row in self._waiting())

    def untaken(self, *, noted_before: datetime) -> Mapping[str, datetime]:
        """Return the places at which arrivals have waited since before that time."""
        found: dict[str, datetime] = {}
        with self.guard:
            for row in sorted(self._waiting(), key=lambda row: (row["place"], row["noted_at"])):
                if row["noted_at"] < to_utc(noted_before):
                    found.setdefault(row["place"], row["noted_at"])
        return found

    def take(self, run_id: str, *, at: datetime) -> Sequence[Arrival]:
        """Let a run take what waits; return all that it has taken."""
        with self.guard:
            for row in self._waiting():
                row |= {"run_id": run_id, "taken_at": to_utc(at)}
            return [arrival_from_row(row) for row in self.rows if row["run_id"] == run_id]

    def _waiting(self) -> list[Row]:
        return [row for row in self.rows if row["starts"] and row["run_id"] is None]
