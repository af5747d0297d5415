"""A disk in pieces, for whoever copies it from afar: holes cost nothing.

Of a disk with few bytes in much space only the bytes travel, and are compared.  A piece
of zeroes and a hole are the same here: what counts is what a reader sees.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from compute.volume.drivers.port import VolumeDriver
from objectstore.kernel.concurrency import offload

PIECE_BYTES = 4 * 2**20
# Of one answer: some milliseconds of questions to the file system, 16 GiB of holes.
HOLES_MAX = 4096
DIGEST_BYTES_MAX = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Piece:
    """``data`` begins at ``offset``, and there are only zeroes before it; without any,
    nothing but zeroes is before ``offset``, and more may come there."""

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """Where to go on."""
        return self.offset + len(self.data)


def next_piece(driver: VolumeDriver, disk: str, offset: int) -> Piece:
    """The first bytes at that offset or after it that are no hole.  At the disk's end,
    or after many holes, a piece without data."""
    size = driver.size(disk)
    for _ in range(HOLES_MAX):
        if offset >= size:
            return Piece(size, b"")
        length = min(PIECE_BYTES, size - offset)
        if not driver.is_hole(disk, offset, length):
            return Piece(offset, driver.read(disk, offset, length))
        offset += length
    return Piece(offset, b"")


@dataclass(frozen=True, slots=True)
class Digest:
    """SHA-256 of where the bytes before ``end`` are no zeroes, and what they are."""

    sha256: str
    end: int


def digest(driver: VolumeDriver, disk: str, offset: int, end: int = 0) -> Digest:
    """Of the bytes from ``offset`` (a multiple of ``PIECE_BYTES``) to ``end``; 0: as
    far as one call goes."""
    found, size, left = hashlib.sha256(), driver.size(disk), DIGEST_BYTES_MAX
    last = min(end or offset + HOLES_MAX * PIECE_BYTES, size)
    for start in range(offset, last, PIECE_BYTES):
        if not end and left <= 0:
            return Digest(found.hexdigest(), start)
        length = min(PIECE_BYTES, last - start)
        if driver.is_hole(disk, start, length):
            continue
        data = driver.read(disk, start, length)
        left -= length
        if data.count(0) != len(data):
            found.update(start.to_bytes(8, "big"))
            offload(found.update, data)
    return Digest(found.hexdigest(), last)
