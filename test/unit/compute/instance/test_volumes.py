"""Volumes of servers: attached and detached, grown, seen by others."""

from __future__ import annotations

import orjson

from compute.agent.sagas.volumes import TRIES_MAX
from objectstore.kernel.errors import Unavailable
from test.fakes.tokens import fake_token
from test.unit.compute.instance.attaching import (
    BDM,
    OTHER_SERVER,
    attach,
    path_of,
    volumes_in_guest,
)
from test.unit.compute.instance.house import OWNER, House
from test.unit.compute.instance.states import with_a_volume


def test_a_volume_comes_and_goes(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    got = attach(house, server_id, volume_id)
    assert got.status == 200
    assert got.json["volumeAttachment"]["device"] == "/dev/vdb"
    assert house.volume_service.status(volume_id) == "reserved"
    house.work()
    assert house.volume_service.status(volume_id) == "in-use"
    assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
    shown = house.show(server_id)["os-extended-volumes:volumes_attached"]
    assert shown == [{"id": volume_id, "delete_on_termination": False}]
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    house.work()
    assert volumes_in_guest(house, server_id) == {}
    assert house.volume_service.status(volume_id) == "available"
    assert house.show(server_id)["os-extended-volumes:volumes_attached"] == []


def test_a_stopped_guest_has_the_volume_when_it_starts(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    house.act(server_id, "os-stop")
    house.work()
    assert attach(house, server_id, volume_id, device="/dev/vdf").status == 200
    house.work()
    house.act(server_id, "os-start")
    house.work()
    assert volumes_in_guest(house, server_id) == {"vdf": volume_id}
    house.act(server_id, "reboot", {"type": "HARD"})
    house.work()
    assert volumes_in_guest(house, server_id) == {"vdf": volume_id}


def test_a_server_on_the_shelf_has_its_volume_at_once(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    house.act(server_id, "shelve")
    house.work()
    assert attach(house, server_id, volume_id).status == 200
    house.work()
    assert house.volume_service.status(volume_id) == "in-use"
    house.act(server_id, "unshelve")
    house.work()
    assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
    house.act(server_id, "shelve")
    house.work()
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    house.work()
    assert house.volume_service.status(volume_id) == "available"


def test_nobody_takes_a_guest_s_volume_behind_its_back(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    attach(house, server_id, volume_id)
    house.work()
    (attachment,) = house.volume_service.attachments

    def ask(method: str, path: str, body: object = None, roles: str = "member") -> int:
        headers = {
            "X-Auth-Token": fake_token(OWNER, roles),
            "OpenStack-API-Version": "volume 3.44",
            "Content-Type": "application/json",
        }
        answer = house.volume_service.request(
            method, f"/v3/{path}", headers, orjson.dumps(body) if body else b""
        )
        answer.read()
        return answer.status

    for roles in ("member", "admin"):
        assert ask("DELETE", f"attachments/{attachment}", roles=roles) == 409
        path = f"volumes/{volume_id}/action"
        assert ask("POST", path, {"os-detach": {}}, roles) == 409
        ends = ask("POST", path, {"os-terminate_connection": {"connector": {}}}, roles)
        assert ends in (403, 409)
    assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
    house.ok("DELETE", path_of(server_id, volume_id))
    house.work()
    assert house.volume_service.status(volume_id) == "available"


def test_bodies_by_version(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes

    def keys(version: str) -> set[str]:
        got = house.ok("GET", path_of(server_id, volume_id), version=version)
        return set(got["volumeAttachment"])

    first = {"id", "volumeId", "serverId", "device"}
    assert keys("2.1") == keys("2.69") == first
    assert keys("2.70") == first | {"tag"}
    assert keys("2.79") == first | {"tag", "delete_on_termination"}
    later = (keys("2.79") - {"id"}) | {"attachment_id", "bdm_uuid"}
    assert keys("2.89") == later
    assert house.show(server_id, version="2.2")[
        "os-extended-volumes:volumes_attached"
    ] == [{"id": volume_id}]


def test_what_an_attachment_may_say(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    for version, more in (
        ("2.48", {"tag": "data"}),
        ("2.78", {"delete_on_termination": True}),
        ("2.96", {"device": "elsewhere"}),
        ("2.96", {"volumeId": "no uuid"}),
    ):
        body = {"volumeAttachment": {"volumeId": volume_id, **more}}
        got = house.ask("POST", path_of(server_id), body, version=version)
        assert got.status == 400, (version, more)
    assert attach(house, server_id, OTHER_SERVER).status == 404
    assert attach(house, server_id, volume_id, tag="data").status == 200
    assert attach(house, server_id, volume_id).status == 400
    other = house.boot("other")
    assert attach(house, other, volume_id).status == 400
    second = house.volume_service.add()
    assert attach(house, server_id, second, device="/dev/vdb").status == 409
    assert house.volume_service.status(second) == "available"


def test_the_end_of_the_server_is_the_end_of_what_is_to_end(house: House) -> None:
    server_id = house.boot()
    kept, doomed = house.volume_service.add(), house.volume_service.add()
    attach(house, server_id, kept)
    attach(house, server_id, doomed, delete_on_termination=True)
    house.work()
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert set(house.volume_service.volumes) == {kept}
    assert house.volume_service.status(kept) == "available"
    assert house.leftovers() == []


def test_whether_it_ends_with_the_server_can_be_changed(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    path = path_of(server_id, volume_id)
    body = {"volumeAttachment": {"volumeId": volume_id, "delete_on_termination": True}}
    assert house.ask("PUT", path, body, version="2.84").status == 400
    assert house.ask("PUT", path, body).status == 202
    got = house.ok("GET", path)["volumeAttachment"]
    assert got["delete_on_termination"] is True
    body["volumeAttachment"]["device"] = "/dev/vdq"
    assert house.ask("PUT", path, body).status == 400


def test_administrators_swap_a_volume(house: House) -> None:
    server_id = with_a_volume(house)
    (old,) = house.volume_service.volumes
    new, other = house.volume_service.add(), house.volume_service.add(2)
    body = {"volumeAttachment": {"volumeId": new}}
    assert house.ask("PUT", path_of(server_id, old), body).status == 403
    larger = {"volumeAttachment": {"volumeId": other}}
    got = house.ask("PUT", path_of(server_id, old), larger, roles="admin")
    assert got.status == 400
    got = house.ask("PUT", path_of(server_id, old), body, roles="admin")
    assert got.status == 202, got.body
    house.work()
    assert volumes_in_guest(house, server_id) == {"vdb": new}
    assert house.volume_service.status(old) == "available"
    assert house.volume_service.status(new) == "in-use"


def test_a_guest_that_keeps_its_disk_keeps_its_volume(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes

    def fault(method: str, uuid: str, moment: str) -> Exception | None:
        if method == "detach_disk":
            return Unavailable("The guest does not let go of the device")
        return None

    for kit in house.kits.values():
        kit.hypervisor.fault = fault  # type: ignore[attr-defined]
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    for _ in range(4):
        house.work()
        house.clock.advance(40)
        house.agent.report()
    assert volumes_in_guest(house, server_id) == {"vdb": volume_id}
    assert house.volume_service.status(volume_id) == "in-use"
    for kit in house.kits.values():
        kit.hypervisor.fault = None  # type: ignore[attr-defined]
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 202
    house.work()
    assert volumes_in_guest(house, server_id) == {}


def test_extra_disks_as_ordered(house: House) -> None:
    house.flavor("roomy", **{"OS-FLV-EXT-DATA:ephemeral": 3}, swap=64)
    devices = [
        {"source_type": "blank", "destination_type": "local", "volume_size": size}
        for size in (1, 2)
    ]
    swap = {"source_type": "blank", "guest_format": "swap", "volume_size": 32}
    server_id = house.boot(flavorRef="roomy", **{BDM: [*devices, swap]})
    (kit,) = [k for k in house.kits.values() if server_id in k.hypervisor.states()]
    assert set(kit.hypervisor.disk_serials(server_id)) == {"vda", "vdb", "vdc", "vdz"}
    plain = house.boot("plain", flavorRef="roomy")
    attach(house, plain, house.volume_service.add())
    house.work()
    (kit,) = [k for k in house.kits.values() if plain in k.hypervisor.states()]
    assert set(kit.hypervisor.disk_serials(plain)) == {"vda", "vdb", "vdc", "vdz"}


def test_a_volume_that_grew_is_told(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    seen: list[str] = []

    def watch(method: str, uuid: str, moment: str) -> None:
        seen.append(method)

    for kit in house.kits.values():
        kit.hypervisor.fault = watch  # type: ignore[attr-defined]
    house.volumes.extend(volume_id, 5)
    house.work()
    assert "reconnect_disk" in seen
    assert house.volume_service.status(volume_id) == "in-use"
    (device,) = house.instances.server(server_id).block_devices
    assert device["size"] == house.volume_service.volumes[volume_id].size_gib == 5
    event = {"name": "volume-extended", "server_uuid": server_id, "tag": volume_id}
    path = "/os-server-external-events"
    got = house.ask("POST", path, {"events": [event]}, roles="service")
    assert got.status == 200, got.body
    assert (
        house.ask(
            "POST", path, {"events": [event]}, roles="service", version="2.50"
        ).status
        == 400
    )


def test_a_volume_grows_although_its_guest_cannot_see_it_now(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    house.act(server_id, "os-stop")  # under way for as long as nobody does it
    house.volumes.extend(volume_id, 2)
    assert house.volume_service.status(volume_id) == "in-use"
    assert house.volume_service.volumes[volume_id].size_gib == 2
    house.work()
    assert house.show(server_id)["status"] == "SHUTOFF"


def test_a_server_that_does_not_answer_keeps_nothing_from_growing(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes

    def away(method: str, uuid: str, moment: str) -> Exception | None:
        return Unavailable("away") if method == "reconnect_disk" else None

    for kit in house.kits.values():
        kit.hypervisor.fault = away  # type: ignore[attr-defined]
    house.volumes.extend(volume_id, 2)
    for _ in range(TRIES_MAX):
        house.work()
        house.clock.advance(40)
        house.agent.report()
    assert house.show(server_id)["status"] == "ACTIVE"
    path = f"/servers/{server_id}/os-instance-actions"
    action = house.ok("GET", path)["instanceActions"][0]
    assert (action["action"], action["message"]) == ("extend_volume", "Error")


def test_the_older_proxies(house: House) -> None:
    old = {"version": "2.35"}
    body = {"volume": {"size": 1, "display_name": "data"}}
    made = house.ok("POST", "/os-volumes", body, **old)["volume"]
    assert (made["displayName"], made["attachments"]) == ("data", [{}])
    assert [v["id"] for v in house.ok("GET", "/os-volumes", **old)["volumes"]] == [
        made["id"]
    ]
    snapshot = house.ok(
        "POST",
        "/os-snapshots",
        {"snapshot": {"volume_id": made["id"], "display_name": "s"}},
        **old,
    )["snapshot"]
    assert (snapshot["volumeId"], snapshot["displayName"]) == (made["id"], "s")
    path = f"/os-snapshots/{snapshot['id']}"
    assert house.ask("DELETE", path, **old).status == 202
    assert house.ask("GET", path, **old).status == 404
    assert house.ask("DELETE", f"/os-volumes/{made['id']}", **old).status == 202
    for path in ("/os-volumes", "/os-snapshots", "/os-volumes/detail"):
        assert house.ask("GET", path, version="2.36").status == 404


def test_another_project_sees_nothing(house: House) -> None:
    server_id = with_a_volume(house)
    (volume_id,) = house.volume_service.volumes
    other = {"project": "c" * 32}
    assert other["project"] != OWNER
    for method, path in (
        ("GET", path_of(server_id)),
        ("GET", path_of(server_id, volume_id)),
        ("DELETE", path_of(server_id, volume_id)),
    ):
        assert house.ask(method, path, **other).status == 404


def test_a_tagged_volume_is_in_the_metadata(house: House) -> None:
    server_id, volume_id = house.boot(), house.volume_service.add()
    attach(house, server_id, volume_id, tag="data")
    house.work()
    path = "/openstack/latest/meta_data.json"
    _, content = house.instances.metadata(server_id, path)
    (device,) = orjson.loads(content)["devices"]
    assert (device["serial"], device["tags"]) == (volume_id, ["data"])
