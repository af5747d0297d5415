"""Servers that are ordered with volumes, and those that boot from one."""

from __future__ import annotations

import orjson
import pytest

from objectstore.kernel.errors import InsufficientStorage
from test.unit.compute.instance.attaching import (
    BDM,
    OTHER_SERVER,
    attach,
    boot_from,
    path_of,
    refusal,
    volumes_in_guest,
)
from test.unit.compute.instance.house import House


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


def test_the_image_beside_a_root_volume_is_not_booted(house: House) -> None:
    device = {
        "source_type": "blank",
        "destination_type": "volume",
        "boot_index": 0,
        "volume_size": 1,
    }
    order = house.order("rooted", **{BDM: [device]})
    server_id = house.ok("POST", "/servers", {"server": order})["server"]["id"]
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"
    assert volumes_in_guest(house, server_id).keys() == {"vda"}
    image = {
        "source_type": "image",
        "destination_type": "local",
        "boot_index": 0,
        "uuid": house.image_id,
    }
    order = house.order("both", **{BDM: [device, image]})
    assert house.ask("POST", "/servers", {"server": order}).status == 400


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


def test_an_image_beside_the_root_tells_what_boots(house: House) -> None:
    """As Nova: with ``imageRef``, an empty volume may be the root."""
    plain = house.volume_service.add()
    device = {"source_type": "volume", "uuid": plain, "boot_index": 0}
    order = house.order("rooted", **{BDM: [device]}, imageRef=house.image_id)
    server_id = house.ok("POST", "/servers", {"server": order})["server"]["id"]
    house.work()
    assert volumes_in_guest(house, server_id) == {"vda": plain}


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
