"""What arrived at watched places, in Postgres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.records.entries import Arrival
from include.records.json_values import clean_text, to_utc
from include.records.postgres.session import Connect, KeptConnection, reading, transaction
from include.records.rows.arrivals import arrival_from_row, arrival_row


@dataclass(frozen=True)
class PostgresArrivals:
    """See `include.records.people_roles.Arrivals`."""

    connect: Connect | KeptConnection

    def last(self, place: str) -> Arrival | None:
        """Return the last state of a place."""
        with reading(self.connect) as session:
            row = session.row("find_last_arrival", {"place": clean_text(place)})
        return None if row is None else arrival_from_row(row)

    def add(
        self, place: str, *, follows: int, fingerprint: str, files: Mapping[str, str], changed: Sequence[str] | None,
        starts: bool, at: datetime,
    ) -> Arrival | None:  # fmt: skip
        """Write down the state after the one that is number `follows`."""
        row = arrival_row(place, follows + 1, fingerprint, files, changed, starts, at)
        with transaction(self.connect) as session:
            kept = session.row("add_arrival", row)
        return None if kept is None else arrival_from_row(kept)

    def waits(self, place: str) -> bool:
        """Return whether an arrival at a place waits for a run."""
        with reading(self.connect) as session:
            return bool(session.one("count_waiting_arrivals", {"place": clean_text(place)})["waiting"])

    def untaken(self, *, noted_before: datetime) -> Mapping[str, datetime]:
        """Return the places at which arrivals have waited since before that time."""
        with reading(self.connect) as session:
            rows = session.rows("find_untaken", {"noted_before": to_utc(noted_before)})
        return {row["place"]: to_utc(row["since"]) for row in rows}

    def take(self, run_id: str, *, at: datetime) -> Sequence[Arrival]:
        """Let a run take what waits; return all that it has taken."""
        with transaction(self.connect) as session:
            session.rows("take_arrivals", {"run_id": run_id, "at": to_utc(at)})
            return [arrival_from_row(row) for row in session.rows("find_arrivals_of_run", {"run_id": run_id})]
