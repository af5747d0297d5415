"""From a request's headers to the body that a verb reads.

Small bodies are read and checked at once, so that everything about them is
known before the object's headers are written; larger ones are streamed through
``Incoming``.  A body without anything to check is handed on untouched.
"""

from __future__ import annotations

import io
import re
from typing import Any

from objectstore.kernel.request import Environ
from objectstore.s3.errors import S3Error
from objectstore.s3.payload.checksums import Expected, announced
from objectstore.s3.payload.chunk_signer import ChunkSigner
from objectstore.s3.payload.chunks import ChunkDecoder
from objectstore.s3.payload.digested_input import DigestedInput
from objectstore.s3.payload.incoming import Incoming
from objectstore.s3.signing.claim import (
    STREAMING,
    STREAMING_SIGNED,
    STREAMING_SIGNED_TRAILER,
    STREAMING_UNSIGNED_TRAILER,
    UNSIGNED_PAYLOAD,
    Verified,
)

# AWS's limit for one PUT and one part.
UPLOAD_BYTES_MAX = 5 * 2**30
# Up to this size a body waits in memory while it is checked.
SMALL_BYTES_MAX = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Payload:
    """An upload's body with its length and (perhaps not yet) its checksum."""

    __slots__ = ("_incoming", "_watched", "length", "stream")

    def __init__(self, stream: Any, length: int, incoming: Incoming | None) -> None:
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
        if incoming is None or incoming.algorithm is None or not incoming.checksum:
            return None
        return incoming.algorithm.name, incoming.checksum


def open_payload(
    environ: Environ, verified: Verified | None, *, is_upload: bool = False
) -> Payload:
    """The body of a request; ``is_upload``: an object's or a part's.

    Raises ``S3Error`` for a wrong announcement.
    """
    kind = "" if verified is None else verified.payload
    if verified is None:
        kind = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")
        if kind in (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER):
            raise S3Error("AccessDenied")
    expected = announced(environ)
    source = environ["wsgi.input"]
    if kind in STREAMING:
        return _chunked(environ, source, kind, verified, expected)
    if "HTTP_X_AMZ_TRAILER" in environ:
        raise S3Error(
            "InvalidRequest", "x-amz-trailer needs a streaming x-amz-content-sha256"
        )
    length = content_length(environ, is_upload=is_upload)
    payload_sha256 = ""
    if kind and kind != UNSIGNED_PAYLOAD:
        if not _SHA256.match(kind):
            raise S3Error(
                "InvalidArgument",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                ArgumentName="x-amz-content-sha256",
            )
        payload_sha256 = kind
    if not payload_sha256 and expected is None:
        return Payload(source, length, None)
    incoming = Incoming(
        source, length, payload_sha256=payload_sha256, expected=expected
    )
    return _maybe_read(incoming)


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
        raise _too_large(length)
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
        raise _too_large(length)
    has_trailer = kind in (STREAMING_UNSIGNED_TRAILER, STREAMING_SIGNED_TRAILER)
    if expected is not None and expected.in_trailer and not has_trailer:
        raise S3Error("InvalidRequest", "x-amz-trailer needs a trailer")
    is_signed = kind in (STREAMING_SIGNED, STREAMING_SIGNED_TRAILER)
    signer = ChunkSigner(verified) if is_signed and verified is not None else None
    incoming = Incoming(source, length, decoder=ChunkDecoder(signer), expected=expected)
    return _maybe_read(incoming)


def _maybe_read(incoming: Incoming) -> Payload:
    if incoming.length > SMALL_BYTES_MAX:
        return Payload(incoming, incoming.length, incoming)
    return Payload(io.BytesIO(incoming.read_whole()), incoming.length, incoming)


def _too_large(length: int) -> S3Error:
    return S3Error(
        "EntityTooLarge",
        ProposedSize=str(length),
        MaxSizeAllowed=str(UPLOAD_BYTES_MAX),
    )
