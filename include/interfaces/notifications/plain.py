"""A message that is not in the outbox: what a DAG of somebody's own has to say, to the same services."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.interfaces.notifications.courier import ServicesCourier
from include.interfaces.notifications.services import Place
from include.records.entries import Notification, Phase


def say(
    places: Sequence[Place], *, title: str, text: str, severity: str = "HIGH", tags: Sequence[str] = ()
) -> list[str]:
    """Send a message to the services with one of these tags, or to all; what went wrong, a line each.

    Nothing of it is kept on record, and nothing is tried again.

    Raises
    ------
    ConfigurationError
        For a severity that there is not.
    """
    if severity not in list(Severity):
        raise ConfigurationError("severity", f"found {severity!r}; allowed: {', '.join(Severity)}")
    now = datetime.now(UTC)
    told = Notification(
        model_name="", subject=title or "message", kind="message", episode=str(uuid.uuid4()), phase=Phase.TOLD,
        severity=Severity(severity), headline=text or title or "message", written_at=now, due_at=now,
        batch=str(uuid.uuid4()), routing={"services": list(tags), "title": "{{ subject }}", "text": "{{ headline }}"},
    )  # fmt: skip
    courier = ServicesCourier(places=places)
    answers = [(each, courier.send(each, [told], told.key, resolve=False)) for each in courier.services(told)]
    return [f"{service.name} ({service.address}): {error}" for service, error in answers if error]
