"""Messages: what users are told when work that they ordered went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from compute.volume.messages import KEPT_SECONDS
from test.unit.compute.volume.house import OTHER, House


def make_type(house: House, name: str, **specs: str) -> None:
    body = {"volume_type": {"name": name, "extra_specs": specs}}
    house.ok("POST", "/types", body, roles="admin")


def messages(house: House, query: str = "", **more: Any) -> list[Any]:
    found: list[Any] = house.ok("GET", f"/messages{query}", **more)["messages"]
    return found


def unserved(house: House) -> str:
    """A volume that no backend takes."""
    make_type(house, "gold", vendor_name="Nobody")
    volume_id = house.order(volume_type="gold")
    house.work()
    return volume_id


@pytest.mark.parametrize(
    ("specs", "served"),
    [
        ({}, True),
        ({"colour": "red", "replication": "<is> True"}, True),
        ({"storage_protocol": "nbd", "vendor_name": "Ringstack"}, True),
        ({"capabilities:volume_backend_name": "s== files"}, True),
        ({"storage_protocol": "<or> iSCSI <or> nbd"}, True),
        ({"storage_protocol": "iSCSI"}, False),
        ({"volume_backend_name": "ssd"}, False),
    ],
    ids=str,
)
def test_a_type_asks_for_a_backend(
    house: House, specs: dict[str, str], served: bool
) -> None:
    make_type(house, "wanted", **specs)
    volume_id = house.order(volume_type="wanted")
    house.work()
    assert house.status(volume_id) == ("available" if served else "error")
    assert len(messages(house)) == (0 if served else 1)
    retype = {"new_type": "wanted"}
    plain = house.create()
    assert house.act(plain, "os-retype", retype).status == (202 if served else 400)
    house.ok("DELETE", f"/volumes/{volume_id}")
    if served:
        house.work()
    # Of what had no place nothing has to be removed first: its type can go at once.
    assert house.status(volume_id) == ""


def test_nothing_is_left_of_what_had_no_place(house: House) -> None:
    volume_id = unserved(house)
    available = {"status": "available"}
    house.act(volume_id, "os-reset_status", available, roles="admin")
    offer = {"transfer": {"volume_id": volume_id}}
    house.ok("POST", "/os-volume-transfer", offer)
    house.act(volume_id, "os-reset_status", available, roles="admin")
    house.ok("DELETE", f"/volumes/{volume_id}")
    assert house.status(volume_id) == ""
    assert house.ok("GET", "/os-volume-transfer")["transfers"] == []


def test_what_a_message_says_and_to_whom(house: House) -> None:
    volume_id = unserved(house)
    (told,) = messages(house)
    assert told["resource_uuid"] == volume_id and told["resource_type"] == "VOLUME"
    assert told["event_id"] == "VOLUME_VOLUME_001_003"
    assert told["message_level"] == "ERROR" and "type" in told["user_message"]
    assert told["request_id"].startswith("req-")
    path = f"/messages/{told['id']}"
    assert house.ok("GET", path)["message"] == told
    assert messages(house, project=OTHER) == []
    assert house.ask("GET", path, project=OTHER).status == 404
    assert house.ask("DELETE", path, project=OTHER).status == 404
    assert house.ask("DELETE", path, roles="reader").status == 403
    assert house.ask("GET", "/messages", version="3.2").status == 404
    assert messages(house, f"?resource_uuid={volume_id}&message_level=ERROR") == [told]
    assert messages(house, "?resource_uuid=other") == []
    assert house.ask("DELETE", path).status == 204
    assert house.ask("GET", path).status == house.ask("DELETE", path).status == 404


def test_messages_expire(house: House) -> None:
    unserved(house)
    (told,) = messages(house)
    house.clock.advance(KEPT_SECONDS + 1)
    assert messages(house) == []
    assert house.ask("GET", f"/messages/{told['id']}").status == 404
    house.upkeep()
    rows = house.wiring.stores.messages
    assert house.database.read(rows.all) == []


def test_work_that_fails_is_told(house: House) -> None:
    volume_id = house.create()
    house.driver.delete(f"volume-{volume_id}")
    body = {"snapshot": {"volume_id": volume_id}}
    snapshot_id = house.ok("POST", "/snapshots", body)["snapshot"]["id"]
    house.work()
    assert house.show("snapshot", snapshot_id)["status"] == "error"
    (told,) = messages(house)
    assert told["resource_uuid"] == snapshot_id
    assert told["event_id"] == "VOLUME_VOLUME_SNAPSHOT_009_001"
    # What the host says of its files is not for users.
    assert volume_id not in told["user_message"]


def test_an_image_says_of_which_type_its_volumes_are(house: House) -> None:
    make_type(house, "swift")
    image_id = house.image_house.active(b"bytes", cinder_img_volume_type="swift")
    made = house.order(size=1, imageRef=image_id)
    house.work()
    assert house.volume(made)["volume_type"] == "swift"
    plain = house.order(size=1, imageRef=image_id, volume_type="__DEFAULT__")
    house.work()
    assert house.volume(plain)["volume_type"] == "__DEFAULT__"
