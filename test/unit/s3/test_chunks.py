"""Decoding aws-chunked bodies in whatever pieces they come."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectstore.s3.errors import S3Error
from objectstore.s3.payload.checksums import ALGORITHMS, STORED_IN, Expected
from objectstore.s3.payload.chunks import (
    CHUNK_LINE_BYTES_MAX,
    TRAILER_BYTES_MAX,
    ChunkDecoder,
    only_chunk,
)
from objectstore.s3.payload.incoming import READ_BYTES, Incoming
from objectstore.s3.payload.open import open_unchained
from objectstore.s3.signing.claim import STREAMING_UNSIGNED_TRAILER

CRC32 = ALGORITHMS["CRC32"]


def encode(pieces: list[bytes], trailer: bytes = b"") -> bytes:
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece]
    return b"".join(chunks) + b"0\r\n" + trailer + b"\r\n"


class Dribble(io.BytesIO):
    """A body that comes in pieces of the sizes given, over and over."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(data)
        self._sizes = sizes
        self._turn = 0

    def read1(self, size: int = -1) -> bytes:  # type: ignore[override]
        self._turn += 1
        return self.read(min(size, self._sizes[self._turn % len(self._sizes)]))


@given(
    st.lists(st.binary(max_size=300), max_size=8),
    st.lists(st.integers(1, 70), min_size=1, max_size=5),
    st.integers(1, 400),
)
@settings(max_examples=150, deadline=None)
def test_any_split_gives_the_same_bytes(
    pieces: list[bytes], sizes: list[int], reading: int
) -> None:
    payload = b"".join(pieces)
    trailer = f"{CRC32.header}:{CRC32.of(payload)}\r\n".encode()
    body = Incoming(
        Dribble(encode(pieces, trailer), sizes),
        len(payload),
        decoder=ChunkDecoder(None),
        expected=Expected(CRC32, in_trailer=True),
    )
    read = b""
    while len(read) < len(payload):
        piece = body.read(reading)
        assert piece
        read += piece
    assert read == payload
    assert body.footers()[STORED_IN].endswith(CRC32.of(payload))
    assert body.read(10) == b""


@given(st.binary(max_size=400), st.data())
@settings(max_examples=150, deadline=None)
def test_a_body_that_is_cut_off_is_incomplete(
    payload: bytes, data: st.DataObject
) -> None:
    whole = encode([payload])
    cut = data.draw(st.integers(0, len(whole) - 5 if payload else 1))
    with pytest.raises(S3Error) as caught:
        body = Incoming(
            io.BytesIO(whole[:cut]), len(payload), decoder=ChunkDecoder(None)
        )
        body.read()
    assert caught.value.code in ("IncompleteBody", "InvalidRequest")


@given(st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_rubbish_ends_in_an_error_or_bytes(rubbish: bytes) -> None:
    decoder = ChunkDecoder(None)
    try:
        payload = decoder.feed(rubbish)
        decoder.end()
    except S3Error as error:
        assert 400 <= error.status < 500
    else:
        assert sum(map(len, payload)) <= len(rubbish)


@pytest.mark.parametrize(
    "line", [b"", b"-1", b"+1", b"0x1", b"1_0", b" 1", b"g", b"f" * 13, b"ffffffffffff"]
)
def test_sizes_are_hex_digits_and_bounded(line: bytes) -> None:
    with pytest.raises(S3Error):
        ChunkDecoder(None).feed(line + b"\r\n")


def test_lines_and_trailers_are_bounded() -> None:
    with pytest.raises(S3Error):
        ChunkDecoder(None).feed(b"1" * CHUNK_LINE_BYTES_MAX)
    decoder = ChunkDecoder(None)
    with pytest.raises(S3Error):
        decoder.feed(b"0\r\n" + b"a" * (TRAILER_BYTES_MAX + 1))


@pytest.mark.parametrize("length", [3, 5])
def test_the_decoded_length_must_be_right(length: int) -> None:
    body = Incoming(io.BytesIO(encode([b"1234"])), length, decoder=ChunkDecoder(None))
    with pytest.raises(S3Error) as caught:
        body.read()
    assert caught.value.code == "IncompleteBody"


def test_a_body_that_goes_on_and_on_is_not_read_to_its_end() -> None:
    source = io.BytesIO(encode([b"1234", *[b"x" * READ_BYTES] * 8]))
    with pytest.raises(S3Error) as caught:
        Incoming(source, 4, decoder=ChunkDecoder(None)).read()
    assert caught.value.code == "IncompleteBody"
    assert source.tell() <= 3 * READ_BYTES


def test_a_wrong_checksum_is_told_before_the_last_byte() -> None:
    trailer = f"{CRC32.header}:{CRC32.of(b'other')}\r\n".encode()
    body = Incoming(
        io.BytesIO(encode([b"payload"], trailer)),
        7,
        decoder=ChunkDecoder(None),
        expected=Expected(CRC32, in_trailer=True),
    )
    with pytest.raises(S3Error) as caught:
        body.read(7)
    assert caught.value.code == "BadDigest"
    assert body.failure is caught.value


def test_a_wrong_payload_hash_is_told() -> None:
    with pytest.raises(S3Error) as caught:
        Incoming(io.BytesIO(b"abc"), 3, payload_sha256="0" * 64).read()
    assert caught.value.code == "XAmzContentSHA256Mismatch"


def test_an_empty_body_is_checked_too() -> None:
    with pytest.raises(S3Error):
        Incoming(io.BytesIO(b""), 0, payload_sha256="0" * 64)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRC32", "y/Q5Jg=="),
        ("CRC32C", "4waSgw=="),
        ("CRC64NVME", "rosUhgp5mIg="),
        ("SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        (
            "SHA512",
            "2eZ2LdHI6vbWGzxhkvxAjU1tXxF20MKRabwk5xw/"
            "J0rSf81YEbMT1oH35V7ALXPUmclUVba1u1A6z1dPuo/+hQ==",
        ),
        ("MD5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        # As AWS's own library (awscrt) computes them.
        ("XXHASH64", "jLhB20DmroM="),
        ("XXHASH3", "ctyxi2ehff8="),
        ("XXHASH128", "MxGUd+3l3NXpcWQnaB1YYA=="),
    ],
)
def test_checksums_of_the_check_string(name: str, value: str) -> None:
    assert ALGORITHMS[name].of(b"123456789") == value


_ENCODED = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n"


class _Slow(io.BytesIO):
    """Gives less than is asked for."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 7) if size and size > 0 else size)


def _opened(encoded: bytes, length: int, *, tells_length: bool) -> tuple[Any, ...]:
    environ = {
        "wsgi.input": _Slow(encoded),
        "HTTP_X_AMZ_DECODED_CONTENT_LENGTH": str(length),
        "HTTP_X_AMZ_TRAILER": "x-amz-checksum-crc32",
    }
    if tells_length:
        environ["CONTENT_LENGTH"] = str(len(encoded))
    try:
        payload = open_unchained(environ, STREAMING_UNSIGNED_TRAILER)
    except S3Error as error:
        return error.code, error.text
    return payload.length, payload.stream.read(), payload.checksum


def test_a_body_in_one_chunk_is_read_at_once() -> None:
    whole = (3, b"abc", ("CRC32", "NSRBwg=="))
    for tells_length in (True, False):
        assert _opened(_ENCODED, 3, tells_length=tells_length) == whole
    assert only_chunk(_ENCODED, 3) is not None
    assert only_chunk(b"0\r\n\r\n", 0) is None


@given(
    st.integers(0, len(_ENCODED)),
    st.integers(0, 3),
    st.text("abc03\r\n:;", max_size=4),
    st.sampled_from([0, 2, 3, 4]),
)
def test_what_is_read_at_once_is_judged_like_all_else(
    start: int, dropped: int, put: str, length: int
) -> None:
    encoded = _ENCODED[:start] + put.encode() + _ENCODED[start + dropped :]
    told = _opened(encoded, length, tells_length=True)
    assert told == _opened(encoded, length, tells_length=False)
