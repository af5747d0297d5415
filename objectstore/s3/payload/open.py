"""From a request's headers to the body that a verb reads.

Small bodies are read and checked at once, so that everything about them is
known before the object's headers are written; larger ones are streamed through
``Incoming``.  A body without anything to check is handed on untouched.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

from objectstore.kernel.request import Environ
from objectstore.s3.errors import S3Error
from objectstore.s3.payload.checksums import Expected, announced
from objectstore.s3.payload.chunk_signer import ChunkSigner
from objectstore.s3.payload.chunks import ChunkDecoder, only_chunk
from objectstore.s3.payload.digested_input import DigestedInput
from objectstore.s3.payload.incoming import Incoming, read_exactly, wrong_sha256
from objectstore.s3.signing.claim import (
    CHAINED,
    STREAMING,
    STREAMING_SIGNED_TRAILER,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED_PAYLOAD,
    Verified,
)

# AWS's limit for one PUT and one part.
UPLOAD_BYTES_MAX = 5 * 2**30
# Up to this size a body waits in memory while it is checked.
SMALL_BYTES_MAX = 64 * 1024
# What one chunk's head and a trailer add to it, generously.
ENCODING_BYTES_MAX = 1024
_SHA256_DIGITS = 64


class Payload:
    """An upload's body with its length and (perhaps not yet) its checksum."""

    __slots__ = ("_checked", "_incoming", "_watched", "length", "stream")

    def __init__(
        self,
        stream: Any,
        length: int,
        incoming: Incoming | None,
        checked: tuple[str, str] | None = None,
    ) -> None:
        """``checked``: the checksum of a body that was read without ``incoming``."""
        self._checked = checked
        self.stream = stream
        self.length = length
        self._incoming = incoming
        self._watched: DigestedInput | None = None

    @property
    def failure(self) -> Exception | None:
        """Why reading it failed, when it did."""
        if self._watched is not None and self._watched.failure is not None:
            return self._watched.failure
        return None if self._incoming is None else self._incoming.failure

    def watch(self, stream: DigestedInput) -> None:
        """What wraps the stream may fail too."""
        self._watched = stream

    @property
    def checksum(self) -> tuple[str, str] | None:
        """(algorithm, base64) of the body, when a checksum was announced.

        Of a body that has not been read yet it is what its head announced (the
        reading fails if it is wrong); None while only the trailer knows.
        """
        incoming = self._incoming
        if incoming is None:
            return self._checked
        if incoming.algorithm is None or not incoming.checksum:
            return None
        return incoming.algorithm.name, incoming.checksum


def open_payload(
    environ: Environ, verified: Verified | None, *, is_upload: bool = False
) -> Payload:
    """The body of a request; ``is_upload``: an object's or a part's.

    Raises ``S3Error`` for a wrong announcement.
    """
    kind = "" if verified is None else verified.payload
    if not kind:
        # No signature covers it, but what it says of the body can be held to.
        kind = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
        if kind in CHAINED:
            raise S3Error("AccessDenied")
    return _opened(environ, kind, verified, is_upload=is_upload)


def open_unchained(environ: Environ, kind: str) -> Payload:
    """The same of an object, for an x-amz-content-sha256 that is signed and none of
    ``CHAINED``."""
    return _opened(environ, kind, None, is_upload=True)


def _opened(
    environ: Environ, kind: str, verified: Verified | None, *, is_upload: bool
) -> Payload:
    expected = announced(environ)
    source = environ["wsgi.input"]
    if kind in STREAMING:
        return _chunked(environ, source, kind, verified, expected)
    if "HTTP_X_AMZ_TRAILER" in environ:
        raise S3Error("MalformedTrailerError")
    length = content_length(environ, is_upload=is_upload)
    if expected is None and len(kind) == _SHA256_DIGITS and length <= SMALL_BYTES_MAX:
        return _read_hashed(source, length, kind)
    payload_sha256 = ""
    if kind and kind != UNSIGNED_PAYLOAD:
        payload_sha256 = kind
    if not payload_sha256 and expected is None:
        return Payload(source, length, None)
    incoming = Incoming(
        source, length, payload_sha256=payload_sha256, expected=expected
    )
    return _maybe_read(incoming)


def _read_hashed(source: Any, length: int, kind: str) -> Payload:
    """A small body of which only the hash was announced: most are so."""
    data = read_exactly(source, length) if length else b""
    digest = sha256(data).hexdigest()
    if digest != kind.lower():
        raise wrong_sha256(kind, digest)
    return Payload(io.BytesIO(data), length, None)


def content_length(environ: Environ, *, is_upload: bool = False) -> int:
    """The length of a body that must say it; 411 otherwise."""
    text = environ.get("CONTENT_LENGTH")
    if not text:
        # An upload without any is no upload of nothing: its bytes got lost on the way.
        if is_upload or "HTTP_TRANSFER_ENCODING" in environ:
            raise S3Error("MissingContentLength")
        return 0
    length = int(text)
    if length > UPLOAD_BYTES_MAX:
        raise too_large(length)
    return length


def _chunked(
    environ: Environ,
    source: Any,
    kind: str,
    verified: Verified | None,
    expected: Expected | None,
) -> Payload:
    text = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise S3Error("MissingContentLength")
    length = int(text)
    if length > UPLOAD_BYTES_MAX:
        raise too_large(length)
    has_trailer = kind in (STREAMING_UNSIGNED_TRAILER, STREAMING_SIGNED_TRAILER)
    if expected is not None and expected.in_trailer and not has_trailer:
        raise S3Error("InvalidRequest", "x-amz-trailer needs a trailer")
    if kind == STREAMING_UNSIGNED_TRAILER and 0 < length <= SMALL_BYTES_MAX:
        encoded = _read_encoded(environ, source, length)
        payload = _of_one_chunk(encoded, length, expected)
        if payload is not None:
            return payload
        source = source if encoded is None else io.BytesIO(encoded)
    is_signed = kind in CHAINED
    signer = ChunkSigner(verified) if is_signed and verified is not None else None
    incoming = Incoming(source, length, decoder=ChunkDecoder(signer), expected=expected)
    return _maybe_read(incoming)


def _read_encoded(environ: Environ, source: Any, length: int) -> bytes | None:
    """A body that says how long it is, and is little longer than its payload."""
    text = environ.get("CONTENT_LENGTH") or ""
    if not text.isdigit() or int(text) > length + ENCODING_BYTES_MAX:
        return None
    wanted = int(text)
    data: bytes = source.read(wanted)
    while len(data) < wanted:
        more = source.read(wanted - len(data))
        if not more:
            break  # cut off: told by who decodes it
        data += more
    return data


def _of_one_chunk(
    encoded: bytes | None, length: int, expected: Expected | None
) -> Payload | None:
    """The payload of a body in one chunk with the right checksum behind it: most are
    so.  None for every other, which is for ``Incoming`` to judge."""
    parts = None if encoded is None else only_chunk(encoded, length)
    if parts is None or expected is None or not expected.in_trailer:
        return None
    data, trailer = parts
    checksum = expected.algorithm.of(data)
    if trailer.rstrip(b"\r\n") != f"{expected.algorithm.header}:{checksum}".encode():
        return None
    name = expected.algorithm.name
    return Payload(io.BytesIO(data), length, None, (name, checksum))


def _maybe_read(incoming: Incoming) -> Payload:
    if incoming.length > SMALL_BYTES_MAX:
        return Payload(incoming, incoming.length, incoming)
    return Payload(io.BytesIO(incoming.read_whole()), incoming.length, incoming)


def too_large(length: int) -> S3Error:
    """The error for an object or a part of so many bytes."""
    return S3Error(
        "EntityTooLarge",
        ProposedSize=str(length),
        MaxSizeAllowed=str(UPLOAD_BYTES_MAX),
    )
