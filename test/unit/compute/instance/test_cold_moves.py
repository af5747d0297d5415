"""Servers move between hosts while they stand still, and wait to be confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import (
    ADMIN,
    NOTHING,
    SMALL,
    act,
    guests,
    host_of,
    migrations,
    others,
    port_hosts,
    used,
)


@pytest.mark.parametrize("power", ["active", "stopped"])
def test_migrate_and_confirm(wide: House, power: str) -> None:
    server_id = wide.boot()
    if power == "stopped":
        act(wide, server_id, "os-stop")
        wide.work()
    before = host_of(wide, server_id)
    addresses = wide.show(server_id)["addresses"]
    act(wide, server_id, "migrate")
    assert wide.show(server_id)["status"] == "RESIZE"
    assert sorted(used(wide).values()) == [NOTHING, SMALL, SMALL]
    wide.work()
    server = wide.show(server_id)
    after = server["OS-EXT-SRV-ATTR:host"]
    assert (server["status"], after != before) == ("VERIFY_RESIZE", True)
    assert server["OS-EXT-STS:power_state"] == (1 if power == "active" else 4)
    assert server["addresses"] == addresses
    assert port_hosts(wide, server_id) == {after}
    assert used(wide)[before] == used(wide)[after] == SMALL
    act(wide, server_id, "confirmResize")
    wide.work()
    server = wide.show(server_id)
    assert server["status"] == ("ACTIVE" if power == "active" else "SHUTOFF")
    assert used(wide) == {after: SMALL, **dict.fromkeys(others(wide, after), NOTHING)}
    assert set(guests(wide, server_id)) <= {after}
    (migration,) = migrations(wide)
    assert migration["status"] == "confirmed"
    assert (migration["source_compute"], migration["dest_compute"]) == (before, after)
    assert migration["migration_type"] == "migration"
    act(wide, server_id, "forceDelete")
    wide.work()
    assert wide.leftovers() == []


def test_migrate_and_revert(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    act(wide, server_id, "migrate")
    wide.work()
    act(wide, server_id, "revertResize")
    assert wide.show(server_id)["status"] == "REVERT_RESIZE"
    wide.work()
    server = wide.show(server_id)
    assert (server["status"], server["OS-EXT-SRV-ATTR:host"]) == ("ACTIVE", before)
    assert guests(wide, server_id) == {before: "running"}
    assert port_hosts(wide, server_id) == {before}
    assert used(wide) == {before: SMALL, **dict.fromkeys(others(wide, before), NOTHING)}
    assert migrations(wide)[0]["status"] == "reverted"


def test_a_host_may_be_named(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    wanted = sorted(others(wide, before))[1]
    for host in (before, "nowhere"):
        got = wide.act(server_id, "migrate", {"host": host}, roles=ADMIN)
        assert got.status == 400, got.body
    assert wide.act(server_id, "migrate").status == 403
    act(wide, server_id, "migrate", {"host": wanted})
    wide.work()
    assert host_of(wide, server_id) == wanted


def test_a_host_is_not_heeded_before_2_56(wide: House) -> None:
    server_id = wide.boot()
    named = {"host": "nowhere"}
    got = wide.act(server_id, "migrate", named, roles=ADMIN, version="2.55")
    assert got.status == 202, got.body
    wide.work()
    assert wide.show(server_id)["status"] == "VERIFY_RESIZE"


def test_a_resize_goes_elsewhere_when_there_is_no_room(tmp_path: Path) -> None:
    house = House(tmp_path, hosts=2, quota_ram=-1)
    house.furnish()
    house.flavor("huge", ram=100_000, vcpus=2, disk=2)
    blocker = house.boot("blocker", flavorRef="huge")
    full = host_of(house, blocker)
    server_id = house.boot("web", availability_zone=f"nova:{full}", roles=ADMIN)
    assert host_of(house, server_id) == full
    wish = {"flavorRef": "huge", "OS-DCF:diskConfig": "AUTO"}
    act(house, server_id, "resize", wish)
    house.work()
    server = house.show(server_id)
    assert server["OS-DCF:diskConfig"] == "AUTO"
    assert server["status"] == "VERIFY_RESIZE"
    assert server["OS-EXT-SRV-ATTR:host"] != full
    assert server["flavor"]["original_name"] == "huge"
    act(house, server_id, "revertResize")
    house.work()
    server = house.show(server_id)
    assert (server["flavor"]["original_name"], host_of(house, server_id)) == (
        "small",
        full,
    )
    act(house, server_id, "resize", {"flavorRef": "huge"})
    house.work()
    act(house, server_id, "confirmResize")
    house.work()
    place = used(house)[host_of(house, server_id)]
    assert place == (2, 100_000, 2, 1)
    assert migrations(house)[0]["migration_type"] == "resize"
    # There is no third place for it.
    assert house.act(blocker, "migrate", roles=ADMIN).status == 400
    house.close()


def test_what_fails_on_arrival_goes_back(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    for name in others(wide, before):
        kit = wide.kits[name]
        kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
            RuntimeError("it burns") if (method, moment) == ("start", "after") else None
        )
    act(wide, server_id, "migrate")
    wide.work()
    server = wide.show(server_id)
    assert (server["status"], server["OS-EXT-SRV-ATTR:host"]) == ("ACTIVE", before)
    assert guests(wide, server_id) == {before: "running"}
    assert port_hosts(wide, server_id) == {before}
    assert used(wide) == {before: SMALL, **dict.fromkeys(others(wide, before), NOTHING)}
    assert migrations(wide)[0]["status"] == "error"
    assert wide.leftovers() == []
