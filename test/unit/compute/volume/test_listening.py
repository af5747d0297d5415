"""Where other hosts are told to come for a volume's bytes."""

from __future__ import annotations

import pytest

from compute.core.errors import BadRequest
from compute.volume.connection import Connector
from compute.volume.drivers.listening import Listening

PORTS = range(1)
OURS = "192.0.2.1"


def listening(address: str) -> Listening:
    return Listening("here", address, PORTS, towards=lambda address: OURS)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_a_loopback_is_reached_from_this_machine_only(address: str) -> None:
    found = listening(address)
    found.check_way(Connector("here", "192.0.2.7"))
    for nearby in ("", "127.0.0.1", "localhost", "0.0.0.0", "::"):
        found.check_way(Connector("there", nearby))
    with pytest.raises(BadRequest) as caught:
        found.check_way(Connector("there", "192.0.2.7"))
    assert "tcp_address" in caught.value.text and "there" in caught.value.text


def test_other_addresses_are_for_everybody() -> None:
    for address in ("192.0.2.1", "0.0.0.0", "::", "volumes.example"):
        listening(address).check_way(Connector("there", "192.0.2.7"))


def test_who_listens_everywhere_shows_the_address_that_leads_here() -> None:
    there = Connector("there", "192.0.2.7")
    assert listening("192.0.2.9").shown_to(there) == "192.0.2.9"
    assert listening("0.0.0.0").shown_to(there) == OURS
    assert listening("::").shown_to(Connector("there")) == "here"
    found = Listening("here", "0.0.0.0", PORTS)
    assert found.shown_to(Connector("there", "127.0.0.1")) == "127.0.0.1"
