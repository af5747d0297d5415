"""Images' documents have the keys of Glance's reference, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.unit.compute.image.house import OTHER, OWNER, PATCH, House

IMAGE = {
    "id",
    "name",
    "status",
    "visibility",
    "owner",
    "tags",
    "protected",
    "os_hidden",
    "container_format",
    "disk_format",
    "min_disk",
    "min_ram",
    "size",
    "virtual_size",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
}
MEMBER = {"image_id", "member_id", "status", "created_at", "updated_at", "schema"}
# Newest first; 2.14 was never given out.
VERSIONS = [15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_images(house: House) -> None:
    made = house.ask("POST", "/v2/images", {"name": "x", "colour": "red"})
    assert set(made.json) == IMAGE | {"colour"}
    path = f"/v2/images/{made.json['id']}"
    assert set(house.ask("GET", path).json) == IMAGE | {"colour"}
    listed = house.ask("GET", "/v2/images").json
    assert set(listed) == {"images", "first", "schema"}
    assert set(listed["images"][0]) == IMAGE | {"colour"}
    first = house.ask("POST", "/v2/images", {"name": "y"})
    assert first.status == 201
    page = house.ask("GET", "/v2/images?limit=1").json
    assert set(page) == {"images", "first", "next", "schema"}


def test_members(house: House) -> None:
    made = house.ask("POST", "/v2/images", {"name": "x"}).json
    path = f"/v2/images/{made['id']}"
    share = [{"op": "replace", "path": "/visibility", "value": "shared"}]
    assert house.ask("PATCH", path, share, headers=PATCH).status == 200
    assert set(house.ask("POST", f"{path}/members", {"member": OTHER}).json) == MEMBER
    listed = house.ask("GET", f"{path}/members").json
    assert set(listed) == {"members", "schema"}
    assert set(listed["members"][0]) == MEMBER
    one = house.ask("GET", f"{path}/members/{OTHER}").json
    assert set(one) == MEMBER


def test_discovery(house: House) -> None:
    answer = house.ask("GET", "/")
    assert answer.status == 300
    versions = answer.json["versions"]
    assert [each["id"] for each in versions] == [f"v2.{minor}" for minor in VERSIONS]
    assert [each["status"] for each in versions[:2]] == ["CURRENT", "SUPPORTED"]
    assert all(set(each) == {"id", "status", "links"} for each in versions)
    methods = house.ask("GET", "/v2/info/import").json["import-methods"]
    assert set(methods) == {"description", "type", "value"}
    for store in house.ask("GET", "/v2/info/stores").json["stores"]:
        assert {"id"} <= set(store) <= {"id", "description", "default", "read-only"}
    for name in ("image", "images", "member", "members"):
        schema = house.ask("GET", f"/v2/schemas/{name}").json
        assert {"name", "properties"} <= set(schema)
    # What the schema of an image tells is what an image shows.
    properties = set(house.ask("GET", "/v2/schemas/image").json["properties"])
    assert properties >= IMAGE
    assert house.ask("GET", "/v2/images", project=OWNER).status == 200
