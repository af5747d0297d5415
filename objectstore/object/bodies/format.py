"""The end of a body file: checksums of its blocks, and what it is the body of.

The data starts at offset 0 and is followed by the table (4 bytes, crc32c, for every
256 KiB block) and a trailer of 64 bytes::

     0  8  magic, the last byte is the version
     8 16  key of the object
    24  8  timestamp of the data
    32  8  size of the data
    40  4  bytes in a block
    44  4  crc32c of the table
    48 12  zeros
    60  4  crc32c of bytes 0 to 59

Little-endian.
"""

from __future__ import annotations

import struct
from array import array
from typing import NamedTuple

from crc32c import crc32c

from objectstore.kernel.errors import Corrupt

MAGIC = b"RSTKBDY\x01"
# Half of the smallest useful span for sendfile, and small enough that a short range
# reads little more than it needs.
BLOCK_BYTES = 256 * 1024

_TRAILER = struct.Struct("<8s16sQQII12x")
_CRC = struct.Struct("<I")
TRAILER_BYTES = _TRAILER.size + _CRC.size


class Trailer(NamedTuple):
    """A trailer, checked."""

    key: bytes
    timestamp: int
    size: int
    table_crc: int


def block_count(size: int) -> int:
    """Blocks of a body, the last one perhaps shorter."""
    return -(-size // BLOCK_BYTES)


def encode_footer(key: bytes, timestamp: int, size: int, crcs: array[int]) -> bytes:
    """Table and trailer."""
    table = struct.pack(f"<{len(crcs)}I", *crcs)
    trailer = _TRAILER.pack(MAGIC, key, timestamp, size, BLOCK_BYTES, crc32c(table))
    return table + trailer + _CRC.pack(crc32c(trailer))


def decode_trailer(trailer: bytes) -> Trailer:
    """The trailer; ``Corrupt`` when these bytes are none."""
    if len(trailer) != TRAILER_BYTES:
        raise Corrupt("body file without a trailer")
    (crc,) = _CRC.unpack_from(trailer, _TRAILER.size)
    magic, key, timestamp, size, block, table_crc = _TRAILER.unpack_from(trailer)
    if crc32c(trailer[: _TRAILER.size]) != crc or magic != MAGIC:
        raise Corrupt("body file with a bad trailer")
    if block != BLOCK_BYTES:
        raise Corrupt(f"body file with blocks of {block} bytes")
    return Trailer(key, timestamp, size, table_crc)


def decode_table(table: bytes, trailer: Trailer) -> tuple[int, ...]:
    """The blocks' checksums; ``Corrupt`` when they have changed."""
    count = block_count(trailer.size)
    if len(table) != 4 * count or crc32c(table) != trailer.table_crc:
        raise Corrupt("body file with a bad table of checksums")
    return struct.unpack(f"<{count}I", table)
