"""Encrypted tunnels: who is told whose key, and what the setting changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.network.client import NewPort
from test.fakes.hasty_database import hasty_database
from test.unit.compute.network.house import OWNER, House

KEYS = {name: name[0].upper() * 43 + "=" for name in ("alpha", "beta")}
ENDS = {"alpha": "192.0.2.1", "beta": "192.0.2.2"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, encrypt_tunnels=True)
    yield made
    made.close()


def tell(house: House, host: str, key: str) -> None:
    house.report(host, tunnels_end_at=ENDS[host], key=key)


def shared_network(house: House) -> dict[str, object]:
    network, _ = house.network()
    for host in ENDS:
        new = NewPort(network["id"], device_id=host, host=host)
        house.client.create_ports(OWNER, [new])
    return dict(network)


def told_key(house: House, host: str, network: dict[str, object]) -> str:
    view = house.view(host)
    assert view.encrypts_tunnels
    (found,) = (each for each in view.networks if each.id == network["id"])
    (remote,) = found.remotes
    return remote.key


def test_each_host_is_told_the_keys_of_the_others(house: House) -> None:
    tell(house, "alpha", KEYS["alpha"])
    tell(house, "beta", KEYS["beta"])
    network = shared_network(house)
    assert network["mtu"] == 1500 - 130
    assert told_key(house, "alpha", network) == KEYS["beta"]
    assert told_key(house, "beta", network) == KEYS["alpha"]
    house.listen("network.host.alpha")
    tell(house, "beta", "C" * 43 + "=")
    assert house.woken
    assert told_key(house, "alpha", network) == "C" * 43 + "="


@pytest.mark.parametrize(
    "key", ["", "short=", "B" * 44, "B" * 42 + "\n=", "B" * 43 + "=\n[Peer]", "B" * 400]
)
def test_what_is_no_key_is_none(house: House, key: str) -> None:
    tell(house, "alpha", KEYS["alpha"])
    tell(house, "beta", key)
    assert told_key(house, "alpha", shared_network(house)) == ""


def test_the_setting_is_a_new_revision_of_views(tmp_path: Path) -> None:
    database = hasty_database(tmp_path)
    first = House(tmp_path, database=database)
    revision = first.view("alpha").revision
    again = House(tmp_path, database=database)
    assert again.view("alpha").revision == revision
    assert again.client.host_view("alpha", revision) is None
    turned_on = House(tmp_path, database=database, encrypt_tunnels=True)
    assert turned_on.client.host_view("alpha", revision) is not None
    turned_on.close()
