"""Writes that pass all filters by: the same replies, and never past a rule."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from hashlib import md5
from io import BytesIO
from typing import Any
from zlib import crc32

import pytest

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.request import CONTEXT_KEY
from objectstore.s3.errors import S3Error
from objectstore.s3.header_names import header_names
from objectstore.s3.payload.open import open_unchained
from objectstore.s3.plain_writes import PlainWrites
from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import ALICE, BOB, GUEST, SMALL_PARTS, Answer
from test.unit.s3.test_plain_reads import (
    BUCKET,
    LIFECYCLE,
    LOGGING,
    POLICY,
    VERSIONING,
    PlainHouse,
    swift,
)

# Asks for nothing, and is nothing that the short way knows.
LONG = {"x-amz-storage-class": "STANDARD"}
KEY = f"{BUCKET}/key"


class Watched:
    """Whether requests were answered on the short way."""

    def __init__(self, house: PlainHouse) -> None:
        self._plain: PlainWrites = house.app._plain_writes
        house.app._plain_writes = self
        self.straight: list[bool] = []

    def answer(self, *arguments: Any) -> Any:
        found = self._plain.answer(*arguments)
        self.straight.append(found == [])
        return found

    def took(self) -> list[bool]:
        """What was answered so since it was asked."""
        found = self.straight[:]
        self.straight.clear()
        return found


@pytest.fixture
def house() -> PlainHouse:
    made = PlainHouse(SMALL_PARTS, Cluster())
    made.bucket()
    made.watched = Watched(made)  # type: ignore[attr-defined]
    return made


def took(house: PlainHouse) -> list[bool]:
    found: list[bool] = house.watched.took()  # type: ignore[attr-defined]
    return found


def put(house: PlainHouse, body: bytes = b"body", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask("PUT", "/bucket/key", body=body, headers=named)


def stored(house: PlainHouse) -> Answer:
    answer = house.ask("GET", "/bucket/key", headers={"x-amz-checksum-mode": "ENABLED"})
    answer.headers.pop("last-modified", None)
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": "text/plain"},
        {"content_encoding": "aws-chunked"},
        {"x_amz_checksum_crc32": b64encode(crc32(b"body").to_bytes(4)).decode()},
    ],
)
def test_both_ways_store_and_tell_the_same(
    house: PlainHouse, headers: dict[str, str]
) -> None:
    house.server.requests.clear()
    short = put(house, **headers)
    assert (short.status, took(house)) == (200, [True])
    assert house.server.requests == ["PUT"]
    seen = stored(house)
    long = put(house, **headers, **{key.replace("-", "_"): LONG[key] for key in LONG})
    assert took(house) == [False]
    assert short == long
    assert stored(house) == seen


@pytest.mark.parametrize("size", [0, 1, 64 * 1024])
def test_small_bodies_of_any_size(house: PlainHouse, size: int) -> None:
    assert put(house, b"x" * size).status == 200
    assert took(house) == [True]
    assert stored(house).body == b"x" * size


def test_larger_bodies_take_the_long_way(house: PlainHouse) -> None:
    assert put(house, b"x" * (64 * 1024 + 1)).status == 200
    assert took(house) == [False]


@pytest.mark.parametrize(
    "headers",
    [
        {"x_amz_meta_a": "b"},
        {"x_amz_acl": "private"},
        {"if_none_match": "*"},
        {"cache_control": "no-cache"},
        {"content_disposition": "inline"},
        {"content_language": "de"},
        {"expires": "Thu, 01 Jan 2037 00:00:00 GMT"},
        {"content_md5": b64encode(md5(b"body").digest()).decode()},
        {"content_encoding": "gzip"},
        {"content_type": "text/ü"},
        {"origin": "http://nobody.test"},
        {"x_amz_expected_bucket_owner": ALICE.account},
    ],
)
def test_other_headers_take_the_long_way(
    house: PlainHouse, headers: dict[str, str]
) -> None:
    assert put(house, **headers).status == 200
    assert took(house) == [False]


def test_a_deletion_goes_straight_whether_there_is_anything_or_not(
    house: PlainHouse,
) -> None:
    assert put(house).status == 200
    took(house)
    house.server.requests.clear()
    there = house.ask("DELETE", "/bucket/key")
    assert took(house) == [True]
    gone = house.ask("DELETE", "/bucket/key")
    assert house.server.requests == ["DELETE", "DELETE"]
    long = house.ask("DELETE", "/bucket/key", headers=LONG)
    assert there == gone == long
    assert (there.status, there.body) == (204, b"")
    assert stored(house).status == 404


@pytest.mark.parametrize("user", [BOB, GUEST, None])
def test_nobody_but_the_owner_is_let_past(house: PlainHouse, user: Any) -> None:
    for method in ("PUT", "DELETE"):
        answer = house.ask(method, "/bucket/key", body=b"", user=user)
        assert answer.status == 403
    assert True not in took(house)


@pytest.mark.parametrize(
    ("document", "body"),
    [
        ("policy", POLICY),
        ("lifecycle", LIFECYCLE),
        ("versioning", VERSIONING),
        ("logging", LOGGING),
    ],
)
def test_a_bucket_with_rules_takes_the_long_way_at_once(
    house: PlainHouse, document: str, body: bytes
) -> None:
    assert put(house).status == 200
    assert took(house) == [True]
    assert house.ask("PUT", "/bucket", document, body).status in (200, 204)
    took(house)
    assert put(house).status == 200
    assert house.ask("DELETE", "/bucket/key").status == 204
    assert took(house) == [False, False]


def upload_in_parts(house: PlainHouse, path: str) -> None:
    upload_id = house.ask("POST", path, "uploads").xml.get("UploadId")
    part = house.ask("PUT", path, f"partNumber=1&uploadId={upload_id}", b"parts")
    document = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"
        f"{part.headers['etag']}</ETag></Part></CompleteMultipartUpload>"
    )
    query = f"uploadId={upload_id}"
    assert house.ask("POST", path, query, document.encode()).status == 200


def parts_of(house: PlainHouse) -> list[str]:
    listed = house.cluster.ask("GET", f"/{ALICE.account}/bucket+segments")
    return listed.text().split()


def test_only_what_is_made_of_parts_is_written_on_the_long_way(
    house: PlainHouse,
) -> None:
    upload_in_parts(house, "/bucket/large")
    upload_in_parts(house, "/bucket/key")
    took(house)
    before = len(parts_of(house))
    assert put(house).status == 200
    assert took(house) == [False], "its parts are to go with it"
    assert len(parts_of(house)) < before
    assert put(house, b"again").status == 200
    assert house.ask("DELETE", "/bucket/key").status == 204
    assert took(house) == [True, True]
    assert house.ask("GET", "/bucket/large").body == b"parts"
    assert house.ask("DELETE", "/bucket/large").status == 204
    assert took(house) == [False]
    assert parts_of(house) == []


@pytest.mark.parametrize(
    "header",
    ["X_Container_Meta_Quota_Bytes", "X_Container_Meta_Quota_Count"],
)
def test_quotas_of_containers_are_asked(house: PlainHouse, header: str) -> None:
    swift(house, "POST", BUCKET, b"", **{header: "1"})
    assert put(house).status == 200
    assert took(house) == [False]


@pytest.mark.parametrize(
    "header", ["X_Account_Meta_Quota_Bytes", "X_Account_Sysmeta_Quota_Count"]
)
def test_quotas_of_accounts_are_asked(house: PlainHouse, header: str) -> None:
    named = {header.replace("_", "-"): "1"}
    house.cluster.ask("POST", f"/{ALICE.account}", headers=named)
    assert put(house).status == 200
    assert took(house) == [False]


def test_metadata_of_users_is_no_rule(house: PlainHouse) -> None:
    swift(house, "POST", BUCKET, b"", X_Container_Meta_Colour="red")
    swift(house, "POST", BUCKET, b"", X_Container_Read=".r:*")
    assert put(house).status == 200
    assert took(house) == [True]


def test_a_wrong_body_is_refused_and_nothing_stored(house: PlainHouse) -> None:
    environ = house.environ("PUT", "/bucket/key", body=b"body")
    environ["wsgi.input"].write(b"b0dy")
    environ["wsgi.input"].seek(0)
    house.server.requests.clear()
    answer = house.send(environ)
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")
    assert answer.headers["x-amz-request-id"] == "tx-test"
    environ = house.environ("PUT", "/bucket/key", body=b"body")
    environ["wsgi.input"].truncate(3)
    assert house.send(environ).code == "IncompleteBody"
    wrong = b64encode(bytes(4)).decode()
    assert put(house, x_amz_checksum_crc32=wrong).code == "BadDigest"
    assert "PUT" not in house.server.requests


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (Rejected(409), "ConditionalRequestConflict"),
        (Rejected(413, "large"), "EntityTooLarge"),
        (Unavailable("nobody is there"), "ServiceUnavailable"),
    ],
)
def test_what_the_store_refuses_is_told_in_s3s_words(
    house: PlainHouse, raised: Exception, code: str
) -> None:
    def refuse(environ: Any, start_response: Any) -> Any:
        raise raised

    house.server._app = refuse
    short, long = put(house), put(house, x_amz_storage_class="STANDARD")
    assert short.code == code
    assert (short.status, short.body) == (long.status, long.body)


def test_a_bucket_that_is_gone_is_told(house: PlainHouse) -> None:
    environ = house.environ("PUT", "/bucket/key", body=b"body")
    assert house.ask("DELETE", "/bucket").status == 204
    assert house.send(environ).code == "NoSuchBucket"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_signature_is_checked_once_whatever_comes_of_it(
    house: PlainHouse, method: str
) -> None:
    house.app.app.asked.clear()
    assert house.ask(method, "/bucket/nothing").status in (204, 404)
    assert house.app.app.asked == [ALICE.name]


def test_the_access_line_knows_who_asked(house: PlainHouse) -> None:
    environ = house.environ("PUT", "/bucket/key", body=b"b")
    assert house.send(environ).status == 200
    assert environ[CONTEXT_KEY].identity.user == ALICE.name


@pytest.mark.parametrize("kind", ["0" * 63 + "g", "0" * 63 + "A", "0" * 65, "x"])
def test_a_hash_is_a_hash(kind: str) -> None:
    environ = {"CONTENT_LENGTH": "1", "wsgi.input": BytesIO(b"x")}
    with pytest.raises(S3Error) as raised:
        open_unchained(environ, kind)
    assert raised.value.code == "XAmzContentSHA256Mismatch"


def test_a_hash_may_be_in_capitals() -> None:
    environ = {"CONTENT_LENGTH": "1", "wsgi.input": BytesIO(b"x")}
    kind = hashlib.sha256(b"x").hexdigest().upper()
    assert open_unchained(environ, kind).stream.read() == b"x"


def test_a_checksum_that_is_announced_must_come(house: PlainHouse) -> None:
    assert put(house, x_amz_sdk_checksum_algorithm="CRC32").status == 400


def test_an_unsigned_body_is_taken_as_it_is() -> None:
    environ = {"CONTENT_LENGTH": "1", "wsgi.input": BytesIO(b"x")}
    assert open_unchained(environ, "UNSIGNED-PAYLOAD").stream.read() == b"x"


def test_names_are_looked_at_with_the_signature() -> None:
    signed = {
        "REQUEST_METHOD": "PUT",
        "PATH_INFO": "/bucket/key",
        "HTTP_AUTHORIZATION": "",
        "HTTP_X_AMZ_DATE": "",
        "HTTP_X_AMZ_CONTENT_SHA256": "",
    }
    assert header_names(signed).is_straight_write
    for key in ("HTTP_AUTHORIZATION", "HTTP_X_AMZ_DATE", "HTTP_X_AMZ_CONTENT_SHA256"):
        others = {name: "" for name in signed if name != key}
        assert not header_names(others).is_straight_write
    token = {**signed, "HTTP_X_AMZ_SECURITY_TOKEN": ""}
    assert not header_names(token).is_straight_write
