"""Multipart uploads with the client's own key (SSE-C), over the real filters."""

from __future__ import annotations

import base64
import hashlib

import pytest

from objectstore.s3.object.sealed_parts import sealed_part_length, spans_of
from test.unit.s3.house import ALICE, Answer, House, house_with_real_filters
from test.unit.s3.test_multipart import finish
from test.unit.s3.test_versions import ENABLE

NAME = "x-amz-server-side-encryption-customer-"
KEY, OTHER = bytes(range(32)), bytes(32)
PARTS = [bytes([65 + n]) * size for n, size in enumerate((70_000, 131_072, 5, 200))]
WHOLE = b"".join(PARTS)


def sent(key: bytes = KEY, prefix: str = NAME) -> dict[str, str]:
    return {
        f"{prefix}algorithm": "AES256",
        f"{prefix}key": base64.b64encode(key).decode(),
        f"{prefix}key-md5": base64.b64encode(hashlib.md5(key).digest()).decode(),
    }


@pytest.fixture
def house() -> House:
    made = house_with_real_filters()
    made.bucket()
    return made


def begin(house: House) -> str:
    answer = house.ask("POST", "/bucket/key", "uploads=", headers=sent())
    assert answer.status == 200, answer.body
    assert answer.headers[f"{NAME}algorithm"] == "AES256"
    return answer.xml.get("UploadId")


def put_part(
    house: House, upload: str, number: int, body: bytes, **more: str
) -> Answer:
    query = f"partNumber={number}&uploadId={upload}"
    return house.ask("PUT", "/bucket/key", query, body, headers={**sent(), **more})


def made(house: House) -> None:
    upload = begin(house)
    etags = {
        number: put_part(house, upload, number, body).headers["etag"]
        for number, body in enumerate(PARTS, 1)
    }
    listed = house.ask("GET", "/bucket/key", f"uploadId={upload}").xml
    assert [int(node.get("Size")) for node in listed.all("Part")] == [
        len(body) for body in PARTS
    ]
    answer = finish(house, upload, etags)
    assert answer.status == 200, answer.body


def test_what_spans_touch() -> None:
    sizes = [10, 0, 20]
    found = [(s.sealed_start, s.start, s.stop) for s in spans_of(sizes, 5, 15)]
    assert found == [(0, 5, 10), (sealed_part_length(10), 0, 5)]
    assert list(spans_of(sizes, 30, 30)) == []


@pytest.mark.parametrize("has_versions", [False, True])
def test_parts_are_sealed_and_read(house: House, has_versions: bool) -> None:
    if has_versions:
        house.ask("PUT", "/bucket", "versioning=", ENABLE)
    made(house)
    raw = house.cluster.ask("GET", f"/{ALICE.account}/bucket+segments").text().split()
    for name in raw:
        stored = house.cluster.ask("GET", f"/{ALICE.account}/bucket+segments/{name}")
        assert b"AAAAAAAA" not in stored.body
    got = house.ask("GET", "/bucket/key", headers=sent())
    assert (got.status, got.body) == (200, WHOLE)
    assert got.headers["etag"].endswith('-4"')
    head = house.ask("HEAD", "/bucket/key", headers=sent())
    assert head.headers["content-length"] == str(len(WHOLE))
    listed = house.ask("GET", "/bucket", "prefix=key").xml.child("Contents")
    assert listed is not None
    assert listed.get("Size") == str(len(WHOLE))


def test_ranges_and_parts_of_it(house: House) -> None:
    made(house)
    end = len(WHOLE)
    spans = [(0, 0), (65535, 65536), (69_999, 70_000), (140_000, 140_010)]
    spans += [(0, end - 1), (201_070, 201_080), (end - 1, end - 1)]
    for first, last in spans:
        ranged = {**sent(), "range": f"bytes={first}-{last}"}
        got = house.ask("GET", "/bucket/key", headers=ranged)
        assert (got.status, got.body) == (206, WHOLE[first : last + 1])
    third = house.ask("GET", "/bucket/key", "partNumber=3", headers=sent())
    assert (third.status, third.body) == (206, PARTS[2])
    assert third.headers["x-amz-mp-parts-count"] == "4"


def test_only_the_key_opens_it(house: House) -> None:
    made(house)
    assert house.ask("GET", "/bucket/key").code == "InvalidRequest"
    wrong = house.ask("GET", "/bucket/key", headers=sent(OTHER))
    assert wrong.code == "AccessDenied"


def test_all_parts_have_the_uploads_key(house: House) -> None:
    upload = begin(house)
    query = f"partNumber=1&uploadId={upload}"
    assert house.ask("PUT", "/bucket/key", query, b"x").code == "InvalidRequest"
    other = house.ask("PUT", "/bucket/key", query, b"x", headers=sent(OTHER))
    assert other.code == "InvalidRequest"
    plain = house.ask("POST", "/bucket/key", "uploads=").xml.get("UploadId")
    query = f"partNumber=1&uploadId={plain}"
    keyed = house.ask("PUT", "/bucket/key", query, b"x", headers=sent())
    assert keyed.code == "InvalidRequest"


def test_copies_into_and_out_of_it(house: House) -> None:
    source = "x-amz-copy-source-server-side-encryption-customer-"
    house.ask("PUT", "/bucket/from", body=PARTS[0], headers=sent())
    upload = begin(house)
    copied = put_part(
        house,
        upload,
        1,
        b"",
        **{"x-amz-copy-source": "/bucket/from", **sent(prefix=source)},
    )
    assert copied.status == 200, copied.body
    finish(house, upload, {1: copied.xml.get("ETag")})
    assert house.ask("GET", "/bucket/key", headers=sent()).body == PARTS[0]
    out = {"x-amz-copy-source": "/bucket/key", **sent(prefix=source)}
    assert house.ask("PUT", "/bucket/plain", headers=out).status == 200
    assert house.ask("GET", "/bucket/plain").body == PARTS[0]


@pytest.mark.parametrize("size", [0, 10, 70_000, 300_000])
def test_an_announced_md5_is_that_of_the_plain_bytes(house: House, size: int) -> None:
    body = b"x" * size
    right = base64.b64encode(hashlib.md5(body).digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    upload = begin(house)
    query = f"partNumber=1&uploadId={upload}"
    for target in ("", query):
        bad = {**sent(), "Content-MD5": wrong}
        answer = house.ask("PUT", "/bucket/key", target, body, headers=bad)
        assert answer.code == "BadDigest", target
        good = {**sent(), "Content-MD5": right}
        answer = house.ask("PUT", "/bucket/key", target, body, headers=good)
        assert answer.status == 200, answer.body
    assert house.ask("GET", "/bucket/key", headers=sent()).body == body
