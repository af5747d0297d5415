"""Objects: put, read, copied, deleted; conditions, ranges, checksums, metadata."""

from __future__ import annotations

import base64
import gc
import hashlib
import io
import weakref

import pytest

from test.unit.s3.house import ALICE, House

KEYS = [
    "plain",
    "a//b",
    "../up",
    "a/./b",
    "sp ace",
    "ü/ñ€",
    "a+b&c=d?e#f",
    "%41",
    "tr/",
]


@pytest.fixture(scope="module")
def house() -> House:
    house = House()
    house.bucket()
    return house


@pytest.mark.parametrize("key", KEYS)
def test_keys_are_literal_and_seen_through_swift(house: House, key: str) -> None:
    assert house.ask("PUT", f"/bucket/{key}", body=b"data").status == 200
    assert house.ask("GET", f"/bucket/{key}").body == b"data"
    answer = house.cluster.ask("GET", f"/{ALICE.account}/bucket/{key}")
    assert (answer.status, answer.body) == (200, b"data")
    listed = house.ask("GET", "/bucket", "list-type=2").xml.all("Contents")
    assert key in [node.get("Key") for node in listed]
    assert house.ask("DELETE", f"/bucket/{key}").status == 204
    assert house.ask("GET", f"/bucket/{key}").code == "NoSuchKey"


def test_metadata_is_the_same_through_both_faces(house: House) -> None:
    headers = {
        "x-amz-meta-color": "blue",
        "content-type": "text/x",
        "cache-control": "no",
    }
    headers |= {"content-encoding": "aws-chunked,gzip", "x-amz-meta-long": "x" * 300}
    house.ask("PUT", "/bucket/m", body=b"x", headers=headers)
    swift = house.cluster.ask("HEAD", f"/{ALICE.account}/bucket/m").headers
    assert swift["X-Object-Meta-Color"] == "blue"
    assert swift["Content-Encoding"] == "gzip"
    head = house.ask("HEAD", "/bucket/m").headers
    assert head["x-amz-meta-color"] == "blue"
    assert head["x-amz-meta-long"] == "x" * 300
    assert (head["content-type"], head["cache-control"]) == ("text/x", "no")
    path = f"/{ALICE.account}/bucket/m2"
    house.cluster.ask("PUT", path, {"X-Object-Meta-B": "ü"}, b"y")
    got = house.ask("GET", "/bucket/m2").headers
    assert base64.b64decode(got["x-amz-meta-b"][10:-2]).decode() == "ü"


def test_metadata_in_encoded_words_is_text(house: House) -> None:
    word = "=?UTF-8?B?" + base64.b64encode("grün".encode()).decode() + "?="
    house.ask("PUT", "/bucket/w", body=b"x", headers={"x-amz-meta-c": word})
    swift = house.cluster.ask("HEAD", f"/{ALICE.account}/bucket/w").headers
    assert swift["X-Object-Meta-C"] == "grün"
    assert house.ask("HEAD", "/bucket/w").headers["x-amz-meta-c"] == word


def test_too_much_metadata_is_refused(house: House) -> None:
    headers = {f"x-amz-meta-{n}": "x" * 500 for n in range(5)}
    answer = house.ask("PUT", "/bucket/m", body=b"x", headers=headers)
    assert answer.code == "MetadataTooLarge"


@pytest.mark.parametrize(
    "name",
    [
        "X-Object-Sysmeta-S3-Etag",
        "X-Object-Meta-Color",
        "X-Copy-From",
        "X-Timestamp",
        "X-Backend-Storage-Policy-Index",
        "X-Object-Manifest",
        "X-Delete-At",
        "X-Symlink-Target",
        "X-Object-Transient-Sysmeta-S3-Acl",
        "X-Container-Sysmeta-S3-Policy",
    ],
)
def test_no_header_of_the_house_gets_through(house: House, name: str) -> None:
    value = "9999999999" if name == "X-Delete-At" else "bucket/forged"
    house.ask("PUT", "/bucket/forged", body=b"x", headers={name: value})
    swift = house.cluster.ask("GET", f"/{ALICE.account}/bucket/forged")
    assert (swift.status, swift.body) == (200, b"x")
    assert name not in swift.headers or swift.headers[name] != value


def test_conditional_reads(house: House) -> None:
    etag = house.ask("PUT", "/bucket/c", body=b"data").headers["etag"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return house.ask("GET", "/bucket/c", headers=named).status

    old, new = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    assert status(if_match=etag) == 200
    assert status(if_match='"x"') == 412
    assert status(if_none_match=etag) == 304
    assert status(if_none_match='"x"') == 200
    assert status(if_modified_since=new) == 304
    assert status(if_modified_since=old) == 200
    assert status(if_unmodified_since=old) == 412
    assert status(if_unmodified_since=new) == 200
    assert status(if_match=etag, if_unmodified_since=old) == 200
    assert status(if_none_match='"x"', if_modified_since=new) == 200


def test_conditional_writes(house: House) -> None:
    new = {"if-none-match": "*"}
    etag = house.ask("PUT", "/bucket/w1", body=b"1", headers=new).headers["etag"]
    assert (
        house.ask("PUT", "/bucket/w1", body=b"2", headers=new).code
        == "PreconditionFailed"
    )
    assert (
        house.ask("PUT", "/bucket/w1", body=b"2", headers={"if-match": '"x"'}).code
        == "PreconditionFailed"
    )
    assert (
        house.ask("PUT", "/bucket/w1", body=b"2", headers={"if-match": etag}).status
        == 200
    )
    assert (
        house.ask("PUT", "/bucket/none", body=b"2", headers={"if-match": etag}).code
        == "NoSuchKey"
    )
    assert (
        house.ask("PUT", "/bucket/w1", body=b"2", headers={"if-none-match": etag}).code
        == "NotImplemented"
    )


def test_ranges(house: House) -> None:
    house.ask("PUT", "/bucket/r", body=b"0123456789")
    got = house.ask("GET", "/bucket/r", headers={"range": "bytes=2-4"})
    assert (got.status, got.body) == (206, b"234")
    assert got.headers["content-range"] == "bytes 2-4/10"
    assert (
        house.ask("GET", "/bucket/r", headers={"range": "bytes=20-"}).code
        == "InvalidRange"
    )


def test_response_headers_are_overridden(house: House) -> None:
    house.ask("PUT", "/bucket/o", body=b"x")
    got = house.ask(
        "GET",
        "/bucket/o",
        "response-content-type=a%2Fb&response-expires=x%0D%00%0AY%3A1",
    )
    assert got.headers["content-type"] == "a/b"
    assert got.headers["expires"] == "xY:1"


def test_copies(house: House) -> None:
    headers = {"x-amz-meta-a": "1", "x-amz-tagging": "k=v"}
    house.ask("PUT", "/bucket/from ü", body=b"data", headers=headers)
    source = {"x-amz-copy-source": "/bucket/from%20%C3%BC"}
    copied = house.ask("PUT", "/bucket/to", headers=source)
    assert copied.status == 200, copied.body
    assert copied.xml.get("ETag") == f'"{hashlib.md5(b"data").hexdigest()}"'
    head = house.ask("HEAD", "/bucket/to").headers
    assert (head["x-amz-meta-a"], head["x-amz-tagging-count"]) == ("1", "1")
    replaced = {**source, "x-amz-metadata-directive": "REPLACE", "x-amz-meta-b": "2"}
    house.ask("PUT", "/bucket/to", headers=replaced)
    head = house.ask("HEAD", "/bucket/to").headers
    assert "x-amz-meta-a" not in head
    assert head["x-amz-meta-b"] == "2"
    self_copy = {"x-amz-copy-source": "/bucket/to"}
    assert house.ask("PUT", "/bucket/to", headers=self_copy).code == "InvalidRequest"
    missing = {"x-amz-copy-source": "/bucket/none"}
    assert house.ask("PUT", "/bucket/to", headers=missing).code == "NoSuchKey"
    for bad in ("bucket", "", "/bucket/", "bucket+segments/x"):
        answer = house.ask("PUT", "/bucket/to", headers={"x-amz-copy-source": bad})
        assert answer.status == 400, bad
    failed = {**source, "x-amz-copy-source-if-match": '"x"'}
    assert house.ask("PUT", "/bucket/to", headers=failed).code == "PreconditionFailed"


def test_a_key_of_the_clients_encrypts(house: House) -> None:
    key = bytes(range(32))
    sent = {
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "x-amz-server-side-encryption-customer-key": base64.b64encode(key).decode(),
        "x-amz-server-side-encryption-customer-key-md5": base64.b64encode(
            hashlib.md5(key).digest()
        ).decode(),
    }
    body = bytes(range(256)) * 800  # over three blocks
    assert house.ask("PUT", "/bucket/enc", body=body, headers=sent).status == 200
    stored = house.cluster.ask("GET", f"/{ALICE.account}/bucket/enc").body
    assert body[:64] not in stored
    assert house.ask("GET", "/bucket/enc", headers=sent).body == body
    for first, last in ((0, 0), (65535, 65536), (100, 204799), (131072, 140000)):
        ranged = {**sent, "range": f"bytes={first}-{last}"}
        got = house.ask("GET", "/bucket/enc", headers=ranged)
        assert (got.status, got.body) == (206, body[first : last + 1])
    assert house.ask("GET", "/bucket/enc").code == "InvalidRequest"
    other = bytes(32)
    wrong = {
        **sent,
        "x-amz-server-side-encryption-customer-key": base64.b64encode(other).decode(),
        "x-amz-server-side-encryption-customer-key-md5": base64.b64encode(
            hashlib.md5(other).digest()
        ).decode(),
    }
    assert house.ask("GET", "/bucket/enc", headers=wrong).code == "AccessDenied"
    listed = house.ask("GET", "/bucket", "prefix=enc").xml.child("Contents")
    assert listed is not None
    assert listed.get("Size") == str(len(body))
    copy = {
        name.replace("x-amz-", "x-amz-copy-source-"): value
        for name, value in sent.items()
    }
    copy["x-amz-copy-source"] = "/bucket/enc"
    house.ask("PUT", "/bucket/plain", headers=copy)
    assert house.ask("GET", "/bucket/plain").body == body


def test_several_ranges_are_the_whole(house: House) -> None:
    house.ask("PUT", "/bucket/r2", body=b"0123456789")
    got = house.ask("GET", "/bucket/r2", headers={"range": "bytes=0-1,3-4"})
    assert (got.status, got.body) == (200, b"0123456789")


def test_expected_owners_are_checked(house: House) -> None:
    house.ask("PUT", "/bucket/e", body=b"x")
    wrong = {"x-amz-expected-bucket-owner": "AUTH_bob"}
    assert house.ask("GET", "/bucket/e", headers=wrong).code == "AccessDenied"
    copied = {"x-amz-copy-source": "/bucket/e"}
    wrong = {**copied, "x-amz-source-expected-bucket-owner": "AUTH_bob"}
    assert house.ask("PUT", "/bucket/e2", headers=wrong).code == "AccessDenied"
    right = {**copied, "x-amz-expected-bucket-owner": "AUTH_alice"}
    assert house.ask("PUT", "/bucket/e2", headers=right).status == 200


def test_unknown_requests_are_told(house: House) -> None:
    assert house.ask("GET", "/bucket/o", "torrent=").status == 501
    assert house.ask("PUT", "/bucket", "inventory=", b"<x/>").status == 501
    assert house.ask("POST", "/bucket/o").status == 405
    assert house.ask("PATCH", "/bucket/o").status == 405
    assert (
        house.ask("PUT", "/bucket/" + "k" * 1025, body=b"x").code == "KeyTooLongError"
    )
    answer = house.ask(
        "PUT", "/bucket/o", body=b"x", headers={"x-amz-storage-class": "GOLD"}
    )
    assert answer.code == "InvalidStorageClass"


@pytest.mark.parametrize("sent", [b"only a part", b"x" * 70_000])
def test_what_failed_lets_go_of_its_memory_at_once(sent: bytes) -> None:
    """An error keeps the frames it came through: they must not be kept with it."""

    class Body(io.BytesIO):
        """Something that tells when it is gone."""

    house = House()
    house.bucket()
    environ = house.environ("PUT", "/bucket/k", body=sent + bytes(1000))
    body = Body(sent)
    environ["wsgi.input"] = body
    gone = weakref.ref(body)
    gc.disable()
    try:
        answer = house.send(environ)
        del environ, body
        assert (answer.status, answer.code) == (400, "IncompleteBody")
        assert gone() is None
    finally:
        gc.enable()


def test_uploads_must_say_how_long_they_are(house: House) -> None:
    environ = house.environ("PUT", "/bucket/n", "", b"")
    del environ["CONTENT_LENGTH"]
    answer = house.send(environ)
    assert (answer.status, answer.code) == (411, "MissingContentLength")
    environ = house.environ("PUT", "/bucket", "acl=", b"", {"x-amz-acl": "private"})
    del environ["CONTENT_LENGTH"]
    assert house.send(environ).status == 200
