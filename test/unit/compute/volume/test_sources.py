"""Volumes made of images, snapshots and volumes; and images made of them."""

from __future__ import annotations

from test.unit.compute.volume.house import OWNER, House


def test_from_an_image(house: House) -> None:
    image_id = house.image_house.active(
        b"image" * 1000, name="i", min_ram=64, hw_disk_bus="virtio"
    )
    volume_id = house.order(imageRef=image_id)
    house.work()
    volume = house.volume(volume_id)
    assert volume["status"] == "available" and volume["bootable"] == "true"
    known = volume["volume_image_metadata"]
    assert (known["image_id"], known["min_ram"]) == (image_id, "64")
    assert known["hw_disk_bus"] == "virtio"
    assert house.read(volume_id, 0, 5002) == b"image" * 1000 + b"\0\0"
    large = house.image_house.active(b"x", min_disk=5)
    got = house.ask("POST", "/volumes", {"volume": {"size": 4, "imageRef": large}})
    assert got.status == 400
    queued = house.image_house.create()
    got = house.ask("POST", "/volumes", {"volume": {"size": 4, "imageRef": queued}})
    assert got.status == 400


def test_a_volume_of_an_image_that_goes_is_in_error(house: House) -> None:
    image_id = house.image_house.active(b"image")
    volume_id = house.order(imageRef=image_id)
    house.image_house.ok("DELETE", f"/v2/images/{image_id}")
    house.work()
    assert house.status(volume_id) == "error"
    assert house.leftovers() == [] and list(house.driver.disks()) == []
    assert house.ask("DELETE", f"/volumes/{volume_id}").status == 202
    house.work()
    assert house.status(volume_id) == ""


def test_from_a_snapshot_and_from_a_volume(house: House) -> None:
    source = house.create(size=2, name="source")
    house.write(source, 5, b"bytes")
    snapshot = house.snapshot(source)
    house.write(source, 5, b"later")
    copy = house.create(size=3, snapshot_id=snapshot)
    assert house.read(copy, 5, 5) == b"bytes"
    assert house.volume(copy)["snapshot_id"] == snapshot
    body = {"volume": {"source_volid": source}}
    clone = house.ok("POST", "/volumes", body)["volume"]
    house.work()
    assert house.read(clone["id"], 5, 5) == b"later"
    assert house.volume(clone["id"])["size"] == 2
    body = {"volume": {"snapshot_id": snapshot, "size": 1}}
    assert house.ask("POST", "/volumes", body).status == 400


def test_upload_to_image(house: House) -> None:
    volume_id = house.create(name="v")
    house.write(volume_id, 3, b"disk")
    # A whole GiB would only take time.
    house.driver.size = lambda disk: 2**20  # type: ignore[method-assign]
    value = {"image_name": "made", "disk_format": "raw", "container_format": "bare"}
    got = house.act(volume_id, "os-volume_upload_image", value)
    assert got.status == 202, got
    image_id = got.json["os-volume_upload_image"]["image_id"]
    assert house.status(volume_id) == "uploading"
    house.work()
    assert house.status(volume_id) == "available"
    image = house.image_house.show(image_id)
    assert (image["status"], image["size"], image["owner"]) == ("active", 2**20, OWNER)
    data = house.image_house.client.read_range(image_id, 0, 8)
    assert data == b"\0\0\0disk\0"
    value["disk_format"] = "vmdk"
    assert house.act(volume_id, "os-volume_upload_image", value).status == 400
