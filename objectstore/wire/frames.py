"""Framing: where a head ends and a body begins, and whether all of it came.

A *framed body* is ``[u32 length][message][raw bytes to the end]``: the head of
a small put, and of the answer to a look-up, travels in front of the bytes in
one request or reply.

An *upload* is a stream of frames ``[u8 kind][u32 length][payload]``: any number
of ``DATA``, then exactly one ``COMMIT`` whose payload is the message with the
state, then the end of the stream.  Only ``COMMIT`` directly followed by a clean
end commits; a stream that stops anywhere else was cut and is thrown away.
All integers are big-endian.
"""

from __future__ import annotations

import struct

from objectstore.kernel.disk import Buffer
from objectstore.wire.codec import Malformed, pack, unpack
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX

# A state: names up to 1 KiB, and metadata. Swift lets a request carry about
# 90 headers of 8 KiB; four times less than their sum has been enough for all
# middleware known, and bounds what a broken peer makes us hold.
HEAD_BYTES_MAX = 256 * 1024
# One request or reply of rows: a page of 10,000 of the longest names.
MESSAGE_BYTES_MAX = 32 * 1024 * 1024
# A put in one piece: head and body, and the length in front.
FRAMED_BYTES_MAX = 4 + HEAD_BYTES_MAX + INLINE_BYTES_MAX

DATA = 1
COMMIT = 2
FRAME_HEAD = struct.Struct(">BI")
_LENGTH = struct.Struct(">I")

_PAYLOAD_BYTES_MAX = {DATA: WRITE_BYTES_MAX, COMMIT: HEAD_BYTES_MAX}


def join(head: object, body: Buffer = b"") -> bytes:
    """A framed body.  One copy of ``body``, so that one ``send`` carries all."""
    message = pack(head)
    return b"".join((_LENGTH.pack(len(message)), message, body))


def split(framed: bytes) -> tuple[object, bytes]:
    """The head's value and the raw bytes behind it."""
    if len(framed) < 4:
        raise Malformed("shorter than its head's length")
    (length,) = _LENGTH.unpack_from(framed)
    if length > HEAD_BYTES_MAX or 4 + length > len(framed):
        raise Malformed("the head is longer than it may be")
    return unpack(memoryview(framed)[4 : 4 + length]), framed[4 + length :]


def parse_frame_head(raw: bytes) -> tuple[int, int]:
    """(kind, payload length) of an upload's frame, the length in bounds."""
    if len(raw) != FRAME_HEAD.size:
        raise Malformed("the upload was cut inside a frame")
    kind, length = FRAME_HEAD.unpack(raw)
    if length > _PAYLOAD_BYTES_MAX.get(kind, -1):
        raise Malformed("an unknown or oversized frame")
    return kind, length
