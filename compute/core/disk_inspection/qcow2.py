"""qcow2: refused when it leads to any other file, or wants what hosts do not know.

Layout: QEMU, ``docs/interop/qcow2.txt`` (numbers are big-endian).
"""

from __future__ import annotations

from compute.core.disk_inspection.fields import Fields, ImageRefused, virtual_size

MAGIC = b"QFI\xfb"
NAME = "qcow2 header"
VERSION_3 = 3
HEADER_2_BYTES = 72
HEADER_3_BYTES_MIN = 104
CLUSTER_BITS = range(9, 22)
REFCOUNT_ORDER_MAX = 6

BIT_CORRUPT = 1
BIT_DATA_FILE = 2
# dirty, compression type, extended L2 entries
BITS_ALLOWED = 1 << 0 | 1 << 3 | 1 << 4

EXTENSION_END = 0
EXTENSION_DATA_FILE = 0x44415441
# A header has a handful; more of them are there to keep a parser busy.
EXTENSIONS_MAX = 64


def matches(head: bytes) -> bool:
    """Whether it begins like qcow2 (or the old qcow)."""
    return head[:4] == MAGIC


def check(head: bytes) -> int:
    """The virtual size in bytes; ``head``: the file's first bytes."""
    fields = Fields(head, NAME)
    version = fields.big(4, 4)
    if version not in (2, VERSION_3):
        raise ImageRefused(f"qcow2 version {version} is not supported")
    if fields.big(8, 8) or fields.big(16, 4):
        raise ImageRefused("The qcow2 image has a backing file")
    cluster_bits = fields.big(20, 4)
    if cluster_bits not in CLUSTER_BITS:
        raise ImageRefused("The qcow2 image has an impossible cluster size")
    if fields.big(32, 4):
        raise ImageRefused("The qcow2 image is encrypted")
    header_bytes = HEADER_2_BYTES
    if version == VERSION_3:
        header_bytes = _check_version_3(fields, 1 << cluster_bits)
    _check_extensions(fields, header_bytes, 1 << cluster_bits)
    return virtual_size(fields.big(24, 8), NAME)


def _check_version_3(fields: Fields, cluster_bytes: int) -> int:
    """Features; returns the header's length."""
    incompatible = fields.big(72, 8)
    if incompatible >> BIT_DATA_FILE & 1:
        raise ImageRefused("The qcow2 image keeps its data in an external file")
    if incompatible >> BIT_CORRUPT & 1:
        raise ImageRefused("The qcow2 image is marked as corrupt")
    if incompatible & ~BITS_ALLOWED:
        raise ImageRefused("The qcow2 image has incompatible features not known here")
    if fields.big(96, 4) > REFCOUNT_ORDER_MAX:
        raise ImageRefused("The qcow2 image has an impossible refcount width")
    header_bytes = fields.big(100, 4)
    if not HEADER_3_BYTES_MIN <= header_bytes <= cluster_bytes or header_bytes % 8:
        raise ImageRefused("The qcow2 header has an impossible length")
    return header_bytes


def _check_extensions(fields: Fields, offset: int, cluster_bytes: int) -> None:
    """A data file may be named here even where the feature bit is not set."""
    for _ in range(EXTENSIONS_MAX):
        if offset + 8 > cluster_bytes:
            return
        kind, length = fields.big(offset, 4), fields.big(offset + 4, 4)
        if kind == EXTENSION_END:
            return
        if kind == EXTENSION_DATA_FILE:
            raise ImageRefused("The qcow2 image names an external data file")
        offset += 8 + (length + 7) // 8 * 8
    raise ImageRefused("The qcow2 header has too many extensions")
