"""A server's life, action by action, with real neighbours and simulated hosts."""

from __future__ import annotations

import pytest

from objectstore.kernel.errors import InsufficientStorage
from test.unit.compute.instance.house import OTHER, OWNER, House


def test_boot_show_delete(house: House) -> None:
    server_id = house.boot()
    server = house.show(server_id)
    assert server["status"] == "ACTIVE", server
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["OS-EXT-SRV-ATTR:host"] in house.kits
    (address,) = server["addresses"]["private"]
    assert address["addr"].startswith("10.1.")
    assert server["security_groups"] == [{"name": "default"}]
    kit = house.kits[server["OS-EXT-SRV-ATTR:host"]]
    assert kit.hypervisor.states()[server_id] == "running"
    assert house.ask("DELETE", f"/servers/{server_id}").status == 204
    house.work()
    assert house.ask("GET", f"/servers/{server_id}").status == 404
    assert house.leftovers() == []


def test_other_projects_see_nothing(house: House) -> None:
    server_id = house.boot()
    assert house.ask("GET", f"/servers/{server_id}", project=OTHER).status == 404
    assert house.act(server_id, "os-stop", project=OTHER).status == 404
    assert house.ask("DELETE", f"/servers/{server_id}", project=OTHER).status == 404
    assert house.ok("GET", "/servers", project=OTHER)["servers"] == []
    assert house.ask("GET", "/servers?all_tenants=1", project=OTHER).status == 403


def test_power_actions(house: House) -> None:
    server_id = house.boot()
    steps = [
        ("os-stop", None, "SHUTOFF"),
        ("os-start", None, "ACTIVE"),
        ("reboot", {"type": "SOFT"}, "ACTIVE"),
        ("reboot", {"type": "HARD"}, "ACTIVE"),
        ("pause", None, "PAUSED"),
        ("unpause", None, "ACTIVE"),
        ("suspend", None, "SUSPENDED"),
        ("resume", None, "ACTIVE"),
    ]
    for name, value, status in steps:
        got = house.act(server_id, name, value)
        assert got.status == 202, (name, got.body)
        assert house.show(server_id)["OS-EXT-STS:task_state"] is not None
        house.work()
        assert house.show(server_id)["status"] == status, name
    refused = house.act(server_id, "unpause")
    assert refused.status == 409
    assert "vm_state active" in refused.json["conflictingRequest"]["message"]


def test_resize_confirm_and_revert(house: House) -> None:
    house.flavor("large", ram=1024, vcpus=2, disk=2)
    server_id = house.boot()
    for end, flavor in (("revertResize", "small"), ("confirmResize", "large")):
        wish = {"flavorRef": "large", "OS-DCF:diskConfig": "AUTO"}
        assert house.act(server_id, "resize", wish).status == 202
        house.work()
        server = house.show(server_id)
        assert server["status"] == "VERIFY_RESIZE"
        assert server["OS-DCF:diskConfig"] == "AUTO"
        assert server["flavor"]["original_name"] == "large"
        assert house.act(server_id, end).status in (202, 204)
        house.work()
        server = house.show(server_id)
        assert server["status"] == "ACTIVE"
        assert server["flavor"]["original_name"] == flavor
    (host,) = [
        each
        for each in house.database.read(house.wiring.stores.hosts.all)
        if each.servers
    ]
    assert (host.vcpus_used, host.memory_used_mib, host.disk_used_gib) == (2, 1024, 2)
    assert house.act(server_id, "resize", {"flavorRef": "small"}).status == 400


def test_access_addresses_are_written_shortest(house: House) -> None:
    long = {"accessIPv6": "0:0:0:0:0:babe:220.12.22.2", "accessIPv4": "192.0.2.1"}
    server_id = house.boot(**long)

    def told() -> tuple[str, str]:
        server = house.show(server_id)
        return server["accessIPv4"], server["accessIPv6"]

    assert told() == ("192.0.2.1", "::babe:dc0c:1602")
    change = {"server": {"accessIPv6": "2001:0DB8::0001", "accessIPv4": ""}}
    house.ok("PUT", f"/servers/{server_id}", change)
    assert told() == ("", "2001:db8::1")


def test_snapshot_is_an_image_that_boots(house: House) -> None:
    server_id = house.boot()
    got = house.act(server_id, "createImage", {"name": "copy", "metadata": {"a": "b"}})
    image_id = got.json["image_id"]
    assert house.show(server_id)["OS-EXT-STS:task_state"] == "image_snapshot"
    house.work()
    image = house.images.get(image_id)
    assert image.is_active
    assert image.properties["a"] == "b"
    assert image.owner == OWNER
    assert house.show(house.boot("again", imageRef=image_id))["status"] == "ACTIVE"
    assert house.leftovers() == []


@pytest.mark.parametrize("kind", ["daily", ""])
def test_so_many_backups_of_a_kind_are_kept(house: House, kind: str) -> None:
    """The openstack client sends an empty kind when it is not told one."""
    server_id = house.boot()
    for number in range(3):
        body = {"name": f"copy {number}", "backup_type": kind, "rotation": 2}
        got = house.act(server_id, "createBackup", body)
        assert got.status == 202, got.body
        house.work()
    names = {each.name for each in house.images.list()}
    assert names == {"tiny", "copy 1", "copy 2"}


def test_a_rescue_that_fails_gives_the_guest_back(house: House) -> None:
    server_id = house.boot()
    full = [InsufficientStorage("This host has no room")]
    for kit in house.kits.values():
        kit.hypervisor.fault = lambda method, uuid, moment: (  # type: ignore[attr-defined]
            full.pop() if full and method == "start" else None
        )
    assert house.act(server_id, "rescue", {}).status == 200
    house.work()
    assert full == []
    server = house.show(server_id)
    assert (server["status"], server["OS-EXT-STS:power_state"]) == ("ACTIVE", 1)
    assert [
        kit.hypervisor.states()[server_id].value
        for kit in house.kits.values()
        if server_id in kit.hypervisor.states()
    ] == ["running"]


def test_rescue_and_rebuild(house: House) -> None:
    server_id = house.boot()
    assert "adminPass" in house.act(server_id, "rescue", {}).json
    house.work()
    assert house.show(server_id)["status"] == "RESCUE"
    house.act(server_id, "unrescue")
    house.work()
    other = house.image("other")
    got = house.act(server_id, "rebuild", {"imageRef": other, "name": "new"})
    assert got.status == 202, got.body
    house.work()
    server = house.show(server_id)
    assert (server["status"], server["name"]) == ("ACTIVE", "new")
    assert server["image"]["id"] == other


def test_interfaces_come_and_go(house: House) -> None:
    server_id = house.boot()
    path = f"/servers/{server_id}/os-interface"
    body = {"interfaceAttachment": {"net_id": house.network_id}}
    made = house.ok("POST", path, body)["interfaceAttachment"]
    house.work()
    assert len(house.ok("GET", path)["interfaceAttachments"]) == 2
    assert house.ask("DELETE", f"{path}/{made['port_id']}").status == 202
    house.work()
    assert len(house.ok("GET", path)["interfaceAttachments"]) == 1


def test_locks(house: House) -> None:
    server_id = house.boot()
    house.act(server_id, "lock", {"locked_reason": "mine"}, roles="admin")
    assert house.show(server_id)["locked_reason"] == "mine"
    assert house.act(server_id, "os-stop").status == 409
    assert house.ask("DELETE", f"/servers/{server_id}").status == 409
    assert house.act(server_id, "unlock").status == 403
    assert house.act(server_id, "unlock", roles="admin").status == 202
    assert house.act(server_id, "os-stop").status == 202


def test_no_valid_host_says_why_to_administrators(house: House) -> None:
    house.flavor("huge", disk=100_000)
    server_id = house.boot(flavorRef="huge")
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert "No valid host" in server["fault"]["message"]
    assert "DiskFilter: 2 -> 0" in server["fault"]["details"]
    assert "details" not in house.show(server_id, roles="member")["fault"]
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert house.leftovers() == []


def test_delete_while_building(house: House) -> None:
    server_id = house.boot(work=False)
    assert house.ask("DELETE", f"/servers/{server_id}").status == 204
    house.work()
    assert house.ask("GET", f"/servers/{server_id}").status == 404
    assert house.leftovers() == []


def test_several_at_once_and_quota(house: House) -> None:
    house.boot("many", min_count=2, max_count=20)
    names = {each["name"] for each in house.ok("GET", "/servers")["servers"]}
    assert names == {f"many-{number}" for number in range(1, 11)}
    got = house.ask("POST", "/servers", {"server": house.order()})
    assert got.status == 403
    assert "Quota exceeded for instances" in got.json["forbidden"]["message"]
    absolute = house.ok("GET", "/limits")["limits"]["absolute"]
    assert absolute["totalInstancesUsed"] == 10


def test_a_silent_hosts_server_can_be_deleted(house: House) -> None:
    server_id = house.boot()
    host = house.show(server_id)["OS-EXT-SRV-ATTR:host"]
    house.clock.advance(100)
    services = house.ok("GET", "/os-services", roles="admin")["services"]
    assert {each["state"] for each in services} == {"down"}
    house.ok("DELETE", f"/servers/{server_id}")
    house.room.loops[0].once()
    assert house.ask("GET", f"/servers/{server_id}").status == 404
    assert [each.split()[0] for each in house.leftovers()] == ["guest", "disk"]
    house.agent.report()
    house.agent.reconcile()
    assert house.leftovers() == [], host


def test_metadata_service(house: House) -> None:
    server_id = house.boot(user_data="aGVsbG8=", metadata={"k": "v"})
    kind, content = house.instances.metadata(
        server_id, "/openstack/latest/meta_data.json"
    )
    assert kind == "application/json"
    assert b'"meta":{"k":"v"}' in content
    assert house.instances.metadata(server_id, "/latest/user-data")[1] == b"hello"
    listing = house.instances.metadata(server_id, "/latest/meta-data/")[1]
    assert b"instance-id" in listing
    local = house.instances.metadata(server_id, "/2009-04-04/meta-data/local-ipv4")[1]
    assert local.startswith(b"10.1.")


def test_history(house: House) -> None:
    server_id = house.boot()
    house.act(server_id, "os-stop")
    house.work()
    path = f"/servers/{server_id}/os-instance-actions"
    found = house.ok("GET", path)["instanceActions"]
    assert [each["action"] for each in found] == ["stop", "create"]
    one = house.ok("GET", f"{path}/{found[1]['request_id']}")["instanceAction"]
    assert [each["result"] for each in one["events"]] == ["Success"]


def test_no_password_stays_in_the_database(house: House) -> None:
    password = "correct-horse-battery-staple"
    house.boot(adminPass=password, config_drive=True)
    with house.database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT arguments FROM instance_jobs").all()
    assert rows
    assert password not in str(rows)


def test_changes_until_a_moment_are_all_that_show_it(house: House) -> None:
    """Moments are shown in whole seconds, and asked for as they were shown."""
    house.clock.advance(0.5)
    server_id = house.boot("early")
    shown = house.ok("GET", f"/servers/{server_id}")["server"]["updated"]
    house.clock.advance(2.0)
    house.boot("late")
    found = house.ok("GET", f"/servers?changes-before={shown}")["servers"]
    assert [each["id"] for each in found] == [server_id]
