"""Encryption at rest over the real proxy: nothing plain below, all plain above."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from objectstore.kernel.settings import BadSettings
from objectstore.middleware import (
    copy,
    dlo,
    encryption,
    object_versioning,
    slo,
    symlink,
)
from objectstore.middleware.crypto.blocks import BLOCK_BYTES, sealed_size
from test.fakes.swift_store import SwiftStore
from test.unit.proxy.cluster import Cluster

A = "/v1/AUTH_a"
C = f"{A}/c"
ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
FIRST = {"encryption_root_secret": ONE}
ROTATED = {**FIRST, "encryption_root_secret_2": TWO, "active_root_secret_id": "2"}
# Over the largest inline body, and not a multiple of the block.
LARGE = bytes(range(256)) * 2000 + b"end"


def make(options: dict[str, str], cluster: Cluster | None = None) -> SwiftStore:
    return SwiftStore(
        copy.filter_factory({}),
        slo.filter_factory({}),
        dlo.filter_factory({}),
        symlink.filter_factory({}),
        object_versioning.filter_factory({}),
        encryption.filter_factory({}, **options),
        cluster=cluster,
    )


@pytest.fixture
def store() -> SwiftStore:
    made = make(FIRST)
    made.ok("PUT", C)
    return made


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def chunked(store: SwiftStore, path: str, body: bytes) -> Any:
    sent = {"Transfer-Encoding": "chunked"}
    return store.client("PUT", path, sent, iter([body]))


BODIES = [b"", b"a", b"x" * BLOCK_BYTES, b"y" * (BLOCK_BYTES + 1), LARGE]


@pytest.mark.parametrize("body", BODIES, ids=map(len, BODIES))
def test_what_comes_back_is_what_went_in(store: SwiftStore, body: bytes) -> None:
    got = store.ok("PUT", f"{C}/o", body, Etag=md5(body), X_Object_Meta_Colör="grün")
    assert got.headers["Etag"] == md5(body)
    for method in ("GET", "HEAD"):
        got = store.ok(method, f"{C}/o")
        assert got.body == (body if method == "GET" else b"")
        assert got.headers["Etag"] == md5(body)
        assert got.headers["Content-Length"] == str(len(body))
        assert not any("Crypto" in name for name in got.headers)
    (entry,) = store.listing(C)
    assert (entry["hash"], entry["bytes"]) == (md5(body), len(body))
    xml = store.ok("GET", f"{C}?format=xml").body.decode()
    assert f"<hash>{md5(body)}</hash>" in xml
    head = store.ok("HEAD", C).headers
    assert head["X-Container-Bytes-Used"] == str(len(body))
    assert chunked(store, f"{C}/chunked", body).status == 201
    assert store.ok("GET", f"{C}/chunked").body == body


def test_nothing_plain_is_below(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", LARGE, X_Object_Meta_Secret="very secret")
    raw = store.raw("GET", f"{C}/o")
    assert len(raw.body) == sealed_size(len(LARGE))
    everything = raw.body + repr(raw.headers).encode()
    everything += store.raw("GET", f"{C}?format=json").body
    for plain in (b"very secret", md5(LARGE).encode(), LARGE[:64], LARGE[-64:]):
        assert plain not in everything
    # The same bytes are never encrypted to the same twice.
    store.ok("PUT", f"{C}/o", LARGE)
    assert store.raw("GET", f"{C}/o").body[:64] != raw.body[:64]


def test_ranges(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", LARGE)
    size, block = len(LARGE), BLOCK_BYTES
    for first, last in (
        (0, 0),
        (block - 1, block),
        (block, 2 * block - 1),
        (3 * block + 5, 5 * block + 7),
        (size - 1, size - 1),
        (0, size - 1),
    ):
        got = store.ok("GET", f"{C}/o", Range=f"bytes={first}-{last}")
        assert got.status == 206
        assert got.body == LARGE[first : last + 1]
        assert got.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    got = store.ok("GET", f"{C}/o", Range=f"bytes=0-9,{block - 5}-{block + 5}")
    assert LARGE[block - 5 : block + 6] in got.body
    assert len(got.body) == int(got.headers["Content-Length"])
    assert store.ask("GET", f"{C}/o", Range=f"bytes={size}-").status == 416


def test_conditions(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", b"one")
    etag = md5(b"one")
    got = store.ask("GET", f"{C}/o", If_None_Match=f'"{etag}"')
    assert (got.status, got.headers["Etag"]) == (304, etag)
    assert store.ask("GET", f"{C}/o", If_Match=f'"x", "{etag}"').status == 200
    assert store.ask("GET", f"{C}/o", If_Match="x").status == 412
    assert store.ask("GET", f"{C}/o", If_Match="*").status == 200
    got = store.ok("GET", f"{C}/o", Range="bytes=0-0", If_Range=f'"{etag}"')
    assert (got.status, got.body) == (206, b"o")
    assert store.ask("PUT", f"{C}/o", b"two", If_Match="x").status == 412
    assert store.ask("PUT", f"{C}/o", b"two", If_None_Match="*").status == 412
    assert store.ask("PUT", f"{C}/o", b"two", If_Match=etag).status == 201


def test_wrong_etags_leave_nothing(store: SwiftStore) -> None:
    for body in (b"", b"x", LARGE):
        assert store.ask("PUT", f"{C}/o", body, Etag="0" * 32).status == 422
    assert store.ask("GET", f"{C}/o").status == 404


def test_metadata(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", b"1", X_Object_Meta_A="a", X_Object_Meta_B="b")
    store.ok("POST", f"{C}/o", X_Object_Meta_B="é", X_Object_Meta_C="")
    got = store.ok("HEAD", f"{C}/o")
    found = {name for name in got.headers if name.startswith("X-Object-Meta")}
    assert found == {"X-Object-Meta-B"}
    assert got.headers["X-Object-Meta-B"].encode("latin-1").decode() == "é"
    assert store.ask("PUT", f"{C}/o", b"1", X_Object_Meta_A="x" * 257).status == 400
    assert store.ok("PUT", f"{C}/o", b"1", X_Object_Meta_A="x" * 256).status == 201


def test_changed_bytes_are_noticed(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/o", b"x" * 1000)
    raw = store.raw("GET", f"{C}/o")
    kept = {
        name: value for name, value in raw.raw_headers if name.startswith("X-Object-")
    }
    for body in (raw.body[:-1] + b"?", raw.body[:-1], raw.body + b"x"):
        store.raw("PUT", f"{C}/bad", kept, body)
        # Moved to another name nothing can be opened any more either.
        assert store.ask("GET", f"{C}/bad").status == 500
        store.raw("PUT", f"{C}/o", kept, body)
        if body == raw.body + b"x":
            continue
        with pytest.raises(Exception, match="encrypted"):
            store.ask("GET", f"{C}/o")


def test_rotation(store: SwiftStore) -> None:
    store.ok("PUT", f"{C}/old", LARGE, X_Object_Meta_A="old")
    rotated = make(ROTATED, store.cluster)
    rotated.ok("PUT", f"{C}/new", b"new", X_Object_Meta_A="new")
    got = rotated.ok("GET", f"{C}/old")
    assert (got.body, got.headers["X-Object-Meta-A"]) == (LARGE, "old")
    rotated.ok("POST", f"{C}/old", X_Object_Meta_A="posted")
    got = rotated.ok("GET", f"{C}/old", Range="bytes=1-3")
    assert (got.body, got.headers["X-Object-Meta-A"]) == (LARGE[1:4], "posted")
    assert rotated.ask("GET", f"{C}/old", If_None_Match=md5(LARGE)).status == 304
    listed = [entry["hash"] for entry in rotated.listing(C)]
    assert listed == [md5(b"new"), md5(LARGE)]
    assert store.ask("GET", f"{C}/new").status == 500


def test_switching_off_and_what_was_before(store: SwiftStore) -> None:
    store.raw("PUT", f"{C}/plain", {}, b"plain")
    got = store.ok("GET", f"{C}/plain", Range="bytes=1-2")
    assert (got.status, got.body) == (206, b"la")
    store.ok("PUT", f"{C}/o", b"sealed")
    off = make({**FIRST, "disable_encryption": "true"}, store.cluster)
    off.ok("PUT", f"{C}/new", b"plain again")
    assert off.ok("GET", f"{C}/o").body == b"sealed"
    assert store.raw("GET", f"{C}/new").body == b"plain again"


def test_large_objects_links_versions_and_copies(store: SwiftStore) -> None:
    store.ok("PUT", f"{A}/s")
    for n in range(3):
        store.ok("PUT", f"{A}/s/p{n}", bytes([65 + n]) * 100_000)
    whole = b"".join(bytes([65 + n]) * 100_000 for n in range(3))
    manifest = json.dumps([{"path": f"/s/p{n}"} for n in range(3)]).encode()
    got = store.ok("PUT", f"{C}/large?multipart-manifest=put", manifest)
    large_etag = got.headers["Etag"]
    for path in (f"{C}/large", f"{C}/dynamic", f"{C}/link"):
        if path.endswith("dynamic"):
            store.ok("PUT", path, X_Object_Manifest="s/p")
        if path.endswith("link"):
            store.ok("PUT", path, X_Symlink_Target="c/large")
        got = store.ok("GET", path, Range="bytes=99990-200010")
        assert (got.status, got.body) == (206, whole[99_990:200_011])
        assert store.ok("GET", path).body == whole
    (entry,) = store.listing(C, "prefix=large")
    assert (entry["bytes"], entry["slo_etag"]) == (len(whole), large_etag)
    store.ok("COPY", f"{C}/large", Destination="c/copied")
    (entry,) = store.listing(C, "prefix=copied")
    assert (entry["bytes"], entry["hash"]) == (len(whole), md5(whole))
    store.ok("COPY", f"{C}/large", Destination="c/part", Range="bytes=0-9")
    (entry,) = store.listing(C, "prefix=part")
    assert (entry["bytes"], entry["hash"]) == (10, md5(whole[:10]))
    store.ok("PUT", f"{A}/v", X_Versions_Enabled="true")
    ids = [
        store.ok("PUT", f"{A}/v/o", body).headers["X-Object-Version-Id"]
        for body in (b"one", LARGE)
    ]
    assert store.ok("GET", f"{A}/v/o").body == LARGE
    assert store.ok("GET", f"{A}/v/o?version-id={ids[0]}").body == b"one"
    (entry,) = store.listing(f"{A}/v")
    assert (entry["hash"], entry["bytes"]) == (md5(LARGE), len(LARGE))
    listed = json.loads(store.ok("GET", f"{A}/v?versions").body)
    assert [entry["hash"] for entry in listed] == [md5(LARGE), md5(b"one")]


def test_wrong_settings() -> None:
    for options, text in (
        ({}, "must be set"),
        ({"encryption_root_secret": "short"}, "at least 32 bytes"),
        ({**FIRST, "active_root_secret_id": "2"}, "there is no"),
        ({**FIRST, "encryption_root_secret_a.b": ONE}, "letters"),
        ({**FIRST, "kms_key_a.b": ONE}, "letters"),
        ({**FIRST, "kms_key_": ONE}, "letters"),
        ({**FIRST, "kms_key_a": "short"}, "at least 32 bytes"),
        ({"kms_key_a": ONE}, "must be set"),
        ({**FIRST, "kms_key_a": ONE, "active_root_secret_id": "a"}, "there is no"),
    ):
        with pytest.raises(BadSettings, match=text):
            encryption.filter_factory({}, **options)
