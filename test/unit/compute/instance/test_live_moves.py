"""Servers move while they run: seen, hurried, aborted, failing."""

from __future__ import annotations

import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import (
    ADMIN,
    LIVE,
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


def slow(house: House, seconds: float) -> None:
    for kit in house.kits.values():
        assert isinstance(kit.hypervisor, SimHypervisor)
        kit.hypervisor.move_seconds = seconds


@pytest.mark.parametrize("power", ["active", "paused"])
def test_live_migrate(wide: House, power: str) -> None:
    server_id = wide.boot()
    if power == "paused":
        act(wide, server_id, "pause")
        wide.work()
    before = host_of(wide, server_id)
    act(wide, server_id, "os-migrateLive", LIVE)
    assert wide.show(server_id)["status"] == "MIGRATING"
    wide.work()
    server = wide.show(server_id)
    after = server["OS-EXT-SRV-ATTR:host"]
    assert (server["status"], after != before) == (power.upper(), True)
    state = "running" if power == "active" else "paused"
    assert guests(wide, server_id) == {after: state}
    assert port_hosts(wide, server_id) == {after}
    assert used(wide) == {after: SMALL, **dict.fromkeys(others(wide, after), NOTHING)}
    assert migrations(wide)[0]["status"] == "completed"
    act(wide, server_id, "forceDelete")
    wide.work()
    assert wide.leftovers() == []


def test_a_live_migration_is_seen_and_aborted(wide: House) -> None:
    slow(wide, 10.0)
    server_id = wide.boot()
    before = host_of(wide, server_id)
    act(wide, server_id, "os-migrateLive", LIVE)
    path = f"/servers/{server_id}/migrations"
    wide.work()
    wide.clock.advance(5)
    wide.work()
    (one,) = wide.ok("GET", path, roles=ADMIN)["migrations"]
    assert one["status"] == "running"
    assert 0 < one["memory_remaining_bytes"] < one["memory_total_bytes"] == 512 << 20
    shown = wide.ok("GET", f"{path}/{one['id']}", roles=ADMIN)["migration"]
    assert shown["uuid"] == one["uuid"]
    assert wide.ask("GET", f"{path}/{one['id'] + 1}", roles=ADMIN).status == 404
    (listed,) = migrations(wide)
    assert listed["links"][0]["href"].endswith(f"{path}/{one['id']}")
    assert wide.ask("DELETE", f"{path}/{one['id']}").status == 403
    assert wide.ask("DELETE", f"{path}/{one['id']}", roles=ADMIN).status == 202
    wide.clock.advance(1)
    wide.work()
    server = wide.show(server_id)
    assert (server["status"], server["OS-EXT-SRV-ATTR:host"]) == ("ACTIVE", before)
    assert guests(wide, server_id) == {before: "running"}
    assert used(wide) == {before: SMALL, **dict.fromkeys(others(wide, before), NOTHING)}
    assert migrations(wide)[0]["status"] == "cancelled"
    gone = wide.ask("DELETE", f"{path}/{one['id']}", roles=ADMIN)
    assert gone.status == 409
    assert wide.leftovers() == []


def test_a_live_migration_is_completed_by_force(wide: House) -> None:
    slow(wide, 1000.0)
    server_id = wide.boot()
    before = host_of(wide, server_id)
    act(wide, server_id, "os-migrateLive", LIVE)
    wide.work()
    path = f"/servers/{server_id}/migrations"
    (one,) = wide.ok("GET", path, roles=ADMIN)["migrations"]
    hurry = {"force_complete": None}
    wide.ok("POST", f"{path}/{one['id']}/action", hurry, roles=ADMIN)
    for _ in range(3):
        wide.clock.advance(1)
        wide.work()
    assert host_of(wide, server_id) != before


def test_live_migration_by_versions(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    shared = {"host": None, "block_migration": False}
    old = {"host": None, "block_migration": True, "disk_over_commit": False}
    for body, version, status in (
        (shared, "2.33", 400),  # no shared storage
        (LIVE, "2.24", 400),  # "auto" since 2.25
        ({**LIVE, "force": True}, "2.30", 400),  # without a host
        ({**LIVE, "force": True, "host": "host0"}, "2.68", 400),
        ({**LIVE, "host": before}, "2.96", 400),
    ):
        got = wide.act(server_id, "os-migrateLive", body, roles=ADMIN, version=version)
        assert got.status == status, (body, version, got.body)
    act(wide, server_id, "os-migrateLive", shared)  # told later since 2.34
    wide.work()
    assert host_of(wide, server_id) == before
    assert migrations(wide)[0]["status"] == "error"
    act(wide, server_id, "os-migrateLive", old, version="2.24")
    wide.work()
    assert host_of(wide, server_id) != before


def test_what_never_arrives_runs_on(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    kit = wide.kits[before]
    kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
        RuntimeError("the wire is cut")
        if (method, moment) == ("move", "before")
        else None
    )
    act(wide, server_id, "os-migrateLive", LIVE)
    wide.work()
    server = wide.show(server_id)
    assert (server["status"], server["OS-EXT-SRV-ATTR:host"]) == ("ACTIVE", before)
    assert used(wide) == {before: SMALL, **dict.fromkeys(others(wide, before), NOTHING)}
    assert wide.leftovers() == []
