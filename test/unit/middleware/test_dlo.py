"""Dynamic large objects over the real proxy."""

from __future__ import annotations

import hashlib

import pytest

from objectstore.middleware import copy, dlo, slo
from test.fakes.swift_store import SwiftStore

C = "/v1/AUTH_a/c"
S = "/v1/AUTH_a/s é"
PARTS = {f"big/{n:02}": bytes([65 + n]) * (100 + n) for n in range(7)}
WHOLE = b"".join(PARTS.values())
ETAG = hashlib.md5(
    "".join(hashlib.md5(part).hexdigest() for part in PARTS.values()).encode()
).hexdigest()
MANIFEST = "s%20%C3%A9/big/"


@pytest.fixture(params=[3, 7, 10_000])
def store(request: pytest.FixtureRequest) -> SwiftStore:
    # Pages that end in the middle, with the last segment, and never.
    filters = copy.filter_factory({}), slo.filter_factory({})
    made = SwiftStore(
        *filters, dlo.filter_factory({}, listing_limit=str(request.param))
    )
    for path in (C, S):
        made.ok("PUT", path)
    for name, part in PARTS.items():
        made.ok("PUT", f"{S}/{name}", part)
    made.ok("PUT", f"{S}/other", b"no part of it")
    made.ok("PUT", f"{C}/o", b"own", X_Object_Manifest=MANIFEST, Content_Type="a/b")
    return made


def test_the_whole(store: SwiftStore) -> None:
    for method in ("GET", "HEAD"):
        got = store.ok(method, f"{C}/o")
        assert got.headers["Content-Length"] == str(len(WHOLE))
        assert got.headers["Etag"] == f'"{ETAG}"'
        assert got.headers["X-Object-Manifest"] == MANIFEST
        assert got.headers["Content-Type"] == "a/b"
        assert got.body == (WHOLE if method == "GET" else b"")


def test_names_may_be_unquoted(store: SwiftStore) -> None:
    store.ok("PUT", "/v1/AUTH_a/é")
    store.ok("PUT", "/v1/AUTH_a/é/ü1", b"one")
    store.ok("PUT", f"{C}/unquoted", X_Object_Manifest="é/ü")
    got = store.ok("GET", f"{C}/unquoted")
    assert got.body == b"one"
    assert got.headers["X-Object-Manifest"] == "%C3%A9/%C3%BC"


def test_ranges_and_conditions(store: SwiftStore) -> None:
    for first, last in ((0, 0), (90, 110), (100, 700), (250, 310)):
        got = store.ok("GET", f"{C}/o", Range=f"bytes={first}-{last}")
        assert (got.status, got.body) == (206, WHOLE[first : last + 1])
    assert store.ask("GET", f"{C}/o", Range="bytes=9999-").status == 416
    got = store.ok("GET", f"{C}/o", Range="bytes=0-1,300-301")
    assert got.headers["Content-Type"].startswith("multipart/byteranges")
    own = store.raw("GET", f"{C}/o").headers["Etag"]
    assert store.ask("GET", f"{C}/o", If_None_Match=ETAG).status == 304
    assert store.ask("GET", f"{C}/o", If_None_Match=own).status == 200
    assert store.ask("GET", f"{C}/o", If_Match=own).status == 412
    got = store.ask("GET", f"{C}/o", If_Match=ETAG, Range="bytes=0-9")
    assert (got.status, got.body) == (206, WHOLE[:10])


def test_the_manifest_itself(store: SwiftStore) -> None:
    assert store.ok("GET", f"{C}/o?multipart-manifest=get").body == b"own"


def test_what_is_listed_counts(store: SwiftStore) -> None:
    store.ok("PUT", f"{S}/big/99", b"more")
    assert store.ok("GET", f"{C}/o").body == WHOLE + b"more"
    store.ok("DELETE", f"{S}/big/99")
    for name in PARTS:
        store.ok("DELETE", f"{S}/{name}")
    assert store.ok("GET", f"{C}/o").body == b""


def test_copies(store: SwiftStore) -> None:
    store.ok("COPY", f"{C}/o", Destination="c/plain")
    got = store.ok("GET", f"{C}/plain")
    assert got.body == WHOLE
    assert "X-Object-Manifest" not in got.headers
    store.ok("COPY", f"{C}/o?multipart-manifest=get", Destination="c/again")
    assert store.ok("GET", f"{C}/again").headers["X-Object-Manifest"] == MANIFEST


def test_rights(store: SwiftStore) -> None:
    store.forbidden.add(f"{S}/big/00")
    assert store.ask("GET", f"{C}/o").status == 409
    store.forbidden.add(S)
    assert store.ask("GET", f"{C}/o").status == 403
    store.ok("PUT", f"{C}/none", X_Object_Manifest="none/x")
    assert store.ask("GET", f"{C}/none").status == 404


def test_wrong_headers(store: SwiftStore) -> None:
    for value in ("c", "c/", "/c", "%FF/x", "c/x?a=b", ""):
        assert store.ask("PUT", f"{C}/x", X_Object_Manifest=value).status == 400, value


def test_posts(store: SwiftStore) -> None:
    store.ok("POST", f"{C}/o", X_Object_Manifest=MANIFEST, X_Object_Meta_A="b")
    got = store.ok("GET", f"{C}/o")
    assert (got.body, got.headers["X-Object-Meta-A"]) == (WHOLE, "b")
    store.ok("POST", f"{C}/o", X_Object_Meta_A="b")
    assert store.ok("GET", f"{C}/o").body == b"own"
