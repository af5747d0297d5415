"""Up to where the journal is safely in the databases' files.

A small file beside the journal.  It may lag behind (replaying twice changes
nothing) but must never run ahead.
"""

from __future__ import annotations

import struct

from crc32c import crc32c

from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.journal import Position

_MAGIC = b"RSTKDBP\x01"  # the last byte is the format's version
_POSITION = struct.Struct("<8sQQ")
_CHECKSUM = struct.Struct("<I")


def read_applied(disk: Disk, path: str) -> Position:
    """The position; the very beginning when there is no (good) file."""
    try:
        content = disk.read_file(path)
    except FileMissing:
        return Position(0, 0)
    if len(content) != _POSITION.size + _CHECKSUM.size:
        return Position(0, 0)
    magic, segment, offset = _POSITION.unpack_from(content)
    (checksum,) = _CHECKSUM.unpack_from(content, _POSITION.size)
    if magic != _MAGIC or checksum != crc32c(content[: _POSITION.size]):
        return Position(0, 0)
    return Position(segment, offset)


def write_applied(disk: Disk, path: str, position: Position) -> None:
    """Durable on return.  Blocks."""
    content = _POSITION.pack(_MAGIC, position.segment, position.offset)
    disk.replace_file(path, content + _CHECKSUM.pack(crc32c(content)))
