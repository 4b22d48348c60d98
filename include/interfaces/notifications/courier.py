"""Sends messages: through apprise, or by calling a function; one service at a time, within a time, secrets kept."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from include.interfaces.notifications.hosts import Hosts, Refused, is_sending
from include.interfaces.notifications.services import CALLBACK, INCIDENTS, Place
from include.interfaces.notifications.text import title_and_text, words_of
from include.records.entries import News, Notification, Phase
from include.workflow.delivery import Service
from include.workflow.outbox import callback

SECONDS = 10.0  # for one message
LONGEST_ERROR = 300
PAYLOAD = frozenset({"json", "jsons", "form", "forms", "xml", "xmls"})  # of which the receiver is a program
_TYPES = {"LOW": "info", "MEDIUM": "warning", "HIGH": "failure", "CRITICAL": "failure"}
_OWN = re.compile(r"([?&])(dedup|action|redirect)=[^&]*", re.IGNORECASE)
_ADDRESS = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)\S+")
_heard = threading.local()

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ServicesCourier:
    """The services of a deployment, and the callbacks of its model files; see `include.workflow.delivery.Courier`.

    Parameters
    ----------
    places : sequence of Place
    hosts : Hosts
        What may be reached.
    seconds : float
        How long one message may take.
    """

    places: Sequence[Place]
    hosts: Hosts = field(default_factory=Hosts.from_environment)
    seconds: float = SECONDS

    def services(self, notification: Notification) -> Sequence[Service]:
        """The services that a notification goes to: by tag, by severity, and its model's callbacks."""
        tags = set(notification.routing.get("services", ()))
        chosen = [
            Service(name=each.name, address=each.address, incidents=each.scheme in INCIDENTS)
            for each in self.places
            if (not tags or tags & set(each.tags)) and _grave(notification.severity) >= _grave(each.least)
        ]
        if unknown := sorted(tags - {tag for each in self.places for tag in each.tags}):
            log.warning("%s: no service has the tag %s", notification.subject, ", ".join(unknown))
        names = [f"{CALLBACK}://{each}" for each in notification.routing.get("callbacks", ())]
        return chosen + [Service(name=each, address=each) for each in names]

    def send(self, service: Service, notifications: Sequence[Notification], incident: str, *, resolve: bool) -> str:
        """Send one message; whatever goes wrong is the answer, with nothing in it that is secret.

        What lasts too long is left to itself: it counts as failed, and may arrive all the same.
        """
        known = next((each for each in self.places if each.name == service.name), None)
        place = known or Place(name=service.name, url=service.address)
        answer: list[str] = []
        if place.scheme != CALLBACK:
            _set_up()

        def act() -> None:
            try:
                answer.append(self._send(place, notifications, incident, resolve=resolve))
            except BaseException as error:  # a callback may exit: the answer is all that leaves this thread
                answer.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=act, name=f"notify {service.name}", daemon=True)
        thread.start()
        thread.join(self.seconds)
        return without_secrets(place, answer[0]) if answer else f"no answer within {self.seconds:g} s"

    def _send(self, place: Place, notifications: Sequence[Notification], incident: str, *, resolve: bool) -> str:
        if place.scheme == CALLBACK:
            return _call(place.url.partition("://")[2], notifications)
        refused: list[str] = []
        hosts = Hosts(allowed=self.hosts.allowed, refused=refused)
        try:
            if place.host:
                hosts.check(place.host)
            with hosts.guarding(), _listening() as said:
                sent = _through_apprise(place, notifications, incident, resolve=resolve, seconds=self.seconds)
        except Refused as error:
            return str(error)
        if refused:
            return refused[0]
        return "" if sent else " ".join(said) or "the service did not take it, and did not say why"


def without_secrets(place: Place, text: str) -> str:
    """What may be kept of what a service said: in one line, without any part of its address."""
    told = " ".join(text.split())
    for secret in place.secrets:
        told = told.replace(secret, "***")
    told = _ADDRESS.sub(r"\1…", told)
    return told if len(told) <= LONGEST_ERROR else told[: LONGEST_ERROR - 1] + "…"


def _through_apprise(
    place: Place, notifications: Sequence[Notification], incident: str, *, resolve: bool, seconds: float
) -> bool:
    """Send by one service of apprise."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="retraining", app_desc="Model retraining", app_url="", http_redirects=False, image_url_mask="",
        image_url_logo="",
    )  # fmt: skip  # no pictures: they would be fetched from elsewhere
    title, text = title_and_text(notifications)
    service = apprise.Apprise.instantiate(_address(place, notifications, incident, resolve), asset=asset)
    if service is None:
        raise ValueError("apprise cannot read the address of this service")
    service.redirects = False
    service.socket_connect_timeout = min(service.socket_connect_timeout, seconds)
    service.socket_read_timeout = min(service.socket_read_timeout, seconds)
    kind = _type(notifications)
    return bool(service.notify(body=text, title=title, notify_type=kind, body_format=apprise.NotifyFormat.TEXT))


def _address(place: Place, notifications: Sequence[Notification], incident: str, resolve: bool) -> str:
    """The address with what this message adds to it."""
    added: dict[str, str] = {}
    if place.scheme in INCIDENTS:
        added = {"dedup": incident, "action": "resolve" if resolve else "trigger"}
    elif place.scheme in PAYLOAD:
        one = notifications[0]
        added = {f":{name}": str(value) for name, value in _told_to_programs(one).items()}
        if len(notifications) > 1:
            added = {":models": ",".join(sorted({each.subject for each in notifications})), ":kind": "digest"}
    url = _OWN.sub(r"\1", place.url)
    return f"{url}{'&' if '?' in url else '?'}{urlencode(added, quote_via=quote)}" if added else url


def _told_to_programs(one: Notification) -> dict[str, Any]:
    return {
        "model_name": one.model_name, "kind": one.kind, "phase": str(one.phase), "severity": str(one.severity),
        "key": one.key, "run_id": one.run_id, "owner": one.owner,
    }  # fmt: skip


def _type(notifications: Sequence[Notification]) -> str:
    """What kind of message it is to apprise: it chooses a colour by it."""
    begun = [each for each in notifications if each.phase is not Phase.OVER]
    if not begun or all(each.kind == News.PROMOTED for each in begun):
        return "success"
    return _TYPES[max(begun, key=lambda each: _grave(each.severity)).severity]


def _call(name: str, notifications: Sequence[Notification]) -> str:
    """Call a function for each notification: ``(model_name, status, duration, **kwargs)``."""
    for each in notifications:
        words = dict(words_of(each))
        words.pop("model_name")
        status = "success" if each.kind == News.PROMOTED else each.kind
        duration = float(words.pop("duration") or 0.0)
        _function(each, name)(each.model_name, status, duration, **words, key=each.key)
    return ""


def _function(each: Notification, name: str) -> Callable[..., Any]:
    return callback(each.model_name, name)


def _grave(severity: str) -> int:
    return ("LOW", "MEDIUM", "HIGH", "CRITICAL").index(severity)


def _hear(record: logging.LogRecord) -> bool:
    """Keep what a library says while this thread sends from every log: it may hold an address; we listen to it."""
    if not is_sending():
        return True
    said = getattr(_heard, "said", None)
    if said is not None and record.name == "apprise" and record.levelno >= logging.WARNING:
        said.append(record.getMessage())
    return False


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What apprise says meanwhile comes here, and to no log: it may hold addresses."""
    said: list[str] = []
    _heard.said = said
    try:
        yield said
    finally:
        _heard.said = None


_set: list[bool] = []


def _set_up() -> None:
    """Once a process: what apprise and what it stands on say while we send goes nowhere else."""
    if _set:
        return
    import apprise  # noqa: F401  # a second that is not to be counted among those of a message

    _set.append(True)
    for name in ("apprise", "urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests", "requests_oauthlib"):
        logging.getLogger(name).addFilter(_hear)
