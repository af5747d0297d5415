"""GPT on a raw disk: the table must be whole, behind a protective MBR.

A raw disk's content is the guest's own affair; but one that bears the mark of a GPT and
has none is either damaged or made to confuse, and would not boot.
Layout: UEFI specification, chapter 5 (numbers are little-endian).
"""

from __future__ import annotations

import zlib

from compute.core.disks.inspection.fields import Fields, ImageRefused

SIGNATURE = b"EFI PART"
SECTOR_BYTES = 512
BOOT_MARK = b"\x55\xaa"
BOOT_MARK_AT = 510
ENTRIES_AT, ENTRY_BYTES, ENTRIES = 446, 16, 4
PROTECTIVE = 0xEE
HEADER_BYTES_MIN = 92
CHECKSUM_AT = 16


def matches(head: bytes) -> bool:
    """Whether a GPT's header is in the second sector."""
    return head[SECTOR_BYTES : SECTOR_BYTES + 8] == SIGNATURE


def check(head: bytes) -> None:
    """Raise ``ImageRefused`` when table or protective MBR are wrong."""
    fields = Fields(head, "partition table")
    if fields.raw(BOOT_MARK_AT, 2) != BOOT_MARK:
        raise ImageRefused("The GPT has no protective MBR")
    entries = [
        fields.raw(ENTRIES_AT + number * ENTRY_BYTES, ENTRY_BYTES)
        for number in range(ENTRIES)
    ]
    if all(entry[4] != PROTECTIVE for entry in entries):
        raise ImageRefused("The GPT's MBR does not protect it")
    if any(entry[0] not in (0x00, 0x80) for entry in entries):
        raise ImageRefused("The GPT's MBR has an impossible boot mark")
    length = fields.little(SECTOR_BYTES + 12, 4)
    if not HEADER_BYTES_MIN <= length <= SECTOR_BYTES:
        raise ImageRefused("The GPT's header has an impossible length")
    header = bytearray(fields.raw(SECTOR_BYTES, length))
    expected = int.from_bytes(header[CHECKSUM_AT : CHECKSUM_AT + 4], "little")
    header[CHECKSUM_AT : CHECKSUM_AT + 4] = bytes(4)
    if zlib.crc32(header) != expected:
        raise ImageRefused("The GPT's header does not match its checksum")
