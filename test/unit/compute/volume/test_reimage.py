"""Another image over what a volume has."""

from __future__ import annotations

from compute.volume.client import Connector
from compute.volume.drivers.port import VOLUME
from test.unit.compute.volume.house import GIB, OTHER, House

SERVER = "33333333-3333-4333-8333-333333333333"


def test_another_image(house: House) -> None:
    volume_id = house.create(imageRef=house.image_house.active(b"the first one"))
    image_id = house.image_house.active(b"second")
    wish = {"image_id": image_id}
    got = house.act(volume_id, "os-reimage", wish, version="3.67")
    assert got.status == 404
    assert house.act(volume_id, "os-reimage", wish, project=OTHER).status == 404
    assert house.act(volume_id, "os-reimage", wish).status == 202
    assert house.status(volume_id) == "downloading"
    house.work()
    shown = house.volume(volume_id)
    assert (shown["status"], shown["bootable"]) == ("available", "true")
    assert shown["volume_image_metadata"]["image_id"] == image_id
    assert house.driver.read(VOLUME + volume_id, 0, 13) == b"second" + bytes(7)
    assert house.driver.size(VOLUME + volume_id) == GIB


def test_not_what_a_host_is_connected_to(house: House) -> None:
    volume_id = house.create()
    wish = {"image_id": house.image_house.active(b"image"), "reimage_reserved": True}
    attachment = house.client.create_attachment(volume_id, SERVER)
    assert house.act(
        volume_id, "os-reimage", {"image_id": wish["image_id"]}
    ).status == (400)
    assert house.act(volume_id, "os-reimage", wish).status == 202
    house.work()
    assert house.status(volume_id) == "reserved"
    house.client.update_attachment(attachment.id, Connector("here"))
    assert house.act(volume_id, "os-reimage", wish).status == 400
    house.client.complete_attachment(attachment.id)
    assert house.act(volume_id, "os-reimage", wish).status == 400
    assert house.act(volume_id, "os-reimage", {"image_id": SERVER}).status == 404


def test_nobody_waits_for_an_extension_to_be_completed(house: House) -> None:
    volume_id = house.create()
    name, value = "os-extend_volume_completion", {"error": False}
    assert house.act(volume_id, name, value).status == 403
    assert house.act(volume_id, name, value, roles="admin").status == 400
    assert (
        house.act(volume_id, name, value, roles="admin", version="3.70").status == 404
    )
