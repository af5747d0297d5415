"""Lists of secrets, their metadata, quotas, orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from compute.secret.service.orders import AWAITED_MAX
from objectstore.kernel import concurrency
from test.unit.compute.secret.house import OTHER, OWNER, House, path_of


def _names(house: House, query: str) -> list[str]:
    got = house.call("GET", f"/secrets?{query}")
    assert got.status == 200, got.body
    return [it["name"] for it in got.json["secrets"]]


@pytest.fixture
def three(house: House) -> House:
    for name, fields in {
        "b": {"algorithm": "aes", "bit_length": 128, "mode": "cbc"},
        "a": {"algorithm": "aes", "bit_length": 256, "secret_type": "symmetric"},
        "c": {"expiration": "2200-01-01T00:00:00"},
    }.items():
        house.create(name=name, **fields)
        house.clock.advance(1)
    house.create(name="other", project=OTHER)
    return house


def test_filters_and_orders(three: House) -> None:
    for query, wanted in {
        "": "bac",
        "name=a": "a",
        "alg=aes": "ba",
        "alg=aes&bits=256": "a",
        "mode=cbc": "b",
        "secret_type=symmetric": "a",
        "sort=name": "abc",
        "sort=name:desc": "cba",
        "sort=bit_length:desc,name:asc": "abc",
        "expiration=gt:2100-01-01": "c",
        "expiration=lt:2100-01-01": "",
        "created=gte:2000-01-01T00:00:00,lt:2100-01-01": "bac",
        "limit=1&offset=1": "a",
    }.items():
        assert _names(three, query) == list(wanted), query
    for query in ("sort=x", "bits=x", "created=x", "secret_type=x", "limit=x"):
        assert three.call("GET", f"/secrets?{query}").status == 400, query


def test_pages(three: House) -> None:
    first = three.call("GET", "/secrets?limit=2&sort=name").json
    assert first["total"] == 3
    assert "previous" not in first
    place = path_of(first["next"])
    last = three.call("GET", place).json
    assert [it["name"] for it in last["secrets"]] == ["c"]
    assert "next" not in last
    assert "sort=name" in last["previous"]
    # A page of nothing would be followed for ever.
    assert len(three.call("GET", "/secrets?limit=0").json["secrets"]) == 3
    # As openstacksdk makes sure that a list has ended.
    for marker in (last["secrets"][0]["secret_ref"], "nothing"):
        after = f"/secrets?limit=2&sort=name&marker={marker}"
        assert three.call("GET", after).json["secrets"] == []
    marker = path_of(first["secrets"][0]["secret_ref"]).rpartition("/")[2]
    found = three.call("GET", f"/secrets?limit=1&sort=name&marker={marker}").json
    assert [it["name"] for it in found["secrets"]] == ["b"]


def test_user_metadata(house: House) -> None:
    path = f"{path_of(house.create())}/metadata"
    assert house.call("GET", path).json == {"metadata": {}}
    got = house.call("PUT", path, {"metadata": {"Place": "here"}})
    assert (got.status, got.json["metadata_ref"][-9:]) == (201, "/metadata")
    pair = {"key": "Limit", "value": "11"}
    got = house.call("POST", path, pair)
    assert (got.status, got.json["key"]) == (201, "limit")
    assert got.headers["location"].endswith("/metadata/limit")
    assert house.call("POST", path, pair).status == 409
    changed = house.call("PUT", f"{path}/limit", {"key": "limit", "value": "12"})
    assert (changed.status, changed.json["value"]) == (200, "12")
    assert house.call("GET", f"{path}/limit").json == {"key": "limit", "value": "12"}
    assert house.call("GET", path).json["metadata"] == {"place": "here", "limit": "12"}
    assert house.call("PUT", f"{path}/x", {"key": "x", "value": "1"}).status == 404
    assert house.call("PUT", f"{path}/x", {"key": "y", "value": "1"}).status == 400
    assert house.call("DELETE", f"{path}/limit").status == 204
    assert house.call("DELETE", f"{path}/limit").status == 404
    assert house.call("GET", path, project=OTHER).status == 404
    for wrong in ({}, {"metadata": {"a": 1}}, {"metadata": {"a/b": "x"}}):
        assert house.call("PUT", path, wrong).status == 400
    # A key is no part of a header as it was written.
    got = house.call("POST", path, {"key": "a\r\nset-cookie: é?", "value": ""})
    assert got.status == 201
    assert got.headers["location"].endswith("/a%0D%0Aset-cookie%3A%20%C3%A9%3F")
    assert house.call("GET", f"{path}/a%0D%0Aset-cookie%3A%20%C3%A9%3F").status == 200


def test_quotas(house: House) -> None:
    def mine() -> Any:
        return house.call("GET", "/quotas", roles="reader").json["quotas"]

    assert (mine()["secrets"], mine()["cas"]) == (1000, -1)
    place, boss = f"/project-quotas/{OWNER}", {"roles": "admin", "project": OTHER}
    for method in ("GET", "PUT", "DELETE"):
        assert house.call(method, place, {"project_quotas": {}}).status == 403
    assert house.call("GET", place, **boss).status == 404
    said = {"project_quotas": {"secrets": 1, "containers": 0, "orders": 1}}
    assert house.call("PUT", place, said, **boss).status == 204
    shown = house.call("GET", place, **boss).json["project_quotas"]
    assert shown == {
        **said["project_quotas"],
        "consumers": None,
        "cas": None,
    }
    (listed,) = house.call("GET", "/project-quotas", **boss).json["project_quotas"]
    assert listed == {"project_id": OWNER, "project_quotas": shown}
    assert (mine()["secrets"], mine()["consumers"]) == (1, 2000)
    house.create()
    assert house.call("POST", "/secrets", {}).status == 403
    assert house.call("POST", "/containers", {"type": "generic"}).status == 403
    assert house.call("POST", "/orders", KEY).status == 403
    for wrong in ({}, {"project_quotas": {"dogs": 1}}, {"project_quotas": {"cas": -2}}):
        assert house.call("PUT", place, wrong, **boss).status == 400
    assert house.call("DELETE", place, **boss).status == 204
    assert house.call("DELETE", place, **boss).status == 404
    assert house.call("POST", "/secrets", {}).status == 201


KEY = {"type": "key", "meta": {"name": "k", "algorithm": "AES", "bit_length": 256}}
PAIR = {
    "type": "asymmetric",
    "meta": {
        "name": "p",
        "algorithm": "rsa",
        "bit_length": 2048,
        "passphrase": "Sesam",
    },
}


def test_the_one_store(house: House) -> None:
    (found,) = house.call("GET", "/secret-stores").json["secret_stores"]
    assert (found["status"], found["global_default"]) == ("ACTIVE", True)
    for path in (path_of(found["secret_store_ref"]), "/secret-stores/preferred"):
        assert house.call("GET", path, roles="reader").json == found
    assert house.call("GET", "/secret-stores/other").status == 404


def test_a_key_is_made(house: House) -> None:
    got = house.call("POST", "/orders", KEY)
    assert got.status == 202
    path = path_of(got.json["order_ref"])
    shown = house.call("GET", path).json
    assert (shown["type"], shown["status"], shown["meta"]) == (
        "key",
        "ACTIVE",
        KEY["meta"],
    )
    secret = path_of(shown["secret_ref"])
    assert len(house.call("GET", f"{secret}/payload").body) == 32
    known = house.call("GET", secret).json
    assert (known["secret_type"], known["name"]) == ("symmetric", "k")
    assert house.call("GET", "/orders").json["total"] == 1
    assert house.call("GET", path, project=OTHER).status == 404
    assert house.call("GET", path, roles="reader").status == 403
    assert house.call("DELETE", path).status == 204
    assert house.call("GET", path).status == 404
    assert house.call("GET", secret).status == 200


def test_a_pair_of_keys_is_made(house: House) -> None:
    got = house.call("POST", "/orders", PAIR)
    assert got.status == 202, got.body
    shown = house.call("GET", path_of(got.json["order_ref"])).json
    assert "passphrase" not in shown["meta"]
    container = house.call("GET", path_of(shown["container_ref"])).json
    assert container["type"] == "rsa"
    kept = {
        it["name"]: house.call("GET", f"{path_of(it['secret_ref'])}/payload").body
        for it in container["secret_refs"]
    }
    assert kept["private_key_passphrase"] == b"Sesam"
    key = serialization.load_pem_private_key(kept["private_key"], b"Sesam")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert kept["public_key"] == public


def _soon(is_so: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if is_so():
            return
        concurrency.sleep(0.001)
    raise AssertionError("it does not come")


def test_a_project_waits_for_so_many_keys_and_no_more(house: House) -> None:
    found: list[int] = []

    def order(project: str) -> None:
        found.append(house.call("POST", "/orders", PAIR, project=project).status)

    turns = house.parts.settings.keys_at_once
    for _ in range(turns):
        house.parts.key_turns.acquire()
    tasks = [concurrency.spawn(order, OWNER) for _ in range(AWAITED_MAX + 1)]
    _soon(lambda: bool(found))
    assert found == [503]
    # That is nothing to others.
    tasks.append(concurrency.spawn(order, OTHER))
    _soon(lambda: house.parts.keys_awaited[OTHER] > 0)
    for task in tasks:
        concurrency.kill_task(task)
    for _ in range(turns):
        house.parts.key_turns.release()
    assert house.call("POST", "/orders", PAIR).status == 202
    assert not house.parts.keys_awaited


@pytest.mark.parametrize(
    "change",
    [
        {"type": "certificate"},
        {"type": "key", "meta": {}},
        {"type": "key", "meta": {**KEY["meta"], "bit_length": 129}},  # type: ignore[dict-item]
        {"type": "key", "meta": {**KEY["meta"], "algorithm": "rot13"}},  # type: ignore[dict-item]
        {"type": "key", "meta": PAIR["meta"]},
        {"type": "asymmetric", "meta": KEY["meta"]},
    ],
)
def test_what_is_not_made(house: House, change: dict[str, Any]) -> None:
    assert house.call("POST", "/orders", change).status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"passphrase": "Sesam" * 60},
        {"pass_phrase": ["Sesam"]},
        {"passphrase": "Sesam", "bit_length": "many"},
        {"passphrase": "Sesam", "algorithm": None},
    ],
)
def test_what_is_wrong_is_told_without_the_passphrase(
    house: House, change: dict[str, Any]
) -> None:
    meta = {**PAIR["meta"], **change}  # type: ignore[dict-item]
    got = house.call("POST", "/orders", {"type": "asymmetric", "meta": meta})
    assert got.status == 400
    assert b"Sesam" not in got.body
    without = {name: it for name, it in meta.items() if name != "algorithm"}
    got = house.call("POST", "/orders", {"type": "asymmetric", "meta": without})
    assert (got.status, b"Sesam" in got.body) == (400, False)
