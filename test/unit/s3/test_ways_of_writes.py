"""PUT and DELETE both ways: to the byte the same reply, and the same stored."""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5, sha1, sha256
from typing import Any, NamedTuple
from zlib import crc32

import pytest

from test.unit.proxy.cluster import Cluster
from test.unit.s3.house import SMALL_PARTS
from test.unit.s3.test_plain_reads import PlainHouse


class Asked(NamedTuple):
    """A request; the environ's ``changes`` come after the signature."""

    method: str = "PUT"
    path: str = "/bucket/key"
    body: bytes = b"body"
    kind: str = ""
    changes: dict[str, str | None] = {}
    headers: dict[str, str] = {}


def base64_of(digest: bytes) -> str:
    return b64encode(digest).decode()


def crc(body: bytes) -> str:
    return base64_of(crc32(body).to_bytes(4))


def trailing(body: bytes, length: int, checksum: str = "") -> Asked:
    lines = f"x-amz-checksum-crc32:{checksum}\r\n" if checksum else ""
    encoded = b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, lines.encode())
    return Asked(body=encoded, kind=UNSIGNED_TRAILER, headers=announcing(length))


def announcing(length: int) -> dict[str, str]:
    return {
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": str(length),
        "content-encoding": "aws-chunked",
    }


def with_headers(**headers: str) -> Asked:
    return Asked(headers={key.replace("_", "-"): headers[key] for key in headers})


UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SHA = sha256(b"body").hexdigest()
LACKING = {"CONTENT_LENGTH": "9"}

REQUESTS = {
    "a body": Asked(),
    "an empty one": Asked(body=b""),
    "a type": with_headers(content_type="text/plain; charset=x"),
    "an empty type": with_headers(content_type=""),
    "a size in the type": with_headers(content_type="text/a;swift_bytes=12"),
    "a type of Swift's": with_headers(content_type="application/directory"),
    "a long type": with_headers(content_type="t/" + "x" * 5000),
    "no length": Asked(changes={"CONTENT_LENGTH": None}),
    "chunked": Asked(
        changes={"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}
    ),
    "too few bytes": Asked(changes=LACKING),
    "too few, checksum": Asked(
        changes=LACKING, headers={"x-amz-checksum-crc32": crc(b"body")}
    ),
    "unsigned": Asked(kind=UNSIGNED),
    "unsigned, too few": Asked(kind=UNSIGNED, changes=LACKING),
    "no hash": Asked(kind="nonsense"),
    "another's hash": Asked(kind=sha256(b"b0dy").hexdigest()),
    "a hash in capitals": Asked(kind=SHA.upper()),
    "a checksum": with_headers(x_amz_checksum_crc32=crc(b"body")),
    "another's checksum": with_headers(x_amz_checksum_crc32=crc(b"b0dy")),
    "no checksum": with_headers(x_amz_checksum_crc32="nonsense"),
    "two checksums": with_headers(
        x_amz_checksum_crc32=crc(b"body"),
        x_amz_checksum_sha1=base64_of(sha1(b"body").digest()),
    ),
    "a checksum not known": with_headers(x_amz_checksum_md5="x"),
    "a checksum never heard of": with_headers(x_amz_checksum_other="x"),
    "an algorithm": with_headers(x_amz_sdk_checksum_algorithm="SHA256"),
    "no algorithm": with_headers(x_amz_sdk_checksum_algorithm="nonsense"),
    "a type of checksum": with_headers(x_amz_checksum_type="COMPOSITE"),
    "unsigned, checksum": Asked(
        kind=UNSIGNED, headers={"x-amz-checksum-crc32": crc(b"body")}
    ),
    "unsigned, another's": Asked(
        kind=UNSIGNED, headers={"x-amz-checksum-crc32": crc(b"b0dy")}
    ),
    "nothing, another's": Asked(
        kind=UNSIGNED, body=b"", headers={"x-amz-checksum-crc32": crc(b"b0dy")}
    ),
    "a trailer": trailing(b"body", 4, crc(b"body")),
    "a trailer of nothing": Asked(
        body=b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
        kind=UNSIGNED_TRAILER,
        headers=announcing(0),
    ),
    "a wrong trailer": trailing(b"body", 4, crc(b"b0dy")),
    "no trailer": trailing(b"body", 4),
    "more than announced": trailing(b"body", 3, crc(b"body")),
    "less than announced": trailing(b"body", 5, crc(b"body")),
    "much less": trailing(b"body", 100_000, crc(b"body")),
    "far less": trailing(b"body", 10**14, crc(b"body")),
    "a chunk cut off": Asked(
        body=b"4\r\nbo", kind=UNSIGNED_TRAILER, headers=announcing(4)
    ),
    "a trailer without chunks": with_headers(x_amz_trailer="x-amz-checksum-crc32"),
    "a length for nothing": with_headers(x_amz_decoded_content_length="7"),
    "no length of what is decoded": with_headers(x_amz_decoded_content_length="x"),
    "an encoding too": with_headers(content_encoding="aws-chunked,gzip"),
    "no encoding": with_headers(content_encoding=""),
    "expected": with_headers(expect="100-continue"),
    "Swift's expiry": with_headers(x_delete_after="1"),
    "Swift's link": with_headers(x_symlink_target="bucket/old"),
    "Swift's manifest": with_headers(x_object_manifest="bucket/old"),
    "Swift's copy": with_headers(x_copy_from="/bucket/old"),
    "Swift's ETag": with_headers(etag="0" * 32),
    "Swift's metadata": with_headers(x_object_meta_colour="red"),
    "the house's timestamp": with_headers(x_timestamp="1.00000"),
    "the house's metadata": with_headers(x_object_sysmeta_s3_acl="x"),
    "the house's policy": with_headers(x_backend_storage_policy_index="7"),
    "another owner": with_headers(x_amz_expected_bucket_owner="else"),
    "a client's key": with_headers(
        x_amz_server_side_encryption_customer_algorithm="AES256"
    ),
    "a key of AWS's": with_headers(x_amz_server_side_encryption="aws:kms"),
    "a lock": with_headers(x_amz_object_lock_mode="GOVERNANCE"),
    "a hold": with_headers(x_amz_object_lock_legal_hold="ON"),
    "an offset": with_headers(x_amz_write_offset_bytes="1"),
    "a class": with_headers(x_amz_storage_class="STANDARD_IA"),
    "tags": with_headers(x_amz_tagging="a=b"),
    "another's MD5": with_headers(content_md5=base64_of(md5(b"b0dy").digest())),
    "if there is none": with_headers(if_none_match="*"),
    "if it is this": with_headers(if_match='"0"'),
    "no bucket": Asked(path="/nothing/key"),
    "a hidden container": Asked(path="/bucket+segments/key"),
    "a name beyond ASCII": Asked(path="/bucket/k\u00e9y \u20ac"),
    "dots and slashes": Asked(path="/bucket/a%b//../c"),
    "a slash": Asked(path="/bucket//"),
    "no character": Asked(path="/bucket/a\0b"),
    "two lines": Asked(path="/bucket/a\nb"),
    "a long name": Asked(path="/bucket/" + "x" * 1024),
    "too long a name": Asked(path="/bucket/" + "x" * 1025),
    "a deletion": Asked("DELETE", "/bucket/old", b""),
    "a deletion with a body": Asked("DELETE", "/bucket/old"),
    "a deletion of nothing": Asked("DELETE", "/bucket/nothing", b""),
    "a deletion in no bucket": Asked("DELETE", "/nothing/key", b""),
    "a deletion's checksum": Asked(
        "DELETE", "/bucket/old", headers={"x-amz-checksum-crc32": "x"}
    ),
    "a deletion's factors": Asked("DELETE", "/bucket/old", headers={"x-amz-mfa": "1"}),
    "a deletion if": Asked("DELETE", "/bucket/old", headers={"if-match": '"0"'}),
}


class LongWay:
    """Takes nothing."""

    def answer(self, *arguments: Any) -> Any:
        return None


def outcome(asked: Asked, *, is_long: bool) -> tuple[Any, ...]:
    """All that the client sees: then, and when he looks for it."""
    house = PlainHouse(SMALL_PARTS, Cluster())
    house.bucket()
    assert house.ask("PUT", "/bucket/old", body=b"old").status == 200
    if is_long:
        house.app._plain_writes = LongWay()  # type: ignore[assignment]
    environ: dict[str, Any] = house.environ(
        *(asked.method, asked.path, "", asked.body, asked.headers),
        content_sha256=asked.kind,
    )
    for key, value in asked.changes.items():
        environ.pop(key, None)
        if value is not None:
            environ[key] = value
    head: list[Any] = []
    pieces = house.app(environ, lambda status, headers: head.extend((status, headers)))
    found = house.ask("GET", asked.path, headers={"x-amz-checksum-mode": "ENABLED"})
    found.headers.pop("last-modified", None)
    return head[0], sorted(head[1]), b"".join(pieces), found


@pytest.mark.parametrize("name", REQUESTS)
def test_both_ways_are_one(name: str) -> None:
    asked = REQUESTS[name]
    assert outcome(asked, is_long=False) == outcome(asked, is_long=True)
