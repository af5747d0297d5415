"""Objects through the whole proxy, every node well."""

from __future__ import annotations

import hashlib

import pytest

from test.unit.proxy.cluster import Cluster

PATH = "/AUTH_test/box/thing"


@pytest.fixture
def cluster() -> Cluster:
    made = Cluster()
    made.make_container()
    return made


@pytest.mark.parametrize("size", [0, 1, 4096, 256 * 1024, 256 * 1024 + 1, 5_000_000])
def test_put_then_get(cluster: Cluster, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    body = body[:size]
    etag = hashlib.md5(body).hexdigest()
    made = cluster.put(PATH, body, Content_Type="text/x-thing", X_Object_Meta_Color="ä")
    assert made.status == 201
    assert made.headers["Etag"] == etag
    assert made.headers["Content-Length"] == "0"
    got = cluster.ask("GET", PATH)
    assert got.status == 200
    assert got.body == body
    assert got.headers["Etag"] == etag
    assert got.headers["Content-Length"] == str(size)
    assert got.headers["Content-Type"] == "text/x-thing"
    assert got.headers["X-Object-Meta-Color"] == "ä"
    assert got.headers["Last-Modified"] == made.headers["Last-Modified"]
    head = cluster.ask("HEAD", PATH)
    assert head.status == 200
    assert head.headers == got.headers
    assert head.body == b""
    for device in cluster.primaries("object", PATH):
        assert len(cluster.objects(device).objects) == 1
        assert cluster.objects(device).owed == {}


@pytest.mark.parametrize("size", [0, 10, 256 * 1024, 256 * 1024 + 1, 2_500_000])
def test_chunked_put(cluster: Cluster, size: int) -> None:
    body = b"x" * size
    environ_headers = {"Transfer-Encoding": "chunked"}
    import io

    made = cluster.ask("PUT", PATH, environ_headers, io.BytesIO(body))
    assert made.status == 201
    assert cluster.ask("GET", PATH).body == body


def test_no_length(cluster: Cluster) -> None:
    assert cluster.ask("PUT", PATH).status == 411


def test_too_large(cluster: Cluster) -> None:
    headers = {"Content-Length": str(5 * 1024**3 + 3)}
    assert cluster.ask("PUT", PATH, headers).status == 413


@pytest.mark.parametrize("size", [5, 300_000])
def test_wrong_etag_leaves_nothing(cluster: Cluster, size: int) -> None:
    assert cluster.put(PATH, b"x" * size, ETag="0" * 32).status == 422
    assert cluster.ask("GET", PATH).status == 404
    assert cluster.ask("GET", "/AUTH_test/box").status == 204


def test_right_etag_with_quotes(cluster: Cluster) -> None:
    etag = hashlib.md5(b"hello").hexdigest()
    assert cluster.put(PATH, ETag=f'"{etag}"').status == 201


@pytest.mark.parametrize("size", [5, 300_000])
def test_client_leaves_early(cluster: Cluster, size: int) -> None:
    import io

    headers = {"Content-Length": str(size + 1)}
    made = cluster.ask("PUT", PATH, headers, io.BytesIO(b"x" * size))
    assert made.status == 499
    assert cluster.ask("GET", PATH).status == 404


def test_type_is_guessed(cluster: Cluster) -> None:
    cluster.put("/AUTH_test/box/page.html")
    got = cluster.ask("GET", "/AUTH_test/box/page.html")
    assert got.headers["Content-Type"] == "text/html"
    cluster.put(PATH)
    got = cluster.ask("GET", PATH)
    assert got.headers["Content-Type"] == "application/octet-stream"


def test_types_that_would_make_listings_lie(cluster: Cluster) -> None:
    cluster.put(PATH)
    for kind in ("a/b;swift_bytes=777", "a/b; x=y;\tSwift_Bytes=777"):
        for method in ("PUT", "POST"):
            refused = cluster.ask(method, PATH, {"Content-Type": kind}, b"x")
            assert refused.status == 400
            assert "swift_* is not a valid parameter" in refused.text()
    assert (
        '"bytes":5' in cluster.ask("GET", "/AUTH_test/box", query="format=json").text()
    )


def test_kept_headers(cluster: Cluster) -> None:
    kept = {
        "Content-Encoding": "gzip",
        "Content-Disposition": "attachment; filename=a",
        "X-Robots-Tag": "noindex",
        "Cache-Control": "max-age=3",
        "X-Object-Manifest": "box/part-",
    }
    cluster.ask("PUT", PATH, kept, b"hello")
    got = cluster.ask("GET", PATH)
    assert {name: got.headers.get(name) for name in kept} == kept


def test_post_replaces_metadata(cluster: Cluster) -> None:
    made = cluster.put(PATH, X_Object_Meta_A="1", Content_Encoding="gzip")
    posted = cluster.ask("POST", PATH, {"X-Object-Meta-B": "2"})
    assert posted.status == 202
    got = cluster.ask("GET", PATH)
    assert got.headers["X-Object-Meta-B"] == "2"
    assert "X-Object-Meta-A" not in got.headers
    assert "Content-Encoding" not in got.headers
    assert got.headers["Etag"] == made.headers["Etag"]
    assert got.body == b"hello"
    cluster.ask("POST", PATH, {"Content-Type": "text/new"})
    assert cluster.ask("HEAD", PATH).headers["Content-Type"] == "text/new"
    listing = cluster.ask("GET", "/AUTH_test/box", query="format=json")
    assert '"content_type":"text/new"' in listing.text()
    for device in cluster.primaries("object", PATH):
        assert cluster.objects(device).owed == {}


def test_post_of_nothing(cluster: Cluster) -> None:
    assert cluster.ask("POST", PATH).status == 404


def test_delete(cluster: Cluster) -> None:
    cluster.put(PATH)
    assert cluster.ask("DELETE", PATH).status == 204
    assert cluster.ask("GET", PATH).status == 404
    assert cluster.ask("HEAD", PATH).status == 404
    assert cluster.ask("DELETE", PATH).status == 404
    assert cluster.ask("GET", "/AUTH_test/box").status == 204


def test_no_container(cluster: Cluster) -> None:
    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        body = b"x" if method == "PUT" else None
        assert cluster.ask(method, "/AUTH_test/none/thing", None, body).status == 404


def test_container_deleted_by_another_proxy_meanwhile(cluster: Cluster) -> None:
    cluster.put(PATH)
    cluster.ask("DELETE", PATH)
    other = cluster.another_proxy()
    assert cluster.ask("DELETE", "/AUTH_test/box", app=other).status == 204
    assert cluster.put(PATH).status == 404
    for device in cluster.primaries("object", PATH):
        (state,) = cluster.objects(device).objects.values()
        assert not state.exists


@pytest.mark.parametrize("missed_by", [0, 1, 2])
def test_nothing_goes_into_a_container_whose_deletion_one_replica_missed(
    cluster: Cluster, missed_by: int
) -> None:
    cluster.put(PATH)
    cluster.ask("DELETE", PATH)
    stale = cluster.primaries("container", "/AUTH_test/box")[missed_by]
    cluster.faults("container", stale).down = True
    other = cluster.another_proxy()
    assert cluster.ask("DELETE", "/AUTH_test/box", app=other).status == 204
    cluster.faults("container", stale).down = False
    # This proxy remembers the container.
    assert cluster.put(PATH).status == 404


def test_expiry(cluster: Cluster) -> None:
    made = cluster.put(PATH, X_Delete_After="100")
    assert made.status == 201
    head = cluster.ask("HEAD", PATH)
    assert int(head.headers["X-Delete-At"]) > 0
    cluster.clock.ahead = 101
    assert cluster.ask("HEAD", PATH).status == 404
    assert cluster.ask("POST", PATH).status == 404
    assert cluster.ask("PUT", PATH, {"If-None-Match": "*"}, b"new").status == 201
    assert cluster.ask("GET", PATH).body == b"new"


@pytest.mark.parametrize(
    ("header", "value", "text"),
    [
        ("X-Delete-At", "soon", "Non-integer X-Delete-At"),
        ("X-Delete-At", "1", "X-Delete-At in past"),
        ("X-Delete-After", "x", "Non-integer X-Delete-After"),
        ("X-Delete-After", "-1", "X-Delete-After in past"),
    ],
)
def test_bad_expiry(cluster: Cluster, header: str, value: str, text: str) -> None:
    answer = cluster.ask("PUT", PATH, {header: value}, b"")
    assert (answer.status, answer.text()) == (400, text)
    cluster.put(PATH)
    assert cluster.ask("POST", PATH, {header: value}).status == 400


@pytest.mark.parametrize("size", [1000, 600_000])
def test_ranges(cluster: Cluster, size: int) -> None:
    body = bytes(index % 251 for index in range(size))
    cluster.put(PATH, body)
    got = cluster.ask("GET", PATH, {"Range": "bytes=10-19"})
    assert got.status == 206
    assert got.body == body[10:20]
    assert got.headers["Content-Range"] == f"bytes 10-19/{size}"
    assert got.headers["Content-Length"] == "10"
    assert cluster.ask("GET", PATH, {"Range": "bytes=-5"}).body == body[-5:]
    late = cluster.ask("GET", PATH, {"Range": f"bytes={size}-"})
    assert late.status == 416
    assert late.headers["Content-Range"] == f"bytes */{size}"
    many = cluster.ask("GET", PATH, {"Range": "bytes=0-1,5-6"})
    assert many.status == 206
    assert many.headers["Content-Length"] == str(len(many.body))
    assert many.headers["Content-Type"].startswith("multipart/byteranges")
    assert body[0:2] in many.body
    stale = {"Range": "bytes=0-1", "If-Range": '"other"'}
    assert cluster.ask("GET", PATH, stale).status == 200


def test_conditions(cluster: Cluster) -> None:
    etag = cluster.put(PATH).headers["Etag"]
    modified = cluster.ask("HEAD", PATH).headers["Last-Modified"]
    for header, value, status in (
        ("If-Match", etag, 200),
        ("If-Match", "other", 412),
        ("If-None-Match", f'"{etag}"', 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", "other", 200),
        ("If-Modified-Since", modified, 304),
        ("If-Unmodified-Since", modified, 200),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
    ):
        assert cluster.ask("GET", PATH, {header: value}).status == status, header
        assert cluster.ask("HEAD", PATH, {header: value}).status == status, header


def test_put_if_none_match(cluster: Cluster) -> None:
    only_new = {"If-None-Match": "*"}
    assert cluster.ask("PUT", PATH, {"If-None-Match": "abc"}, b"").status == 400
    assert cluster.ask("PUT", PATH, only_new, b"one").status == 201
    assert cluster.ask("PUT", PATH, only_new, b"two").status == 412
    assert cluster.ask("PUT", PATH, only_new, b"x" * 300_000).status == 412
    assert cluster.ask("GET", PATH).body == b"one"
    cluster.ask("DELETE", PATH)
    assert cluster.ask("PUT", PATH, only_new, b"x" * 300_000).status == 201


def test_delete_if_match(cluster: Cluster) -> None:
    assert cluster.ask("DELETE", PATH, {"If-Match": "abc"}).status == 412
    etag = cluster.put(PATH).headers["Etag"]
    past = {"If-Unmodified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"}
    assert cluster.ask("DELETE", PATH, {"If-Match": "abc"}).status == 412
    assert cluster.ask("DELETE", PATH, past).status == 412
    assert cluster.ask("GET", PATH).status == 200
    assert cluster.ask("DELETE", PATH, {"If-Match": etag}).status == 204
    assert cluster.ask("GET", PATH).status == 404


def test_put_if_match(cluster: Cluster) -> None:
    assert cluster.ask("PUT", PATH, {"If-Match": "abc"}, b"").status == 412
    etag = cluster.put(PATH).headers["Etag"]
    assert cluster.ask("PUT", PATH, {"If-Match": etag}, b"two").status == 201
    assert cluster.ask("PUT", PATH, {"If-Match": etag}, b"three").status == 412
