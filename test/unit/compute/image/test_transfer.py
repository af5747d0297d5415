"""Bytes in and out: uploads, ranges, races, failures, sweeping."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from objectstore.kernel import concurrency
from test.unit.compute.core.disk_inspection import headers
from test.unit.compute.image.house import OCTETS, OTHER, House, Make

MIB = 2**20


def content(length: int = 2 * MIB + 12345) -> bytes:
    return bytes(range(251)) * (length // 251 + 1)


def pieces(whole: bytes) -> Iterator[bytes]:
    for start in range(0, len(whole), 300_000):
        yield whole[start : start + 300_000]


def test_bytes_come_back_with_their_hashes(house: House) -> None:
    whole = content()
    image_id = house.create()
    assert house.upload(image_id, pieces(whole)).status == 204
    image = house.show(image_id)
    assert image["status"] == "active"
    assert image["size"] == image["virtual_size"] == len(whole)
    assert image["checksum"] == hashlib.md5(whole).hexdigest()
    assert image["os_hash_algo"] == "sha512"
    assert image["os_hash_value"] == hashlib.sha512(whole).hexdigest()
    assert image["stores"] == "ring"
    got = house.ok("GET", f"/v2/images/{image_id}/file")
    assert got.body == whole
    assert got.headers["content-md5"] == image["checksum"]
    assert got.headers["content-length"] == str(len(whole))
    assert got.headers["content-type"] == "application/octet-stream"
    assert len(house.objects()) == 3  # segments of 1 MiB


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=1048570-1048585", MIB - 6, MIB + 10),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=5-99999999", 5, None),
    ],
)
def test_ranges(house: House, asked: str, start: int, stop: int | None) -> None:
    whole = content()
    image_id = house.active(whole)
    got = house.ok("GET", f"/v2/images/{image_id}/file", headers={"Range": asked})
    assert got.status == 206
    assert got.body == whole[start:stop]
    first = start % len(whole)
    last = first + len(got.body) - 1
    assert got.headers["content-range"] == f"bytes {first}-{last}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=5-", "bytes=9-20", "bytes=0-0,2-2"])
def test_ranges_that_are_not_there(house: House, asked: str) -> None:
    image_id = house.active(b"12345")
    got = house.ask("GET", f"/v2/images/{image_id}/file", headers={"Range": asked})
    assert got.status == 416
    assert got.headers["content-range"] == "bytes */5"


def test_an_image_without_bytes_is_204(house: House) -> None:
    assert house.ok("GET", f"/v2/images/{house.create()}/file").status == 204


def test_an_empty_image_is_an_image(house: House) -> None:
    image_id = house.active(b"")
    assert house.show(image_id)["size"] == 0
    assert house.ok("GET", f"/v2/images/{image_id}/file").body == b""


def test_what_an_upload_needs(house: House) -> None:
    image_id = house.create()
    path = f"/v2/images/{image_id}/file"
    assert house.ask("PUT", path, b"x").status == 415
    assert house.upload(image_id, b"x", roles="reader").status == 403
    assert house.upload(image_id, b"x", project=OTHER).status == 404
    told = {**OCTETS, "X-OpenStack-Image-Size": "5"}
    assert house.ask("PUT", path, iter([b"x"]), headers=told).status == 400
    assert house.show(image_id)["status"] == "queued"
    assert house.upload(image_id, b"x").status == 204
    assert house.upload(image_id, b"x").status == 409
    bare = house.ok("POST", "/v2/images", {"name": "n"}).json["id"]
    assert house.upload(bare, b"x").status == 400
    assert house.upload(bare, b"x").status == 400


def test_content_that_is_not_what_was_declared(house: House) -> None:
    image_id = house.create(disk_format="qcow2")
    refused = house.upload(image_id, pieces(headers.qcow2(backing=b"/etc/passwd")))
    assert refused.status == 415 and "backing" in refused.message
    assert house.show(image_id)["status"] == "queued"
    assert house.upload(image_id, headers.qcow2()).status == 204
    assert house.show(image_id)["virtual_size"] == headers.DISK
    house.step("image-sweeper")
    assert len(house.objects()) == 1


def test_of_two_uploads_one_wins(house: House) -> None:
    image_id = house.create()
    begun, go_on = concurrency.Event(), concurrency.Event()

    def slow() -> Iterator[bytes]:
        yield b"one" * MIB
        begun.set()
        go_on.wait(10.0)
        yield b"two"

    first = concurrency.spawn(house.upload, image_id, slow())
    assert begun.wait(10.0)
    assert house.show(image_id)["status"] == "saving"
    assert house.upload(image_id, b"late").status == 409
    go_on.set()
    assert concurrency.wait_task(first).status == 204
    assert house.show(image_id)["size"] == 3 * MIB + 3


def test_a_body_that_breaks_off_leaves_nothing(house: House) -> None:
    image_id = house.create()

    def broken() -> Iterator[bytes]:
        yield content(3 * MIB)
        raise ConnectionError("the client went away")

    assert house.upload(image_id, broken()).status == 500
    assert house.show(image_id)["status"] == "queued"
    house.step("image-sweeper")
    assert house.objects() == []
    assert house.upload(image_id, b"again").status == 204


def test_an_image_deleted_while_it_comes(house: House) -> None:
    image_id = house.create()

    def deleted_on_the_way() -> Iterator[bytes]:
        yield content(2 * MIB)
        house.ok("DELETE", f"/v2/images/{image_id}")
        house.step("image-sweeper")  # must not clear away behind the writer
        house.step("image-leases")
        yield content(2 * MIB)

    assert house.upload(image_id, deleted_on_the_way()).status == 410
    house.step("image-sweeper")
    assert house.objects() == []
    assert house.ask("GET", f"/v2/images/{image_id}").status == 404


def test_a_writer_that_dies_is_swept(house: House) -> None:
    """A killed process runs no handler: its greenlet just never goes on."""
    image_id = house.create()
    begun = concurrency.Event()

    def never_ends() -> Iterator[bytes]:
        yield content(3 * MIB)
        begun.set()
        concurrency.Event().wait()

    concurrency.spawn(house.upload, image_id, never_ends())
    assert begun.wait(10.0)
    house.start(seed=2)  # another process; the old one renews nothing any more
    house.step("image-sweeper")
    assert house.show(image_id)["status"] == "saving"
    house.clock.advance(46.0)
    house.step("image-sweeper")
    assert house.show(image_id)["status"] == "queued"
    assert house.objects() == []
    assert house.upload(image_id, b"again").status == 204


def test_deleting_removes_the_bytes(house: House) -> None:
    image_id = house.active(content())
    house.ok("DELETE", f"/v2/images/{image_id}")
    assert house.ask("GET", f"/v2/images/{image_id}").status == 404
    house.step("image-sweeper")
    assert house.objects() == []
    assert house.ask("DELETE", f"/v2/images/{image_id}").status == 404
    # Its id stays taken for a while, then is free.
    again = {"id": image_id, "name": "n"}
    assert house.ask("POST", "/v2/images", again).status == 409
    house.clock.advance(31 * 86400.0)
    house.step("image-sweeper")
    assert house.ask("POST", "/v2/images", again).status == 201


def test_quotas(make: Make) -> None:
    house = make(project_bytes_max=100, project_images_max=2, image_bytes_max=80)
    first = house.create()
    assert house.upload(first, bytes(81)).status == 413
    assert house.upload(first, iter([bytes(81)])).status == 413
    assert house.upload(first, bytes(60)).status == 204
    second = house.create()
    assert house.upload(second, iter([bytes(30), bytes(30)])).status == 413
    assert house.upload(second, bytes(40)).status == 204
    assert house.ask("POST", "/v2/images", {"name": "third"}).status == 413
    usage = house.ok("GET", "/v2/info/usage").json["usage"]
    assert usage["image_count_total"] == {"limit": 2, "usage": 2}


def test_a_store_that_is_away(house: House) -> None:
    image_id = house.create()
    house.store_caller._application = _unavailable
    assert house.upload(image_id, b"x").status == 503
    house.store_caller._application = house.swift.app
    assert house.show(image_id)["status"] == "queued"
    assert house.upload(image_id, b"x").status == 204


def _unavailable(environ: object, start_response: object) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])  # type: ignore[operator]
    return []
