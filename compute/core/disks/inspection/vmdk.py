"""VMDK: only one file that holds everything, never one that names others.

A VMDK is a text, the *descriptor*, that lists *extents*; a host that opens it opens
whatever files these name.  Accepted is only the sparse form with its descriptor inside
and one extent, itself.  Layout: VMware, "Virtual Disk Format 5.0" (little-endian).
"""

from __future__ import annotations

import re

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

MAGIC = b"KDMV"
OTHER_MAGICS = (b"COWD", b"# Disk Descriptor", b"# Disk DescriptorFile")
NAME = "VMDK header"
SECTOR_BYTES = 512
VERSIONS = (1, 2, 3)
# QEMU reserves 20 sectors, VMware's tools up to some KiB.
DESCRIPTOR_BYTES_MAX = 64 * 1024
DESCRIPTOR_BYTES_READ = 20 * SECTOR_BYTES
TYPES_ALLOWED = frozenset({"monolithicsparse", "streamoptimized"})
NO_PARENT = "ffffffff"
DIRECTORY_AT_END = 2**64 - 1
# A footer: a marker, a copy of the header, the end-of-stream marker.
FOOTER_BYTES = 3 * SECTOR_BYTES

_EXTENT = re.compile(
    r'(?:RW|RDONLY|NOACCESS)\s+(\d{1,19})\s+(\w+)(?:\s+"([^"]*)")?(?:\s+\d+)?\s*$'
)


def matches(head: bytes) -> bool:
    """Whether it begins like any VMDK."""
    return head[:4] == MAGIC or head.startswith(OTHER_MAGICS)


def check(head: bytes, tail: bytes | None = None) -> int:
    """The virtual size.  ``tail``: the file's last ``FOOTER_BYTES`` (None: not there
    yet; a footer that contradicts the header is found when it is)."""
    if head[:4] != MAGIC:
        raise ImageRefused("The VMDK names other files; only monolithic ones are taken")
    fields = Fields(head, NAME)
    if fields.little(4, 4) not in VERSIONS:
        raise ImageRefused("The VMDK has a version that is not known here")
    capacity = fields.little(12, 8)
    first, sectors = fields.little(28, 8), fields.little(36, 8)
    if not first or not 0 < sectors * SECTOR_BYTES <= DESCRIPTOR_BYTES_MAX:
        raise ImageRefused("The VMDK has no descriptor inside")
    descriptor = fields.raw(first * SECTOR_BYTES, sectors * SECTOR_BYTES)
    # Readers go on past the size that the header tells, to the first NUL.
    rest = head[(first + sectors) * SECTOR_BYTES :][:DESCRIPTOR_BYTES_READ]
    _check_descriptor((descriptor + rest).partition(b"\0")[0])
    if tail is not None and fields.little(56, 8) == DIRECTORY_AT_END:
        _check_footer(fields, tail)
    return virtual_size(capacity * SECTOR_BYTES, NAME)


def _check_descriptor(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    # Wherever it stands: readers look for the word, not for a line.
    if "parentfilenamehint" in text.lower():
        raise ImageRefused("The VMDK names a parent's file")
    extents = 0
    for line in text.splitlines():
        line = line.strip()
        key, equals, value = line.partition("=")
        if line.upper().startswith(("RW", "RDONLY", "NOACCESS")):
            _check_extent(line)
            extents += 1
        elif equals:
            _check_setting(key.strip().lower(), value.strip().strip('"').lower())
    if extents != 1:
        raise ImageRefused(f"The VMDK has {extents} extents; it must have one")
    if not re.search(r"^\s*createtype\s*=", text, re.IGNORECASE | re.MULTILINE):
        raise ImageRefused("The VMDK does not say its type")


def _check_setting(key: str, value: str) -> None:
    if key == "createtype" and value not in TYPES_ALLOWED:
        raise ImageRefused("The VMDK is neither monolithicSparse nor streamOptimized")
    if key == "parentcid" and value != NO_PARENT:
        raise ImageRefused("The VMDK has a parent")


def _check_extent(line: str) -> None:
    found = _EXTENT.match(line)
    if found is None or found[2].upper() != "SPARSE" or found[3] is None:
        raise ImageRefused("The VMDK has an extent that is not sparse")
    if "/" in found[3] or "\\" in found[3] or ":" in found[3]:
        raise ImageRefused("The VMDK's extent names another file")


def _check_footer(header: Fields, tail: bytes) -> None:
    """Readers believe the footer's copy: it must say the same, but for the
    directory's place."""
    footer = Fields(tail[-FOOTER_BYTES:], "VMDK footer")
    copy = footer.raw(SECTOR_BYTES, SECTOR_BYTES)
    if copy[:56] != header.raw(0, 56):
        raise ImageRefused("The VMDK's footer contradicts its header")
