"""The qcow2 file of an empty disk, written without QEMU.

Headers are read by ``compute.core.disks.inspection.qcow2``.  Pure.
"""

from __future__ import annotations

import struct

from compute.core.disks.inspection.qcow2 import HEADER_BYTES, MAGIC

_FIXED = struct.Struct(">4sIQIIQIIQQIIQ")  # version 2's 72 bytes
_FEATURES = struct.Struct(">QQQII")  # what version 3 adds


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
