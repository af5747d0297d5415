"""Old versions in containers of the client's: stack and history."""

from __future__ import annotations

import pytest

from objectstore.middleware import object_versioning, versioned_writes
from test.fakes.swift_store import SwiftStore

A = "/v1/AUTH_a"
C = f"{A}/c"
OLD = f"{A}/old é"
MARKER = "application/x-deleted;swift_versions_deleted=1"


@pytest.fixture
def store() -> SwiftStore:
    made = SwiftStore(
        versioned_writes.filter_factory({}), object_versioning.filter_factory({})
    )
    made.ok("PUT", OLD)
    made.ok("PUT", C, X_Versions_Location="old%20%C3%A9")
    return made


def test_overwriting_pushes_and_deleting_pops(store: SwiftStore) -> None:
    for body in (b"1", b"2", b"3"):
        store.ok("PUT", f"{C}/o é", body, X_Object_Meta_N=body.decode())
    names = [entry["name"] for entry in store.listing(OLD)]
    assert len(names) == 2
    assert all(name.startswith("004o é/") for name in names)
    assert store.ok("GET", f"{OLD}/{names[1]}").body == b"2"
    store.ok("PUT", f"{C}/o é/longer", b"x")
    store.ok("PUT", f"{C}/o é/longer", b"y")
    for body in (b"2", b"1"):
        assert store.ok("DELETE", f"{C}/o é").status == 204
        got = store.ok("GET", f"{C}/o é")
        assert (got.body, got.headers["X-Object-Meta-N"]) == (body, body.decode())
    store.ok("DELETE", f"{C}/o é")
    assert store.ask("GET", f"{C}/o é").status == 404
    assert store.ask("DELETE", f"{C}/o é").status == 404
    assert len(store.listing(OLD)) == 1


def test_history(store: SwiftStore) -> None:
    store.ok("POST", C, X_History_Location="old%20%C3%A9")
    head = store.ok("HEAD", C).headers
    assert head["X-History-Location"] == "old%20%C3%A9"
    assert "X-Versions-Location" not in head
    store.ok("PUT", f"{C}/o", b"1")
    store.ok("PUT", f"{C}/o", b"2")
    store.ok("DELETE", f"{C}/o")
    assert store.ask("GET", f"{C}/o").status == 404
    entries = store.listing(OLD)
    assert [entry["bytes"] for entry in entries] == [1, 1, 0]
    assert entries[2]["content_type"] == MARKER
    # Back to a stack: the note of the deletion is taken off first.
    store.ok("POST", C, X_Versions_Location="old%20%C3%A9")
    store.ok("DELETE", f"{C}/o")
    assert store.ok("GET", f"{C}/o").body == b"2"


def test_the_container_must_exist(store: SwiftStore) -> None:
    store.ok("POST", C, X_Versions_Location="none")
    store.ok("PUT", f"{C}/o", b"1")
    assert store.ask("PUT", f"{C}/o", b"2").status == 412
    assert store.ok("GET", f"{C}/o").body == b"1"
    assert store.ok("DELETE", f"{C}/o").status == 204


def test_headers(store: SwiftStore) -> None:
    both = {"X_Versions_Location": "a", "X_History_Location": "b"}
    assert store.ask("POST", C, **both).status == 400
    assert store.ask("POST", C, X_Versions_Location="a%2Fb").status == 412
    store.ok("PUT", f"{A}/new", X_Versions_Enabled="true")
    assert store.ask("POST", f"{A}/new", X_Versions_Location="old").status == 400
    assert store.ask("POST", C, X_Versions_Enabled="true").status == 400
    store.ok("POST", C, X_Remove_Versions_Location="x")
    assert "X-Versions-Location" not in store.ok("HEAD", C).headers


def test_rights_are_asked_for_first(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", b"1")
    store.forbidden.add(C)
    assert store.ask("PUT", f"{C}/o", b"2").status == 403
    assert store.listing(OLD) == []


def test_what_most_replicas_are_away_with_is_not_replaced(store: SwiftStore) -> None:
    cluster = store.cluster
    first, second, last = cluster.primaries("object", "/AUTH_a/c/o")
    cluster.set_down(last)
    store.ok("PUT", f"{C}/o", b"1")
    cluster.set_down(last, False)
    for device in (first, second):
        cluster.faults("object", device).down = True
    assert store.ask("PUT", f"{C}/o", b"2").status == 503
    for device in (first, second):
        cluster.faults("object", device).down = False
    store.ok("PUT", f"{C}/o", b"2")
    assert len(store.listing(OLD)) == 1


def test_an_old_version_whose_replicas_are_away_stays(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", b"1")
    store.ok("PUT", f"{C}/o", b"2")
    (old,) = store.listing(OLD)
    cluster = store.cluster
    away = cluster.primaries("object", f"{OLD.removeprefix('/v1')}/{old['name']}")
    for device in away:
        cluster.faults("object", device).down = True
    assert store.ask("DELETE", f"{C}/o").status == 503
    for device in away:
        cluster.faults("object", device).down = False
    store.ok("DELETE", f"{C}/o")
    assert store.ask("GET", f"{C}/o").body == b"1"
