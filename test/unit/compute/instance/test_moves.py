"""Moves of any kind: nothing is left, nothing overbooked, the list tells of all."""

from __future__ import annotations

from pathlib import Path

from test.unit.compute.instance.house import House
from test.unit.compute.instance.moving import (
    ADMIN,
    LIVE,
    NOTHING,
    act,
    host_of,
    migrations,
    silence,
    used,
)


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
