"""VDI, VirtualBox's format: neither a difference to another image nor linked to one.

Layout: VirtualBox, ``VDICore.h`` (numbers are little-endian).
"""

from __future__ import annotations

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

SIGNATURE = (0xBEDA107F).to_bytes(4, "little")
SIGNATURE_AT = 0x40
NAME = "VDI header"
VERSION = 0x00010001
DYNAMIC, FIXED = 1, 2
UUID_BYTES = 16
LINK_AT, PARENT_AT = 0x1A8, 0x1B8


def matches(head: bytes) -> bool:
    """Whether the signature is there."""
    return head[SIGNATURE_AT : SIGNATURE_AT + 4] == SIGNATURE


def check(head: bytes) -> int:
    """The virtual size."""
    fields = Fields(head, NAME)
    if fields.little(0x44, 4) != VERSION:
        raise ImageRefused("The VDI has a version that is not known here")
    if fields.little(0x4C, 4) not in (DYNAMIC, FIXED):
        raise ImageRefused("The VDI is a difference to another image")
    if any(fields.raw(LINK_AT, UUID_BYTES)) or any(fields.raw(PARENT_AT, UUID_BYTES)):
        raise ImageRefused("The VDI has a parent")
    return virtual_size(fields.little(0x170, 8), NAME)
