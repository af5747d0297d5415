"""The list: every filter, sorting, pages, and what each caller sees in it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from test.unit.compute.image.house import OTHER, OWNER, House, Make

THIRD = "c" * 32


def names(house: House, query: str = "", **more: str) -> list[str]:
    got = house.ok("GET", f"/v2/images?{query}", **more).json["images"]
    return [image["name"] for image in got]


@pytest.fixture
def full(make: Make) -> House:
    """Four images of OWNER's, a second apart."""
    house = make()
    house.create(name="one", tags=["t", "u"], hw_bus="ide")
    house.clock.advance(1.0)
    house.active(b"12345", name="two", tags=["t"], min_ram=64)
    house.clock.advance(1.0)
    house.create(name="three, four", disk_format="iso", protected=True)
    house.clock.advance(1.0)
    house.create(name="hidden", os_hidden=True)
    return house


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["three, four", "two", "one"]),
        ("name=two", ["two"]),
        ('name=in:one,"three, four"', ["three, four", "one"]),
        ("status=active", ["two"]),
        ("status=in:active,queued", ["three, four", "two", "one"]),
        ("disk_format=iso", ["three, four"]),
        ("disk_format=in:iso,raw&name=one", ["one"]),
        ("container_format=bare&tag=t", ["two", "one"]),
        ("tag=t&tag=u", ["one"]),
        ("size_min=5", ["two"]),
        ("size_min=6", []),
        ("size_max=5", ["two"]),
        ("min_ram=64", ["two"]),
        ("protected=true", ["three, four"]),
        ("os_hidden=true", ["hidden"]),
        ("hw_bus=ide", ["one"]),
        ("hw_bus=scsi", []),
        (f"owner={OWNER}", ["three, four", "two", "one"]),
        (f"owner={OTHER}", []),
        ("visibility=shared", ["three, four", "two", "one"]),
        ("visibility=private", []),
        ("visibility=all", ["three, four", "two", "one"]),
        ("os_hash_algo=sha512&status=active", ["two"]),
        ("os_hash_algo=md5", []),
        ("checksum=827ccb0eea8a706c4c34a16891f84e7b", ["two"]),
        ("created_at=gt:2023-11-14T22:13:21Z", ["three, four"]),
        ("created_at=gte:2023-11-14T22:13:21Z", ["three, four", "two"]),
        ("created_at=lt:2023-11-14T22:13:21Z", ["one"]),
        ("updated_at=eq:2023-11-14T22:13:20Z", ["one"]),
        ("created_at=neq:2023-11-14T22:13:20Z", ["three, four", "two"]),
        ("sort=name:asc", ["one", "three, four", "two"]),
        ("sort_key=name&sort_dir=desc", ["two", "three, four", "one"]),
        ("sort=size:asc,name:asc", ["one", "three, four", "two"]),
        ("sort_dir=asc", ["one", "two", "three, four"]),
    ],
)
def test_filters_and_order(full: House, query: str, expected: list[str]) -> None:
    assert names(full, quote(query, safe="=&:,")) == expected


@pytest.mark.parametrize(
    "query",
    [
        "status=frozen",
        "visibility=secret",
        "member_status=maybe",
        "size_min=-1",
        "size_max=big",
        "created_at=gt:yesterday",
        "protected=maybe",
        "name=in:",
        "sort=colour",
        "sort_key=name&sort_dir=sideways",
        "limit=-1",
        "marker=nothing",
        "changes-since=2023-01-01",
    ],
)
def test_wrong_queries(full: House, query: str) -> None:
    got = full.ask("GET", f"/v2/images?{query}")
    assert got.status == 400 and got.message


def test_pages(full: House) -> None:
    path, seen, pages = "/v2/images?limit=2&sort=name:asc&protected=false", [], 0
    first = full.ok("GET", path).json["first"]
    assert first.startswith("/v2/images?") and "marker" not in first
    while path:
        page = full.ok("GET", path).json
        seen += [image["name"] for image in page["images"]]
        path = page.get("next", "")
        pages += 1
    assert seen == ["one", "two"] and pages == 2
    records = list(full.client.list({"sort": "name:asc"}))
    assert [record.name for record in records] == ["one", "three, four", "two"]


def test_pages_have_a_default_length(house: House) -> None:
    for number in range(30):
        house.create(name=str(number))
    page = house.ok("GET", "/v2/images").json
    assert len(page["images"]) == 25 and "next" in page
    rest = house.ok("GET", page["next"]).json
    assert len(rest["images"]) == 5 and "next" not in rest


def test_what_others_see(house: House) -> None:
    for visibility in ("private", "shared", "community", "public"):
        house.create(name=visibility, visibility=visibility, roles="admin")
    assert names(house, project=OTHER) == ["public"]
    assert names(house, "visibility=community", project=OTHER) == ["community"]
    both = names(house, "visibility=all&sort=name:asc", project=OTHER)
    assert both == ["community", "public"]
    assert names(house, "visibility=private", project=OTHER) == []
    assert len(names(house)) == 4
    assert len(names(house, project=OTHER, roles="admin")) == 4


def test_members_see_what_they_accepted(house: House) -> None:
    image_id = house.create(name="lent")
    path = f"/v2/images/{image_id}/members"
    house.ok("POST", path, {"member": OTHER})
    assert names(house, project=OTHER) == []
    assert names(house, "member_status=pending", project=OTHER) == ["lent"]
    assert names(house, "visibility=shared&member_status=all", project=OTHER) == [
        "lent"
    ]
    house.ok("PUT", f"{path}/{OTHER}", {"status": "accepted"}, project=OTHER)
    assert names(house, project=OTHER) == ["lent"]
    assert names(house, project=THIRD) == []
    house.ok("PUT", f"{path}/{OTHER}", {"status": "rejected"}, project=OTHER)
    assert names(house, project=OTHER) == []
    house.ok("DELETE", f"{path}/{OTHER}")
    assert names(house, "member_status=all", project=OTHER) == []
