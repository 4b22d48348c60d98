"""Which hosts messages may be sent to: nothing that only this machine, or its cloud, should be able to reach.

A name may lead anywhere, and lead elsewhere the next moment; so it is the address of each connection that is looked at,
when the connection is made. An audit hook of Python sees them all, of the thread that sends, and of no other.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from include.errors import ConfigurationError

VARIABLE = "RETRAINING_NOTIFY_ALLOW"
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_METADATA = {ip_address(each) for each in ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")}
_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))  # IPv4 addresses behind a translator
_sending = threading.local()
_installed = threading.Lock()
_hooked: list[bool] = []


class Refused(OSError):
    """A connection to an address that nobody has allowed."""


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """What may be reached though it is not on the open network (`RETRAINING_NOTIFY_ALLOW`)."""

    allowed: Sequence[Network] = ()
    refused: list[str] = field(default_factory=list, compare=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Hosts:
        """Read the networks: addresses such as ``127.0.0.1``, or networks such as ``10.1.0.0/16``, with commas."""
        text = (os.environ if environment is None else environment).get(VARIABLE, "")
        try:
            return cls(allowed=tuple(ip_network(each.strip()) for each in text.split(",") if each.strip()))
        except ValueError as error:
            raise ConfigurationError(
                VARIABLE, f"{error}; write addresses and networks, for example 127.0.0.1, 169.254.1.0/24"
            ) from error

    def why_not(self, address: str) -> str:
        """Why an address is not to be reached; empty where it may be.

        >>> Hosts().why_not("169.254.169.254")
        'link-local'
        >>> Hosts().why_not("::ffff:127.0.0.1")
        'loopback'
        >>> Hosts().why_not("192.0.2.17"), Hosts().why_not("10.0.0.5")
        ('reserved', '')
        """
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return "no address"
        inner = _stands_for(found)
        named = (each in network for each in (found, *inner) for network in self.allowed
                 if each.version == network.version)  # fmt: skip
        return "" if any(named) else next((why for each in inner or [found] if (why := _kind(each))), "")

    def check(self, host: str) -> None:
        """Look a host up and raise `Refused` where one of its addresses is not to be reached.

        A name that is not known is left to whoever connects.
        """
        try:
            found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        for each in found:
            self._refuse(str(each[4][0]))

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Refuse connections of this thread to what is not to be reached, for as long as this is open."""
        _install()
        _sending.hosts = self
        try:
            yield
        finally:
            _sending.hosts = None

    def _refuse(self, address: str) -> None:
        if why := self.why_not(address):
            told = f"{address} is {why}: refused; if that is meant, name it in {VARIABLE}"
            self.refused.append(told)
            raise Refused(told)


def is_sending() -> bool:
    """Whether this thread sends a message now."""
    return getattr(_sending, "hosts", None) is not None


def _stands_for(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address stands for; none for most."""
    if isinstance(address, IPv4Address) or address.is_loopback or address.is_unspecified:
        return []
    found: list[Address] = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    if address.teredo is not None:
        found += list(address.teredo)
    if any(address in network for network in _TRANSLATED) or int(address) < 1 << 32:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def _kind(address: Address) -> str:
    """What kind of address that nobody outside can have; empty for one that may be reached."""
    if address in _METADATA:
        return "a cloud's metadata service"
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified or (isinstance(address, IPv4Address) and address in ip_network("0.0.0.0/8")):
        return "this machine"
    documentation = address.is_private and not _on_premises(address)
    return "reserved" if address.is_reserved or documentation else ""


def _on_premises(address: Address) -> bool:
    """Whether it is an address of somebody's own network, where webhooks live."""
    own = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
    return any(address in network for network in map(ip_network, own) if network.version == address.version)


def _install() -> None:
    with _installed:
        if not _hooked:
            sys.addaudithook(_look)
            _hooked.append(True)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    """See each connection of a thread that sends."""
    if event not in ("socket.connect", "socket.sendto") or not is_sending():
        return
    address = arguments[1]
    if not isinstance(address, tuple):
        raise Refused("a socket of this machine: refused")
    _sending.hosts._refuse(str(address[0]))  # the hook has no object of its own
