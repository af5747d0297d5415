"""The qcow2 header: read without trusting it, and written for an empty disk.

Pure.  The header is where an image's maker could name other files of this host (a
backing file, an external data file) and make QEMU read or write them; so it is read
here, from bytes, before QEMU ever opens the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from objectstore.kernel.errors import Rejected

MAGIC = b"QFI\xfb"
# Header extensions and the backing file's name lie within the first cluster; what
# decides is in the fixed part.
HEADER_BYTES = 104
_FIXED = struct.Struct(">4sIQIIQIIQQIIQ")  # version 2's 72 bytes
_FEATURES = struct.Struct(">QQQII")  # what version 3 adds
_DIRTY, _CORRUPT, _EXTERNAL_DATA, _COMPRESSION, _EXTENDED_L2 = 1, 2, 4, 8, 16
_KNOWN_FEATURES = _DIRTY | _COMPRESSION | _EXTENDED_L2
_CLUSTER_BITS = range(9, 22)  # 512 bytes to 2 MiB
# Larger than any flavor's disk; keeps absurd sizes away from all arithmetic.
VIRTUAL_BYTES_MAX = 1 << 50


@dataclass(frozen=True, slots=True)
class Qcow2Facts:
    """What matters of a header."""

    version: int
    virtual_bytes: int
    has_backing_file: bool
    has_external_data: bool
    is_encrypted: bool


def read_header(head: bytes) -> Qcow2Facts:
    """Read the first ``HEADER_BYTES`` of an image.  ``Rejected`` 400 when they are
    no qcow2 header that we can vouch for."""
    if len(head) < _FIXED.size or head[:4] != MAGIC:
        raise Rejected(400, "The image is not in the qcow2 format")
    (_, version, backing_offset, backing_size, cluster_bits, size, crypt) = (
        _FIXED.unpack_from(head)[:7]
    )
    if version not in (2, 3) or cluster_bits not in _CLUSTER_BITS:
        raise Rejected(400, "The image's qcow2 header is of no known kind")
    if size > VIRTUAL_BYTES_MAX:
        raise Rejected(400, "The image's virtual size is absurd")
    features = 0
    if version == 3:
        if len(head) < _FIXED.size + _FEATURES.size:
            raise Rejected(400, "The image's qcow2 header is cut off")
        features = _FEATURES.unpack_from(head, _FIXED.size)[0]
    if features & _CORRUPT:
        raise Rejected(400, "The image marks itself as corrupt")
    if features & ~(_KNOWN_FEATURES | _EXTERNAL_DATA):
        raise Rejected(400, "The image needs qcow2 features that are not supported")
    return Qcow2Facts(
        version=version,
        virtual_bytes=size,
        has_backing_file=backing_offset != 0 or backing_size != 0,
        has_external_data=bool(features & _EXTERNAL_DATA),
        is_encrypted=crypt != 0,
    )


def check_stands_alone(head: bytes) -> Qcow2Facts:
    """The header of an image from outside: it must name no other file."""
    facts = read_header(head)
    if facts.has_backing_file:
        raise Rejected(400, "The image names a backing file: refused")
    if facts.has_external_data:
        raise Rejected(400, "The image keeps its data in another file: refused")
    if facts.is_encrypted:
        raise Rejected(400, "The image is encrypted: not supported")
    return facts


def empty_image(virtual_bytes: int) -> bytes:
    """A whole qcow2 file (version 3) of a disk that reads as zeros.

    Four clusters: header, refcount table, one refcount block, L1 table.
    """
    bits = 16
    cluster = 1 << bits
    # An L2 table has cluster/8 entries of one cluster each; L1 has one per L2.
    entries = max(1, -(-virtual_bytes // (cluster * (cluster // 8))))
    if entries * 8 > cluster:
        raise ValueError("too large for one cluster of L1 table")
    fixed = _FIXED.pack(
        MAGIC,
        3,
        0,
        0,
        bits,
        virtual_bytes,
        0,
        entries,
        3 * cluster,  # L1 table
        cluster,  # refcount table ...
        1,  # ... in one cluster
        0,
        0,
    )
    header = fixed + _FEATURES.pack(0, 0, 0, 4, HEADER_BYTES)
    table = struct.pack(">Q", 2 * cluster)
    counts = struct.pack(">4H", 1, 1, 1, 1)
    return b"".join(part.ljust(cluster, b"\0") for part in (header, table, counts, b""))
