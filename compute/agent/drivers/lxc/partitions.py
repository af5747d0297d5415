"""Where on a disk its root file system is.  Pure: bytes in, numbers out.

The bytes are a stranger's; nothing here believes more of them than that a number is a
number, and every place that is told lies on the disk.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from objectstore.kernel.errors import Rejected

SECTOR_BYTES = 512
_SIGNATURE = b"\x55\xaa"
_FIRST_ENTRY, _ENTRY_BYTES, _ENTRIES = 446, 16, 4
_PROTECTIVE, _LINUX = 0xEE, 0x83
_GPT_MAGIC = b"EFI PART"
_GPT_ENTRIES_MAX, _GPT_ENTRY_BYTES = 128, 128
# Where ext4 says what it is.
_MAGIC_AT, _MAGIC = 1024 + 56, b"\x53\xef"

ReadPiece = Callable[[int, int], bytes]
"""``read(offset, length)``: a piece of the disk; fewer bytes at its end."""


@dataclass(frozen=True, slots=True)
class Place:
    """``number``: of the partition (0: the file system has the whole disk);
    ``room_bytes``: how long it could be, without touching what comes behind."""

    number: int
    offset_bytes: int
    length_bytes: int
    room_bytes: int


def root_place(read_any: ReadPiece, disk_bytes: int) -> Place:
    """The largest ext4 file system of the disk.  ``Rejected`` 400 when it has none."""

    def read(offset: int, length: int) -> bytes:
        # A table may lie beyond what any system counts.
        return read_any(offset, length) if offset < disk_bytes else b""

    if _is_ext4(read, 0):
        return Place(0, 0, disk_bytes, disk_bytes)
    found = list(_partitions(read, disk_bytes))
    roots = [place for place in found if _is_ext4(read, place.offset_bytes)]
    if not roots:
        raise Rejected(
            400, "The image holds no ext4 file system that a container could have"
        )
    root = max(roots, key=lambda place: place.length_bytes)
    behind = [p.offset_bytes for p in found if p.offset_bytes > root.offset_bytes]
    end = min(behind, default=_usable_end(read, disk_bytes))
    room = max(root.length_bytes, end - root.offset_bytes)
    return Place(root.number, root.offset_bytes, root.length_bytes, room)


def _is_ext4(read: ReadPiece, offset: int) -> bool:
    return read(offset + _MAGIC_AT, len(_MAGIC)) == _MAGIC


def _partitions(read: ReadPiece, disk_bytes: int) -> Iterator[Place]:
    entries = _gpt(read) if _has_gpt(read) else _mbr(read(0, SECTOR_BYTES))
    for number, first, sectors in entries:
        offset, length = first * SECTOR_BYTES, sectors * SECTOR_BYTES
        if first and length and offset + length <= disk_bytes:
            yield Place(number, offset, length, length)


def _mbr(sector: bytes) -> Iterator[tuple[int, int, int]]:
    if sector[-2:] != _SIGNATURE or len(sector) != SECTOR_BYTES:
        return
    for number in range(_ENTRIES):
        start = _FIRST_ENTRY + number * _ENTRY_BYTES
        kind = sector[start + 4]
        first, sectors = struct.unpack_from("<II", sector, start + 8)
        if kind and kind != _PROTECTIVE:
            yield number + 1, first, sectors


def _has_gpt(read: ReadPiece) -> bool:
    return read(SECTOR_BYTES, len(_GPT_MAGIC)) == _GPT_MAGIC


def _gpt(read: ReadPiece) -> Iterator[tuple[int, int, int]]:
    header = read(SECTOR_BYTES, 92)
    if len(header) != 92:
        return
    start, count, size = struct.unpack_from("<QII", header, 72)
    if size != _GPT_ENTRY_BYTES:
        return
    for number in range(min(count, _GPT_ENTRIES_MAX)):
        entry = read(start * SECTOR_BYTES + number * size, size)
        if len(entry) != size or entry[:16] == bytes(16):
            continue
        first, last = struct.unpack_from("<QQ", entry, 32)
        if last >= first:
            yield number + 1, first, last - first + 1


def _usable_end(read: ReadPiece, disk_bytes: int) -> int:
    """GPT keeps a second table at the disk's end."""
    if not _has_gpt(read):
        return disk_bytes
    table = 1 + _GPT_ENTRIES_MAX * _GPT_ENTRY_BYTES // SECTOR_BYTES
    return disk_bytes - table * SECTOR_BYTES
