"""The role of the records that notifications have: what there is to tell, the outbox, and each try to deliver."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from include.records.entries import ChampionChange, Delivery, DeliveryStatus, Event, Notification, Settled, Stuck, Told


class Outbox(Protocol):
    """What people are told, each thing once."""

    def ended(self, *, since: datetime) -> Sequence[Event]:
        """Events that were closed from then on, in the order in which they were; no dry runs."""
        ...

    def changes(self, *, since: datetime) -> Sequence[ChampionChange]:
        """Changes of champion from then on, of all models, oldest first."""
        ...

    def open(self) -> Sequence[Notification]:
        """The begins of the episodes that are not over, oldest first."""
        ...

    def add(self, notifications: Sequence[Notification]) -> Sequence[Notification]:
        """Write notifications, all or none, and return those that are new.

        Not written again is the same phase of the same episode; the begin of an episode while another one of its
        subject and kind is open, or where one of those was written later than this was seen; and the end of one that
        never began.
        """
        ...

    def due(self, *, at: datetime, most: int) -> Sequence[Told]:
        """Notifications that are to be sent by then and not settled, oldest first, with the tries so far."""
        ...

    def opening(self, over: Notification) -> Told | None:
        """The begin of the episode that a notification ends."""
        ...

    def begin(
        self, notification_id: int, service: str, address: str, incident: str, *, at: datetime
    ) -> Delivery | None:
        """Begin a try; None where another process is at it, or where nothing is to be sent there any more."""
        ...

    def end(self, delivery: Delivery, status: DeliveryStatus, error: str = "", *, at: datetime) -> None:
        """Keep how a try ended; one that was called lost meanwhile stays so."""
        ...

    def call_lost(self, *, begun_before: datetime, at: datetime) -> None:
        """End the tries whose process must have died as failed."""
        ...

    def settle(self, notification_id: int, settled: Settled, *, at: datetime) -> None:
        """Keep what became of a notification; once."""
        ...

    def going_on(self, service: str, incident: str) -> int:
        """How many episodes that a service was told of under this incident are not over."""
        ...

    def find(self, *, model_name: str | None = None, before: int | None = None, most: int = 100) -> Sequence[Told]:
        """The latest notifications, newest first; with `before` those with a smaller id."""
        ...

    def stuck(self, *, due_before: datetime, since: datetime, at: datetime) -> Stuck | None:
        """Notifications that were to be sent before a time and are not settled, and those given up since another.

        What is muted is left out. None for none.
        """
        ...
