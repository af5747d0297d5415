"""Volumes of servers: attached and detached, booted from, kept and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from compute.agent.sagas.volumes import TRIES_MAX
from compute.volume.connection import Connector
from compute.volume.drivers.listening import LOOPBACK, Listening
from objectstore.kernel.errors import InsufficientStorage, Unavailable
from test.unit.compute.instance.house import OWNER, Got, House
from test.unit.compute.instance.states import with_a_volume

BDM = "block_device_mapping_v2"
OTHER_SERVER = "00000000-0000-4000-8000-000000000001"


def path_of(server_id: str, volume_id: str = "") -> str:
    path = f"/servers/{server_id}/os-volume_attachments"
    return f"{path}/{volume_id}" if volume_id else path


def attach(house: House, server_id: str, volume_id: str, **more: Any) -> Got:
    body = {"volumeAttachment": {"volumeId": volume_id, **more}}
    version = more.pop("version", "2.96")
    return house.ask("POST", path_of(server_id), body, version=version)


def volumes_in_guest(house: House, server_id: str) -> dict[str, str]:
    """Name -> volume, as the hypervisor has it."""
    for kit in house.kits.values():
        found = kit.hypervisor.disk_serials(server_id)
        if found:
            return {name: serial for name, serial in found.items() if serial}
    return {}


def boot_from(house: House, *devices: dict[str, Any], **more: Any) -> str:
    order = house.order("rooted", **{BDM: list(devices)}, **more)
    if "imageRef" not in more:
        del order["imageRef"]
    made = house.ok("POST", "/servers", {"server": order})
    house.work()
    return str(made["server"]["id"])


def refusal(house: House, *devices: dict[str, Any], **more: Any) -> str:
    order = house.order("rooted", **{BDM: list(devices)}, **more)
    got = house.ask("POST", "/servers", {"server": order})
    assert got.status == 400, got.body
    return str(got.json["badRequest"]["message"])


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
    assert attach(house, server_id, volume_id).status == 409
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


# ---- boot from volume ----------------------------------------------------------


def test_it_boots_from_a_volume_of_an_image(house: House) -> None:
    house.volume_service.is_slow = True
    server_id = boot_from(
        house,
        {
            "source_type": "image",
            "uuid": house.image_id,
            "destination_type": "volume",
            "boot_index": 0,
            "volume_size": 3,
            "delete_on_termination": True,
            "volume_type": "__DEFAULT__",
            "tag": "root",
        },
    )
    assert house.show(server_id)["status"] == "BUILD"
    house.volume_service.finish()
    house.clock.advance(5)
    house.work()
    server = house.show(server_id)
    assert (server["status"], server["image"]) == ("ACTIVE", "")
    (volume_id,) = house.volume_service.volumes
    assert volumes_in_guest(house, server_id) == {"vda": volume_id}
    assert house.ask("DELETE", path_of(server_id, volume_id)).status == 400
    rows = house.database.read(house.wiring.stores.allocations.all)
    assert [row.disk_gib for row in rows] == [0]
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert house.volume_service.volumes == {}
    assert house.leftovers() == []


def test_it_boots_from_a_volume_that_is_there(house: House) -> None:
    plain = house.volume_service.add()
    device = {"source_type": "volume", "uuid": plain, "boot_index": 0}
    assert "not bootable" in refusal(house, device, imageRef="")
    volume_id = house.volume_service.add(bootable=True)
    server_id = boot_from(house, {**device, "uuid": volume_id})
    assert volumes_in_guest(house, server_id) == {"vda": volume_id}
    order = house.order("rooted", **{BDM: [{**device, "uuid": volume_id}]}, imageRef="")
    assert house.ask("POST", "/servers", {"server": order}).status == 400
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert house.volume_service.status(volume_id) == "available"


def test_the_older_mapping(house: House) -> None:
    volume_id = house.volume_service.add(bootable=True)
    mapping = [
        {"device_name": "vda", "volume_id": volume_id, "delete_on_termination": False}
    ]
    order = house.order("old", block_device_mapping=mapping, imageRef="")
    made = house.ok("POST", "/servers", {"server": order})["server"]
    house.work()
    assert volumes_in_guest(house, made["id"]) == {"vda": volume_id}
    data = house.volume_service.add(4)
    mapping = [{"device_name": "/dev/vdc", "volume_id": data}]
    made = house.ok(
        "POST", "/servers", {"server": house.order(block_device_mapping=mapping)}
    )["server"]
    house.work()
    assert volumes_in_guest(house, made["id"]) == {"vdc": data}


def test_orders_that_contradict_themselves(house: House) -> None:
    volume_id = house.volume_service.add()
    volume = {"source_type": "volume", "uuid": volume_id}
    blank = {"source_type": "blank", "destination_type": "volume"}
    image = {
        "source_type": "image",
        "uuid": house.image_id,
        "destination_type": "volume",
    }
    for devices, text in (
        ([{**volume, "boot_index": 0}], "Boot sequence"),
        ([{**volume, "boot_index": 2}], "Boot sequence"),
        ([volume, volume], "named twice"),
        ([blank], "non-zero"),
        ([{**image, "boot_index": 1}], "non-zero"),
        ([{**volume, "destination_type": "local"}], "local"),
        ([{**blank, "uuid": volume_id}], "Invalid device UUID"),
        ([{"source_type": "volume", "uuid": house.image_id}], "failed to get volume"),
        ([{"source_type": "snapshot", "uuid": volume_id}], "failed to get snapshot"),
        ([{**volume, "disk_bus": "floppy"}], "disk_bus"),
        ([{"source_type": "blank", "volume_size": 1}], "Ephemeral"),
        (
            [{"source_type": "blank", "guest_format": "swap", "volume_size": 1}],
            "Swap",
        ),
    ):
        assert text in refusal(house, *devices), (devices, text)
    assert "multiple" in refusal(house, volume, min_count=2)
    assert house.volume_service.attachments == {}


def test_nothing_is_kept_of_an_order_that_is_refused(house: House) -> None:
    good, busy = house.volume_service.add(), house.volume_service.add()
    made = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    devices = [{"source_type": "volume", "uuid": each} for each in (good, busy)]
    order = house.order(**{BDM: [made, *devices]}, min_count=1)
    house.volumes.create_attachment(busy, OTHER_SERVER)
    assert house.ask("POST", "/servers", {"server": order}).status == 400
    assert set(house.volume_service.volumes) == {good, busy}
    assert house.volume_service.status(good) == "available"


def test_several_servers_have_a_volume_each(house: House) -> None:
    made = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    order = house.order(**{BDM: [made]}, min_count=2)
    house.ok("POST", "/servers", {"server": order})
    house.work()
    attached = [each.instance_id for each in house.volume_service.attachments.values()]
    assert len(set(attached)) == 2


def test_a_volume_that_cannot_be_made_is_an_error(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(disk: str, size_bytes: int) -> None:
        raise InsufficientStorage("no room for it")

    monkeypatch.setattr(house.volume_service.driver, "create", full)
    device = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    server_id = house.boot(**{BDM: [device]})
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert "could not be made" in server["fault"]["message"]
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert house.volume_service.volumes == {}
    assert house.leftovers() == []


def test_a_volume_that_is_gone_is_an_error_that_says_so(house: House) -> None:
    server_id = with_a_volume(house)
    house.volume_service.detach_all()
    house.act(server_id, "reboot", {"type": "HARD"})
    house.work()
    server = house.show(server_id)
    assert server["status"] == "ERROR"
    assert "could not be found" in server["fault"]["message"]


# ---- what volume-backed servers do otherwise -----------------------------------


@pytest.fixture
def rooted(house: House) -> tuple[House, str, str]:
    """A server whose root is a volume made from the house's image."""
    device = {
        "source_type": "image",
        "uuid": house.image_id,
        "destination_type": "volume",
        "boot_index": 0,
        "volume_size": 3,
        "delete_on_termination": True,
    }
    server_id = boot_from(house, device)
    (volume_id,) = house.volume_service.volumes
    return house, server_id, volume_id


def test_its_image_is_snapshots(rooted: tuple[House, str, str]) -> None:
    house, server_id, _ = rooted
    got = house.act(server_id, "createImage", {"name": "copy"})
    assert got.status == 202, got.body
    image = house.images.get(got.json["image_id"])
    assert (image.status, image.size_bytes) == ("active", 0)
    (device,) = orjson.loads(image.properties["block_device_mapping"])
    assert device["snapshot_id"] in house.volume_service.snapshots
    got = house.act(
        server_id,
        "createBackup",
        {"name": "b", "backup_type": "daily", "rotation": 1},
    )
    assert got.status == 400
    again = house.boot("again", imageRef=image.id)
    server = house.show(again)
    assert server["status"] == "ACTIVE", server.get("fault")
    (name,) = volumes_in_guest(house, again)
    assert name == "vda"


def test_it_keeps_its_root_on_the_shelf(rooted: tuple[House, str, str]) -> None:
    house, server_id, volume_id = rooted
    house.act(server_id, "shelve")
    house.work()
    assert house.show(server_id)["status"] == "SHELVED_OFFLOADED"
    assert [each.name for each in house.images.list()] == ["tiny"]
    data = house.volume_service.add()
    assert attach(house, server_id, data).status == 200
    other = house.volume_service.add()
    assert attach(house, server_id, other).status == 200
    assert house.ask("DELETE", path_of(server_id, other)).status == 202
    house.work()
    assert house.volume_service.status(other) == "available"
    house.act(server_id, "unshelve")
    house.work()
    assert volumes_in_guest(house, server_id) == {"vda": volume_id, "vdb": data}


def test_it_is_rescued_with_all_its_disks(rooted: tuple[House, str, str]) -> None:
    house, server_id, volume_id = rooted
    body = {"rescue_image_ref": house.image_id}
    assert house.act(server_id, "rescue", body, version="2.86").status == 400
    assert house.act(server_id, "rescue", body).status == 200
    house.work()
    (kit,) = [k for k in house.kits.values() if server_id in k.hypervisor.states()]
    assert kit.hypervisor.disk_serials(server_id) == {"vda": volume_id, "vdb": ""}
    house.act(server_id, "unrescue")
    house.work()
    assert volumes_in_guest(house, server_id) == {"vda": volume_id}


def test_it_is_rebuilt_into_its_volume(rooted: tuple[House, str, str]) -> None:
    house, server_id, volume_id = rooted
    other = house.image("other")
    got = house.act(server_id, "rebuild", {"imageRef": other}, version="2.92")
    assert got.status == 400
    same = {"imageRef": house.image_id}
    assert house.act(server_id, "rebuild", same, version="2.92").status == 202
    house.work()
    assert house.act(server_id, "rebuild", {"imageRef": other}).status == 202
    house.work()
    server = house.show(server_id)
    assert (server["status"], server["image"]) == ("ACTIVE", "")
    assert volumes_in_guest(house, server_id) == {"vda": volume_id}


def test_it_grows_without_its_disk(rooted: tuple[House, str, str]) -> None:
    house, server_id, volume_id = rooted
    house.flavor("larger", ram=1024, disk=0)
    assert house.act(server_id, "resize", {"flavorRef": "larger"}).status == 202
    house.work()
    assert house.show(server_id)["status"] == "VERIFY_RESIZE"
    assert house.act(server_id, "confirmResize").status == 204
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"
    assert volumes_in_guest(house, server_id) == {"vda": volume_id}


# ---- extra disks, events, proxies ----------------------------------------------


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


def test_a_volume_that_is_being_made_goes_when_it_is(house: House) -> None:
    house.volume_service.is_slow = True
    device = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    server_id = house.boot(**{BDM: [device]})
    house.ok("DELETE", f"/servers/{server_id}")
    house.work()
    assert len(house.volume_service.volumes) == 1
    house.volume_service.finish()
    house.clock.advance(20)
    house.agent.report()
    house.work()
    assert house.instances.server(server_id).deleted
    assert house.volume_service.volumes == {}


def test_a_refused_order_takes_back_even_what_is_being_made(house: House) -> None:
    house.volume_service.is_slow = True
    made = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    order = house.order(**{BDM: [made]}, min_count=12)
    assert house.ask("POST", "/servers", {"server": order}).status == 403
    house.volume_service.finish()
    house.clock.advance(20)
    house.agent.report()
    for _ in range(30):
        house.room.loops[0].once()
    assert house.volume_service.volumes == {}


def refuse(connector: Connector) -> None:
    """As a volume host that listens on its loopback does."""
    far = replace(connector, address="192.0.2.7")
    Listening("elsewhere", LOOPBACK, range(1)).check_way(far)


def test_a_host_that_cannot_reach_volumes_is_told_what_to_set(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attachment fails, and nothing is left of it."""
    server_id, volume_id = house.boot(), house.volume_service.add()
    monkeypatch.setattr(house.volume_service.driver, "check_way", refuse)
    got = attach(house, server_id, volume_id)
    assert got.status == 200
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"
    assert house.ok("GET", path_of(server_id))["volumeAttachments"] == []
    assert house.volume_service.is_free(volume_id)
    path = f"/servers/{server_id}/os-instance-actions"
    (action,) = [
        each
        for each in house.ok("GET", path)["instanceActions"]
        if each["action"] == "attach_volume"
    ]
    assert action["message"] == "Error"
    shown = house.ok("GET", f"{path}/{action['request_id']}")["instanceAction"]
    assert "[volume] tcp_address" in shown["events"][0]["details"]


def test_a_server_does_not_start_without_its_volumes_and_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id = with_a_volume(house)
    house.act(server_id, "os-stop")
    house.work()
    monkeypatch.setattr(house.volume_service.driver, "check_way", refuse)
    house.act(server_id, "os-start")
    device = {"source_type": "blank", "destination_type": "volume", "volume_size": 1}
    born = house.boot(**{BDM: [device]})
    server = house.show(server_id)
    assert (server["status"], server["OS-EXT-STS:task_state"]) == ("SHUTOFF", None)
    server = house.show(born)
    assert server["status"] == "ERROR"
    assert "[volume] tcp_address" in server["fault"]["message"]
    monkeypatch.undo()
    house.act(server_id, "os-start")
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"


def test_a_gate_that_never_answers_ends_the_attachment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(uuid: str, disk: object) -> None:
        raise Unavailable("no answer: set [volume] tcp_address")

    server_id, volume_id = house.boot(), house.volume_service.add()
    for kit in house.kits.values():
        monkeypatch.setattr(kit.hypervisor, "attach_disk", hang)
    attach(house, server_id, volume_id)
    for _ in range(TRIES_MAX):
        house.work()
        house.clock.advance(40)
        house.agent.report()
    assert house.volume_service.is_free(volume_id)
    assert house.ok("GET", path_of(server_id))["volumeAttachments"] == []
    assert house.show(server_id)["OS-EXT-STS:task_state"] is None
