"""Decoding ``aws-chunked`` bodies: bytes in, payload out, no I/O.

::

    1000;chunk-signature=<64 hex>\\r\\n  <4096 bytes>\\r\\n
    0;chunk-signature=<64 hex>\\r\\n
    x-amz-checksum-crc32c:sOO8/Q==\\r\\n x-amz-trailer-signature:<64 hex>\\r\\n \\r\\n

Unsigned bodies have no ``chunk-signature``.  Everything after the last chunk's
line is trailer, up to the end of the HTTP body: clients end its lines in three
different ways.  The decoder is fed pieces of any size and must then be told of
the end; whatever is malformed raises at once, whatever is missing at ``end``.
"""

from __future__ import annotations

import enum

from objectstore.s3.errors import S3Error
from objectstore.s3.payload.chunk_signer import ChunkSigner

# "ffffffffffff;chunk-signature=" and 64 digits are 94 bytes.
CHUNK_LINE_BYTES_MAX = 256
# One checksum and one signature; AWS allows no other trailers.
TRAILER_BYTES_MAX = 4096
CHUNK_BYTES_MAX = 5 * 2**30
_SIGNATURE = b"chunk-signature"
# What stands between the only chunk's bytes and the trailer.
_LAST = b"\r\n0\r\n"


def only_chunk(body: bytes, length: int) -> tuple[bytes, bytes] | None:
    """Payload and trailer of a body in one unsigned chunk of that length, as SDKs send
    small ones; None when it is anything else."""
    head = b"%x\r\n" % length
    stop = len(head) + length
    if body.startswith(head) and body.startswith(_LAST, stop):
        return body[len(head) : stop], body[stop + len(_LAST) :]
    return None


class _State(enum.Enum):
    LINE = "line"
    DATA = "data"
    DATA_END = "data end"
    TRAILER = "trailer"


class ChunkDecoder:
    """The state of one body's decoding."""

    __slots__ = ("_buffer", "_left", "_signature", "_signer", "_state", "trailers")

    def __init__(self, signer: ChunkSigner | None) -> None:
        self._signer = signer
        self._state = _State.LINE
        self._buffer = b""  # a part of a line, of a CRLF, or of the trailer
        self._left = 0
        self._signature = ""
        self.trailers: dict[str, str] = {}

    def feed(self, data: bytes | memoryview) -> list[memoryview]:
        """The payload in ``data``, as views of it."""
        view = memoryview(data)
        payload: list[memoryview] = []
        while view:
            if self._state is _State.DATA:
                piece, view = view[: self._left], view[self._left :]
                self._left -= len(piece)
                if self._signer is not None:
                    self._signer.update(piece)
                payload.append(piece)
                if not self._left:
                    self._state = _State.DATA_END
            elif self._state is _State.LINE:
                view = self._take_line(view)
            elif self._state is _State.DATA_END:
                view = self._take_line_end(view)
            else:
                self._buffer += bytes(view)
                if len(self._buffer) > TRAILER_BYTES_MAX:
                    raise S3Error("MalformedTrailerError")
                break
        return payload

    @property
    def is_over(self) -> bool:
        """Whether the last chunk has come."""
        return self._state is _State.TRAILER

    def end(self) -> None:
        """The HTTP body is over: the last chunk and the trailer must be there."""
        if self._state is not _State.TRAILER:
            raise S3Error("IncompleteBody")
        lines = []
        signature = ""
        for line in self._buffer.replace(b"\r", b"").split(b"\n"):
            if not line:
                continue
            name, colon, value = line.decode("latin-1").partition(":")
            name, value = name.strip().lower(), value.strip()
            if not colon:
                raise S3Error("MalformedTrailerError")
            if name == "x-amz-trailer-signature":
                signature = value
                continue
            self.trailers[name] = value  # of several the last counts
            lines.append((name, value))
        if self._signer is not None and (lines or signature):
            if not signature:
                raise S3Error("IncompleteBody")
            canonical = "".join(f"{name}:{value}\n" for name, value in sorted(lines))
            self._signer.end_trailer(canonical, signature)

    def _take_line(self, view: memoryview) -> memoryview:
        """The rest of a chunk's head line, or as much of it as is here."""
        piece = bytes(view[:CHUNK_LINE_BYTES_MAX])
        stop = piece.find(b"\n")
        if stop < 0:
            self._buffer += piece
            if len(self._buffer) >= CHUNK_LINE_BYTES_MAX:
                raise S3Error("IncompleteBody")
            return view[len(piece) :]
        line = self._buffer + piece[: stop + 1]
        self._buffer = b""
        if not line.endswith(b"\r\n") or len(line) > CHUNK_LINE_BYTES_MAX:
            raise S3Error("IncompleteBody")
        self._begin_chunk(line[:-2])
        return view[stop + 1 :]

    def _begin_chunk(self, line: bytes) -> None:
        digits, _, extension = line.partition(b";")
        digits = digits.rstrip(b" ")
        # int() takes signs, blanks and underscores, which are no hex digits here.
        if not digits or digits.strip(b"0123456789abcdefABCDEF") or len(digits) > 12:
            raise S3Error("IncompleteBody")
        self._left = int(digits, 16)
        if self._left > CHUNK_BYTES_MAX:
            raise S3Error("EntityTooLarge")
        self._signature = ""
        if self._signer is not None:
            name, _, signature = extension.partition(b"=")
            signature = signature.strip(b" ")
            if name.strip(b" ") != _SIGNATURE or not signature or b";" in signature:
                raise S3Error("IncompleteBody")
            self._signature = signature.decode("latin-1")
        if self._left:
            self._state = _State.DATA
        else:
            self._end_chunk()
            self._state = _State.TRAILER

    def _take_line_end(self, view: memoryview) -> memoryview:
        taken = 2 - len(self._buffer)
        self._buffer += bytes(view[:taken])
        if not b"\r\n".startswith(self._buffer):
            raise S3Error("IncompleteBody")
        if self._buffer == b"\r\n":
            self._buffer = b""
            self._end_chunk()
            self._state = _State.LINE
        return view[taken:]

    def _end_chunk(self) -> None:
        if self._signer is not None:
            self._signer.end_chunk(self._signature)
