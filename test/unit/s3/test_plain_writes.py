"""The short way of plain PUTs: what it stores and tells, and where it is not taken."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from objectstore.s3.bucket_facts import BucketFacts
from test.unit.s3.house import ALICE, BOB, House
from test.unit.s3.test_plain_reads import LIFECYCLE, LOGGING, POLICY, VERSIONING

# Asks for nothing, but is no header of a plain PUT.
LONG = {"x-amz-storage-class": "STANDARD"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain", "Cache-Control": "no-cache"},
        {"Content-Encoding": "aws-chunked,gzip"},
        {"Content-MD5": "hBotaJrYXScOCxfmIRgrLw=="},
        {"x-amz-checksum-crc32": "2hfSJg=="},
    ],
)
def test_both_ways_store_and_tell_the_same(
    house: House, headers: dict[str, str]
) -> None:
    for _ in range(2):
        short = house.ask("PUT", "/bucket/key", body=b"body", headers=headers)
        seen = house.ask("GET", "/bucket/key")
        named = headers | LONG
        long = house.ask("PUT", "/bucket/key", body=b"body", headers=named)
        assert short.status == long.status
        if short.status == 200:
            assert short.headers == long.headers
        again = house.ask("GET", "/bucket/key")
        for answer in (seen, again):
            answer.headers.pop("last-modified", None)
        assert seen == again


def test_conditions_hold(house: House) -> None:
    only_new = {"If-None-Match": "*"}
    for status in (200, 412):
        answer = house.ask("PUT", "/bucket/key", body=b"b", headers=only_new)
        assert answer.status == status
    other = {"If-Match": '"0cc175b9c0f1b6a831c399e269772661"'}
    assert house.ask("PUT", "/bucket/key", body=b"c", headers=other).status == 412


def test_a_wrong_body_is_refused(house: House) -> None:
    environ = house.environ("PUT", "/bucket/key", body=b"body")
    environ["wsgi.input"].write(b"b0dy")
    environ["wsgi.input"].seek(0)
    assert house.send(environ).code == "XAmzContentSHA256Mismatch"
    headers = {"Content-MD5": "DMF1ucDxtqgxw5niaXcmYQ=="}
    answer = house.ask("PUT", "/bucket/key", body=b"body", headers=headers)
    assert answer.code == "BadDigest"
    assert house.ask("GET", "/bucket/key").status == 404


def test_nobody_else_writes(house: House) -> None:
    assert house.ask("PUT", "/bucket/key", body=b"b", user=BOB).status == 403
    deny = POLICY.replace(b"GetObject", b"PutObject")
    assert house.ask("PUT", "/bucket", "policy", deny).status == 204
    assert house.ask("PUT", "/bucket/key", body=b"b").status == 403


@pytest.mark.parametrize(
    ("document", "body", "told"),
    [
        ("lifecycle", LIFECYCLE, "x-amz-expiration"),
        ("versioning", VERSIONING, "x-amz-version-id"),
        ("logging", LOGGING, ""),
    ],
)
def test_what_the_bucket_says_holds_at_once(
    house: House, document: str, body: bytes, told: str
) -> None:
    assert house.ask("PUT", "/bucket/key", body=b"b").status == 200
    assert house.ask("PUT", "/bucket", document, body).status == 200
    answer = house.ask("PUT", "/bucket/key", body=b"b")
    assert answer.status == 200
    assert not told or told in answer.headers


@pytest.mark.parametrize(
    ("name", "reads", "writes"),
    [
        ("X-Container-Meta-Colour", True, True),
        ("X-Container-Read", True, True),
        ("X-Container-Sysmeta-S3-Created", True, True),
        ("X-Container-Sysmeta-S3-Acl", True, True),
        ("X-Container-Sysmeta-S3-Cors", True, True),
        ("X-Container-Sysmeta-S3-Policy", False, True),
        ("X-Container-Sysmeta-S3-Logging", False, True),
        ("X-Container-Sysmeta-S3-Multipart", True, False),
        ("X-Container-Sysmeta-S3-Notification", True, False),
        ("X-Container-Sysmeta-S3-Encryption", True, False),
        ("X-Container-Sysmeta-S3-Lifecycle", False, False),
        ("X-Container-Sysmeta-S3-Object-Lock", False, False),
        ("X-Container-Sysmeta-Versions-Enabled", False, False),
        ("X-Container-Sysmeta-S3-Of-Tomorrow", False, False),
        ("X-Container-Sysmeta-Of-Somebody-Else", False, False),
    ],
)
def test_what_buckets_say_that_matters(name: str, reads: bool, writes: bool) -> None:
    info = SimpleNamespace(metadata={name: "x"})
    facts = BucketFacts(ALICE.account, "bucket", info)
    assert (facts.reads_plainly, facts.writes_plainly) == (reads, writes)


@pytest.mark.parametrize("name", ["bucket+segments", "other:bucket", ".hidden"])
def test_containers_of_other_names_are_not_read_plainly(name: str) -> None:
    facts = BucketFacts(ALICE.account, name, SimpleNamespace(metadata={}))
    assert not facts.reads_plainly
