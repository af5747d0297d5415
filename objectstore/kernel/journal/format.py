"""The bytes of a segment: its header, and the head in front of each record.

A segment is a 64-byte header, then records back to back, then perhaps zeros
(space allocated ahead).  A record is a 28-byte head, the meta, the body::

    0  2  magic A5 52          12  4  offset of the first record of its batch
    2  2  kind (0: padding)    16  4  crc32c of the meta
    4  4  length of the meta   20  4  crc32c of the body
    8  4  length of the body   24  4  crc32c of bytes 0 to 23, seeded

Little-endian.  The head's checksum is seeded with the journal's identity, the
segment's number and the record's offset, so bytes that merely look like a record
(an object that is itself a log segment, a block that went to the wrong place) never
pass for one, and the next good record after damage can be found by searching.

The batch offset tells a torn tail from damage: batches are synced one after the
other, so a bad record followed by one of a *later* batch had been acknowledged.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from crc32c import crc32c

from objectstore.kernel.disk import Buffer

SEGMENT_MAGIC = b"RSTKLOG\x01"  # the last byte is the format's version
RECORD_MAGIC = b"\xa5R"
KIND_PADDING = 0

_SEGMENT = struct.Struct("<8s16sQ28x")
_CRC = struct.Struct("<I")
_HEAD = struct.Struct("<2sHIIIII")

SEGMENT_HEADER_BYTES = _SEGMENT.size + _CRC.size
HEAD_BYTES = _HEAD.size + _CRC.size
IDENTITY_BYTES = 16
# Room for a body of INLINE_BYTES_MAX or a large batch of rows; what bounds the
# memory of a replay.
RECORD_BYTES_MAX = 16 * 1024 * 1024


class Position(NamedTuple):
    """A place in the journal; positions compare in the order of writing."""

    segment: int
    offset: int


class Head(NamedTuple):
    """A record's head, checked."""

    kind: int
    meta_length: int
    body_length: int
    batch: int
    meta_crc: int
    body_crc: int

    @property
    def total(self) -> int:
        """Bytes of the whole record."""
        return HEAD_BYTES + self.meta_length + self.body_length


class Found(NamedTuple):
    """A good record of a segment; whoever wants its body reads it."""

    segment: int
    offset: int
    kind: int
    meta: bytes
    body_length: int
    body_crc: int
    batch: int

    @property
    def position(self) -> Position:
        """Where the record starts."""
        return Position(self.segment, self.offset)

    @property
    def end(self) -> Position:
        """Where the next one starts."""
        return Position(self.segment, self.stop)

    @property
    def stop(self) -> int:
        """The same within the segment."""
        return self.offset + self.length

    @property
    def length(self) -> int:
        """Bytes of the whole record."""
        return HEAD_BYTES + len(self.meta) + self.body_length

    @property
    def body_offset(self) -> int:
        """Where in the segment the body starts."""
        return self.offset + HEAD_BYTES + len(self.meta)


class Damage(NamedTuple):
    """A range that holds no good record.

    When only the body is bad, ``kind`` and ``meta`` say whose it was.
    """

    segment: int
    start: int
    stop: int
    kind: int = KIND_PADDING
    meta: bytes | None = None


def record_bytes(meta_length: int, body_length: int) -> int:
    """Bytes that a record takes in its segment."""
    return HEAD_BYTES + meta_length + body_length


def segment_seed(identity: bytes, number: int) -> int:
    """What the heads' checksums of this segment start from."""
    return crc32c(identity + number.to_bytes(8, "little"))


def encode_segment_header(identity: bytes, number: int) -> bytes:
    """The first bytes of a segment."""
    header = _SEGMENT.pack(SEGMENT_MAGIC, identity, number)
    return header + _CRC.pack(crc32c(header))


def header_identity(header: bytes, number: int) -> bytes | None:
    """Whose segment this is; None when it is not that segment's header."""
    identity = header[len(SEGMENT_MAGIC) : len(SEGMENT_MAGIC) + IDENTITY_BYTES]
    if len(identity) != IDENTITY_BYTES:
        return None
    return identity if header == encode_segment_header(identity, number) else None


def encode_head(
    seed: int,
    offset: int,
    batch: int,
    kind: int,
    meta: Buffer,
    body_length: int,
    body_crc: int,
) -> bytes:
    """The head of the record at ``offset``."""
    head = _HEAD.pack(
        RECORD_MAGIC, kind, len(meta), body_length, batch, crc32c(meta), body_crc
    )
    return head + _CRC.pack(crc32c(head, (seed + offset) & 0xFFFFFFFF))


def decode_head(seed: int, offset: int, head: bytes) -> Head | None:
    """The head, or None when these bytes are not the head of a record here."""
    if len(head) != HEAD_BYTES or not head.startswith(RECORD_MAGIC):
        return None
    (crc,) = _CRC.unpack_from(head, _HEAD.size)
    if crc32c(head[: _HEAD.size], (seed + offset) & 0xFFFFFFFF) != crc:
        return None
    return Head(*_HEAD.unpack_from(head)[1:])
