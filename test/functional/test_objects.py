"""Objects: in, out, replaced, described, deleted; HEAD says what GET says."""

from __future__ import annotations

import hashlib
from email.utils import parsedate_to_datetime

import pytest

from objectstore.wire.nodes import INLINE_BYTES_MAX
from test.functional.harness.http import Answer, Client

KIBIBYTE = 1024
# One below, at and above the size up to which objects lie in the log, and some
# sizes at which pieces of them end.
INLINE = INLINE_BYTES_MAX
SIZES = (
    *(0, 1, 4 * KIBIBYTE),
    *(256 * KIBIBYTE + more for more in (-1, 0, 1)),
    *(INLINE + more for more in (-1, 0, 1)),
    5 * KIBIBYTE**2,
)
# What differs between two requests, whatever they ask for.
PER_REQUEST = {"date", "x-trans-id", "x-openstack-request-id", "connection"}


def pattern(size: int, seed: int = 0) -> bytes:
    """Bytes that differ at every offset of a page, cheap to make."""
    block = hashlib.sha256(b"%d" % seed).digest() * 32
    numbered = b"".join(b"%08d" % n + block for n in range(size // 1032 + 1))
    return numbered[:size]


def described(answer: Answer) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k not in PER_REQUEST}


def without_counts(headers: dict[str, str]) -> dict[str, str]:
    """An account hears of its containers, those of other tests too, a moment later:
    between two requests, perhaps."""
    counts = ("-count", "-bytes-used")
    return {k: "" if k.endswith(counts) else v for k, v in headers.items()}


@pytest.mark.parametrize("size", SIZES)
def test_round_trip(client: Client, container: str, size: int) -> None:
    data = pattern(size, seed=size)
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    put = client.call("PUT", container, "object", body=data, Content_Type="a/b")
    assert (put.status, put.body) == (201, b"")
    assert put.headers["etag"] == etag
    got = client.call("GET", container, "object")
    assert got.status == 200
    assert got.body == data
    assert got.headers["etag"] == etag
    assert got.headers["content-length"] == str(size)
    assert got.headers["content-type"] == "a/b"
    assert got.headers["last-modified"] == put.headers["last-modified"]
    assert got.headers["accept-ranges"] == "bytes"
    modified = parsedate_to_datetime(got.headers["last-modified"]).timestamp()
    # Rounded up to the whole second.
    assert 0 <= modified - float(got.headers["x-timestamp"]) < 1
    head = client.call("HEAD", container, "object")
    assert (head.status, head.body) == (200, b"")
    assert described(head) == described(got)
    [entry] = client.call("GET", container, query="format=json").json
    assert (entry["bytes"], entry["hash"]) == (size, etag)
    assert entry["content_type"] == "a/b"


def test_replacing_changes_bytes_metadata_and_listing(
    client: Client, container: str
) -> None:
    sizes = (INLINE + 1, 10, 0, INLINE + 5, 3)
    for number, size in enumerate(sizes):
        data = pattern(size, seed=number)
        named = {f"X_Object_Meta_Number{number}": str(number)}
        client.ok("PUT", container, "object", body=data, **named)
        got = client.ok("GET", container, "object")
        assert got.body == data
        kept = [name for name in got.headers if name.startswith("x-object-meta-")]
        assert kept == [f"x-object-meta-number{number}"]
        head = client.ok("HEAD", container)
        assert head.headers["x-container-object-count"] == "1"
        assert head.headers["x-container-bytes-used"] == str(size)


def test_delete(client: Client, container: str) -> None:
    client.ok("PUT", container, "object", body=b"data")
    gone = client.call("DELETE", container, "object")
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "HEAD", "POST", "DELETE"):
        assert client.call(method, container, "object").status == 404, method
    assert client.call("GET", container).status == 204
    assert client.ok("HEAD", container).headers["x-container-object-count"] == "0"
    client.ok("PUT", container, "object", body=b"again")
    assert client.ok("GET", container, "object").body == b"again"


def test_nothing_lives_outside_a_container(client: Client, name: str) -> None:
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        answer = client.call(
            method, name, "object", body=b"" if method == "PUT" else None
        )
        assert answer.status == 404, method
        assert client.call(method, name).status in (201, 404, 202, 204)
        client.call("DELETE", name)


def test_content_type_is_kept_guessed_or_detected(
    client: Client, container: str
) -> None:
    def stored(name: str, **headers: str) -> str:
        client.ok("PUT", container, name, body=b"x", **headers)
        return client.ok("HEAD", container, name).headers["content-type"]

    assert stored("a.txt") == "text/plain"
    assert stored("a.jpg") == "image/jpeg"
    assert stored("a") == "application/octet-stream"
    assert stored("b.txt", Content_Type="x/y; charset=UTF-8") == "x/y; charset=UTF-8"
    detected = stored("c.png", Content_Type="x/y", X_Detect_Content_Type="true")
    assert detected == "image/png"


def test_http_headers_are_given_back(client: Client, container: str) -> None:
    kept = {
        "Cache-Control": "max-age=60",
        "Content-Disposition": 'attachment; filename="über.txt"',
        "Content-Encoding": "gzip",
        "Content-Language": "de",
        "Expires": "Wed, 21 Oct 2037 07:28:00 GMT",
        "X-Robots-Tag": "noindex",
    }
    client.send("PUT", container, "object", body=b"x", headers=kept)
    for method in ("GET", "HEAD"):
        answer = client.ok(method, container, "object")
        assert {k: answer.headers.get(k.lower()) for k in kept} == kept
    # A POST replaces them all.
    client.ok("POST", container, "object", Cache_Control="no-store")
    answer = client.ok("HEAD", container, "object")
    assert answer.headers["cache-control"] == "no-store"
    assert "content-disposition" not in answer.headers


def test_post_replaces_metadata_and_keeps_bytes(client: Client, container: str) -> None:
    first = client.ok(
        "PUT",
        container,
        "object",
        body=b"data",
        X_Object_Meta_A="1",
        X_Object_Meta_B="2",
    )
    changed = client.call("POST", container, "object", X_Object_Meta_C="3")
    assert changed.status == 202
    got = client.ok("GET", container, "object")
    assert got.body == b"data"
    assert got.headers["etag"] == first.headers["etag"]
    kept = {k: v for k, v in got.headers.items() if k.startswith("x-object-meta-")}
    assert kept == {"x-object-meta-c": "3"}
    client.ok("POST", container, "object", Content_Type="x/new")
    got = client.ok("HEAD", container, "object")
    assert got.headers["content-type"] == "x/new"
    assert "x-object-meta-c" not in got.headers
    [entry] = client.ok("GET", container, query="format=json").json
    assert entry["content_type"] == "x/new"


def test_newest(client: Client, container: str) -> None:
    for number in range(5):
        client.ok("PUT", container, "object", body=b"%d" % number)
        for method in ("GET", "HEAD"):
            got = client.ok(method, container, "object", X_Newest="true")
            assert got.headers["content-length"] == "1"
        assert (
            client.ok("GET", container, "object", X_Newest="1").body == b"%d" % number
        )


def test_head_says_what_get_says(client: Client, container: str) -> None:
    client.ok("PUT", container, "dir/a", body=b"abc", X_Object_Meta_Colour="grün")
    client.ok("PUT", container, "empty", body=b"")
    client.ok("POST", container, X_Container_Meta_A="1", X_Container_Read=".r:*")
    client.ok("POST", X_Account_Meta_Anything="2")
    asked = [
        ((), "", {}),
        ((), "format=json", {}),
        ((container,), "", {}),
        ((container,), "format=xml", {}),
        ((container, "dir/a"), "", {}),
        ((container, "empty"), "", {}),
        ((container, "missing"), "", {}),
        (("missing-container",), "", {}),
        ((container, "dir/a"), "", {"If-None-Match": "*"}),
        ((container, "dir/a"), "", {"If-Match": "other"}),
    ]
    for path, query, headers in asked:
        got = client.send("GET", *path, query=query, headers=headers)
        head = client.send("HEAD", *path, query=query, headers=headers)
        assert head.body == b""
        if got.status != 200 or len(path) == 2:
            assert head.status == got.status, path
        else:
            assert head.status == 204, path  # a listing's HEAD has no body to describe
        ignored = set()
        if len(path) < 2 or got.status >= 300:
            ignored = {"content-length"}
        a, b = described(got), described(head)
        for each in ignored:
            a.pop(each, None), b.pop(each, None)
        if not path:
            a, b = without_counts(a), without_counts(b)
        assert b == a, (path, query)
