"""An upload's body on its way in: decoded, counted, checked.

The inner request reads the payload from ``Incoming`` as from any
``wsgi.input``.  All checks (decoded length, payload hash, checksum, signatures)
are done *before the last bytes are handed out*: a reader that stops after
Content-Length bytes has then read a body that was right, and one that was wrong
ends in an exception before anything was committed.

What is known only at the end (a checksum from a trailer) is in ``footers``.
"""

from __future__ import annotations

import base64
from collections import deque
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.s3.errors import S3Error
from objectstore.s3.payload.checksums import Algorithm, Expected, to_store
from objectstore.s3.payload.chunks import ChunkDecoder

# How much is read of an encoded body at once.
READ_BYTES = 256 * 1024


class Incoming:
    """A body of ``length`` payload bytes."""

    __slots__ = (
        "_decoder",
        "_expected",
        "_finished",
        "_hash",
        "_hash_wanted",
        "_left",
        "_queue",
        "_source",
        "_summer",
        "checksum",
        "failure",
        "length",
    )

    def __init__(
        self,
        source: Any,
        length: int,
        *,
        decoder: ChunkDecoder | None = None,
        payload_sha256: str = "",
        expected: Expected | None = None,
    ) -> None:
        self._source = source
        self.length = length
        self._left = length
        self._decoder = decoder
        self._queue: deque[memoryview] = deque()
        self._hash_wanted = payload_sha256
        self._hash = sha256() if payload_sha256 else None
        self._expected = expected
        self._summer = None if expected is None else expected.algorithm.make()
        # The payload's checksum (base64): announced, then checked; or from the end.
        self.checksum = "" if expected is None else expected.value
        self.failure: Rejected | None = None
        self._finished = False
        if not length:
            # Nobody needs to read an empty body, but it may be wrong all the same.
            self._guarded(memoryview(bytearray(1)))

    @property
    def algorithm(self) -> Algorithm | None:
        """The algorithm of ``checksum``."""
        return None if self._expected is None else self._expected.algorithm

    def footers(self) -> dict[str, str]:
        """Headers of the object that are known once the body has been read."""
        algorithm = self.algorithm
        if algorithm is None:
            return {}
        return to_store(algorithm.name, self.checksum)

    def readinto(self, view: Any) -> int:
        """Fill ``view``; how many bytes, fewer only at the end."""
        target = memoryview(view).cast("B")
        filled = 0
        while filled < len(target):
            size = self._guarded(target[filled:])
            if not size:
                break
            filled += size
        return filled

    def readinto1(self, view: Any) -> int:
        """Put into ``view`` what is there; 0 at the end."""
        return self._guarded(memoryview(view).cast("B")) if len(view) else 0

    def read(self, size: int | None = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of it when negative."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        if not wanted:
            return b""
        buffer = bytearray(wanted)
        filled = self.readinto(buffer)
        return bytes(buffer[:filled]) if filled < wanted else bytes(buffer)

    def read_whole(self) -> bytes:
        """All of it, for small bodies: without a buffer in between."""
        if self._decoder is not None or not self._left:
            return self.read()
        try:
            data = read_exactly(self._source, self._left)
            self._left = 0
            if self._hash is not None:
                self._hash.update(data)
            if self._summer is not None:
                self._summer.update(data)
            self._finish()
        except Rejected as failure:
            self.failure = failure
            raise
        return data

    def read1(self, size: int = READ_BYTES) -> bytes:
        """At most ``size`` bytes, without insisting on all of them."""
        wanted = min(size, self._left, READ_BYTES) if size >= 0 else READ_BYTES
        buffer = bytearray(wanted)
        return bytes(buffer[: self.readinto1(buffer)])

    def _guarded(self, target: memoryview) -> int:
        if self.failure is not None:
            raise self.failure
        try:
            return self._some_into(target)
        except Rejected as failure:
            self.failure = failure
            raise

    def _some_into(self, target: memoryview) -> int:
        if self._finished:
            return 0
        if self._decoder is None:
            size = self._plain_into(target[: self._left])
        else:
            size = self._decoded_into(target[: self._left])
        self._left -= size
        piece = target[:size]
        if self._hash is not None:
            self._hash.update(piece)
        if self._summer is not None:
            self._summer.update(piece)
        if not self._left:
            self._finish()
        return size

    def _plain_into(self, target: memoryview) -> int:
        if not target:
            return 0
        size: int = self._source.readinto(target)
        if not size:
            raise S3Error("IncompleteBody")
        return size

    def _decoded_into(self, target: memoryview) -> int:
        if not target:
            return 0
        assert self._decoder is not None
        while not self._queue:
            if self._decoder.is_over:
                raise self._not_as_announced(self.length - self._left)
            data = self._read_source()
            if not data:
                raise S3Error("IncompleteBody")
            self._queue.extend(self._decoder.feed(data))
        piece = self._queue[0]
        size = min(len(piece), len(target))
        target[:size] = piece[:size]
        if size == len(piece):
            self._queue.popleft()
        else:
            self._queue[0] = piece[size:]
        return size

    def _read_source(self) -> bytes:
        read = getattr(self._source, "read1", None) or self._source.read
        data: bytes = read(READ_BYTES)
        return data

    def _finish(self) -> None:
        """All payload bytes are here: read what is behind them, check all."""
        self._finished = True
        if self._decoder is not None:
            more = sum(map(len, self._queue))
            # Who sends far too much is told so before the end of it, if it has one.
            while more <= READ_BYTES and (data := self._read_source()):
                more += sum(map(len, self._decoder.feed(data)))
            if more:
                raise self._not_as_announced(self.length + more)
            self._decoder.end()
        if self._hash is not None:
            digest = self._hash.hexdigest()
            wanted = self._hash_wanted.lower().encode("latin-1")
            if not compare_digest(digest.encode(), wanted):
                raise wrong_sha256(self._hash_wanted, digest)
        if self._expected is not None:
            self._check_checksum(self._expected)

    def _not_as_announced(self, provided: int) -> S3Error:
        """The chunks hold more or fewer bytes than the head said."""
        return S3Error(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length "
            "HTTP header",
            NumberBytesExpected=str(self.length),
            NumberBytesProvided=str(provided),
        )

    def _check_checksum(self, expected: Expected) -> None:
        assert self._summer is not None
        self.checksum = base64.b64encode(self._summer.digest()).decode()
        wanted = expected.value
        header = expected.algorithm.header
        if expected.in_trailer:
            trailers = {} if self._decoder is None else self._decoder.trailers
            if list(trailers) != [header]:
                raise S3Error("MalformedTrailerError")
            wanted = trailers[header]
            if not expected.algorithm.is_valid(wanted):
                raise S3Error(
                    "InvalidRequest", f"Value for {header} trailing header is invalid."
                )
        if wanted and wanted != self.checksum:
            raise S3Error(
                "BadDigest",
                f"The {expected.algorithm.name} you specified did not match the "
                "calculated checksum.",
            )


def read_exactly(source: Any, length: int) -> bytes:
    """So many bytes of a body.  Raises ``IncompleteBody``."""
    data: bytes = source.read(length)
    while len(data) < length:
        more = source.read(length - len(data))
        if not more:
            raise S3Error("IncompleteBody")
        data += more
    return data


def wrong_sha256(announced: str, computed: str) -> S3Error:
    """The error for a body with another SHA-256 than the one that was signed."""
    return S3Error(
        "XAmzContentSHA256Mismatch",
        ClientComputedContentSHA256=announced,
        S3ComputedContentSHA256=computed,
    )
