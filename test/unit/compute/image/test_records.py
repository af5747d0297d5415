"""Create, patch, tags, activation, deletion, visibility: who may do what."""

from __future__ import annotations

from uuid import uuid4

import pytest

from test.unit.compute.image.house import OTHER, OWNER, House


def test_create_says_all(house: House) -> None:
    image_id = str(uuid4())
    got = house.ok(
        "POST",
        "/v2/images",
        {
            "id": image_id,
            "name": "büro",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 2,
            "min_ram": 256,
            "tags": ["b", "a", "a"],
            "visibility": "private",
            "protected": True,
            "hw_disk_bus": "virtio",
        },
    )
    assert got.status == 201
    assert got.headers["location"] == f"http://localhost/v2/images/{image_id}"
    assert "glance-direct" in got.headers["openstack-image-import-methods"]
    assert got.headers["openstack-image-store-ids"] == "ring"
    assert got.json == house.show(image_id)
    assert got.json == {
        "id": image_id,
        "name": "büro",
        "status": "queued",
        "visibility": "private",
        "owner": OWNER,
        "protected": True,
        "os_hidden": False,
        "size": None,
        "virtual_size": None,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 2,
        "min_ram": 256,
        "tags": ["a", "b"],
        "created_at": "2023-11-14T22:13:20Z",
        "updated_at": "2023-11-14T22:13:20Z",
        "self": f"/v2/images/{image_id}",
        "file": f"/v2/images/{image_id}/file",
        "schema": "/v2/schemas/image",
        "hw_disk_bus": "virtio",
    }
    assert house.ask("POST", "/v2/images", {"id": image_id}).status == 409


@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        ({"disk_format": "floppy"}, 400, "disk_format"),
        ({"container_format": "box"}, 400, "container_format"),
        ({"id": "not-a-uuid"}, 400, "id"),
        ({"min_ram": -1}, 400, "min_ram"),
        ({"min_disk": 2**31}, 400, "min_disk"),
        ({"name": "n" * 256}, 400, "name"),
        ({"hw_number": 7}, 400, "hw_number"),
        ({"visibility": "secret"}, 400, "visibility"),
        ({"status": "active"}, 403, "status"),
        ({"checksum": "x"}, 403, "checksum"),
        ({"os_glance_x": "x"}, 403, "os_glance_x"),
        ({"locations": "x"}, 403, "locations"),
        ({"visibility": "public"}, 403, "publicize"),
        ({"owner": OTHER}, 403, "add_image"),
        ({f"p{number}": "v" for number in range(129)}, 413, "properties"),
        ({"tags": [str(number) for number in range(129)]}, 413, "tags"),
        ({"p" * 256: "v"}, 400, "Property names"),
    ],
)
def test_create_refuses(
    house: House, fields: dict[str, object], status: int, word: str
) -> None:
    got = house.ask("POST", "/v2/images", fields)
    assert got.status == status and word in got.message


def test_create_needs_a_member(house: House) -> None:
    assert house.ask("POST", "/v2/images", {}, roles="reader").status == 403
    assert house.ask("POST", "/v2/images", b"{").status == 400
    got = house.ask("POST", "/v2/images", {}, headers={"X-Auth-Token": "bad"})
    assert got.status == 401


def test_admins_create_for_others(house: House) -> None:
    image_id = house.create(owner=OTHER, visibility="public", roles="admin")
    assert house.show(image_id)["owner"] == OTHER


def test_patch(house: House) -> None:
    image_id = house.create(name="before", a="1", b="2")
    got = house.patch(
        image_id,
        {"op": "replace", "path": "/name", "value": "after"},
        {"op": "replace", "path": "/a", "value": "one"},
        {"op": "remove", "path": "/b"},
        {"op": "add", "path": "/c~1d", "value": "3"},
        {"op": "replace", "path": "/tags", "value": ["x"]},
        {"op": "add", "path": "/min_ram", "value": 64},
        {"op": "replace", "path": "/os_hidden", "value": True},
    )
    assert got.status == 200
    image = house.show(image_id)
    assert image["name"] == "after" and image["a"] == "one" and image["c/d"] == "3"
    assert "b" not in image and image["tags"] == ["x"] and image["min_ram"] == 64
    assert image["os_hidden"] is True


def test_patch_in_its_older_form(house: House) -> None:
    image_id = house.create(name="before", a="1", b="2")

    def patch(*operations: dict[str, object]) -> int:
        path = f"/v2/images/{image_id}"
        kind = {"Content-Type": "application/openstack-images-v2.0-json-patch"}
        return house.ask("PATCH", path, list(operations), headers=kind).status

    assert (
        patch(
            {"replace": "/name", "value": "after"},
            {"remove": "/b"},
            {"add": "/c", "value": "3"},
        )
        == 200
    )
    image = house.show(image_id)
    assert (image["name"], image["a"], image["c"]) == ("after", "1", "3")
    assert "b" not in image
    assert patch({"add": "/c", "value": "4"}) == 409
    assert patch({"add": "/name", "value": "4"}) == 409
    assert patch({"replace": "/d", "value": "4"}) == 409
    assert patch({"op": "add", "path": "/d", "value": "4"}) == 400
    assert patch({"add": "/d", "remove": "/a", "value": "4"}) == 400
    assert patch({"replace": "/status", "value": "active"}) == 403
    assert house.show(image_id) == image


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "replace", "path": "/status", "value": "active"}, 403),
        ({"op": "replace", "path": "/size", "value": 1}, 403),
        ({"op": "replace", "path": "/id", "value": str(uuid4())}, 403),
        ({"op": "add", "path": "/os_glance_a", "value": "x"}, 403),
        ({"op": "add", "path": "/locations", "value": []}, 403),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "remove", "path": "/nothing"}, 409),
        ({"op": "replace", "path": "/nothing", "value": "x"}, 409),
        ({"op": "replace", "path": "/name"}, 400),
        ({"op": "replace", "path": "/min_ram", "value": "x"}, 400),
        ({"op": "replace", "path": "/protected", "value": None}, 400),
        ({"op": "replace", "path": "name", "value": "x"}, 400),
        ({"op": "replace", "path": "/a/b", "value": "x"}, 400),
        ({"op": "replace", "path": "/~2", "value": "x"}, 400),
        ({"op": "test", "path": "/name", "value": "x"}, 400),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
        ({"op": "replace", "path": "/owner", "value": OTHER}, 403),
    ],
)
def test_patch_refuses(house: House, operation: dict[str, object], status: int) -> None:
    image_id = house.create()
    before = house.show(image_id)
    assert house.patch(image_id, operation).status == status
    assert house.show(image_id) == before


def test_patch_needs_its_content_type_and_an_owner(house: House) -> None:
    image_id = house.create(visibility="community")
    change = {"op": "replace", "path": "/name", "value": "x"}
    assert house.ask("PATCH", f"/v2/images/{image_id}", [change]).status == 415
    assert house.patch(image_id, change, project=OTHER).status == 403
    assert house.patch(image_id, change, roles="reader").status == 403


def test_formats_are_fixed_once_there_are_bytes(house: House) -> None:
    image_id = house.active()
    change = {"op": "replace", "path": "/disk_format", "value": "qcow2"}
    assert house.patch(image_id, change).status == 403
    queued = house.create()
    assert house.patch(queued, change).status == 200


def test_tags(house: House) -> None:
    image_id = house.create()
    for _ in range(2):
        house.ok("PUT", f"/v2/images/{image_id}/tags/a%20tag")
    assert house.show(image_id)["tags"] == ["a tag"]
    house.ok("DELETE", f"/v2/images/{image_id}/tags/a%20tag")
    assert house.ask("DELETE", f"/v2/images/{image_id}/tags/a%20tag").status == 404
    assert house.ask("PUT", f"/v2/images/{image_id}/tags/{'t' * 256}").status == 400
    other = house.ask("PUT", f"/v2/images/{image_id}/tags/x", project=OTHER)
    assert other.status == 404


def test_protected_images_stay(house: House) -> None:
    image_id = house.active(protected=True)
    got = house.ask("DELETE", f"/v2/images/{image_id}")
    assert got.status == 403 and "protected" in got.message
    house.patch(image_id, {"op": "replace", "path": "/protected", "value": False})
    house.ok("DELETE", f"/v2/images/{image_id}")


def test_deactivated_images_are_for_administrators(house: House) -> None:
    image_id = house.active()
    house.ok("POST", f"/v2/images/{image_id}/actions/deactivate")
    house.ok("POST", f"/v2/images/{image_id}/actions/deactivate")
    assert house.show(image_id)["status"] == "deactivated"
    path = f"/v2/images/{image_id}/file"
    assert house.ask("GET", path).status == 403
    assert house.ask("GET", path, roles="admin").status == 200
    house.ok("POST", f"/v2/images/{image_id}/actions/reactivate")
    assert house.ask("GET", path).status == 200
    queued = house.create()
    got = house.ask("POST", f"/v2/images/{queued}/actions/deactivate")
    assert got.status == 403 and "queued" in got.message


@pytest.mark.parametrize(
    ("visibility", "seen", "read", "changed"),
    [
        ("private", 404, 404, 404),
        ("shared", 404, 404, 404),
        ("community", 200, 200, 403),
        ("public", 200, 200, 403),
    ],
)
def test_who_may_see_what(
    house: House, visibility: str, seen: int, read: int, changed: int
) -> None:
    image_id = house.active(visibility=visibility, roles="admin")
    path = f"/v2/images/{image_id}"
    assert house.ask("GET", path, project=OTHER).status == seen
    assert house.ask("GET", f"{path}/file", project=OTHER).status == read
    assert house.ask("DELETE", path, project=OTHER).status == changed
    assert house.upload(image_id, b"x", project=OTHER).status == changed
    assert house.ask("GET", path, project=OTHER, roles="admin").status == 200


def test_house_sets_status(house: House) -> None:
    image_id = house.create()
    path = f"/internal/images/{image_id}/status"
    assert house.ask("PUT", path, {"status": "killed"}).status == 403
    house.client.set_status(image_id, "killed")
    assert house.show(image_id)["status"] == "killed"
    assert house.upload(image_id, b"x").status == 409
    house.ok("DELETE", f"/v2/images/{image_id}")


def test_versions_schemas_and_stores(house: House) -> None:
    got = house.caller.request("GET", "/")
    assert got.status == 300
    versions = got.json()["versions"]
    assert versions[0]["id"] == "v2.15" and versions[0]["status"] == "CURRENT"
    assert versions[0]["links"][0]["href"] == "http://localhost/v2/"
    assert house.caller.request("GET", "/versions").status == 200
    for name in ("image", "images", "member", "members", "task", "tasks"):
        assert house.ok("GET", f"/v2/schemas/{name}").json["name"] == name
    assert house.ask("GET", "/v2/schemas/nothing").status == 404
    methods = house.ok("GET", "/v2/info/import").json["import-methods"]["value"]
    assert methods == [
        "glance-direct",
        "web-download",
        "copy-image",
        "glance-download",
    ]
    found = house.ok("GET", "/v2/info/stores").json["stores"]
    assert found[0]["id"] == "ring" and found[0]["default"] == "true"
    assert house.ask("GET", "/v2/info/stores/detail").status == 403
    detail = house.ok("GET", "/v2/info/stores/detail", roles="admin")
    assert detail.json["stores"][0]["type"] == "ring"
