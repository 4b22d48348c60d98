"""Data arrival: an Airflow asset for each watched place, with a watcher whose events start the DAG `data_arrival`.

Airflow's trigger (a coroutine that waits in the triggerer), not one of our triggers, which decide about a retrain.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from include.workflow.watched import ArrivalKind, Place, places_of_deployment

if TYPE_CHECKING:  # loads pandas: only in the triggerer
    from include.records.entries import Arrival
    from include.workflow.watching import Watching

LONGEST_NAME = 1000  # characters; Airflow has room for 1,500
LONGEST_PAUSE = 60.0  # seconds until it is looked again after an error


def arrival_assets() -> list[Asset]:
    """An asset for each place that a model file wants watched."""
    return [arrival_asset(place) for place in places_of_deployment()]


def arrival_asset(place: Place) -> Asset:
    """The asset of a place: its name, address and watcher are the same at each parse of the DAG file."""
    watcher = AssetWatcher(name=f"{place.kind}_arrived", trigger=DataArrivalTrigger.of(place))
    mark = hashlib.sha256(place.key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    shown = quote(place.key.encode("utf-8", "surrogateescape"), safe=" /:*?[]._-,=+@")
    name = f"arrival {shown}" if len(shown) <= LONGEST_NAME else f"arrival {shown[:LONGEST_NAME]} {mark}"
    return Asset(name=name, uri=f"x-retraining://arrival/{mark}", watchers=[watcher])


class DataArrivalTrigger(BaseEventTrigger):  # type: ignore[misc]  # Airflow's has no types here
    """Fires when a place has changed and is whole; removes nothing, and reads files only as far as it has to.

    Whatever blocks (listing, records, storage) is done in a thread. An error is told in the triggerer's log, and it is
    looked again: an outage of records or storage must not end the watch.
    """

    def __init__(
        self, *, kind: str, path: str, connection: str, endings: list[str], settle_seconds: float,
        cooldown_seconds: float, every_seconds: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.given = {
            "kind": kind, "path": path, "connection": connection, "endings": list(endings),
            "settle_seconds": settle_seconds, "cooldown_seconds": cooldown_seconds, "every_seconds": every_seconds,
        }  # fmt: skip

    @classmethod
    def of(cls, place: Place) -> DataArrivalTrigger:
        """The trigger of a place; distinct places have distinct arguments, by which Airflow tells triggers apart."""
        return cls(
            kind=str(place.kind), path=place.path, connection=place.connection, endings=list(place.endings),
            settle_seconds=place.settle.total_seconds(), cooldown_seconds=place.cooldown.total_seconds(),
            every_seconds=place.every.total_seconds(),
        )  # fmt: skip

    @property
    def place(self) -> Place:
        """The place that it watches."""
        seconds = {
            name: timedelta(seconds=self.given[f"{name}_seconds"])  # type: ignore[arg-type]
            for name in ("settle", "cooldown", "every")
        }
        return Place(
            kind=ArrivalKind(str(self.given["kind"])), path=str(self.given["path"]),
            connection=str(self.given["connection"]), endings=tuple(self.given["endings"]), **seconds,  # type: ignore[arg-type]
        )  # fmt: skip

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes it from again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", dict(self.given)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, for ever, and tell of each arrival."""
        place, watching, failures = self.place, None, 0
        every = place.every.total_seconds()
        self.log.info("watching %s", place.key)
        while True:
            try:
                if watching is None:
                    watching = await _in_thread(_open, place)
                arrival = await _in_thread(_look, watching)
                failures = 0
            except Exception as error:
                arrival, failures = None, failures + 1
                self.log.warning("%s: %s: %s; it is looked again", place.key, type(error).__name__, error)
            if arrival is not None:
                self.log.info("%s: arrival %d", place.key, arrival.id)
                yield TriggerEvent(_told(arrival))
            await asyncio.sleep(min(every * 2 ** min(failures, 6), max(every, LONGEST_PAUSE)))


def _open(place: Place) -> Watching:
    from include.interfaces.airflow.connections import object_storage_client
    from include.interfaces.airflow.outcomes import airflow_deployment
    from include.workflow.watching import Watching

    return Watching(place, airflow_deployment().store.arrivals, object_storage_client)


def _look(watching: Watching) -> Arrival | None:
    return watching.look(seconds=time.monotonic(), at=datetime.now(UTC))


async def _in_thread(call: Any, *given: Any) -> Any:
    """By asgiref: a thread of asyncio's own could not ask Airflow for a connection."""
    return await sync_to_async(call, thread_sensitive=False)(*given)


def _told(arrival: Arrival) -> dict[str, Any]:
    """What the event carries."""
    changed = None if arrival.changed is None else list(arrival.changed[:20])
    return {"place": arrival.place, "arrival": arrival.id, "changed": changed, "noted_at": arrival.noted_at.isoformat()}
