"""Until 2.35: other services' things, asked for here, in the words of the older API."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from compute.instance.api.proxies.images import asked_there
from test.fakes.tokens import fake_token
from test.unit.compute.instance.house import OWNER, House


def old(house: House, method: str, path: str, body: Any = None) -> Any:
    return house.ok(method, path, body, version="2.1")


def refused(house: House, method: str, path: str, body: Any = None) -> int:
    return house.ask(method, path, body, version="2.1").status


def a_group(house: House, name: str) -> str:
    body = {"security_group": {"name": name, "description": "for a test"}}
    made = old(house, "POST", "/os-security-groups", body)
    return str(made["security_group"]["id"])


def a_rule(house: House, group: str, **more: Any) -> Any:
    body = {"parent_group_id": group, "ip_protocol": "tcp", **more}
    path = "/os-security-group-rules"
    return old(house, "POST", path, {"security_group_rule": body})[
        "security_group_rule"
    ]


def test_rules_say_whom_they_let_in(house: House) -> None:
    group, other = a_group(house, "web"), a_group(house, "data")
    anyone = a_rule(house, group, from_port=22, to_port=22)
    assert (anyone["group"], anyone["ip_range"]) == ({}, {"cidr": "0.0.0.0/0"})
    some = a_rule(house, group, from_port=80, to_port=80, cidr="2001:db8::/64")
    assert some["ip_range"] == {"cidr": "2001:db8::/64"}
    members = a_rule(house, group, group_id=other)
    assert members["group"] == {"name": "data", "tenant_id": OWNER}
    assert members["ip_range"] == {}
    assert (members["from_port"], members["to_port"]) == (1, 65535)
    pings = a_rule(house, group, ip_protocol="icmp", from_port=-1, to_port=-1)
    assert (pings["from_port"], pings["to_port"]) == (-1, -1)
    shown = old(house, "GET", f"/os-security-groups/{group}")["security_group"]
    told = {each["id"]: each for each in shown["rules"]}
    assert told == {each["id"]: each for each in (anyone, some, members, pings)}


def test_conflicts_are_bad_requests(house: House) -> None:
    group = a_group(house, "web")
    rule = {
        "parent_group_id": group,
        "ip_protocol": "tcp",
        "from_port": 22,
        "to_port": 22,
    }
    old(house, "POST", "/os-security-group-rules", {"security_group_rule": rule})
    again = {"security_group_rule": rule}
    assert refused(house, "POST", "/os-security-group-rules", again) == 400
    house.boot(security_groups=[{"name": "web"}])
    assert refused(house, "DELETE", f"/os-security-groups/{group}") == 400
    groups = old(house, "GET", "/os-security-groups")["security_groups"]
    (default,) = [each["id"] for each in groups if each["name"] == "default"]
    assert refused(house, "DELETE", f"/os-security-groups/{default}") == 400


def test_a_quota_forbids(house: House) -> None:
    a_group(house, "first")
    # As many as it has: the default one, and the first.
    limits = orjson.dumps({"quota": {"security_group": 2}})
    headers = {"X-Auth-Token": fake_token(OWNER, "admin")}
    house.parts.callers["network"].request(
        "PUT", f"/v2.0/quotas/{OWNER}", headers, limits
    ).read()
    body = {"security_group": {"name": "second", "description": ""}}
    assert refused(house, "POST", "/os-security-groups", body) == 403


def test_images_of_a_server_and_of_a_kind(house: House) -> None:
    first, second = house.boot("first"), house.boot("second")
    for server_id in (first, second):
        asked = {"createImage": {"name": f"of {server_id}"}}
        old(house, "POST", f"/servers/{server_id}/action", asked)
        house.work()

    def names(query: str) -> set[str]:
        found = old(house, "GET", f"/images?{query}")["images"]
        return {each["name"] for each in found}

    link = house.show(first)["links"][0]["href"]
    assert names(f"server={first}") == names(f"server={link}") == {f"of {first}"}
    assert names("type=snapshot") == {f"of {first}", f"of {second}"}
    assert names("status=ACTIVE&name=tiny") == {"tiny"}
    assert names("status=SAVING") == set()
    assert names("property-image_type=snapshot&limit=1") < names("type=snapshot")


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        (("changes-since", "2026-01-01"), [("updated_at", "gte:2026-01-01")]),
        (("minRam", "64"), [("min_ram", "64")]),
        (("status", "DELETED"), [("status", "in:deleted")]),
        (("owner", "x"), []),
    ],
)
def test_questions_about_images(
    asked: tuple[str, str], there: list[tuple[str, str]]
) -> None:
    assert asked_there([asked]) == there


@pytest.mark.parametrize("path", ["/images/", "/os-security-groups/", "/servers/"])
def test_a_missing_name_is_not_found(house: House, path: str) -> None:
    assert refused(house, "DELETE", path) == refused(house, "GET", path) == 404


def test_metadata_of_an_image_may_be_empty_texts(house: House) -> None:
    path = f"/images/{house.image_id}/metadata"
    made = house.ok("POST", path, {"metadata": {"k": ""}}, version="2.1", roles="admin")
    assert made["metadata"]["k"] == ""
    assert old(house, "GET", path)["metadata"]["k"] == ""
