"""Object versions over the real proxy: writes, reads, deletions."""

from __future__ import annotations

import json

import pytest

from objectstore.middleware.object_versioning import filter_factory
from test.unit.middleware.versioned_store import MARKER, A, C, Store
from test.unit.proxy.cluster import OffsetClock


@pytest.fixture
def store() -> Store:
    return Store()


def test_switching(store: Store) -> None:
    assert store.ask("HEAD", C).headers["X-Versions-Enabled"] == "True"
    got = store.ask("POST", C, X_Versions_Enabled="false")
    assert got.status == 204
    assert store.ask("HEAD", C).headers["X-Versions-Enabled"] == "False"
    assert store.ask("POST", f"{A}/none", X_Versions_Enabled="true").status == 404
    store.ask("PUT", f"{A}/plain")
    assert "X-Versions-Enabled" not in store.ask("HEAD", f"{A}/plain").headers
    legacy = {"X_Versions_Location": "x", "X_Versions_Enabled": "true"}
    assert store.ask("PUT", f"{A}/other", **legacy).status == 400


def test_clients_do_not_see_the_hidden_container(store: Store) -> None:
    store.put("o", b"1")
    names = [
        entry["name"] for entry in json.loads(store.ask("GET", f"{A}?format=json").body)
    ]
    assert names == ["c"]
    for path in (f"{A}/\0versions\0c", f"{A}/\0versions\0c/\0o\0"):
        assert store.ask("GET", path).status == 412
    assert store.ask("GET", f"{A}?prefix=%00").status == 412


def test_every_put_is_a_version(store: Store) -> None:
    ids = [
        store.put("o", body, Content_Type="a/b") for body in (b"one", b"two", b"three")
    ]
    assert ids == sorted(set(ids))
    got = store.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"three", ids[2])
    assert got.headers["Content-Type"] == "a/b"
    for version, body in zip(ids, (b"one", b"two", b"three"), strict=True):
        for method in ("GET", "HEAD"):
            got = store.ask(method, f"{C}/o?version-id={version}")
            assert got.headers["X-Object-Version-Id"] == version
            assert got.headers["Content-Length"] == str(len(body))
            assert got.body == (body if method == "GET" else b"")
    assert store.versions() == [
        ("o", ids[2], True),
        ("o", ids[1], False),
        ("o", ids[0], False),
    ]


def test_ranges_and_conditions(store: Store) -> None:
    store.put("o", b"0123456789")
    got = store.ask("GET", f"{C}/o", Range="bytes=2-4")
    assert (got.status, got.body) == (206, b"234")
    etag = got.headers["Etag"]
    assert store.ask("GET", f"{C}/o", If_None_Match=etag).status == 304
    assert store.ask("GET", f"{C}/o", If_Match="other").status == 412


def test_conditional_puts(store: Store) -> None:
    store.put("o", b"1")
    assert store.ask("PUT", f"{C}/o", b"2", If_None_Match="*").status == 412
    assert store.ask("PUT", f"{C}/o", b"2", If_Match="other").status == 412
    assert store.ask("PUT", f"{C}/none", b"2", If_Match="other").status == 412
    assert len(store.versions()) == 1
    etag = store.ask("HEAD", f"{C}/o").headers["Etag"]
    assert store.ask("PUT", f"{C}/o", b"2", If_Match=etag).status == 201
    assert store.ask("PUT", f"{C}/new", b"2", If_None_Match="*").status == 201


def test_deletions_are_noted(store: Store) -> None:
    first = store.put("o", b"1")
    got = store.ask("DELETE", f"{C}/o")
    assert got.status == 204
    marker = got.headers["X-Object-Version-Id"]
    got = store.ask("GET", f"{C}/o")
    assert (got.status, got.headers["Content-Type"]) == (404, MARKER)
    assert got.headers["X-Object-Version-Id"] == marker
    assert store.listing() == []
    assert store.versions() == [("o", marker, True), ("o", first, False)]
    assert store.ask("GET", f"{C}/o?version-id={first}").body == b"1"
    got = store.ask("GET", f"{C}/o?version-id={marker}")
    assert (got.status, got.headers["Content-Type"]) == (404, MARKER)
    assert store.ask("DELETE", f"{C}/never").status == 404
    again = store.put("o", b"2")
    assert store.versions("prefix=o")[0] == ("o", again, True)


def test_deleting_versions(store: Store) -> None:
    one, two, three = (store.put("o", body) for body in (b"1", b"2", b"3"))
    got = store.ask("DELETE", f"{C}/o?version-id={two}")
    assert got.status == 204
    assert got.headers["X-Object-Current-Version-Id"] == three
    got = store.ask("DELETE", f"{C}/o?version-id={three}")
    assert got.headers["X-Object-Current-Version-Id"] == "null"
    assert store.ask("GET", f"{C}/o").status == 404
    assert store.versions() == [("o", one, False)]
    assert store.ask("DELETE", f"{C}/o?version-id={three}").status == 404
    assert store.ask("PUT", f"{C}/o?version-id={one}").status == 201
    assert store.ask("GET", f"{C}/o").body == b"1"
    assert store.versions() == [("o", one, True)]


def test_restoring(store: Store) -> None:
    one, two = store.put("o", b"1", X_Object_Meta_Color="red"), store.put("o", b"22")
    got = store.ask("PUT", f"{C}/o?version-id={one}")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (201, one)
    got = store.ask("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Meta-Color"]) == (b"1", "red")
    assert store.versions() == [("o", two, False), ("o", one, True)]
    assert store.listing()[0]["bytes"] == 1
    path = f"{C}/o?version-id=1.00000"
    assert store.ask("PUT", path).status == 404
    assert store.ask("PUT", f"{C}/o?version-id={one}", b"x").status == 400


def test_wrong_requests(store: Store) -> None:
    version = store.put("o", b"1")
    assert store.ask("POST", f"{C}/o?version-id={version}").status == 400
    assert store.ask("GET", f"{C}/o?version-id=x").status == 400
    assert store.ask("GET", f"{C}/o?version-id=1.00000").status == 404
    store.ask("PUT", f"{A}/plain")
    store.ask("PUT", f"{A}/plain/o", b"1")
    assert store.ask("GET", f"{A}/plain/o?version-id=1.00000").status == 400
    got = store.ask("GET", f"{A}/plain/o?version-id=null")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (200, "null")
    assert store.ask("GET", f"{C}?versions&delimiter=1").status == 400
    assert store.ask("GET", f"{C}?versions&version_marker=1").status == 400


def test_posts_change_the_current_version(store: Store) -> None:
    one = store.put("o", b"1")
    two = store.put("o", b"2")
    got = store.ask("POST", f"{C}/o", X_Object_Meta_A="b", Content_Type="x/y")
    assert (got.status, got.headers["X-Object-Version-Id"]) == (202, two)
    assert store.ask("HEAD", f"{C}/o").headers["X-Object-Meta-A"] == "b"
    first = store.ask("HEAD", f"{C}/o?version-id={one}")
    assert "X-Object-Meta-A" not in first.headers
    assert store.listing()[0]["content_type"] == "x/y"
    assert len(store.versions()) == 2


def test_objects_from_before_versioning(store: Store) -> None:
    store.ask("PUT", f"{A}/old")
    store.ask("PUT", f"{A}/old/o", b"old", X_Object_Meta_A="é")
    store.ask("POST", f"{A}/old", X_Versions_Enabled="true")
    path = f"{A}/old/o"
    got = store.ask("GET", path)
    assert (got.body, got.headers["X-Object-Version-Id"]) == (b"old", "null")
    assert store.ask("GET", f"{path}?version-id=null").body == b"old"
    assert store.ask("PUT", path, b"new").status == 201
    assert store.ask("GET", f"{path}?version-id=null").status == 404
    listed = json.loads(store.ask("GET", f"{A}/old?versions").body)
    assert [(entry["bytes"], entry["is_latest"]) for entry in listed] == [
        (3, True),
        (3, False),
    ]
    old = listed[1]["version_id"]
    got = store.ask("GET", f"{path}?version-id={old}")
    assert (got.body, got.headers["X-Object-Meta-A"]) == (
        b"old",
        "é".encode().decode("latin-1"),
    )


def test_suspended(store: Store) -> None:
    one = store.put("o", b"1")
    store.ask("POST", C, X_Versions_Enabled="false")
    got = store.ask("PUT", f"{C}/o", b"null")
    assert (got.status, "X-Object-Version-Id" in got.headers) == (201, False)
    assert store.versions() == [("o", "null", True), ("o", one, False)]
    assert store.ask("GET", f"{C}/o?version-id={one}").body == b"1"
    assert store.ask("DELETE", f"{C}/o").status == 204
    assert store.versions() == [("o", one, False)]
    store.ask("PUT", f"{C}/o", b"null")
    assert store.ask("DELETE", f"{C}/o?version-id=null").status == 204
    assert store.ask("GET", f"{C}/o").status == 404


def test_deleting_the_container(store: Store) -> None:
    version = store.put("o", b"1")
    assert store.ask("DELETE", C).status == 409
    store.ask("DELETE", f"{C}/o?version-id={version}")
    assert store.ask("DELETE", C).status == 204
    assert store.ask("HEAD", C).status == 404
    assert store.ask("PUT", C).status == 201
    assert "X-Versions-Enabled" not in store.ask("HEAD", C).headers


def test_large_objects_have_versions(store: Store) -> None:
    store.ask("PUT", f"{A}/s")
    store.ask("PUT", f"{A}/s/1", b"part one,")
    store.ask("PUT", f"{A}/s/2", b"part two")
    manifest = json.dumps([{"path": "/s/1"}, {"path": "/s/2"}]).encode()
    got = store.ask("PUT", f"{C}/o?multipart-manifest=put", manifest)
    version = got.headers["X-Object-Version-Id"]
    store.put("o", b"small")
    got = store.ask("GET", f"{C}/o?version-id={version}", Range="bytes=5-12")
    assert (got.status, got.body) == (206, b"one,part")
    assert store.ask("PUT", f"{C}/o?version-id={version}").status == 201
    got = store.ask("GET", f"{C}/o")
    assert got.body == b"part one,part two"
    (entry,) = store.listing()
    assert entry["bytes"] == 17
    assert entry["slo_etag"] == got.headers["Etag"]


def test_clients_cannot_write_markers(store: Store) -> None:
    assert store.ask("PUT", f"{C}/o", b"", Content_Type=MARKER).status == 400
    assert store.versions() == []


def test_factory(store: Store) -> None:
    assert filter_factory({})(store.cluster.app)


def test_what_most_replicas_are_away_with_is_not_replaced(store: Store) -> None:
    """It is no version yet, so it would not be kept."""
    store.ask("POST", C, X_Versions_Enabled="false")
    cluster = store.cluster
    first, second, last = cluster.primaries("object", "/AUTH_a/c/o")
    cluster.set_down(last)
    assert store.ask("PUT", f"{C}/o", b"before versions").status == 201
    store.ask("POST", C, X_Versions_Enabled="true")
    cluster.set_down(last, False)
    for device in (first, second):
        cluster.faults("object", device).down = True
    assert store.ask("PUT", f"{C}/o", b"new").status == 503
    assert store.ask("DELETE", f"{C}/o").status == 503
    for device in (first, second):
        cluster.faults("object", device).down = False
    assert store.ask("GET", f"{C}/o").body == b"before versions"
    store.put("o", b"new")
    assert len(store.versions()) == 2


def test_versions_that_most_replicas_are_away_with_are_not_taken_for_none(
    store: Store,
) -> None:
    cluster = store.cluster
    first, second, _ = cluster.primaries("container", "/AUTH_a/\0versions\0c")
    store.put("o", b"one")
    store.put("o", b"two")
    for device in (first, second):
        cluster.faults("container", device).down = True
    assert store.ask("DELETE", C).status == 503
    got = store.ask("GET", f"{C}?versions&format=json")
    assert got.status == 503 or got.headers["X-Ringstack-Consistency"] == "reduced"


def test_a_version_is_newer_than_a_deletion_by_a_clock_that_is_ahead(
    store: Store,
) -> None:
    store.put("o", b"1")
    clock = OffsetClock()
    clock.ahead = 20.0
    own, store.client = store.client, store.client_of_clock(clock)
    deleted = store.ask("DELETE", f"{C}/o").headers["X-Object-Version-Id"]
    store.client = own
    version = store.put("o", b"2")
    assert version > deleted
    got = store.ask("GET", f"{C}/o")
    assert (got.status, got.body) == (200, b"2")
    assert store.versions()[0] == ("o", version, True)
