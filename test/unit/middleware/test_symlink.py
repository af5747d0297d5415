"""Symlinks over the real proxy: dynamic, static, chains, versions."""

from __future__ import annotations

import hashlib
import json

import pytest

from objectstore.middleware import copy, object_versioning, slo, symlink
from test.fakes.swift_store import SwiftStore

A = "/v1/AUTH_a"
C = f"{A}/c"
BODY = b"the target's bytes"
ETAG = hashlib.md5(BODY).hexdigest()


@pytest.fixture
def store() -> SwiftStore:
    made = SwiftStore(
        copy.filter_factory({}),
        slo.filter_factory({}),
        symlink.filter_factory({}),
        object_versioning.filter_factory({}),
    )
    for path in (C, f"{A}/d é", "/v1/AUTH_b/c"):
        made.ok("PUT", path)
    made.ok("PUT", f"{A}/d é/o", BODY, X_Object_Meta_A="b", Content_Type="a/b")
    made.ok("PUT", f"{C}/link", X_Symlink_Target="d%20%C3%A9/o", Content_Type="x/link")
    return made


def test_reads_are_those_of_the_target(store: SwiftStore) -> None:
    for method in ("GET", "HEAD"):
        got = store.ok(method, f"{C}/link")
        assert got.body == (BODY if method == "GET" else b"")
        assert got.headers["Content-Type"] == "a/b"
        assert got.headers["X-Object-Meta-A"] == "b"
        assert got.headers["Content-Location"] == f"{A}/d%20%C3%A9/o"
    got = store.ok("GET", f"{C}/link", Range="bytes=4-9")
    assert (got.status, got.body) == (206, BODY[4:10])
    assert store.ask("GET", f"{C}/link", If_None_Match=ETAG).status == 304
    assert store.ask("GET", f"{C}/link", If_Match=ETAG).status == 200
    assert store.ask("GET", f"{C}/link", If_Match="x").status == 412


def test_the_link_itself(store: SwiftStore) -> None:
    got = store.ok("GET", f"{C}/link?symlink=get")
    assert got.body == b""
    assert got.headers["X-Symlink-Target"] == "d%20%C3%A9/o"
    assert got.headers["Content-Type"] == "x/link"
    (entry,) = store.listing(C)
    assert entry["symlink_path"] == f"{A}/d%20%C3%A9/o"
    assert (entry["bytes"], entry["hash"]) == (0, symlink.EMPTY_ETAG)
    store.ok("DELETE", f"{C}/link")
    assert store.ok("GET", f"{A}/d é/o").body == BODY


def test_a_target_may_be_quoted_in_any_way(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/other", X_Symlink_Target="d%20%C3%A9%2Fo")
    got = store.ok("GET", f"{C}/other")
    assert (got.body, got.headers["Content-Location"]) == (BODY, f"{A}/d%20%C3%A9/o")


def test_a_link_s_own_metadata_beyond_ascii(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/link", X_Symlink_Target="c/o", X_Object_Meta_Name="Ren\u00e9")
    wanted = store.ok("GET", f"{C}/link?symlink=get").headers["X-Object-Meta-Name"]
    store.ok("PUT", f"{C}/plain", X_Object_Meta_Name="Ren\u00e9")
    assert store.ok("GET", f"{C}/plain").headers["X-Object-Meta-Name"] == wanted


def test_other_accounts(store: SwiftStore) -> None:
    sent = {"X_Symlink_Target": "d%20%C3%A9/o", "X_Symlink_Target_Account": "AUTH_a"}
    store.ok("PUT", "/v1/AUTH_b/c/link", **sent)
    got = store.ok("GET", "/v1/AUTH_b/c/link")
    assert (got.body, got.headers["Content-Location"]) == (BODY, f"{A}/d%20%C3%A9/o")
    got = store.ok("GET", "/v1/AUTH_b/c/link?symlink=get")
    assert got.headers["X-Symlink-Target-Account"] == "AUTH_a"
    store.forbidden.add(f"{A}/d é")
    assert store.ask("GET", "/v1/AUTH_b/c/link").status == 403


def test_chains_end(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/two", X_Symlink_Target="c/link")
    assert store.ok("GET", f"{C}/two").body == BODY
    store.ok("PUT", f"{C}/three", X_Symlink_Target="c/two")
    got = store.ask("GET", f"{C}/three")
    assert got.status == 409
    assert b"maximum allowed is 2" in got.body
    store.ok("PUT", f"{C}/a", X_Symlink_Target="c/b")
    assert store.ask("GET", f"{C}/a").status == 404
    store.ok("PUT", f"{C}/b", X_Symlink_Target="c/a")
    assert store.ask("GET", f"{C}/a").status == 409


def test_static_links(store: SwiftStore) -> None:
    sent = {"X_Symlink_Target": "d%20%C3%A9/o", "X_Symlink_Target_Etag": ETAG}
    store.ok("PUT", f"{C}/static", **sent)
    assert store.ok("GET", f"{C}/static").body == BODY
    got = store.ok("HEAD", f"{C}/static?symlink=get")
    assert got.headers["X-Symlink-Target-Etag"] == ETAG
    assert got.headers["Content-Type"] == "a/b"
    (entry,) = store.listing(C, "prefix=static")
    assert (entry["symlink_etag"], entry["symlink_bytes"]) == (ETAG, len(BODY))
    store.ok("PUT", f"{A}/d é/o", b"changed")
    assert store.ask("GET", f"{C}/static").status == 409
    assert store.ask("PUT", f"{C}/static", **sent).status == 409
    sent["X_Symlink_Target"] = "d/none"
    got = store.ask("PUT", f"{C}/static", **sent)
    assert (got.status, got.body) == (409, b"X-Symlink-Target does not exist")


def test_posts_are_redirected(store: SwiftStore) -> None:
    got = store.ask("POST", f"{C}/link", X_Object_Meta_New="1")
    assert (got.status, got.headers["Location"]) == (307, f"{A}/d%20%C3%A9/o")
    got = store.ok("HEAD", f"{C}/link?symlink=get")
    assert got.headers["X-Object-Meta-New"] == "1"
    assert store.ok("GET", f"{C}/link").body == BODY
    assert store.ok("POST", f"{A}/d é/o", X_Object_Meta_A="c").status == 202
    assert store.ask("POST", f"{C}/link", X_Symlink_Target="c/o").status == 400


def test_wrong_requests(store: SwiftStore) -> None:
    def status(body: bytes = b"", **headers: str) -> int:
        return store.ask("PUT", f"{C}/x", body, **headers).status

    assert status(b"body", X_Symlink_Target="c/o") == 400
    assert status(X_Symlink_Target="c/x") == 400
    for value in ("c", "/c/o", "c/", "%FF/o", "c/%00"):
        assert status(X_Symlink_Target=value) == 412, value
    assert status(X_Symlink_Target="c/o", X_Symlink_Target_Account="a/b") == 412


def test_copies(store: SwiftStore) -> None:
    store.ok("COPY", f"{C}/link", Destination="c/copied")
    assert "symlink_path" not in store.listing(C, "prefix=copied")[0]
    assert store.ok("GET", f"{C}/copied").body == BODY
    store.ok("COPY", f"{C}/link?symlink=get", Destination="c/linked")
    got = store.ok("HEAD", f"{C}/linked?symlink=get")
    assert got.headers["X-Symlink-Target"] == "d%20%C3%A9/o"
    assert store.listing(C, "prefix=linked")[0]["symlink_path"] == f"{A}/d%20%C3%A9/o"


def test_links_to_large_objects(store: SwiftStore) -> None:
    manifest = json.dumps([{"path": "/d é/o"}, {"path": "/d é/o"}]).encode()
    store.ok("PUT", f"{C}/large?multipart-manifest=put", manifest)
    store.ok("PUT", f"{C}/to-large", X_Symlink_Target="c/large")
    got = store.ok("GET", f"{C}/to-large", Range="bytes=10-25")
    assert got.body == (BODY * 2)[10:26]


def test_links_and_versions(store: SwiftStore) -> None:
    store.ok("POST", C, X_Versions_Enabled="true")
    first = store.ok("PUT", f"{C}/v", X_Symlink_Target="d%20%C3%A9/o").headers
    store.ok("PUT", f"{C}/v", b"plain")
    assert store.ok("GET", f"{C}/v").body == b"plain"
    version = first["X-Object-Version-Id"]
    assert store.ok("GET", f"{C}/v?version-id={version}").body == BODY
    store.ok("PUT", f"{C}/to-v", X_Symlink_Target="c/v")
    assert store.ok("GET", f"{C}/to-v").body == b"plain"
    entries = json.loads(store.ok("GET", f"{C}?versions&prefix=v").body)
    assert [entry["is_latest"] for entry in entries] == [True, False]
    # The link from before versioning stays a link when it is replaced.
    store.ok("PUT", f"{C}/link", b"plain")
    (_, old) = json.loads(store.ok("GET", f"{C}?versions&prefix=link").body)
    path = f"{C}/link?version-id={old['version_id']}"
    assert store.ok("GET", path).body == BODY
