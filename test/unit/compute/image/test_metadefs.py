"""Metadata definitions: namespaces, what they define, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from compute.image.metadefs.model import DEFINITIONS_MAX, RESOURCE_TYPES
from test.unit.compute.got import Got
from test.unit.compute.image.house import OTHER, OWNER, House

NAMESPACES = "/v2/metadefs/namespaces"
WHOLE = {
    "namespace": "OS::Disk",
    "display_name": "Disks",
    "visibility": "public",
    "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:"}],
    "properties": {"bus": {"title": "Bus", "type": "string", "enum": ["ide", "scsi"]}},
    "objects": [
        {"name": "Cache", "properties": {"mode": {"title": "M", "type": "string"}}}
    ],
    "tags": [{"name": "fast"}, {"name": "slow"}],
}


def ask(house: House, method: str, path: str, body: Any = b"", **more: Any) -> Got:
    more.setdefault("roles", "admin")
    return house.ask(method, f"{NAMESPACES}{path}", body, **more)


def ok(house: House, method: str, path: str, body: Any = b"", **more: Any) -> Any:
    got = ask(house, method, path, body, **more)
    assert 200 <= got.status < 300, (method, path, got)
    return got.json if got.body else None


def names(house: House, query: str = "", **more: Any) -> list[str]:
    found = ok(house, "GET", query, **more)["namespaces"]
    return [each["namespace"] for each in found]


def test_a_namespace_with_everything(house: House) -> None:
    made = ok(house, "POST", "", WHOLE)
    assert made == ok(house, "GET", "/OS::Disk")
    assert made["owner"] == OWNER and made["protected"] is False
    assert made["self"] == "/v2/metadefs/namespaces/OS::Disk"
    assert made["schema"] == "/v2/schemas/metadefs/namespace"
    assert "description" not in made
    assert made["properties"]["bus"] == {"name": "bus", **WHOLE["properties"]["bus"]}
    assert [each["name"] for each in made["objects"]] == ["Cache"]
    assert made["tags"] == WHOLE["tags"]
    (associated,) = made["resource_type_associations"]
    assert (associated["name"], associated["prefix"]) == ("OS::Nova::Flavor", "hw:")
    # On a flavor its properties have the prefix.
    flavor = ok(house, "GET", "/OS::Disk?resource_type=OS::Nova::Flavor")
    assert set(flavor["properties"]) == {"hw:bus"}
    assert set(flavor["objects"][0]["properties"]) == {"hw:mode"}
    one = "/OS::Disk/properties/hw:bus?resource_type=OS::Nova::Flavor"
    assert ok(house, "GET", one)["name"] == "hw:bus"
    assert ask(house, "GET", "/OS::Disk/properties/hw:bus").status == 404
    assert ask(house, "POST", "", WHOLE).status == 409
    house.ok("DELETE", f"{NAMESPACES}/OS::Disk", roles="admin")
    assert ask(house, "GET", "/OS::Disk").status == 404
    ok(house, "POST", "", {"namespace": "OS::Disk"})
    assert ok(house, "GET", "/OS::Disk/tags")["tags"] == []


def test_a_namespace_is_changed_and_protected(house: House) -> None:
    ok(house, "POST", "", {"namespace": "a", "protected": True})
    assert ask(house, "DELETE", "/a").status == 403
    ok(house, "POST", "/a/tags/t")
    assert ask(house, "DELETE", "/a/tags/t").status == 403
    assert ask(house, "DELETE", "/a/tags").status == 403
    shown = ok(house, "GET", "/a")
    house.clock.advance(5.0)
    # Who sends back what was shown changes what he changed.
    changed = ok(house, "PUT", "/a", {**shown, "namespace": "b", "protected": False})
    assert changed["namespace"] == "b" and changed["tags"] == [{"name": "t"}]
    assert changed["updated_at"] > shown["updated_at"]
    assert ask(house, "PUT", "/a", {"namespace": "a"}).status == 404
    ok(house, "POST", "", {"namespace": "a"})
    assert ask(house, "PUT", "/a", {"namespace": "b"}).status == 409
    ok(house, "DELETE", "/b")


def test_lists(house: House) -> None:
    for name in ("one", "two", "three"):
        house.clock.advance(1.0)
        ok(house, "POST", "", {"namespace": name, "visibility": "public"})
    ok(house, "POST", "/two/resource_types", {"name": "OS::Nova::Server"})
    assert names(house) == ["three", "two", "one"]
    assert names(house, "?sort_key=namespace&sort_dir=asc") == ["one", "three", "two"]
    assert names(house, "?resource_types=OS::Nova::Server,OS::X") == ["two"]
    assert names(house, "?visibility=private") == []
    page = ok(house, "GET", "?limit=2")
    assert page["next"] == f"{NAMESPACES}?limit=2&marker=two"
    assert names(house, "?limit=2&marker=two") == ["one"]
    for query, status in (("?marker=x", 404), ("?sort_key=x", 400), ("?limit=x", 400)):
        assert ask(house, "GET", query).status == status


def test_who_may(house: House) -> None:
    ok(house, "POST", "", {"namespace": "mine"})
    ok(house, "POST", "", {"namespace": "ours", "visibility": "public"})
    ok(house, "POST", "/mine/tags/secret")
    assert names(house, roles="member", project=OTHER) == ["ours"]
    assert set(names(house, roles="reader")) == {"ours", "mine"}
    for path in ("/mine", "/mine/tags", "/mine/tags/secret", "/mine/properties"):
        assert ask(house, "GET", path, roles="member", project=OTHER).status == 404
    for method, path in (("PUT", "/ours"), ("POST", "/ours/objects")):
        body = {"namespace": "ours", "name": "x"}
        del body["name" if method == "PUT" else "namespace"]
        assert ask(house, method, path, body, roles="member").status == 403
    assert ask(house, "DELETE", "/ours", roles="member").status == 403
    assert ask(house, "POST", "", {"namespace": "x"}, roles="member").status == 403
    assert ask(house, "PUT", "/mine", {}, roles="member", project=OTHER).status == 404
    assert ok(house, "GET", "/ours/objects", roles="reader")["objects"] == []


def test_objects_and_properties(house: House) -> None:
    ok(house, "POST", "", {"namespace": "n"})
    given = {"name": "o", "description": "d", "required": ["p"], "properties": {}}
    made = ok(house, "POST", "/n/objects", given)
    assert made["self"] == "/v2/metadefs/namespaces/n/objects/o"
    assert ask(house, "POST", "/n/objects", given).status == 409
    ok(house, "PUT", "/n/objects/o", {"name": "q"})
    assert ask(house, "GET", "/n/objects/o").status == 404
    assert ok(house, "GET", "/n/objects/q")["required"] == []
    listed = ok(house, "GET", "/n/objects")
    assert [each["name"] for each in listed["objects"]] == ["q"]
    ok(house, "DELETE", "/n/objects/q")
    assert ask(house, "DELETE", "/n/objects/q").status == 404
    size = {"name": "size", "title": "Size", "type": "integer", "minimum": 1}
    assert ok(house, "POST", "/n/properties", size) == size
    assert ok(house, "GET", "/n/properties") == {"properties": {"size": size}}
    smaller = {**size, "maximum": 3}
    assert ok(house, "PUT", "/n/properties/size", smaller) == smaller
    ok(house, "DELETE", "/n/properties")
    assert ok(house, "GET", "/n/properties") == {"properties": {}}


def test_tags(house: House) -> None:
    ok(house, "POST", "", {"namespace": "n"})
    first = {"tags": [{"name": "a"}, {"name": "b"}]}
    assert ok(house, "POST", "/n/tags", first) == first
    ok(house, "POST", "/n/tags", {"tags": [{"name": "c"}]})
    assert ok(house, "GET", "/n/tags")["tags"] == [{"name": "c"}]
    beside = {"X-OpenStack-Append": "True"}
    ok(house, "POST", "/n/tags", first, headers=beside)
    assert len(ok(house, "GET", "/n/tags")["tags"]) == 3
    assert ask(house, "POST", "/n/tags", first, headers=beside).status == 409
    assert ok(house, "POST", "/n/tags/d")["name"] == "d"
    assert ask(house, "POST", f"/n/tags/{'d' * 81}").status == 400
    assert ok(house, "PUT", "/n/tags/d", {"name": "e"})["name"] == "e"
    assert ask(house, "PUT", "/n/tags/e", {"name": "a"}).status == 409
    assert set(ok(house, "GET", "/n/tags/e")) == {"name", "created_at", "updated_at"}
    many = {"tags": [{"name": str(number)} for number in range(DEFINITIONS_MAX)]}
    assert ask(house, "POST", "/n/tags", many, headers=beside).status == 413


def test_resource_types(house: House) -> None:
    path = "/v2/metadefs/resource_types"
    listed = house.ok("GET", path, roles="reader").json["resource_types"]
    assert [each["name"] for each in listed] == list(RESOURCE_TYPES)
    ok(house, "POST", "", {"namespace": "n"})
    ok(house, "POST", "/n/resource_types", {"name": "Mine::Thing"})
    listed = house.ok("GET", path).json["resource_types"]
    assert [each["name"] for each in listed] == ["Mine::Thing", *RESOURCE_TYPES]
    ok(house, "DELETE", "/n/resource_types/Mine::Thing")
    found = ok(house, "GET", "/n/resource_types")
    assert found == {"resource_type_associations": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"namespace": ""},
        {"namespace": "a/b"},
        {"namespace": "x" * 81},
        {"namespace": "x", "visibility": "shared"},
        {"namespace": "x", "colour": "red"},
        {"namespace": "x", "properties": {"p": {"title": "P", "type": "colour"}}},
        {"namespace": "x", "tags": [{"name": 3}]},
    ],
    ids=str,
)
def test_what_is_no_namespace(house: House, body: Any) -> None:
    assert ask(house, "POST", "", body).status == 400


def test_names_are_of_any_letters(house: House) -> None:
    name = "Größe: 大 50%"
    got = ask(house, "POST", "", {"namespace": name})
    assert got.status == 201 and got.json["namespace"] == name
    place = got.headers["location"]
    assert place.isascii() and " " not in place
    found = house.ok("GET", place[place.index("/v2/") :], roles="admin").json
    assert found["namespace"] == name
    path = f"{place[place.index(NAMESPACES) + len(NAMESPACES) :]}/tags"
    tagged = ask(house, "POST", f"{path}/%E5%A4%A7")
    assert tagged.status == 201 and tagged.headers["location"].isascii()
    for bad in ("a\r\nX-Y: z", "a\n", "\0", " ", "a/b"):
        assert ask(house, "POST", "", {"namespace": bad}).status == 400, bad
        assert ask(house, "POST", path, {"tags": [{"name": bad}]}).status == 400, bad


def test_a_namespace_is_all_or_nothing(house: House) -> None:
    twice = {"namespace": "n", "tags": [{"name": "t"}, {"name": "t"}]}
    assert ask(house, "POST", "", twice).status == 409
    assert names(house) == []


def test_what_others_namespaces_are_meant_for_is_not_told(house: House) -> None:
    named = [{"name": "Own::Thing"}]
    private = {"namespace": "mine", "resource_type_associations": named}
    ok(house, "POST", "", private)

    def told(project: str) -> bool:
        found = house.ok(
            "GET", "/v2/metadefs/resource_types", project=project, roles="reader"
        )
        return "Own::Thing" in {each["name"] for each in found.json["resource_types"]}

    assert told(OWNER) and not told(OTHER)
    ok(house, "PUT", "/mine", {"visibility": "public"})
    assert told(OTHER)


def test_tags_of_a_protected_namespace_are_not_replaced(house: House) -> None:
    ok(house, "POST", "", {"namespace": "kept", "protected": True})
    ok(house, "POST", "/kept/tags", {"tags": [{"name": "a"}]})
    assert ask(house, "POST", "/kept/tags", {"tags": []}).status == 403
    assert ok(house, "GET", "/kept/tags")["tags"] == [{"name": "a"}]
