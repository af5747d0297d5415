"""VHD (Virtual PC): fixed or dynamic, never a difference to another disk.

A dynamic disk begins with a copy of its footer, a fixed one has it at the end only.
Layout: Microsoft, "Virtual Hard Disk Image Format Specification" (big-endian).
"""

from __future__ import annotations

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

COOKIE = b"conectix"
FOOTER_BYTES = 512
CHECKSUM_AT = 64
FIXED, DYNAMIC = 2, 3
VERSION = 0x00010000
NAME = "VHD footer"


def matches(head: bytes) -> bool:
    """Whether it begins like a dynamic VHD."""
    return head[:8] == COOKIE


def check(footer: bytes, *, at_start: bool) -> int:
    """The virtual size, from the footer or its copy at the start."""
    fields = Fields(footer[:FOOTER_BYTES], NAME)
    raw = fields.raw(0, FOOTER_BYTES)
    if raw[:8] != COOKIE:
        raise ImageRefused("The content is not a VHD")
    if fields.big(12, 4) != VERSION:
        raise ImageRefused("The VHD has a version that is not known here")
    without_checksum = raw[:CHECKSUM_AT] + raw[CHECKSUM_AT + 4 :]
    if fields.big(CHECKSUM_AT, 4) != ~sum(without_checksum) & 0xFFFFFFFF:
        raise ImageRefused("The VHD footer does not match its checksum")
    if fields.big(60, 4) != (DYNAMIC if at_start else FIXED):
        raise ImageRefused("The VHD is neither fixed nor dynamic")
    return virtual_size(fields.big(48, 8), NAME)
