"""What a host's guests cannot have is refused before anything begins."""

from __future__ import annotations

import dataclasses

import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.guests import Ability
from compute.instance.abilities import NEEDED, needs_of
from compute.instance.model import ACTIONS
from test.unit.compute.instance.house import House

FLAVOR = {"ephemeral": 0, "swap": 0}


def take_all_abilities(house: House) -> None:
    for kit in house.kits.values():
        assert isinstance(kit.hypervisor, SimHypervisor)
        host = dataclasses.replace(kit.hypervisor.host, lacks=tuple(Ability))
        kit.hypervisor.host = host
    house.agent.report()


def test_the_table_speaks_of_actions_and_abilities_that_there_are() -> None:
    assert set(NEEDED) <= set(ACTIONS)
    assert set(NEEDED.values()) <= set(Ability)


@pytest.mark.parametrize("action", ["suspend", "rescue", "os-migrateLive"])
def test_refused_where_it_is_lacking(house: House, action: str) -> None:
    [server] = [house.ok("POST", "/servers", {"server": house.order()})["server"]]
    house.work()
    take_all_abilities(house)
    live = {"host": None, "block_migration": "auto"}
    value = live if action == "os-migrateLive" else None
    got = house.act(server["id"], action, value, roles="admin,member")
    assert got.status == 409, got.body
    assert "hypervisor (sim) cannot" in got.json["conflictingRequest"]["message"]
    shown = house.ok("GET", f"/servers/{server['id']}")["server"]
    assert (shown["status"], shown["OS-EXT-STS:task_state"]) == ("ACTIVE", None)


def test_screens_are_refused_and_serial_consoles_are_not(house: House) -> None:
    server = house.ok("POST", "/servers", {"server": house.order()})["server"]
    house.work()
    take_all_abilities(house)
    path = f"/servers/{server['id']}/remote-consoles"
    for protocol, kind, status in (("vnc", "novnc", 409), ("serial", "serial", 200)):
        body = {"remote_console": {"protocol": protocol, "type": kind}}
        assert house.ask("POST", path, body).status == status


def test_what_a_server_needs_of_its_host() -> None:
    volume = {"id": "d", "source": "volume", "destination": "volume"}
    assert needs_of([], FLAVOR, {}) == frozenset()
    assert needs_of([volume], FLAVOR, {}) == {"volumes"}
    assert needs_of([], {**FLAVOR, "swap": 64}, {}) == {"extra-disks"}
    assert needs_of([], {**FLAVOR, "ephemeral": 1}, {}) == frozenset()
    assert needs_of([], FLAVOR, {"disk_format": "iso"}) == {"extra-disks"}
