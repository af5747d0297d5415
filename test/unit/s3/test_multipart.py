"""Multipart uploads, from the first part to nothing left over."""

from __future__ import annotations

import base64
import hashlib
import zlib
from urllib.parse import quote

import pytest

from test.unit.s3.house import ALICE, BOB, House


def start(house: House, key: str = "/bucket/key", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = house.ask("POST", key, "uploads=", headers=named)
    assert answer.status == 200, answer.body
    return answer.xml.get("UploadId")


def part(house: House, upload: str, number: int, body: bytes) -> str:
    query = f"partNumber={number}&uploadId={upload}"
    answer = house.ask("PUT", "/bucket/key", query, body)
    assert answer.status == 200, answer.body
    return answer.headers["etag"]


def finish(  # type: ignore[no-untyped-def]
    house: House,
    upload: str,
    etags: dict[int, str],
    headers: dict[str, str] | None = None,
):
    listed = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in etags.items()
    )
    body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
    return house.ask("POST", "/bucket/key", f"uploadId={upload}", body, headers)


def segments(house: House) -> list[str]:
    path = f"/{ALICE.account}/bucket+segments"
    return house.cluster.ask("GET", path).text().split()


def test_parts_become_one_object(house: House) -> None:
    upload = start(house, x_amz_meta_color="blue")
    pieces = {1: b"first part", 2: b"second one", 5: b"end"}
    etags = {
        number: part(house, upload, number, piece) for number, piece in pieces.items()
    }
    answer = finish(house, upload, etags)
    assert answer.status == 200, answer.body
    joined = b"".join(hashlib.md5(piece).digest() for piece in pieces.values())
    etag = f'"{hashlib.md5(joined).hexdigest()}-3"'
    assert answer.xml.get("ETag") == etag
    got = house.ask("GET", "/bucket/key")
    assert got.body == b"".join(pieces.values())
    assert got.headers["etag"] == etag
    assert got.headers["x-amz-meta-color"] == "blue"
    listed = house.ask("GET", "/bucket", "list-type=2").xml.child("Contents")
    assert listed is not None
    assert (listed.get("ETag"), listed.get("Size")) == (etag, str(len(got.body)))


def test_a_part_is_read_by_its_number(house: House) -> None:
    upload = start(house)
    etags = {n: part(house, upload, n, bytes([64 + n]) * 10) for n in (1, 2, 3)}
    finish(house, upload, etags)
    got = house.ask("GET", "/bucket/key", "partNumber=2")
    assert (got.status, got.body) == (206, b"BBBBBBBBBB")
    assert got.headers["x-amz-mp-parts-count"] == "3"
    assert house.ask("GET", "/bucket/key", "partNumber=4").code == "InvalidPartNumber"


def test_completing_twice_answers_the_same(house: House) -> None:
    upload = start(house)
    etags = {1: part(house, upload, 1, b"only part")}
    first, second = finish(house, upload, etags), finish(house, upload, etags)
    assert first.status == second.status == 200
    assert first.xml.get("ETag") == second.xml.get("ETag")


def test_completing_with_other_parts_is_no_repetition(house: House) -> None:
    upload = start(house)
    etags = {n: part(house, upload, n, bytes([64 + n]) * 10) for n in (1, 2)}
    assert finish(house, upload, etags).status == 200
    assert finish(house, upload, {1: etags[1]}).code == "NoSuchUpload"


def test_a_part_is_named_with_its_etag(house: House) -> None:
    upload = start(house)
    part(house, upload, 1, b"only part")
    assert finish(house, upload, {1: ""}).code == "InvalidPart"
    query = f"uploadId={upload}"
    body = b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part>"
    body += b"</CompleteMultipartUpload>"
    assert house.ask("POST", "/bucket/key", query, body).code == "MalformedXML"


def test_parts_are_checked(house: House) -> None:
    upload = start(house)
    etags = {1: part(house, upload, 1, b"abc"), 2: part(house, upload, 2, b"defghi")}
    assert finish(house, upload, etags).code == "EntityTooSmall"
    assert finish(house, upload, {1: '"' + "0" * 32 + '"'}).code == "InvalidPart"
    assert finish(house, upload, {3: etags[1]}).code == "InvalidPart"
    assert finish(house, upload, {2: etags[2], 1: etags[1]}).code == "InvalidPartOrder"
    assert finish(house, upload, {}).code == "MalformedXML"


@pytest.mark.parametrize("body", [b"", b"<CompleteMultipartUpload/>"])
def test_a_completion_without_parts_is_malformed(house: House, body: bytes) -> None:
    answer = house.ask("POST", "/bucket/key", f"uploadId={start(house)}", body)
    assert (answer.status, answer.code) == (400, "MalformedXML")


def test_an_unknown_upload_is_told(house: House) -> None:
    for upload in ("0" * 40, "..%2Fx", ""):
        query = f"partNumber=1&uploadId={upload}"
        assert house.ask("PUT", "/bucket/key", query, b"x").code == "NoSuchUpload"


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x"])
def test_part_numbers_are_bounded(house: House, number: str) -> None:
    upload = start(house)
    query = f"partNumber={number}&uploadId={upload}"
    assert house.ask("PUT", "/bucket/key", query, b"x").code == "InvalidArgument"


def test_nothing_is_left_after_abort(house: House) -> None:
    upload = start(house)
    part(house, upload, 1, b"abc")
    part(house, upload, 1, b"abc again")
    query = f"uploadId={upload}"
    assert house.ask("DELETE", "/bucket/key", query).status == 204
    assert segments(house) == []
    assert house.ask("DELETE", "/bucket/key", query).code == "NoSuchUpload"


def test_unused_parts_are_swept_on_completion(house: House) -> None:
    upload = start(house)
    part(house, upload, 1, b"never used")
    etags = {1: part(house, upload, 1, b"used part")}
    part(house, upload, 2, b"not listed")
    finish(house, upload, etags)
    names = segments(house)
    assert [name.split("/")[0] for name in names] == ["made", "parts"]


def test_parts_go_with_their_object(house: House) -> None:
    for end in ("delete", "overwrite"):
        upload = start(house)
        finish(house, upload, {1: part(house, upload, 1, b"abcdef")})
        if end == "delete":
            assert house.ask("DELETE", "/bucket/key").status == 204
        else:
            assert house.ask("PUT", "/bucket/key", body=b"new").status == 200
        assert segments(house) == []


def test_uploads_and_parts_are_listed(house: House) -> None:
    upload = start(house)
    etags = [part(house, upload, n, b"x" * n) for n in (1, 2, 3)]
    listed = house.ask("GET", "/bucket/key", f"uploadId={upload}&max-parts=2").xml
    parts = [
        (node.get("PartNumber"), node.get("Size"), node.get("ETag"))
        for node in listed.all("Part")
    ]
    assert parts == [("1", "1", etags[0]), ("2", "2", etags[1])]
    assert listed.get("IsTruncated") == "true"
    marker = listed.get("NextPartNumberMarker")
    query = f"uploadId={upload}&part-number-marker={marker}"
    rest = house.ask("GET", "/bucket/key", query).xml
    assert [node.get("PartNumber") for node in rest.all("Part")] == ["3"]
    uploads = house.ask("GET", "/bucket", "uploads=").xml
    assert [node.get("Key") for node in uploads.all("Upload")] == ["key"]


def test_uploads_are_listed_with_who_began_them(house: House) -> None:
    house.ask("PUT", "/bucket", "acl=", headers={"x-amz-acl": "public-read-write"})
    for user, key in ((ALICE, "a"), (BOB, "b"), (None, "c")):
        made = house.ask("POST", f"/bucket/{key}", "uploads=", user=user)
        upload = made.xml.get("UploadId")
        whose = BOB.account if user is BOB else ALICE.account
        page = house.ask("GET", "/bucket", f"uploads=&prefix={key}").xml
        parts = house.ask("GET", f"/bucket/{key}", f"uploadId={upload}").xml
        for told in (page.child("Upload"), parts):
            assert told is not None
            for role in ("Initiator", "Owner"):
                named = told.child(role)
                assert named is not None and named.get("ID") == whose, (key, role)


def test_uploads_are_listed_with_delimiter_and_markers(house: House) -> None:
    for key in ("a/1", "a/2", "b", "c"):
        start(house, f"/bucket/{key}")
    page = house.ask("GET", "/bucket", "uploads=&delimiter=%2F&max-uploads=2").xml
    assert [node.get("Prefix") for node in page.all("CommonPrefixes")] == ["a/"]
    assert [node.get("Key") for node in page.all("Upload")] == ["b"]
    query = (
        f"uploads=&delimiter=%2F&key-marker={quote(page.get('NextKeyMarker'))}"
        f"&upload-id-marker={page.get('NextUploadIdMarker')}"
    )
    rest = house.ask("GET", "/bucket", query).xml
    assert [node.get("Key") for node in rest.all("Upload")] == ["c"]


def test_uploads_are_listed_by_key_and_from_the_middle_of_one(house: House) -> None:
    for key in ("a", "a-b", "a/b", "a.b", "a", "b"):
        start(house, f"/bucket/{key}")

    def listed(query: str) -> list[str]:
        page = house.ask("GET", "/bucket", f"uploads={query}").xml
        return [node.get("Key") for node in page.all("Upload")]

    assert listed("") == ["a", "a", "a-b", "a.b", "a/b", "b"]
    assert listed("&prefix=a%2F") == ["a/b"]
    first = house.ask("GET", "/bucket", "uploads=&max-uploads=1").xml
    middle = f"&key-marker=a&upload-id-marker={first.get('NextUploadIdMarker')}"
    assert listed(middle) == ["a", "a-b", "a.b", "a/b", "b"]
    assert listed("&key-marker=a") == ["a-b", "a.b", "a/b", "b"]


def test_a_part_is_copied_from_a_range(house: House) -> None:
    house.ask("PUT", "/bucket/source", body=b"0123456789")
    upload = start(house)
    answer = house.ask(
        "PUT",
        "/bucket/key",
        f"partNumber=1&uploadId={upload}",
        headers={
            "x-amz-copy-source": "/bucket/source",
            "x-amz-copy-source-range": "bytes=2-7",
        },
    )
    assert answer.status == 200, answer.body
    finish(house, upload, {1: answer.xml.get("ETag")})
    assert house.ask("GET", "/bucket/key").body == b"234567"


def checksummed(house: House, kind: str) -> tuple[str, list[bytes]]:
    headers = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": kind}
    upload = house.ask("POST", "/bucket/key", "uploads=", headers=headers).xml.get(
        "UploadId"
    )
    pieces = [b"first part", b"second"]
    etags = {}
    for number, piece in enumerate(pieces, 1):
        crc = base64.b64encode(zlib.crc32(piece).to_bytes(4, "big")).decode()
        query = f"partNumber={number}&uploadId={upload}"
        answer = house.ask(
            "PUT", "/bucket/key", query, piece, {"x-amz-checksum-crc32": crc}
        )
        assert answer.headers["x-amz-checksum-crc32"] == crc
        etags[number] = answer.headers["etag"]
    return finish(house, upload, etags).xml.get("ChecksumCRC32"), pieces


def test_a_full_object_checksum_is_that_of_the_bytes(house: House) -> None:
    found, pieces = checksummed(house, "FULL_OBJECT")
    whole = zlib.crc32(b"".join(pieces)).to_bytes(4, "big")
    assert base64.b64decode(found) == whole
    head = house.ask("HEAD", "/bucket/key", headers={"x-amz-checksum-mode": "ENABLED"})
    assert head.headers["x-amz-checksum-type"] == "FULL_OBJECT"
    assert head.headers["x-amz-checksum-crc32"] == found


def test_a_composite_checksum_is_that_of_the_checksums(house: House) -> None:
    found, pieces = checksummed(house, "COMPOSITE")
    crcs = b"".join(zlib.crc32(piece).to_bytes(4, "big") for piece in pieces)
    expected = base64.b64encode(zlib.crc32(crcs).to_bytes(4, "big")).decode()
    assert found == f"{expected}-2"


def test_a_completion_may_name_the_algorithm_of_its_checksum(house: House) -> None:
    upload = start(house, x_amz_checksum_algorithm="CRC32")
    told = {"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": "AAAAAA=="}
    assert finish(house, upload, {1: '"none"'}, told).code == "InvalidPart"


@pytest.mark.parametrize("value", ["bad", "AAAA", "AAAAAA==-x"])
def test_a_completions_checksum_that_is_none_is_told(house: House, value: str) -> None:
    upload = start(house, x_amz_checksum_algorithm="CRC32")
    answer = finish(house, upload, {1: '"x"'}, {"x-amz-checksum-crc32": value})
    assert answer.code == "InvalidRequest"


def test_an_empty_part_is_an_empty_object(house: House) -> None:
    upload = start(house)
    assert finish(house, upload, {1: part(house, upload, 1, b"")}).status == 200
    assert house.ask("GET", "/bucket/key").body == b""
