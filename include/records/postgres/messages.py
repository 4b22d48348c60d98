"""The outbox in Postgres."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.records.entries import ChampionChange, Delivery, DeliveryStatus, Event, Notification, Settled, Stuck, Told
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, KeptConnection, Session, reading, transaction
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


@dataclass(frozen=True)
class PostgresOutbox:
    """See `include.records.message_roles.Outbox`."""

    connect: Connect | KeptConnection

    def ended(self, *, since: datetime) -> Sequence[Event]:
        """Return events that were closed from then on."""
        with reading(self.connect) as session:
            return [event_from_row(row) for row in session.rows("find_ended", {"since": to_utc(since)})]

    def changes(self, *, since: datetime) -> Sequence[ChampionChange]:
        """Return changes of champion from then on."""
        with reading(self.connect) as session:
            return [change_from_row(row) for row in session.rows("find_changes_since", {"since": to_utc(since)})]

    def open(self) -> Sequence[Notification]:
        """Return the begins of the episodes that are not over."""
        with reading(self.connect) as session:
            return [notification_from_row(row) for row in session.rows("find_open_episodes", {})]

    def add(self, notifications: Sequence[Notification]) -> Sequence[Notification]:
        """Write notifications, and return those that are new."""
        with transaction(self.connect) as session:
            session.rows("lock_outbox", {})
            kept = [session.row("add_notification", notification_row(each)) for each in notifications]
        return [notification_from_row(row) for row in kept if row is not None]

    def due(self, *, at: datetime, most: int) -> Sequence[Told]:
        """Return notifications that are to be sent by then."""
        with transaction(self.connect) as session:
            return _told(session, session.rows("find_due", {"at": to_utc(at), "most": most}))

    def opening(self, over: Notification) -> Told | None:
        """Return the begin of the episode that a notification ends."""
        key = {name: notification_row(over)[name] for name in ("model_name", "subject", "kind", "episode")}
        with transaction(self.connect) as session:
            found = _told(session, session.rows("find_opening", key))
        return found[0] if found else None

    def begin(
        self, notification_id: int, service: str, address: str, incident: str, *, at: datetime
    ) -> Delivery | None:
        """Begin a try."""
        with transaction(self.connect) as session:
            row = session.row("begin_delivery", delivery_row(notification_id, service, address, incident, at))
        return None if row is None else delivery_from_row(row)

    def end(self, delivery: Delivery, status: DeliveryStatus, error: str = "", *, at: datetime) -> None:
        """Keep how a try ended."""
        with transaction(self.connect) as session:
            session.rows("end_delivery", ending_delivery_row(delivery.id, status, error, at))

    def call_lost(self, *, begun_before: datetime, at: datetime) -> None:
        """End the tries whose process must have died."""
        row = {"begun_before": to_utc(begun_before), "error": LOST, "ended_at": to_utc(at)}
        with transaction(self.connect) as session:
            session.rows("call_deliveries_lost", row)

    def settle(self, notification_id: int, settled: Settled, *, at: datetime) -> None:
        """Keep what became of a notification."""
        row = {"id": notification_id, "settled": str(settled), "settled_at": to_utc(at)}
        with transaction(self.connect) as session:
            session.rows("settle_notification", row)

    def going_on(self, service: str, incident: str) -> int:
        """Count the episodes under an incident that are not over."""
        with reading(self.connect) as session:
            return int(session.one("count_going_on", {"service": service, "incident": incident})["going_on"])

    def find(self, *, model_name: str | None = None, before: int | None = None, most: int = 100) -> Sequence[Told]:
        """Return the latest notifications."""
        key = {"model_name": model_name, "before_id": before, "most": most}
        with transaction(self.connect) as session:
            return _told(session, session.rows("find_notifications", key))

    def stuck(self, *, due_before: datetime, since: datetime, at: datetime) -> Stuck | None:
        """Return what is not delivered."""
        key = {"due_before": to_utc(due_before), "since": to_utc(since), "at": to_utc(at)}
        with reading(self.connect) as session:
            row = session.one("find_stuck", key)
        if row["since"] is None:
            return None
        return Stuck(waiting=row["waiting"], given_up=row["given_up"], since=to_utc(row["since"]))


def _told(session: Session, rows: Sequence[Row]) -> list[Told]:
    """Notifications with their deliveries."""
    tries: defaultdict[int, list[Delivery]] = defaultdict(list)
    if rows:
        for row in session.rows("find_deliveries", {"notification_ids": [row["id"] for row in rows]}):
            tries[row["notification_id"]].append(delivery_from_row(row))
    return [Told(notification=notification_from_row(row), deliveries=tuple(tries[row["id"]])) for row in rows]
