"""Filters, order, pages, fields, revisions: the same for every collection."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import sqlalchemy as sa

from compute.network.api import DEFINITIONS
from compute.network.frame.resource import Definition
from test.unit.compute.network.house import OTHER, OWNER, Got, House


def names(house: House, **query: object) -> list[str]:
    return [each["name"] for each in house.list("network", project_id=OWNER, **query)]


@pytest.fixture
def five(house: House) -> House:
    for name in ("c", "a", "e", "b", "d"):
        house.clock.advance(1)
        house.make("network", name=name, description="odd" if name in "ace" else "")
    return house


def test_filters(five: House) -> None:
    assert names(five) == ["c", "a", "e", "b", "d"]
    assert names(five, name=["a", "d"]) == ["a", "d"]
    assert names(five, name="a", description="odd") == ["a"]
    assert names(five, name="b", description="odd") == []
    assert names(five, admin_state_up="False") == []
    assert names(five, shared="False") == ["c", "a", "e", "b", "d"]
    assert names(five, tenant_id=OTHER) == []
    assert five.ask("GET", "/v2.0/networks", admin_state_up="maybe").status == 400


def test_order(five: House) -> None:
    assert names(five, sort_key="name") == ["a", "b", "c", "d", "e"]
    assert names(five, sort_key="name", sort_dir="desc") == ["e", "d", "c", "b", "a"]
    assert names(five, sort_key=["description", "name"], sort_dir=["desc", "asc"]) == [
        "a",
        "c",
        "e",
        "b",
        "d",
    ]
    assert five.ask("GET", "/v2.0/networks", sort_key="colour").status == 400


def follow(house: House, got: Got, relation: str) -> Got | None:
    for link in got.json.get("networks_links", ()):
        if link["rel"] == relation:
            parts = urlsplit(link["href"])
            return house.ask("GET", f"{parts.path}?{parts.query}")
    return None


def test_pages_and_links(five: House) -> None:
    query = {"project_id": OWNER, "sort_key": "name", "limit": 2}
    page = five.ask("GET", "/v2.0/networks", **query)
    seen, previous = [], None
    while page is not None:
        seen.append([each["name"] for each in page.json["networks"]])
        previous, page = page, follow(five, page, "next")
    assert seen == [["a", "b"], ["c", "d"], ["e"]]
    assert previous is not None
    back = follow(five, previous, "previous")
    assert back is not None
    assert [each["name"] for each in back.json["networks"]] == ["c", "d"]
    first = follow(five, back, "previous")
    assert first is not None
    assert [each["name"] for each in first.json["networks"]] == ["a", "b"]
    again = follow(five, first, "next")
    assert again is not None
    assert [each["name"] for each in again.json["networks"]] == ["c", "d"]
    assert five.ask("GET", "/v2.0/networks", marker="nonsense").status == 400


def test_fields(five: House) -> None:
    found = five.list("network", name="a", fields=["name", "mtu"])
    assert found == [{"name": "a", "mtu": 1450}]


def test_restricted_attributes_do_not_filter_for_members(house: House) -> None:
    query = {"provider:network_type": "local"}
    assert house.ask("GET", "/v2.0/networks", **query).status == 400
    assert house.list("network", roles="admin", **query)


def test_ports_by_address(house: House) -> None:
    network, subnet = house.network()
    ports = [house.make("port", network_id=network["id"]) for _ in range(3)]
    wanted = ports[1]["fixed_ips"][0]["ip_address"]
    by_address = house.list("port", fixed_ips=f"ip_address={wanted}")
    assert [each["id"] for each in by_address] == [ports[1]["id"]]
    assert len(house.list("port", fixed_ips=f"subnet_id={subnet['id']}")) == 3
    assert len(house.list("port", fixed_ips="ip_address_substr=10.1.0.")) == 3
    assert house.list("port", mac_address=ports[0]["mac_address"])[0] == ports[0]
    group = ports[0]["security_groups"][0]
    assert len(house.list("port", security_groups=group)) == 3
    assert house.ask("GET", "/v2.0/ports", fixed_ips="colour=red").status == 400


def test_behind_the_last_page_the_way_leads_back(house: House) -> None:
    for name in "abc":
        house.make("network", name=name, description="paged")
    query = {"description": "paged", "sort_key": "name", "limit": "2"}
    first = house.ok("GET", "/v2.0/networks", **query)
    marker = first["networks"][-1]["id"]
    last = house.ok("GET", "/v2.0/networks", **query, marker=marker)["networks"]
    assert [each["name"] for each in last] == ["c"]
    behind = house.ok("GET", "/v2.0/networks", **query, marker=last[0]["id"])
    assert behind["networks"] == []
    (link,) = behind["networks_links"]
    assert link["rel"] == "previous"
    back = dict(parse_qsl(urlsplit(link["href"]).query))
    assert "marker" not in back
    again = house.ok("GET", "/v2.0/networks", **back)["networks"]
    assert [each["name"] for each in again] == ["b", "c"]


def test_a_change_on_condition(house: House) -> None:
    network = house.make("network", name="n")
    path = f"/v2.0/networks/{network['id']}"

    def change(match: str) -> Got:
        body = {"network": {"name": match}}
        return house.ask("PUT", path, body, headers={"If-Match": match})

    assert change("revision_number=0").json["network"]["revision_number"] == 1
    refused = change("revision_number=0")
    assert (refused.status, refused.error) == (412, "RevisionNumberConstraintFailed")
    assert change("rubbish").status == 400
    match = {"If-Match": "revision_number=0"}
    assert house.ask("DELETE", path, headers=match).status == 412


def test_tags(house: House) -> None:
    networks = []
    for name in "abc":
        house.clock.advance(1)
        networks.append(house.make("network", name=name))
    path = f"/v2.0/networks/{networks[0]['id']}/tags"
    assert house.ok("PUT", path, {"tags": ["red", "blue"]})["tags"] == ["blue", "red"]
    assert house.ask("PUT", f"{path}/green").status == 201
    assert house.ask("GET", f"{path}/green").status == 204
    assert house.ask("DELETE", f"{path}/green").status == 204
    assert house.ask("GET", f"{path}/green").error == "TagNotFound"
    house.ok("PUT", f"/v2.0/networks/{networks[1]['id']}/tags", {"tags": ["red"]})
    assert house.show("network", networks[0]["id"])["tags"] == ["blue", "red"]
    assert names(house, tags="red") == ["a", "b"]
    assert names(house, tags="red,blue") == ["a"]
    assert names(house, **{"tags-any": "blue,red"}) == ["a", "b"]
    assert names(house, **{"not-tags": "red,blue"}) == ["b", "c"]
    assert names(house, **{"not-tags-any": "red,blue"}) == ["c"]
    assert house.ask("PUT", path, {"tags": ["x"]}, project=OTHER).status == 404
    assert house.ask("PUT", path, {"tags": ["x"]}, roles="reader").status == 403
    assert house.ask("PUT", path, {"tags": ["a,b"]}).status == 400
    assert house.ask("DELETE", path).status == 204
    assert house.ok("GET", path) == {"tags": []}


def test_whose_it_is(house: House) -> None:
    made = house.make("network", tenant_id=OTHER, as_roles="admin")
    assert made["project_id"] == OTHER
    body = {"network": {"tenant_id": OWNER, "project_id": OTHER}}
    assert house.ask("POST", "/v2.0/networks", body).status == 400


def test_bodies_that_are_none(house: House) -> None:
    for body in ({}, {"networks": []}, {"networks": 7}, {"network": []}, []):
        assert house.ask("POST", "/v2.0/networks", body).status == 400
    got = house.ask("PATCH", "/v2.0/networks")
    assert (got.status, got.headers["allow"]) == (405, "GET, POST")


LISTS = {
    "agents": "id",
    "availability_zones": "resource",
    "network-ip-availabilities": "network_id",
    "floatingip_pools": "subnet_id",
}


@pytest.mark.parametrize("path", LISTS)
def test_short_lists_have_pages_too(house: House, path: str) -> None:
    """A client that asks for pages until one is empty comes to an end."""
    for host in ("beta", "alpha", "gamma"):
        house.report(host)
    identifier = LISTS[path]
    plural = path.replace("-", "_")

    def page(**query: Any) -> list[str]:
        got = house.ask("GET", f"/v2.0/{path}", roles="admin", **query)
        assert got.status == 200, got.body
        return [each[identifier] for each in got.json[plural]]

    everything = page()
    found: list[str] = []
    for _ in everything:
        query = {"marker": found[-1]} if found else {}
        found += page(limit=1, **query)
    assert found == everything
    assert page(limit=1, marker=everything[-1]) == []
    backwards = page(page_reverse=True, limit=1)
    assert backwards == everything[-1:]
    assert page(sort_key=identifier, sort_dir="desc") == sorted(everything)[::-1]
    assert page(**{identifier: everything[0]}) == everything[:1]
    for wrong in ({"nonsense": "1"}, {"marker": "x"}, {"sort_key": "x"}):
        got = house.ask("GET", f"/v2.0/{path}", roles="admin", **wrong)
        assert got.status == 400, wrong


@pytest.mark.parametrize(
    "definition",
    [each for each in DEFINITIONS if "list" in each.verbs],
    ids=lambda each: each.collection.plural,
)
def test_strange_filters_are_refused_or_find_nothing(
    house: House, definition: Definition[Any]
) -> None:
    """Each filter that is parsed, twice, with what nobody would look for."""
    collection = definition.collection
    path = f"/v2.0/{definition.path or collection.plural}"
    if definition.parent is not None:
        path = path.format(of=parent_of(house, definition.parent.column))
    parsed = {
        name
        for name, column in collection.attributes.items()
        if not isinstance(collection.table.c[column].type, sa.String)
    }
    for name in ["id", *parsed, *collection.special, "limit", "marker", "sort_key"]:
        for value in ("", "9" * 40, "\u0661", "1_0", "\0"):
            got = house.ask("GET", path, roles="admin", **{name: [value, "1"]})
            assert got.status in (200, 400), (name, value, got.body)


def parent_of(house: House, column: str) -> str:
    """What things are below whose column it is."""
    if column == "policy_id":
        body = {"policy": {"name": "q"}}
        made = house.ok("POST", "/v2.0/qos/policies", body, roles="admin")
        return str(made["policy"]["id"])
    if column == "router_id":
        return str(house.make("router")["id"])
    external = house.external()["id"]
    return str(house.make("floatingip", floating_network_id=external)["id"])
