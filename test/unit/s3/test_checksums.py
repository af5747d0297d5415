"""Checksums of bodies: verified, stored and returned."""

from __future__ import annotations

import base64
import hashlib

import pytest

from objectstore.s3.payload.checksums import ALGORITHMS
from test.unit.s3.house import House


@pytest.mark.parametrize("name", ALGORITHMS)
def test_checksums_are_verified_stored_and_returned(house: House, name: str) -> None:
    algorithm = ALGORITHMS[name]
    right, wrong = algorithm.of(b"data"), algorithm.of(b"other")
    put = house.ask(
        "PUT", "/bucket/sum", body=b"data", headers={algorithm.header: right}
    )
    assert put.headers[algorithm.header] == right
    head = house.ask("HEAD", "/bucket/sum", headers={"x-amz-checksum-mode": "ENABLED"})
    assert head.headers[algorithm.header] == right
    assert algorithm.header not in house.ask("HEAD", "/bucket/sum").headers
    bad = house.ask(
        "PUT", "/bucket/sum2", body=b"data", headers={algorithm.header: wrong}
    )
    assert bad.code == "BadDigest"
    assert house.ask("HEAD", "/bucket/sum2").status == 404
    junk = house.ask(
        "PUT", "/bucket/sum2", body=b"data", headers={algorithm.header: "x"}
    )
    assert junk.code == "InvalidRequest"
    wanted = {"x-amz-object-attributes": "Checksum,ETag,ObjectSize"}
    attributes = house.ask("GET", "/bucket/sum", "attributes=", headers=wanted).xml
    checksum = attributes.child("Checksum")
    assert checksum is not None
    assert checksum.get(algorithm.element) == right
    assert attributes.get("ObjectSize") == "4"


def test_a_range_has_no_checksum_of_the_whole(house: House) -> None:
    header = {"x-amz-checksum-crc32": ALGORITHMS["CRC32"].of(b"data")}
    house.ask("PUT", "/bucket/sum", body=b"data", headers=header)
    mode = {"x-amz-checksum-mode": "ENABLED"}
    assert (
        "x-amz-checksum-crc32" in house.ask("GET", "/bucket/sum", headers=mode).headers
    )
    ranged = house.ask("GET", "/bucket/sum", headers={**mode, "range": "bytes=0-1"})
    assert "x-amz-checksum-crc32" not in ranged.headers


def test_a_large_body_with_a_wrong_checksum_leaves_nothing(house: House) -> None:
    body = bytes(700_000)
    header = {"x-amz-checksum-sha256": ALGORITHMS["SHA256"].of(b"other")}
    answer = house.ask("PUT", "/bucket/large", body=body, headers=header)
    assert answer.code == "BadDigest"
    assert house.ask("HEAD", "/bucket/large").status == 404


def test_content_md5_is_verified(house: House) -> None:
    md5 = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    assert (
        house.ask("PUT", "/bucket/5", body=b"data", headers={"content-md5": md5}).status
        == 200
    )
    assert (
        house.ask("PUT", "/bucket/5", body=b"dato", headers={"content-md5": md5}).code
        == "BadDigest"
    )
    assert (
        house.ask("PUT", "/bucket/5", body=b"data", headers={"content-md5": "x"}).code
        == "InvalidDigest"
    )
