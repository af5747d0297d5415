"""Uploads as the SDKs for Java, Go and Kotlin send them over plain HTTP.

Their defaults: an ``aws-chunked`` body of which every chunk is signed, a CRC32 in a
signed trailer, ``Expect: 100-continue``, and headers of their own.  The requests are
put together here byte by byte, so that they can also be put together wrongly.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.s3.conftest import REGION

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
PLAIN_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
BODY = bytes(range(256)) * 1100  # more than two chunks
CHUNK_BYTES = 128 * 1024  # the Java SDK's
JAVA = {
    "User-Agent": "aws-sdk-java/2.31.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1",
    "amz-sdk-invocation-id": "c1e8c1f6-5f27-5f2f-0f5c-2d0f0b8a7f6e",
    "amz-sdk-request": "attempt=1; max=4",
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "Expect": "100-continue",
}
GO = {
    "User-Agent": "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24 api/s3#1.79.0",
    "Accept-Encoding": "identity",
    "Amz-Sdk-Invocation-Id": "9f1b2f5d-17a5-4c6b-b1f7-8a8a1c0e7a52",
    "Amz-Sdk-Request": "attempt=1; max=3",
    "X-Amz-Sdk-Checksum-Algorithm": "CRC32",
}
MINIO_GO = {"User-Agent": "MinIO (linux; amd64) minio-go/v7.0.91 mc/RELEASE.2025-04"}


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


@dataclass
class Upload:
    """One PUT, signed; what a test changes before ``send`` is what goes wrong."""

    store: Store
    bucket: str
    key: str = "streamed"
    payload: str = SIGNED
    extra: dict[str, str] = field(default_factory=dict)
    checksum: str = ""
    length: int = len(BODY)
    spoil: Callable[[bytes], bytes] = bytes

    def send(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, body of the reply."""
        now = datetime.now(UTC)
        self.stamp, self.day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        path = f"/{self.bucket}/{quote(self.key)}"
        address = self.store.endpoint().removeprefix("http://")
        body_length = len(self._encoded("0" * 64))
        headers = {
            "Host": address,
            "x-amz-date": self.stamp,
            "x-amz-content-sha256": self.payload,
            "x-amz-decoded-content-length": str(self.length),
            "Content-Encoding": "aws-chunked",
            "Content-Length": str(body_length),
            **self.extra,
        }
        if self.payload != PLAIN_CHUNKS:
            headers["x-amz-trailer"] = "x-amz-checksum-crc32"
        seed = self._authorize(path, headers)
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.putrequest(
                "PUT", path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(self.spoil(self._encoded(seed)))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        finally:
            connection.close()

    @property
    def scope(self) -> str:
        return f"{self.day}/{REGION}/s3/aws4_request"

    def _sign(self, text: str) -> str:
        key = _hmac(b"AWS4" + TESTER.key.encode(), self.day)
        for part in (REGION, "s3", "aws4_request"):
            key = _hmac(key, part)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def _authorize(self, path: str, headers: dict[str, str]) -> str:
        signed = sorted(
            name.lower()
            for name in headers
            if name.lower() not in ("user-agent", "expect")
        )
        values = {name.lower(): value for name, value in headers.items()}
        canonical = "\n".join(
            [
                "PUT",
                path,
                "",
                *(f"{name}:{values[name]}" for name in signed),
                "",
                ";".join(signed),
                self.payload,
            ]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        seed = self._sign(f"AWS4-HMAC-SHA256\n{self.stamp}\n{self.scope}\n{digest}")
        headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={TESTER.login}/{self.scope}, "
            f"SignedHeaders={';'.join(signed)}, Signature={seed}"
        )
        return seed

    def _encoded(self, seed: str) -> bytes:
        """The body in chunks, each signed after the one before it."""
        previous, encoded = seed, bytearray()
        pieces = [
            BODY[start : start + CHUNK_BYTES]
            for start in range(0, len(BODY), CHUNK_BYTES)
        ]
        for piece in [*pieces, b""]:
            head = f"{len(piece):x}"
            if self.payload != UNSIGNED:
                digest = hashlib.sha256(piece).hexdigest()
                previous = self._sign(
                    f"AWS4-HMAC-SHA256-PAYLOAD\n{self.stamp}\n{self.scope}\n"
                    f"{previous}\n{EMPTY_SHA256}\n{digest}"
                )
                head += f";chunk-signature={previous}"
            encoded += head.encode() + b"\r\n" + piece
            if piece:
                encoded += b"\r\n"
        if self.payload == PLAIN_CHUNKS:
            return bytes(encoded + b"\r\n")
        trailer = f"x-amz-checksum-crc32:{self.checksum or crc32(BODY)}"
        encoded += trailer.encode() + b"\r\n"
        if self.payload == SIGNED:
            digest = hashlib.sha256(trailer.encode() + b"\n").hexdigest()
            signature = self._sign(
                f"AWS4-HMAC-SHA256-TRAILER\n{self.stamp}\n{self.scope}\n"
                f"{previous}\n{digest}"
            )
            encoded += f"x-amz-trailer-signature:{signature}\r\n".encode()
        return bytes(encoded + b"\r\n")


@pytest.fixture
def upload(s3_store: Store, bucket: str) -> Upload:
    return Upload(s3_store, bucket)


@pytest.mark.parametrize("payload", [SIGNED, UNSIGNED, PLAIN_CHUNKS])
@pytest.mark.parametrize("client", [JAVA, GO, MINIO_GO], ids=["java", "go", "minio"])
def test_an_upload_as_each_sdk_sends_it(
    upload: Upload, s3: Any, payload: str, client: dict[str, str]
) -> None:
    upload.payload, upload.extra = payload, dict(client)
    status, headers, body = upload.send()
    assert status == 200, body
    assert headers["etag"] == f'"{hashlib.md5(BODY).hexdigest()}"'
    got = s3.get_object(Bucket=upload.bucket, Key=upload.key, ChecksumMode="ENABLED")
    assert got["Body"].read() == BODY
    if payload != PLAIN_CHUNKS:
        assert headers["x-amz-checksum-crc32"] == crc32(BODY)
        assert got["ChecksumCRC32"] == crc32(BODY)
    # aws-chunked is how it travelled, not what it is.
    assert "aws-chunked" not in got.get("ContentEncoding", "")


@pytest.mark.parametrize("payload", [SIGNED, UNSIGNED])
def test_a_wrong_checksum_in_the_trailer(upload: Upload, payload: str) -> None:
    upload.payload, upload.checksum = payload, crc32(b"something else")
    status, _, body = upload.send()
    assert (status, b"BadDigest" in body) == (400, True)
    _is_not_there(upload)


def _flip_one_bit(encoded: bytes) -> bytes:
    middle = len(encoded) // 2
    return encoded[:middle] + bytes([encoded[middle] ^ 1]) + encoded[middle + 1 :]


def _forge_trailer(encoded: bytes) -> bytes:
    return encoded.replace(b"x-amz-trailer-signature:", b"x-amz-trailer-signature:0")[
        : len(encoded)
    ]


@pytest.mark.parametrize("spoil", [_flip_one_bit, _forge_trailer])
def test_what_was_changed_on_its_way(
    upload: Upload, spoil: Callable[[bytes], bytes]
) -> None:
    upload.spoil = spoil
    status, _, body = upload.send()
    assert status in (400, 403), body
    _is_not_there(upload)


def test_a_body_of_another_length_than_promised(upload: Upload) -> None:
    upload.length += 1
    status, _, body = upload.send()
    assert status == 400, body
    _is_not_there(upload)


def test_garbage_instead_of_chunks(upload: Upload) -> None:
    upload.spoil = lambda encoded: binascii.hexlify(encoded)[: len(encoded)]
    status, _, body = upload.send()
    assert 400 <= status < 500, body
    _is_not_there(upload)


def _is_not_there(upload: Upload) -> None:
    """Nothing of a refused upload can be read."""
    address = upload.store.endpoint().removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=60)
    auth = {"X-Auth-User": TESTER.login, "X-Auth-Key": TESTER.key}
    connection.request("GET", "/auth/v1.0", headers=auth)
    signed_in = connection.getresponse()
    signed_in.read()
    token = signed_in.getheader("X-Auth-Token") or ""
    path = f"/v1/AUTH_test/{upload.bucket}/{upload.key}"
    connection.request("HEAD", path, headers={"X-Auth-Token": token})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 404
