"""What other rooms do with images, through the client that they use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compute.image.client import NewImage
from objectstore.kernel.errors import Rejected, Unavailable
from test.fakes.tokens import fake_token
from test.unit.compute.image.house import OTHER, OWNER, House

MIB = 2**20


def test_a_snapshot(house: House) -> None:
    content = bytes(range(256)) * 8192
    new = NewImage(
        "snapshot",
        "raw",
        owner=OWNER,
        min_disk_gib=1,
        visibility="private",
        tags=("t",),
        properties={"base_image_ref": "x", "image_type": "snapshot"},
    )

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 700_000):
            yield content[start : start + 700_000]

    made = house.client.create(new)
    house.client.upload(made.id, pieces())
    image = house.client.get(made.id)
    assert image.is_active and image.owner == OWNER and image.min_disk_gib == 1
    assert image.size_bytes == image.virtual_bytes == len(content)
    assert image.properties == {"base_image_ref": "x", "image_type": "snapshot"}
    assert image.tags == ("t",) and image.hash_algorithm == "sha512"
    seen = house.client.get(image.id, fake_token(OWNER))
    assert seen == image
    with pytest.raises(Rejected) as caught:
        house.client.get(image.id, fake_token(OTHER))
    assert caught.value.status == 404


def test_bytes(house: House) -> None:
    content = bytes(range(256)) * 8192
    image_id = house.active(content)
    client = house.client
    assert client.read_range(image_id, MIB - 5, 10) == content[MIB - 5 : MIB + 5]
    assert client.read_range(image_id, len(content) - 3, 100) == content[-3:]
    assert client.read_range(image_id, len(content), 100) == b""
    assert client.read_range(image_id, 0, 0) == b""
    assert client.read_range(house.create(), 0, 10) == b""
    with client.download(image_id) as answer:
        assert b"".join(answer) == content


def test_changes_and_deletion(house: House) -> None:
    image_id = house.active(kind="old")
    changed = house.client.update(image_id, {"name": "new", "kind": None, "a/b": "c"})
    assert changed.name == "new" and changed.properties == {"a/b": "c"}
    house.client.set_status(image_id, "deactivated")
    assert not house.client.get(image_id).is_active
    with pytest.raises(Rejected) as caught:
        house.client.set_status(image_id, "killed")
    assert caught.value.status == 409
    assert house.client.delete(image_id)
    assert not house.client.delete(image_id)


def test_a_service_that_is_away(house: House) -> None:
    house.database.close()
    house.caller._application = _away
    with pytest.raises(Unavailable):
        house.client.get("x")


def _away(environ: object, start_response: object) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])  # type: ignore[operator]
    return []
