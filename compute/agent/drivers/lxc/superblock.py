"""What an ext4 file system wants of the kernel that mounts it.  Pure.

Its superblock may carry words for the mount, as whoever mounts would say them, and may
name a journal on another of the host's devices, or have the kernel wait for hours
whether somebody else has mounted it.  e2fsck finds nothing wrong with that; we take
none of it from a stranger.
"""

from __future__ import annotations

import struct

from objectstore.kernel.errors import Rejected

SUPERBLOCK_AT, SUPERBLOCK_BYTES = 1024, 1024
_FEATURES_AT, _JOURNAL_ELSEWHERE, _PROTECTED = 0x60, 0x8, 0x100
_JOURNAL_DEVICE_AT = 0xE4
_WORDS_AT, _WORDS_BYTES = 0x200, 64


def check_wishes(superblock: bytes) -> None:
    """``Rejected`` 400 when it wants more than to be mounted."""
    if len(superblock) != SUPERBLOCK_BYTES:
        raise Rejected(400, "The root file system ends before it begins")
    (features,) = struct.unpack_from("<I", superblock, _FEATURES_AT)
    (device,) = struct.unpack_from("<I", superblock, _JOURNAL_DEVICE_AT)
    if features & _JOURNAL_ELSEWHERE or device:
        raise Rejected(400, "The root file system's journal is on another device")
    if features & _PROTECTED:
        raise Rejected(400, "The root file system is for several hosts (mmp)")
    if any(superblock[_WORDS_AT : _WORDS_AT + _WORDS_BYTES]):
        raise Rejected(400, "The root file system carries options for its mount")
