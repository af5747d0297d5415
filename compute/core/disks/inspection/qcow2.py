"""qcow2: refused when it leads to any other file, or wants what hosts do not know.

The one place that reads this header, for uploads and for hosts: an image's maker could
name other files of a host here, and QEMU would read or write them.

Layout: QEMU, ``docs/interop/qcow2.txt`` (numbers are big-endian).
"""

from __future__ import annotations

from dataclasses import dataclass

from compute.core.disks.inspection.fields import Fields, ImageRefused, virtual_size

MAGIC = b"QFI\xfb"
NAME = "qcow2 header"
VERSION_3 = 3
HEADER_2_BYTES = 72
HEADER_3_BYTES_MIN = 104
# What decides is in the fixed part; the extensions follow, some hundred bytes.
HEADER_BYTES = HEADER_3_BYTES_MIN
HEAD_BYTES = 64 * 1024
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


@dataclass(frozen=True, slots=True)
class Qcow2Header:
    """What matters of a header.  ``bytes_used``: where its extensions begin."""

    version: int
    virtual_bytes: int
    cluster_bytes: int
    backing_offset: int
    backing_bytes: int
    is_encrypted: bool
    has_data_file: bool
    bytes_used: int


def read_header(head: bytes) -> Qcow2Header:
    """The header, from a file's first ``HEADER_BYTES`` or more.  ``ImageRefused`` when
    they are none that we can vouch for; what it leads to is the caller's question."""
    fields = Fields(head, NAME)
    if not matches(head):
        raise ImageRefused("The image is not in the qcow2 format")
    version = fields.big(4, 4)
    if version not in (2, VERSION_3):
        raise ImageRefused(f"qcow2 version {version} is not supported")
    cluster_bits = fields.big(20, 4)
    if cluster_bits not in CLUSTER_BITS:
        raise ImageRefused("The qcow2 image has an impossible cluster size")
    fields.raw(0, HEADER_2_BYTES)
    has_data_file, bytes_used = False, HEADER_2_BYTES
    if version == VERSION_3:
        has_data_file, bytes_used = _read_version_3(fields, 1 << cluster_bits)
    return Qcow2Header(
        version=version,
        virtual_bytes=virtual_size(fields.big(24, 8), NAME),
        cluster_bytes=1 << cluster_bits,
        backing_offset=fields.big(8, 8),
        backing_bytes=fields.big(16, 4),
        is_encrypted=fields.big(32, 4) != 0,
        has_data_file=has_data_file,
        bytes_used=bytes_used,
    )


def _read_version_3(fields: Fields, cluster_bytes: int) -> tuple[bool, int]:
    """Whether the data are in another file; the header's length."""
    incompatible = fields.big(72, 8)
    if incompatible >> BIT_CORRUPT & 1:
        raise ImageRefused("The qcow2 image is marked as corrupt")
    if incompatible & ~(BITS_ALLOWED | 1 << BIT_DATA_FILE):
        raise ImageRefused("The qcow2 image has incompatible features not known here")
    if fields.big(96, 4) > REFCOUNT_ORDER_MAX:
        raise ImageRefused("The qcow2 image has an impossible refcount width")
    header_bytes = fields.big(100, 4)
    if not HEADER_3_BYTES_MIN <= header_bytes <= cluster_bytes or header_bytes % 8:
        raise ImageRefused("The qcow2 header has an impossible length")
    return bool(incompatible >> BIT_DATA_FILE & 1), header_bytes


def check(head: bytes) -> int:
    """The virtual size in bytes of an image from outside, which must name no other
    file; ``head``: the file's first ``HEAD_BYTES``, or all of it."""
    header = read_header(head)
    if header.backing_offset or header.backing_bytes:
        raise ImageRefused("The qcow2 image has a backing file")
    if header.has_data_file:
        raise ImageRefused("The qcow2 image keeps its data in an external file")
    if header.is_encrypted:
        raise ImageRefused("The qcow2 image is encrypted")
    _check_extensions(Fields(head, NAME), header.bytes_used, header.cluster_bytes)
    return header.virtual_bytes


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
