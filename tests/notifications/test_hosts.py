"""Which addresses messages may go to."""

from __future__ import annotations

import pytest

from include.errors import ConfigurationError
from include.interfaces.notifications.hosts import Hosts

OPEN = ["8.8.8.8", "10.1.2.3", "192.168.0.7", "172.16.0.1", "100.64.0.9", "2606:4700::1111", "fd12:3456::1",
        "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]  # fmt: skip
CLOSED = ["127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "224.0.0.1",  # noqa: S104
          "255.255.255.255", "240.0.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "::1", "::", "fe80::1",
          "fe80::1%eth0", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
          "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
          "not an address", ""]  # fmt: skip


@pytest.mark.parametrize("address", OPEN)
def test_address_of_the_open_or_of_ones_own_network_may_be_reached(address: str) -> None:
    assert Hosts().why_not(address) == ""


@pytest.mark.parametrize("address", CLOSED)
def test_address_that_only_this_machine_or_its_cloud_has_is_refused(address: str) -> None:
    assert Hosts().why_not(address)


def test_only_what_is_named_is_allowed() -> None:
    here = Hosts.from_environment({"RETRAINING_NOTIFY_ALLOW": " 127.0.0.1, 169.254.10.0/24,,::1"})
    assert [here.why_not(each) for each in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.10.9", "::1")] == [""] * 4
    assert here.why_not("127.0.0.2")
    assert here.why_not("169.254.169.254")


@pytest.mark.parametrize("text", ["localhost", "127.0.0.1/8", "10.0.0", "*"])
def test_what_is_no_network_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigurationError, match="RETRAINING_NOTIFY_ALLOW"):
        Hosts.from_environment({"RETRAINING_NOTIFY_ALLOW": text})
