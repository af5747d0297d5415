"""SSE-KMS over the real filter: keys that the operator named, and that of the house."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.s3 import documents
from objectstore.s3.object.encryption import Wish
from test.unit.s3.house import ALICE, House
from test.unit.s3.test_access import put_policy
from test.unit.s3.test_multipart import finish, part
from test.unit.s3.test_sse_s3 import (
    BODY,
    HEADER,
    SECRETS,
    SEGMENTS,
    is_plain,
    made,
    over,
    swift_put,
)

KEY = "tax-2027"
SHOWN = f"{HEADER}-aws-kms-key-id"
ASKED = {HEADER: "aws:kms", SHOWN: KEY}


@pytest.fixture
def house() -> House:
    return made(only_on_request=True)


def document(method: str, key: str = "") -> bytes:
    named = f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else ""
    return (
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{method}</SSEAlgorithm>{named}"
        "</ApplyServerSideEncryptionByDefault></Rule>"
        "</ServerSideEncryptionConfiguration>"
    ).encode()


def secret_of(house: House, path: str) -> str:
    """The id of the secret that an object lies under."""
    headers = house.cluster.ask("HEAD", path).headers
    found = {name.lower(): value for name, value in headers.items()}
    return found["x-object-sysmeta-crypto-body"].partition(";")[0]


@pytest.mark.parametrize(
    ("spelled", "secret"),
    [
        (KEY, "kms-tax-2027"),
        (f"arn:aws:kms:us-east-1:AUTH_alice:key/{KEY}", "kms-tax-2027"),
        (f"alias/{KEY}", "kms-tax-2027"),
        ("alias/aws/s3", ""),
        ("", ""),
    ],
)
def test_an_object_lies_under_the_key_that_was_asked_for(
    house: House, spelled: str, secret: str
) -> None:
    asked = {HEADER: "aws:kms", **({SHOWN: spelled} if spelled else {})}
    put = house.ask("PUT", "/bucket/k", body=BODY, headers=asked)
    shown = ("aws:kms", spelled or "alias/aws/s3")
    assert (put.headers[HEADER], put.headers[SHOWN]) == shown
    path = f"/{ALICE.account}/bucket/k"
    assert (is_plain(house, path), secret_of(house, path)) == (False, secret)
    for method in ("GET", "HEAD"):
        got = house.ask(method, "/bucket/k")
        assert (got.headers[HEADER], got.headers[SHOWN]) == shown
    assert house.ask("GET", "/bucket/k").body == BODY
    etag = {"If-Match": put.headers["etag"]}
    assert house.ask("GET", "/bucket/k", headers=etag).status == 200
    assert house.ask("GET", "/bucket").xml.child("Contents") is not None


@pytest.mark.parametrize(
    "key",
    [
        "none",
        "",
        "a/b",
        "../x",
        "x" * 300,
        ":alias/aws/s3",
        "arn:aws:kms:\u00e9::alias/aws/s3",
        "arn:aws:kms:r:1:",
        "arn:aws:kms:r:1:key/",
        "alias/",
    ],
)
def test_a_key_that_nobody_named_is_told(house: House, key: str) -> None:
    asked = {HEADER: "aws:kms", SHOWN: key or "arn:aws:kms:us-east-1:1:key/none"}
    refused = house.ask("PUT", "/bucket/k", body=BODY, headers=asked)
    assert (refused.status, refused.code) == (400, "KMS.NotFoundException")
    wanted = document("aws:kms", asked[SHOWN])
    refused = house.ask("PUT", "/bucket", "encryption=", wanted)
    assert refused.code == "KMS.NotFoundException"
    assert house.ask("HEAD", "/bucket/k").status == 404


def test_a_bucket_may_name_a_key(house: House) -> None:
    wanted = document("aws:kms", KEY)
    assert house.ask("PUT", "/bucket", "encryption=", wanted).status == 200
    assert KEY.encode() in house.ask("GET", "/bucket", "encryption=").body
    assert house.ask("PUT", "/bucket/k", body=BODY).headers[SHOWN] == KEY
    assert swift_put(house, "swift").status == 201
    for key in ("k", "swift"):
        assert secret_of(house, f"/{ALICE.account}/bucket/{key}") == "kms-tax-2027"
        got = house.ask("GET", f"/bucket/{key}")
        assert (got.body, got.headers[SHOWN]) == (BODY, KEY)
    plainly = house.ask("PUT", "/bucket/k", body=BODY, headers={HEADER: "AES256"})
    assert (plainly.headers[HEADER], SHOWN in plainly.headers) == ("AES256", False)
    mixed = house.ask("PUT", "/bucket", "encryption=", document("AES256", KEY))
    assert mixed.code == "InvalidArgument"


def test_a_key_beside_aes256_of_before_is_left_aside(house: House) -> None:
    # It was not looked at, and is stored in buckets.
    stored = documents.pack("encryption", document("AES256", "any").decode())
    house.cluster.ask("POST", f"/{ALICE.account}/bucket", headers=stored)
    assert house.ask("PUT", "/bucket/k", body=BODY).headers[HEADER] == "AES256"
    assert swift_put(house, "swift").status == 201


def test_what_comes_of_a_copy_through_swift_is_what_its_bucket_wants(
    house: House,
) -> None:
    house.ask("PUT", "/bucket/k", body=BODY, headers=ASKED)
    for wanted in (document("AES256"), document("aws:kms")):
        house.ask("PUT", "/bucket", "encryption=", wanted)
        # As the filter that copies sends it, with what is stored of the source.
        copying = house.bare("PUT", f"/v1/{ALICE.account}/bucket/c", "", BODY)
        copying |= {
            "HTTP_X_AUTH_TOKEN": "t",
            "HTTP_X_OBJECT_SYSMETA_S3_SSE": "aws:kms",
            "HTTP_X_OBJECT_SYSMETA_S3_SSE_KEY": KEY,
            "HTTP_X_OBJECT_SYSMETA_S3_SSE_SECRET": KEY,
        }
        assert house.send(copying).status == 201
        assert secret_of(house, f"/{ALICE.account}/bucket/c") == ""
        got = house.ask("GET", "/bucket/c")
        assert got.body == BODY
        assert got.headers.get(SHOWN) != KEY


def test_a_buckets_key_that_is_gone_takes_no_more(house: House) -> None:
    house.ask("PUT", "/bucket", "encryption=", document("aws:kms", KEY))
    without = {"": SECRETS[""]}
    later = over(house.cluster, without, only_on_request=True)
    refused = later.ask("PUT", "/bucket/k", body=BODY)
    assert refused.status == 409
    assert swift_put(later, "swift").status == 409


def test_what_lies_under_a_key_that_is_gone_is_told_and_can_be_deleted(
    house: House,
) -> None:
    for key in ("k", "over", "swift"):
        headers = {**ASKED, "x-amz-meta-a": "b", "x-amz-tagging": "c=d"}
        house.ask("PUT", f"/bucket/{key}", body=BODY, headers=headers)
    begun = house.ask("POST", "/bucket/key", "uploads=", headers=ASKED)
    upload = begun.xml.get("UploadId")
    assert finish(house, upload, {1: part(house, upload, 1, BODY)}).status == 200
    later = over(house.cluster, {"": SECRETS[""]}, only_on_request=True)
    for ranges in ({}, {"Range": "bytes=0-1"}):
        refused = later.ask("GET", "/bucket/k", headers=ranges)
        assert (refused.status, BODY[:10] in refused.body) == (409, False)
    head = later.ask("HEAD", "/bucket/k").headers
    assert (head[SHOWN], head["x-amz-tagging-count"]) == (KEY, "1")
    assert (head["content-length"], "x-amz-meta-a" in head) == (str(len(BODY)), False)
    copy = {"x-amz-copy-source": "/bucket/k"}
    assert later.ask("PUT", "/bucket/copy", headers=copy).status == 409
    assert later.ask("PUT", "/bucket/over", body=b"new").status == 200
    assert later.ask("GET", "/bucket/over").body == b"new"
    for key in ("k", "over", "swift", "key"):
        assert later.ask("DELETE", f"/bucket/{key}").status == 204
        assert later.ask("HEAD", f"/bucket/{key}").status == 404
    assert later.cluster.ask("GET", SEGMENTS, query="prefix=parts/").text() == ""


def test_a_lock_holds_what_lies_under_a_key_that_is_gone(house: House) -> None:
    locked = {"x-amz-bucket-object-lock-enabled": "true"}
    house.ask("PUT", "/locked", headers=locked)
    held = {**ASKED, "x-amz-object-lock-legal-hold": "ON"}
    put = house.ask("PUT", "/locked/k", body=BODY, headers=held)
    version = f"versionId={put.headers['x-amz-version-id']}"
    later = over(house.cluster, {"": SECRETS[""]}, only_on_request=True)
    assert later.ask("DELETE", "/locked/k", version).code == "AccessDenied"
    off = b"<LegalHold><Status>OFF</Status></LegalHold>"
    assert later.ask("PUT", "/locked/k", f"legal-hold=&{version}", off).status == 200
    assert later.ask("DELETE", "/locked/k", version).status == 204


def test_a_part_gets_no_other_encryption_than_its_upload(house: House) -> None:
    for begun_with, asked, status in (
        ({}, {HEADER: "AES256"}, 400),
        ({}, ASKED, 400),
        (ASKED, {HEADER: "AES256"}, 400),
        (ASKED, ASKED, 200),
    ):
        begun = house.ask("POST", "/bucket/key", "uploads=", headers=begun_with)
        query = f"partNumber=1&uploadId={begun.xml.get('UploadId')}"
        put = house.ask("PUT", "/bucket/key", query, BODY, asked)
        assert put.status == status


def test_a_policy_that_demands_encryption_lets_an_uploads_parts_pass(
    house: House,
) -> None:
    named = {"StringNotEquals": {f"s3:{SHOWN}": KEY}}
    put_policy(house, Effect="Deny", Action="s3:PutObject", Condition=named)
    assert house.ask("POST", "/bucket/key", "uploads=").code == "AccessDenied"
    begun = house.ask("POST", "/bucket/key", "uploads=", headers=ASKED)
    upload = begun.xml.get("UploadId")
    assert finish(house, upload, {1: part(house, upload, 1, BODY)}).status == 200
    for wrong in ("none", "a" * 40):
        put = house.ask("PUT", "/bucket/key", f"partNumber=1&uploadId={wrong}", BODY)
        assert put.code == "AccessDenied"


def test_parts_and_copies(house: House) -> None:
    begun = house.ask("POST", "/bucket/key", "uploads=", headers=ASKED)
    assert (begun.headers[HEADER], begun.headers[SHOWN]) == ("aws:kms", KEY)
    upload = begun.xml.get("UploadId")
    etags = {number: part(house, upload, number, BODY) for number in (1, 2)}
    assert finish(house, upload, etags).headers[SHOWN] == KEY
    names = house.cluster.ask("GET", SEGMENTS, query="prefix=parts/").text().split()
    found = [secret_of(house, f"{SEGMENTS}/{name}") for name in names]
    assert found == ["kms-tax-2027"] * 2
    source: dict[str, Any] = {"x-amz-copy-source": "/bucket/key"}
    copied = house.ask("PUT", "/bucket/copy", headers={**source, **ASKED})
    assert copied.headers[SHOWN] == KEY
    assert house.ask("GET", "/bucket/copy").body == BODY * 2


def test_names_of_keys() -> None:
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab"
    assert Wish("aws:kms", arn).key_name == "1234abcd-12ab"
    assert Wish("aws:kms", "arn:aws:kms:r:1:alias/aws/s3").key_name == ""
    assert Wish("aws:kms", "arn:aws-cn:kms:r:1:key/a").key_name == "a"
    twice = "arn:aws:kms:r:1:arn:aws:kms:r:1:key/a"
    assert Wish("aws:kms", twice).key_name == "arn:aws:kms:r:1:key/a"
    assert Wish("AES256", "x").key_name == ""
