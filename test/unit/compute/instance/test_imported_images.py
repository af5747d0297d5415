"""Servers of images that came by an import: what Glance notes of it stays there."""

from __future__ import annotations

import pytest

from compute.image.tables import properties
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, House

NOTES = {"os_glance_importing_to_stores": "", "os_glance_failed_import": ""}


@pytest.fixture
def imported(house: House) -> House:
    """The house, its image with what an import leaves behind."""
    rows = [
        {"image_id": house.image_id, "name": name, "value": value}
        for name, value in {**NOTES, "os_distro": "debian"}.items()
    ]
    house.database.run(lambda connection: connection.execute(properties.insert(), rows))
    return house


def test_they_are_snapshotted_and_shelved(imported: House) -> None:
    house = imported
    server_id = house.boot()
    got = house.act(server_id, "createImage", {"name": "copy"})
    assert got.status == 202, got
    house.work()
    copied = house.images.get(got.json["image_id"]).properties
    assert copied["os_distro"] == "debian" and not NOTES.keys() & copied.keys()
    assert house.act(server_id, "shelve").status == 202
    house.work()
    assert house.show(server_id)["status"].startswith("SHELVED")


def test_their_metadata_is_replaced_by_the_older_api(imported: House) -> None:
    path = f"/images/{imported.image_id}/metadata"
    body = {"metadata": {"a": "1"}}
    assert imported.ok("PUT", path, body, version="2.38") == body
    there = imported.parts.callers["image"].request(
        "GET",
        f"/v2/images/{imported.image_id}",
        {"X-Auth-Token": fake_token(OWNER)},
    )
    assert there.json().keys() >= {"a", *NOTES}
