"""Containers, what uses them, and who reads."""

from __future__ import annotations

import pytest

from test.unit.compute.secret.house import OTHER, House, path_of

CERTIFICATE = {"certificate": "C", "private_key": "K"}


def _refs(house: House, *names: str) -> dict[str, str]:
    return {name: house.create(name) for name in names}


def test_a_container(house: House) -> None:
    refs = _refs(house, "certificate", "private_key")
    path = path_of(house.contain("certificate", **refs))
    shown = house.call("GET", path).json
    assert {it["name"]: it["secret_ref"] for it in shown["secret_refs"]} == refs
    assert (shown["type"], shown["status"]) == ("certificate", "ACTIVE")
    assert (shown["creator_id"], shown["consumers"]) == ("u1", [])
    assert house.call("GET", path, project=OTHER).status == 404
    assert house.call("GET", path, roles="reader").status == 403
    # What is in it may go, and is in it no more.
    assert house.call("DELETE", path_of(refs["private_key"])).status == 204
    (left,) = house.call("GET", path).json["secret_refs"]
    assert left["name"] == "certificate"
    assert house.call("DELETE", path).status == 204
    assert house.call("GET", path).status == 404
    assert house.call("GET", path_of(refs["certificate"])).status == 200


@pytest.mark.parametrize(
    ("kind", "names", "status"),
    [
        ("certificate", ["private_key"], 400),
        ("certificate", ["certificate", "dog"], 400),
        ("rsa", ["private_key", "public_key"], 201),
        ("rsa", ["private_key"], 400),
        ("basket", [], 400),
        ("generic", ["dog", ""], 201),
        ("generic", [], 201),
    ],
)
def test_what_may_be_in_which(
    house: House, kind: str, names: list[str], status: int
) -> None:
    refs = [{"name": it, "secret_ref": house.create("x")} for it in names]
    body = {"type": kind, "secret_refs": refs}
    assert house.call("POST", "/containers", body).status == status


def test_only_ones_own_go_in_and_once(house: House) -> None:
    mine, other = house.create(), house.create(project=OTHER)
    twice = [{"name": name, "secret_ref": mine} for name in ("a", "b")]
    named = [{"name": "a", "secret_ref": it} for it in (mine, house.create())]
    for refs, status in (
        ([{"secret_ref": other}], 404),
        ([{"secret_ref": "nowhere"}], 400),
        (twice, 400),
        (named, 400),
    ):
        body = {"type": "generic", "secret_refs": refs}
        assert house.call("POST", "/containers", body).status == status


def test_a_generic_one_changes(house: House) -> None:
    path = path_of(house.contain())
    body = {"name": "dog", "secret_ref": house.create()}
    assert house.call("POST", f"{path}/secrets", body).status == 201
    assert house.call("POST", f"{path}/secrets", body).status == 409
    assert len(house.call("GET", path).json["secret_refs"]) == 1
    assert house.call("DELETE", f"{path}/secrets", body).status == 204
    assert house.call("DELETE", f"{path}/secrets", body).status == 404
    fixed = house.contain("certificate", **_refs(house, "certificate"))
    assert house.call("POST", f"{path_of(fixed)}/secrets", body).status == 400


def test_lists_of_containers(house: House) -> None:
    house.contain()
    house.contain("certificate", **_refs(house, "certificate"))
    assert house.call("GET", "/containers").json["total"] == 2
    found = house.call("GET", "/containers?type=certificate").json["containers"]
    assert [it["type"] for it in found] == ["certificate"]
    assert house.call("GET", "/containers?type=x").status == 400
    assert house.call("GET", "/containers", project=OTHER).json["total"] == 0


@pytest.mark.parametrize("kind", ["secrets", "containers"])
def test_consumers(house: House, kind: str) -> None:
    path = path_of(house.create() if kind == "secrets" else house.contain())
    uses: list[dict[str, str]] = [
        {"service": f"s{number}", "resource_type": "t", "resource_id": "i"}
        if kind == "secrets"
        else {"name": f"n{number}", "URL": "u"}
        for number in range(3)
    ]
    for number, use in enumerate((*uses, uses[0])):
        got = house.call("POST", f"{path}/consumers", use)
        assert (got.status, len(got.json["consumers"])) == (200, min(number + 1, 3))
        house.clock.advance(1)
    page = house.call("GET", f"{path}/consumers?limit=1&offset=1").json
    assert page["total"] == 3
    (shown,) = page["consumers"]
    assert uses[1].items() <= shown.items()
    assert page["next"].endswith("limit=1&offset=2")
    assert page["previous"].endswith("limit=1&offset=0")
    for status in (200, 404):
        got = house.call("DELETE", f"{path}/consumers", uses[0])
        assert got.status == status
    assert house.call("POST", f"{path}/consumers", {"name": "n"}).status == 400
    assert house.call("GET", f"{path}/consumers", project=OTHER).status == 404
    assert house.call("GET", f"{path}/consumers", roles="reader").status == 403


def test_consumers_of_secrets_came_later(house: House) -> None:
    path = path_of(house.create())
    use = {"service": "s", "resource_type": "t", "resource_id": "i"}
    # openstacksdk registers them without a version.
    assert house.call("POST", f"{path}/consumers", use, version="1.0").status == 200
    assert "consumers" not in house.call("GET", path, version="1.0").json
    assert len(house.call("GET", "/secrets").json["secrets"][0]["consumers"]) == 1
    # Since 1.2 what is used stays, unless that is forced.
    assert house.call("DELETE", path).status == 409
    assert house.call("DELETE", f"{path}?force=1").status == 204


@pytest.mark.parametrize("kind", ["secrets", "containers"])
def test_access_lists(house: House, kind: str) -> None:
    path = path_of(house.create() if kind == "secrets" else house.contain())
    acl = f"{path}/acl"
    friend = {"project": OTHER, "user": "friend", "roles": "reader"}
    assert house.call("GET", acl).json == {"read": {"project-access": True}}
    assert house.call("GET", path, **friend).status == 404
    got = house.call("PUT", acl, {"read": {"users": ["friend", "friend"]}})
    assert (got.status, got.json["acl_ref"][-4:]) == (200, "/acl")
    assert house.call("GET", path, **friend).status == 200
    # Readers of the list read, and no more.
    assert house.call("DELETE", path, **friend).status == 403
    assert house.call("GET", acl, **friend).status == 403
    change = {"read": {"project-access": False}}
    assert house.call("PATCH", acl, change).status == 200
    shown = house.call("GET", acl).json["read"]
    assert (shown["users"], shown["project-access"]) == (["friend"], False)
    assert {"created", "updated"} < set(shown)
    # Now its project is kept out, but for who made it and its administrators.
    assert house.call("GET", path, user="colleague").status == 403
    assert house.call("GET", f"/{kind}", user="colleague").json["total"] == 0
    assert house.call("GET", path, user="boss", roles="admin").status == 200
    assert house.call("PUT", acl, {"read": {}}).status == 200
    assert house.call("GET", path, **friend).status == 404
    assert house.call("PUT", acl, {"read": {"users": ["friend"]}}).status == 200
    assert house.call("DELETE", acl).status == 200
    assert house.call("GET", acl).json == {"read": {"project-access": True}}
    for wrong in ({}, {"write": {}}, {"read": {"users": "friend"}}, {"read": 1}):
        assert house.call("PUT", acl, wrong).status == 400


def test_what_one_is_let_read_elsewhere(house: House) -> None:
    path = path_of(house.create())
    friend = {"project": OTHER, "user": "friend"}
    house.call("PUT", f"{path}/acl", {"read": {"users": ["friend"]}})
    assert house.call("GET", "/secrets", **friend).json["total"] == 0
    found = house.call("GET", "/secrets?acl_only=true", **friend).json
    assert path_of(found["secrets"][0]["secret_ref"]) == path
    assert house.call("GET", f"{path}/payload", **friend).body == b"hush"
