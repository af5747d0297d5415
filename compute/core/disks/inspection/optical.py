"""ISO 9660: the primary volume descriptor must be in its place and make sense.

Layout: ECMA-119 (numbers are written in both byte orders).
"""

from __future__ import annotations

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

DESCRIPTOR_AT = 16 * 2048
IDENTIFIER = b"CD001"
PRIMARY = 1
BLOCK_BYTES = frozenset({512, 1024, 2048})
NAME = "ISO 9660 volume descriptor"


def matches(head: bytes) -> bool:
    """Whether a volume descriptor is where the first one must be."""
    return head[DESCRIPTOR_AT + 1 : DESCRIPTOR_AT + 6] == IDENTIFIER


def check(head: bytes) -> int:
    """The volume's size.  (What is behind it, as on hybrid disks, does not count.)"""
    fields = Fields(head[DESCRIPTOR_AT:], NAME)
    if fields.raw(0, 1)[0] != PRIMARY:
        raise ImageRefused("The ISO 9660 image does not begin with its primary volume")
    blocks, block_bytes = fields.little(80, 4), fields.little(128, 2)
    if blocks != fields.big(84, 4) or block_bytes != fields.big(130, 2):
        raise ImageRefused("The ISO 9660 image contradicts itself")
    if block_bytes not in BLOCK_BYTES:
        raise ImageRefused("The ISO 9660 image has an impossible block size")
    return virtual_size(blocks * block_bytes, NAME)
