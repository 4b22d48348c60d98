"""Deliver: send what is in the outbox and due, one service at a time, and keep how each try ended."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from include.errors import DeliveryPutOff
from include.records.entries import Delivery, DeliveryStatus, FailedStep, Mute, Notification, Phase, Settled, Told
from include.records.message_roles import Outbox
from include.workflow.deployment import Deployment, now
from include.workflow.failure_record import note_failure
from include.workflow.identity import CHOICE, why_silent

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 1, 30, 120, 360))  # after each try that failed
MOST_TRIES = len(BACKOFF) + 1
LOST_AFTER = timedelta(minutes=15)  # a try that lasts longer has died
MOST_SINGLE = 5  # models of one batch that are told one by one
SECONDS = 120.0
_UNSETTLED = (DeliveryStatus.SENDING, DeliveryStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One place that notifications are delivered to, without its secrets.

    Parameters
    ----------
    name : str
        Tells it from all others; kept on record.
    address : str
        What may be shown of where it is, for example ``https://hooks.example.com``.
    incidents : bool
        Whether it keeps incidents, which the end of an episode resolves.
    """

    name: str
    address: str
    incidents: bool = False


class Courier(Protocol):
    """Knows the services, and how to send; whatever goes wrong at a service is an answer, never an error."""

    def services(self, notification: Notification) -> Sequence[Service]:
        """The services that a notification goes to."""
        ...

    def send(self, service: Service, notifications: Sequence[Notification], incident: str, *, resolve: bool) -> str:
        """Send one message about one notification, or many; return why that failed, empty where it did not."""
        ...


@dataclass(kw_only=True)
class Delivered:
    """What came of it: messages sent and failed, notifications that wait to be sent again."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    errors: list[str] = field(default_factory=list)


def deliver(
    deployment: Deployment, courier: Courier, *, run_id: str = "", at: datetime | None = None, seconds: float = SECONDS,
    most: int = 1000,
) -> Delivered:  # fmt: skip
    """Send what is due. More processes may do so at once: each try is made by one of them.

    A notification that was sent by a process that died before it could say so is sent again. A service that fails is on
    record as a failure of the step ``notify``, once a call. From a database that was copied or restored nothing is sent
    until somebody has said what it is.

    Parameters
    ----------
    run_id : str
        The run that it is done in; empty outside of a run.
    at : datetime, optional
        Now by default.
    seconds : float
        No message is begun later than that; what is left is sent the next time.
    """
    moment, outbox = at or now(), deployment.store.outbox
    if why := why_silent(deployment.store, deployment.artifacts):
        left = len(outbox.due(at=moment, most=most))
        return Delivered(waiting=left, errors=[f"nobody is told: {why}; {CHOICE}"] if left else [])
    outbox.call_lost(begun_before=moment - LOST_AFTER, at=moment)
    mutes = deployment.store.people.mutes(at=moment)
    due = [told for told in outbox.due(at=moment, most=most) if _to_be_sent(outbox, told, mutes, moment)]
    plans = {told.notification.id: _Plan(told, _wanting(outbox, courier, told.notification)) for told in due}
    found, deadline = Delivered(), time.monotonic() + seconds
    records = deployment.store.identity().partition("-")[0]
    for service, waiting in _by_service(plans.values(), moment):
        place = _Round(outbox=outbox, courier=courier, service=service, at=moment, records=records)
        for group in _groups(outbox, service, waiting):
            if time.monotonic() > deadline or not _send(place, group, found):
                break  # a service that fails is left alone for now
    for told in outbox.due(at=moment, most=most):
        if (plan := plans.get(told.notification.id)) is not None:
            found.waiting += not _settled(outbox, told, plan.services, moment)
    for error in found.errors:
        note_failure(deployment, "", run_id, FailedStep.NOTIFY, DeliveryPutOff(error))
    return found


@dataclass(frozen=True)
class _Plan:
    """A notification with its tries, and the services that it goes to."""

    told: Told
    services: Sequence[Service]


@dataclass(frozen=True)
class _Group:
    """What one message is about, and the key of the incident that it begins or ends."""

    members: Sequence[Notification]
    incident: str
    resolve: bool = False


@dataclass(frozen=True, kw_only=True)
class _Round:
    """Where messages go to, and when; `records` is theirs, for others may have an incident of the same name."""

    outbox: Outbox
    courier: Courier
    service: Service
    at: datetime
    records: str


def _to_be_sent(outbox: Outbox, told: Told, mutes: Sequence[Mute], at: datetime) -> bool:
    """Whether a notification is to be sent now; settles what never is."""
    each = told.notification
    if each.phase is Phase.OVER:
        begin = outbox.opening(each)
        if begin is None or not _has_been_told(begin):
            if begin is not None and begin.notification.settled is None:
                outbox.settle(begin.notification.id, Settled.PASSED, at=at)
            outbox.settle(each.id, Settled.PASSED, at=at)
            return False
    if any(mute.silences(each.model_name, at) for mute in mutes):
        if each.phase is not Phase.BEGUN:  # an episode is told when it outlasts the mute
            outbox.settle(each.id, Settled.MUTED, at=at)
        return False
    return each.phase is Phase.OVER or not _over_already(outbox, told)


def _over_already(outbox: Outbox, told: Told) -> bool:
    """Whether an episode ended before anybody was told that it began; its end says so."""
    if told.notification.phase is not Phase.BEGUN or told.deliveries:
        return False
    return told.notification.topic not in {each.topic for each in outbox.open()}


def _has_been_told(begin: Told) -> bool:
    return any(each.status is DeliveryStatus.SENT for each in begin.deliveries)


def _wanting(outbox: Outbox, courier: Courier, notification: Notification) -> Sequence[Service]:
    """The services that a notification goes to: the end of an episode to those that know of its begin."""
    services = courier.services(notification)
    if notification.phase is not Phase.OVER:
        return services
    begin = outbox.opening(notification)
    tries = [] if begin is None else begin.deliveries
    knowing = {each.service for each in tries if each.status is DeliveryStatus.SENT}
    return [each for each in services if each.name in knowing]


def _by_service(plans: Iterable[_Plan], at: datetime) -> list[tuple[Service, list[Notification]]]:
    """What is to be sent to each service now."""
    found: dict[str, tuple[Service, list[Notification]]] = {}
    for plan in plans:
        for service in plan.services:
            if _open_at(plan.told.deliveries, service.name, at):
                found.setdefault(service.name, (service, []))[1].append(plan.told.notification)
    return list(found.values())


def _open_at(deliveries: Sequence[Delivery], service: str, at: datetime) -> bool:
    """Whether a service is to be tried now: not yet, or long enough after the last try that failed."""
    tries = [each for each in deliveries if each.service == service]
    if not tries:
        return True
    last = tries[-1]
    if last.status is not DeliveryStatus.FAILED or len(tries) >= MOST_TRIES:
        return False
    return at >= (last.ended_at or last.begun_at) + BACKOFF[len(tries) - 1]


def _groups(outbox: Outbox, service: Service, waiting: Sequence[Notification]) -> list[_Group]:
    """The messages to one service: a digest where a batch is about many models, and an incident is ended as a whole."""
    batches: defaultdict[str, list[Notification]] = defaultdict(list)
    endings: defaultdict[str, list[Notification]] = defaultdict(list)
    for each in waiting:
        if service.incidents and each.phase is Phase.OVER:
            endings[_incident_of(outbox, service, each)].append(each)
        else:
            batches[each.batch].append(each)
    groups: list[_Group] = []
    for batch, members in batches.items():
        if len({each.subject for each in members}) > MOST_SINGLE:
            groups.append(_Group(members, f"retraining/digest/{batch}" if service.incidents else ""))
        else:
            groups.extend(_Group([each], each.key if service.incidents else "") for each in members)
    return groups + [_Group(members, incident, resolve=True) for incident, members in endings.items()]


def _incident_of(outbox: Outbox, service: Service, over: Notification) -> str:
    """Under which key a service was told that an episode began."""
    begin = outbox.opening(over)
    tries = [] if begin is None else begin.deliveries
    sent = (t.incident for t in tries if t.service == service.name and t.status is DeliveryStatus.SENT)
    return next(sent, over.key)


def _send(place: _Round, group: _Group, found: Delivered) -> bool:
    """Send one message; whether the service may be sent more."""
    outbox, service = place.outbox, place.service
    tries = [
        begun
        for each in group.members
        if (begun := outbox.begin(each.id, service.name, service.address, group.incident, at=place.at)) is not None
    ]
    mine = {each.notification_id for each in tries}
    members = [each for each in group.members if each.id in mine]
    if not members:
        return True
    if group.resolve and (others := outbox.going_on(service.name, group.incident)):
        for each in tries:
            outbox.end(each, DeliveryStatus.SKIPPED, f"its incident goes on for {others} more", at=now())
        return True
    incident = f"{group.incident}@{place.records}" if group.incident else ""
    error = place.courier.send(service, members, incident, resolve=group.resolve)
    for each in tries:
        outbox.end(each, DeliveryStatus.FAILED if error else DeliveryStatus.SENT, error, at=max(now(), place.at))
    if error:
        found.failed += 1
        found.errors.append(f"{service.name} ({service.address}): {error}")
        return False
    found.sent += 1
    return True


def _settled(outbox: Outbox, told: Told, services: Sequence[Service], at: datetime) -> bool:
    """Whether nothing more is to be sent of a notification, which is then written down."""
    stands = [[each for each in told.deliveries if each.service == service.name] for service in services]
    if any(not tries or (tries[-1].status in _UNSETTLED and len(tries) < MOST_TRIES) for tries in stands):
        return False
    reached = sum(tries[-1].status in (DeliveryStatus.SENT, DeliveryStatus.SKIPPED) for tries in stands)
    if any(tries[-1].status is DeliveryStatus.SENDING for tries in stands):
        return False
    how = Settled.DELIVERED if reached == len(stands) else Settled.IN_PART if reached else Settled.GIVEN_UP
    outbox.settle(told.notification.id, how if stands else Settled.NOBODY, at=at)
    return True
