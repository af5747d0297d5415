"""Servers move between hosts: both places held, nothing left, nothing overbooked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from test.unit.compute.instance.house import House

ADMIN = "admin"


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=3)
    house.furnish()
    house.flavor("large", ram=1024, vcpus=2, disk=2)
    yield house
    house.close()


def host_of(house: House, server_id: str) -> str:
    return str(house.show(server_id)["OS-EXT-SRV-ATTR:host"])


def used(house: House) -> dict[str, tuple[int, int, int, int]]:
    hosts = house.database.read(house.wiring.stores.hosts.all)
    return {
        host.host: (
            host.vcpus_used,
            host.memory_used_mib,
            host.disk_used_gib,
            host.servers,
        )
        for host in hosts
    }


NOTHING, SMALL, LARGE = (0, 0, 0, 0), (1, 512, 1, 1), (2, 1024, 2, 1)


def act(house: House, server_id: str, name: str, value: Any = None, **who: Any) -> None:
    who.setdefault("roles", ADMIN)
    got = house.act(server_id, name, value, **who)
    assert got.status < 300, (name, got.status, got.body)


def guests(house: House, server_id: str) -> dict[str, str]:
    return {
        name: str(states[server_id])
        for name, kit in house.kits.items()
        if server_id in (states := kit.hypervisor.states())
    }


def port_hosts(house: House, server_id: str) -> set[str]:
    return {port.host for port in house.network.ports_of_device(server_id)}


def migrations(house: House, query: str = "", **who: Any) -> Any:
    who.setdefault("roles", ADMIN)
    return house.ok("GET", f"/os-migrations{query}", **who)["migrations"]


def others(house: House, *hosts: str) -> set[str]:
    return set(house.kits) - set(hosts)


def silence(house: House, host: str) -> None:
    """The host's agent is heard of no more; the others go on."""
    house.clock.advance(house.settings.down_after + 1)
    house.agent = house.new_agent(
        f"all but {host}", {n: k for n, k in house.kits.items() if n != host}
    )
    house.agent.report()


# ---- cold ----------------------------------------------------------------------


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
    act(house, server_id, "resize", {"flavorRef": "huge"})
    house.work()
    server = house.show(server_id)
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


# ---- evacuate --------------------------------------------------------------------


def test_evacuate(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    got = wide.act(server_id, "evacuate", {}, roles=ADMIN)
    assert (got.status, b"still in use" in got.body) == (400, True)
    silence(wide, before)
    assert wide.act(server_id, "evacuate", {}).status == 403
    bad = wide.act(server_id, "evacuate", {"host": before}, roles=ADMIN)
    assert bad.status == 400
    assert wide.act(server_id, "evacuate", {"host": "x"}, roles=ADMIN).status == 404
    got = wide.act(server_id, "evacuate", {}, roles=ADMIN, version="2.94")
    assert (got.status, got.body) == (200, b"")
    assert wide.show(server_id)["status"] == "REBUILD"
    wide.work()
    server = wide.show(server_id)
    after = server["OS-EXT-SRV-ATTR:host"]
    assert (server["status"], after != before) == ("ACTIVE", True)
    assert port_hosts(wide, server_id) == {after}
    # Its guest may still run there, so its place is not given to others yet.
    assert used(wide)[before] == used(wide)[after] == SMALL
    assert set(guests(wide, server_id)) == {before, after}
    wide.agent = wide.new_agent()
    wide.agent.report()
    wide.work()
    assert guests(wide, server_id) == {after: "running"}
    assert used(wide)[before] == NOTHING
    (migration,) = migrations(wide, "?migration_type=evacuation")
    assert migration["status"] == "done"


def test_a_host_that_comes_back_looks_by_itself(wide: House) -> None:
    """Though the job that should remove what is left is lost."""
    server_id = wide.boot()
    before = host_of(wide, server_id)
    silence(wide, before)
    act(wide, server_id, "evacuate", {}, version="2.94")
    wide.work()
    jobs = wide.wiring.stores.jobs

    def lose(connection: Any) -> None:
        for job in jobs.open_of(connection, server_id):
            jobs.abandon(connection, job.id, wide.clock.time(), "lost")

    wide.database.run(lose)
    assert server_id not in wide.instances.known_on(before)
    wide.agent = wide.new_agent()
    wide.agent.report()
    wide.agent.reconcile()
    assert set(guests(wide, server_id)) == {host_of(wide, server_id)}


def test_evacuated_servers_are_stopped_since_2_95(wide: House) -> None:
    server_id = wide.boot()
    silence(wide, host_of(wide, server_id))
    act(wide, server_id, "evacuate", {})
    wide.work()
    assert wide.show(server_id)["status"] == "SHUTOFF"


def test_evacuate_in_older_words(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    services = wide.ok("GET", f"/os-services?host={before}", roles=ADMIN)["services"]
    path = f"/os-services/{services[0]['id']}"
    wide.ok("PUT", path, {"forced_down": True}, roles=ADMIN)
    shared = {"onSharedStorage": True}
    got = wide.act(server_id, "evacuate", shared, roles=ADMIN, version="2.13")
    assert got.status == 400
    own = {"onSharedStorage": False, "adminPass": "secret"}
    got = wide.act(server_id, "evacuate", own, roles=ADMIN, version="2.13")
    assert got.json == {"adminPass": "secret"}
    wide.work()
    assert host_of(wide, server_id) != before


def test_a_host_that_does_not_come_back_can_be_forgotten(wide: House) -> None:
    server_id = wide.boot()
    before = host_of(wide, server_id)
    services = wide.ok("GET", f"/os-services?host={before}", roles=ADMIN)["services"]
    silence(wide, before)
    path = f"/os-services/{services[0]['id']}"
    assert wide.ask("DELETE", path, roles=ADMIN).status == 409
    act(wide, server_id, "evacuate", {})
    wide.work()
    assert wide.ask("DELETE", path, roles=ADMIN).status == 204
    act(wide, server_id, "forceDelete")
    wide.work()
    assert set(used(wide).values()) == {NOTHING}


# ---- live ------------------------------------------------------------------------

LIVE = {"host": None, "block_migration": "auto"}


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


# ---- volumes ---------------------------------------------------------------------


def serials(house: House, host: str, server_id: str) -> set[str]:
    found = house.kits[host].hypervisor.disk_serials(server_id)
    return {serial for serial in found.values() if serial}


def test_volumes_go_along(wide: House) -> None:
    server_id, volume_id = wide.boot(), wide.volume_service.add()
    body = {"volumeAttachment": {"volumeId": volume_id}}
    wide.ok("POST", f"/servers/{server_id}/os-volume_attachments", body)
    wide.work()
    before = host_of(wide, server_id)
    act(wide, server_id, "migrate")
    wide.work()
    after = host_of(wide, server_id)
    assert after != before
    assert volume_id in serials(wide, after, server_id)
    act(wide, server_id, "confirmResize")
    wide.work()
    assert wide.volume_service.status(volume_id) == "in-use"
    silence(wide, after)
    act(wide, server_id, "evacuate", {}, version="2.94")
    wide.work()
    assert volume_id in serials(wide, host_of(wide, server_id), server_id)


# ---- the list --------------------------------------------------------------------


def test_the_list_in_pages(wide: House) -> None:
    ids = [wide.boot(f"s{number}") for number in range(3)]
    for server_id in ids:
        wide.clock.advance(1)
        act(wide, server_id, "os-migrateLive", LIVE)
    wide.work()
    found = wide.ok("GET", "/os-migrations?limit=2", roles=ADMIN)
    assert [each["instance_uuid"] for each in found["migrations"]] == ids[:0:-1]
    (link,) = found["migrations_links"]
    rest = migrations(wide, "?" + link["href"].partition("?")[2])
    assert [each["instance_uuid"] for each in rest] == ids[:1]
    assert len(migrations(wide, f"?instance_uuid={ids[0]}")) == 1
    assert migrations(wide, "?status=error") == []
    assert "uuid" not in migrations(wide, version="2.58")[0]
    assert "migration_type" not in migrations(wide, version="2.22")[0]
    assert "user_id" not in migrations(wide, version="2.79")[0]
    assert wide.ask("GET", "/os-migrations").status == 403
    bad = wide.ask("GET", "/os-migrations?marker=none", roles=ADMIN)
    assert bad.status == 400


# ---- many ------------------------------------------------------------------------


def test_a_host_is_drained(tmp_path: Path) -> None:
    house = House(tmp_path, hosts=4, quota_instances=-1, quota_cores=-1, quota_ram=-1)
    house.furnish()
    ids = [house.boot(f"s{number}", work=False) for number in range(12)]
    house.work()
    full = max(used(house), key=lambda name: used(house)[name][3])
    services = house.ok("GET", f"/os-services?host={full}", roles=ADMIN)["services"]
    body = {"status": "disabled", "disabled_reason": "repair"}
    house.ok("PUT", f"/os-services/{services[0]['id']}", body, roles=ADMIN)
    for server_id in ids:
        if host_of(house, server_id) == full:
            act(house, server_id, "os-migrateLive", LIVE)
    house.work()
    assert used(house)[full] == NOTHING
    assert {house.show(each)["status"] for each in ids} == {"ACTIVE"}
    assert sum(place[3] for place in used(house).values()) == len(ids)
    house.close()


def test_a_server_that_moves_is_deleted_wherever_it_is(wide: House) -> None:
    for name, value in (("migrate", None), ("os-migrateLive", LIVE)):
        for steps in range(4):
            server_id = wide.boot()
            act(wide, server_id, name, value)
            for _ in range(steps):
                wide.agent.run_pending(limit=1)
            act(wide, server_id, "forceDelete")
            wide.work()
            assert wide.instances.server(server_id).deleted
            assert wide.leftovers() == [], (name, steps)
            assert set(used(wide).values()) == {NOTHING}, (name, steps)


def test_members_of_a_group_on_their_way_do_not_meet(wide: House) -> None:
    """Neither two that leave at once, nor one that leaves and one that is new."""
    rule = {"name": "apart", "policy": "anti-affinity"}
    group = wide.ok("POST", "/os-server-groups", {"server_group": rule})
    hint = {"group": group["server_group"]["id"]}
    members = []
    for name in ("one", "two"):
        order = {"server": wide.order(name), "os:scheduler_hints": hint}
        members.append(wide.ok("POST", "/servers", order)["server"]["id"])
        wide.work()
    assert wide.act(members[0], "migrate", None, roles="admin").status == 202
    got = wide.act(members[1], "migrate", None, roles="admin")
    assert got.status == 400, got.body  # the third host is promised
    order = {"server": wide.order("three"), "os:scheduler_hints": hint}
    new = wide.ok("POST", "/servers", order)["server"]["id"]
    wide.work()
    hosts = [wide.show(each)["OS-EXT-SRV-ATTR:host"] for each in members]
    assert len(set(hosts)) == 2
    assert wide.show(new)["status"] == "ERROR"
