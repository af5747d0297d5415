"""The listing of places, against the ring itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from objectstore.middleware import list_endpoints
from objectstore.policy.policies import Policies, Policy
from test.fakes.swift_store import SwiftStore
from test.unit.proxy.cluster import Cluster

POLICIES = Policies((Policy(0, "gold", is_default=True), Policy(1, "silver")))


@pytest.fixture
def store() -> SwiftStore:
    cluster = Cluster(policies=POLICIES)
    made = SwiftStore(list_endpoints.filter_factory({}), cluster=cluster)
    made.ok("PUT", "/v1/a/c", X_Storage_Policy="silver")
    return made


def devices(store: SwiftStore, kind: str, path: str) -> list[str]:
    return [f"d{number}" for number in store.cluster.primaries(kind, path)]


def told(store: SwiftStore, path: str) -> Any:
    return json.loads(store.ok("GET", path).body)


def test_places(store: SwiftStore) -> None:
    for kind, path in (
        ("account", "a"),
        ("container", "a/c"),
        ("object", "a/c/o é/x"),
    ):
        for version in ("v1/", "v1.0/", ""):
            urls = told(store, f"/endpoints/{version}{path}")
            found = [url.split("/")[3] for url in urls]
            assert found == devices(store, kind, f"/{path}")
            assert urls[0].startswith("http://127.0.0.1:600")
    (url, *_) = told(store, "/endpoints/v1/a/c/o é/x")
    assert url.endswith("/a/c/o%20%C3%A9/x")


def test_the_second_version_tells_the_policy(store: SwiftStore) -> None:
    answer = told(store, "/endpoints/v2/a/c/o")
    assert answer["headers"] == {"X-Backend-Storage-Policy-Index": "1"}
    assert answer["endpoints"] == told(store, "/endpoints/v1/a/c/o")
    assert told(store, "/endpoints/v2/a")["headers"] == {}


def test_refusals(store: SwiftStore) -> None:
    assert store.ask("PUT", "/endpoints/v1/a").status == 405
    for path in (
        "/endpoints/",
        "/endpoints/v1",
        "/endpoints/v1/",
        "/endpoints/v1/a//o",
    ):
        assert store.ask("GET", path).status == 400, path
    assert store.ask("GET", "/v1/a/c").status == 204
