"""The services that messages go to, as one Airflow connection of the type ``apprise`` names them.

Nothing of an address but its kind, and its host where that is no secret, is ever shown or kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from include.data.sources.environment import connection_extra, connection_variable
from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.registry.home import said

VARIABLE = "RETRAINING_NOTIFY_CONNECTION"
USUAL = "retraining_notify"
CALLBACK = "python"
INCIDENTS = frozenset({"pagerduty"})
_OPEN_HOSTS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
_EXPECTED = 'write {"config": [{"path": "jsons://host/path", "tag": "ops"}]} as its extra'
_FIELDS = ("path", "tag", "least")
_SECRET = 4  # characters from which on a part of an address may be a secret

Find = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One service with its secrets.

    Parameters
    ----------
    url : str
        As apprise has it; or ``python://module:function``.
    tags : tuple of str
        By which models choose it.
    least : Severity
        What is less severe does not go there.
    """

    name: str
    url: str = field(repr=False)
    tags: tuple[str, ...] = ()
    least: Severity = Severity.LOW

    @property
    def scheme(self) -> str:
        """What kind of service it is."""
        return scheme_of(self.url)

    @property
    def address(self) -> str:
        """What may be shown: kind, and host where that is one."""
        return shown(self.url)

    @property
    def host(self) -> str:
        """The host that it leads to, where the address says it; else empty."""
        return host_of(self.url)

    @property
    def secrets(self) -> Sequence[str]:
        """All parts of the address that may be secret, the longest first."""
        rest = self.url.partition("://")[2]
        if self.scheme == CALLBACK:
            return ()
        parts = {each for part in re.split(r"[/?&=@:#,;]", rest) for each in (part, unquote(part))}
        known = {self.host, *self.tags} if self.host else set(self.tags)
        return sorted((each for each in parts - known if len(each) >= _SECRET), key=len, reverse=True)


def places(environment: Mapping[str, str] | None = None, find: Find | None = None) -> Sequence[Place]:
    """The services of this deployment; none where no connection is named and the usual one is not there.

    Parameters
    ----------
    find : callable, optional
        Given the name of a connection: its extra fields, None where there is none. By default the environment holds it.

    Raises
    ------
    ConfigurationError
        When a connection that is named is not there, or does not say what it should.
    """
    env = os.environ if environment is None else environment
    named = said(VARIABLE, env)
    name = named or USUAL
    extra = connection_extra(name, "apprise", env) if find is None else find(name)
    if extra is None:
        if named:
            raise ConfigurationError(
                f"connection {name}", f"there is none, and {VARIABLE} names it; add it, or set "
                f"{connection_variable(name)}",
            )  # fmt: skip
        return ()
    return read_places(f"connection {name}", extra)


def read_places(where: str, extra: Mapping[str, Any]) -> Sequence[Place]:
    """Read the services of a connection's extra fields; a `ConfigurationError` shows no address."""
    config = extra.get("config")
    try:
        config = json.loads(config) if isinstance(config, str) else config
    except ValueError:
        raise ConfigurationError(where, f"its config cannot be read; {_EXPECTED}") from None
    entries = [config] if isinstance(config, Mapping) else config
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise ConfigurationError(where, f"it has no list of services; {_EXPECTED}")
    found: list[Place] = []
    for number, entry in enumerate(entries, 1):
        for path in _texts(entry.get("path")):
            found.append(_place(where, number, entry, path, [each.name for each in found]))
    return found


def _place(where: str, number: int, entry: Mapping[str, Any], path: str, taken: Sequence[str]) -> Place:
    at = f"config {number}"
    if foreign := sorted(set(entry) - set(_FIELDS)):
        raise ConfigurationError(where, f"{at}: {', '.join(foreign)}: not known; known: {', '.join(_FIELDS)}")
    if not scheme_of(path):
        raise ConfigurationError(where, f"{at}: its path is no address of a service; {_EXPECTED}")
    least = str(entry.get("least", Severity.LOW)).upper()
    if least not in list(Severity):
        raise ConfigurationError(where, f"{at}: least: found {least!r}; allowed: {', '.join(Severity)}")
    tags = tuple(each for text in _texts(entry.get("tag")) for each in re.split(r"[,\s]+", text) if each)
    plain = f"{tags[0]}/{scheme_of(path)}" if tags else scheme_of(path)
    same = sum(each == plain or each.startswith(f"{plain}#") for each in taken)
    return Place(name=f"{plain}#{same + 1}" if same else plain, url=path, tags=tags, least=Severity(least))


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(each).strip() for each in value] if isinstance(value, list | tuple) else [str(value).strip()]


def scheme_of(url: str) -> str:
    """The kind of an address; empty for what is none.

    >>> scheme_of("slack://T1/B2/C3")
    'slack'
    """
    found = re.match(r"([A-Za-z][A-Za-z0-9.+-]{0,31})://.", url)
    return found[1].lower() if found else ""


def host_of(url: str) -> str:
    """The host of an address of which the place of the host is known to hold one; else empty."""
    if scheme_of(url) not in _OPEN_HOSTS:
        return ""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def shown(url: str) -> str:
    """What may be shown of an address.

    >>> shown("jsons://ada:secret@hooks.example.com/services/T1?key=2"), shown("slack://T1/B2/C3")
    ('jsons://hooks.example.com', 'slack://…')
    >>> shown("python://shop.alarms:call")
    'python://shop.alarms:call'
    """
    scheme = scheme_of(url)
    if scheme == CALLBACK:
        return url
    host = host_of(url)
    return f"{scheme}://{host or '…'}"
