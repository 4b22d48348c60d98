"""The outbox in memory: what its queries do, on rows in lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from include.records.entries import (
    ChampionChange,
    Delivery,
    DeliveryStatus,
    Event,
    EventStatus,
    Notification,
    Phase,
    Settled,
    Stuck,
    Told,
)
from include.records.json_values import to_utc
from include.records.memory.claim import MemoryTables
from include.records.memory.people import MemoryPeople
from include.records.rows.champion import change_from_row
from include.records.rows.columns import Row
from include.records.rows.events import event_from_row
from include.records.rows.messages import (
    delivery_from_row,
    delivery_row,
    ending_delivery_row,
    notification_from_row,
    notification_row,
)

LOST = "the process that sent it died; it may have arrived"
_EPISODE = ("model_name", "subject", "kind", "episode")


@dataclass(frozen=True)
class MemoryOutbox:
    """See `include.records.message_roles.Outbox`."""

    tables: MemoryTables
    people: MemoryPeople
    rows: list[Row] = field(default_factory=list)
    tries: list[Row] = field(default_factory=list)

    def ended(self, *, since: datetime) -> Sequence[Event]:
        """Return events that were closed from then on."""
        with self.tables.guard:
            events = [event_from_row(row) for row in self.tables.events.values()]
        closed = [(e.completed_at, e.id, e) for e in events if e.status.closed and e.completed_at is not None]
        seen = [each for each in closed if each[0] >= to_utc(since) and each[2].status is not EventStatus.DRY_RUN]
        return [event for _, _, event in sorted(seen, key=lambda each: each[:2])]

    def changes(self, *, since: datetime) -> Sequence[ChampionChange]:
        """Return changes of champion from then on."""
        with self.tables.guard:
            return [change_from_row(row) for row in self.tables.deployments if row["deployed_at"] >= to_utc(since)]

    def open(self) -> Sequence[Notification]:
        """Return the begins of the episodes that are not over."""
        with self.tables.guard:
            return [notification_from_row(row) for row in self._open_rows()]

    def add(self, notifications: Sequence[Notification]) -> Sequence[Notification]:
        """Write notifications, and return those that are new."""
        with self.tables.guard:
            added = [row for each in notifications if (row := self._add(notification_row(each))) is not None]
            return [notification_from_row(row) for row in added]

    def due(self, *, at: datetime, most: int) -> Sequence[Told]:
        """Return notifications that are to be sent by then."""
        with self.tables.guard:
            due = [row for row in self.rows if row["settled"] is None and row["due_at"] <= to_utc(at)]
            return [self._told(row) for row in due[:most]]

    def opening(self, over: Notification) -> Told | None:
        """Return the begin of the episode that a notification ends."""
        wanted = notification_row(over)
        with self.tables.guard:
            found = [row for row in self.rows if row["phase"] == Phase.BEGUN and _same_episode(row, wanted)]
            return self._told(found[0]) if found else None

    def begin(
        self, notification_id: int, service: str, address: str, incident: str, *, at: datetime
    ) -> Delivery | None:
        """Begin a try."""
        row = delivery_row(notification_id, service, address, incident, at)
        with self.tables.guard:
            settled = self.rows[notification_id - 1]["settled"] is not None
            earlier = [t for t in self._tries(notification_id) if t["service"] == row["service"]]
            if settled or any(each["status"] != DeliveryStatus.FAILED for each in earlier):
                return None
            counted = {"id": len(self.tries) + 1, "attempt": len(earlier) + 1}
            kept = {**row, **counted, "status": str(DeliveryStatus.SENDING), "error": "", "ended_at": None}
            self.tries.append(kept)
            return delivery_from_row(kept)

    def end(self, delivery: Delivery, status: DeliveryStatus, error: str = "", *, at: datetime) -> None:
        """Keep how a try ended."""
        with self.tables.guard:
            row = self.tries[delivery.id - 1]
            if row["status"] == DeliveryStatus.SENDING:
                row |= ending_delivery_row(delivery.id, status, error, at)

    def call_lost(self, *, begun_before: datetime, at: datetime) -> None:
        """End the tries whose process must have died."""
        with self.tables.guard:
            for row in self.tries:
                if row["status"] == DeliveryStatus.SENDING and row["begun_at"] < to_utc(begun_before):
                    row |= ending_delivery_row(row["id"], DeliveryStatus.FAILED, LOST, at)

    def settle(self, notification_id: int, settled: Settled, *, at: datetime) -> None:
        """Keep what became of a notification."""
        with self.tables.guard:
            row = self.rows[notification_id - 1]
            if row["settled"] is None:
                row |= {"settled": str(settled), "settled_at": to_utc(at)}

    def going_on(self, service: str, incident: str) -> int:
        """Count the episodes under an incident that are not over."""
        with self.tables.guard:
            sent = [t for t in self.tries if t["service"] == service and t["status"] == DeliveryStatus.SENT]
            told = {each["notification_id"] for each in sent if incident and each["incident"] == incident}
            return sum(row["id"] in told for row in self._open_rows())

    def find(self, *, model_name: str | None = None, before: int | None = None, most: int = 100) -> Sequence[Told]:
        """Return the latest notifications."""
        with self.tables.guard:
            mine = [row for row in self.rows if model_name in (None, row["model_name"])]
            seen = [row for row in mine if before is None or row["id"] < before]
            return [self._told(row) for row in seen[::-1][:most]]

    def stuck(self, *, due_before: datetime, since: datetime, at: datetime) -> Stuck | None:
        """Return what is not delivered."""
        with self.tables.guard:
            mutes = self.people.mutes(at=at)
            heard = [row for row in self.rows if not any(m.silences(row["model_name"], to_utc(at)) for m in mutes)]
        waiting = [row for row in heard if row["settled"] is None and row["due_at"] < to_utc(due_before)]
        lost = [row for row in heard if row["settled"] == Settled.GIVEN_UP and row["settled_at"] >= to_utc(since)]
        oldest = min((row["due_at"] for row in [*waiting, *lost]), default=None)
        return None if oldest is None else Stuck(waiting=len(waiting), given_up=len(lost), since=oldest)

    def _add(self, row: Row) -> Row | None:
        """Write a row where the query would."""
        of_topic = [each for each in self.rows if _topic(each) == _topic(row)]
        same = [each for each in of_topic if each["episode"] == row["episode"]]
        if any(each["phase"] == row["phase"] for each in same):
            return None
        if row["phase"] == Phase.OVER and not any(each["phase"] == Phase.BEGUN for each in same):
            return None
        if row["phase"] == Phase.BEGUN:
            still_open = any(_topic(each) == _topic(row) for each in self._open_rows())
            later = any(e["phase"] != Phase.TOLD and e["written_at"] > row["written_at"] for e in of_topic)
            if still_open or later:
                return None
        kept = {**row, "id": len(self.rows) + 1, "settled": None, "settled_at": None}
        self.rows.append(kept)
        return kept

    def _open_rows(self) -> list[Row]:
        over = {tuple(row[name] for name in _EPISODE) for row in self.rows if row["phase"] == Phase.OVER}
        begun = [row for row in self.rows if row["phase"] == Phase.BEGUN]
        return [row for row in begun if tuple(row[name] for name in _EPISODE) not in over]

    def _tries(self, notification_id: int) -> list[Row]:
        return [row for row in self.tries if row["notification_id"] == notification_id]

    def _told(self, row: Row) -> Told:
        tries = tuple(delivery_from_row(each) for each in self._tries(row["id"]))
        return Told(notification=notification_from_row(row), deliveries=tries)


def _topic(row: Row) -> tuple[str, str, str]:
    return row["model_name"], row["subject"], row["kind"]


def _same_episode(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in _EPISODE)
