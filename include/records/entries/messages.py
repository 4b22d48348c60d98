"""What people are told: notifications, and each try to deliver them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from include.decision.decision import Severity


class News(StrEnum):
    """What people are told of a model; beside these the kinds of `ProblemKind`."""

    PROMOTED = "promoted"
    HELD = "held"
    REJECTED = "rejected"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    QUARANTINED = "quarantined"
    APPROVAL = "approval"


class Phase(StrEnum):
    """Where in its episode a notification stands."""

    TOLD = "told"  # it happened, and that is all
    BEGUN = "begun"  # an episode began
    OVER = "over"  # that episode has ended


class Settled(StrEnum):
    """What became of a notification."""

    DELIVERED = "delivered"
    IN_PART = "in_part"  # some services have it, others were given up
    GIVEN_UP = "given_up"
    MUTED = "muted"
    PASSED = "passed"  # the episode was over before anybody was told
    NOBODY = "nobody"  # no service wants it


class DeliveryStatus(StrEnum):
    """How a try to deliver stands."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"  # nothing is to be sent there


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One thing that people are to be told, once.

    Parameters
    ----------
    model_name : str
        Empty where it is about no model.
    subject : str
        The model's name, or what else it is about.
    kind : str
        A `News` or a `ProblemKind`.
    episode : str
        What makes it the same when it is seen again.
    headline : str
        The message in a line, without subject.
    facts : mapping
        What the text is made of: plain JSON.
    routing : mapping
        Who gets it: ``services`` (tags; none for all), ``callbacks``, ``title``, ``text`` (templates).
    batch : str
        A UUID that all have that were written at once.
    due_at : datetime
        Not to be sent before.
    id : int
        0 until it is kept.
    """

    model_name: str
    subject: str
    kind: str
    episode: str
    phase: Phase
    severity: Severity
    headline: str
    written_at: datetime
    due_at: datetime
    batch: str
    owner: str = ""
    run_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    routing: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0
    settled: Settled | None = None
    settled_at: datetime | None = None

    @property
    def key(self) -> str:
        """The same for the begin and the end of an episode, for example ``retraining/churn/failed/event 12``."""
        return f"retraining/{self.subject}/{self.kind}/{self.episode}"

    @property
    def topic(self) -> tuple[str, str, str]:
        """Of which there is one open episode at most: model, subject and kind."""
        return self.model_name, self.subject, self.kind


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One try to deliver one notification to one service."""

    id: int
    notification_id: int
    service: str
    address: str
    attempt: int
    incident: str
    status: DeliveryStatus
    error: str
    begun_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """A notification and the tries to deliver it, oldest first."""

    notification: Notification
    deliveries: Sequence[Delivery]


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Notifications that are not delivered though they are due, and those that were given up: how many, since when."""

    waiting: int
    given_up: int
    since: datetime
