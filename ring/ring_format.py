"""The bytes of a `.ring.gz` file, versions 1 and 2, both ways. Pure: no disk here.

Both versions are one gzip stream that begins with the magic `R1NG` and a version.
Version 1 is a header and the assignment rows; version 2 is named sections with sizes
and checksums, and an index at the end that can be found without reading the rest.
`doc/formats-ring.md` shows them byte by byte. Files of both kinds are readable by
Swift's tools, and theirs by us.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from ring.device import Device
from ring.errors import Damaged, Refused
from ring.ring import PART_POWER_MAX, Ring

MAGIC = b"R1NG"
FORMAT_VERSIONS = (1, 2)
TYPE_CODES = {2: "H", 4: "I"}

METADATA = "swift/ring/metadata"
DEVICES = "swift/ring/devices"
ASSIGNMENTS = "swift/ring/assignments"

# A ring of 2^23 partitions with 8 replicas and wide ids is 256 MiB; a file that unpacks
# to more than this is damage or an attack, not a ring.
UNPACKED_BYTES_MAX = 1 << 29

# What gzip is asked for: the table is dense ids, so level 9 gains little over 6 but the
# file is written rarely and copied often.
COMPRESSION_LEVEL = 9

# The same ring must give the same bytes on every host and day, so that operators can
# compare files by checksum. Swift stamps this moment too, which makes ours comparable.
GZIP_MODIFICATION_TIME = 1300507380


def encode_ring(ring: Ring, format_version: int = 1, id_bytes: int = 0) -> bytes:
    """Return the file content for a ring. `id_bytes` 0 means the narrowest that fits.

    Version 1 knows only two-byte ids, that is device ids up to 65534.
    """
    if format_version not in FORMAT_VERSIONS:
        raise Refused(f"ring format version must be 1 or 2, not {format_version}")
    id_bytes = id_bytes or narrowest_id_bytes(len(ring.devices))
    if id_bytes not in TYPE_CODES:
        raise Refused(f"a device id takes 2 or 4 bytes, not {id_bytes}")
    if id_bytes < narrowest_id_bytes(len(ring.devices)):
        raise Refused(f"{len(ring.devices)} device ids do not fit in {id_bytes} bytes")
    if format_version == 1:
        if id_bytes != 2:
            raise Refused("ring format 1 has two-byte device ids; use format 2")
        return _encode_v1(ring)
    return _encode_v2(ring, id_bytes)


def narrowest_id_bytes(device_count: int) -> int:
    """Two while every id stays below 65535, which the format keeps for `nobody`."""
    return 2 if device_count <= 0xFFFF else 4


def decode_ring(data: bytes) -> Ring:
    """Return the ring in a file's content, or raise `Damaged` with the reason."""
    content = _unpack(data)
    if content[:4] != MAGIC or len(content) < 6:
        raise Damaged("not a ring file: the magic R1NG is missing")
    (version,) = struct.unpack_from("!H", content, 4)
    decoders: dict[int, Callable[[bytes], Ring]] = {1: _decode_v1, 2: _decode_v2}
    if version not in decoders:
        raise Damaged(f"ring format version {version} is not known here; 1 and 2 are")
    try:
        return decoders[version](content)
    except (ArithmeticError, LookupError, TypeError, ValueError, struct.error) as error:
        raise Damaged(f"the ring's content does not add up: {error!r}") from error


def format_version_of(data: bytes) -> int:
    """The format version of a ring file's content."""
    content = _unpack(data)
    return int(struct.unpack_from("!H", content, 4)[0])


def _unpack(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(data, UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise Damaged(f"not a ring file: {error}") from error
    if not unpacker.eof:
        large = len(content) >= UNPACKED_BYTES_MAX
        raise Damaged("the file is too large" if large else "the file is cut short")
    return content


class _Gzip:
    """One gzip member written in segments that can be unpacked on their own.

    Each segment ends with a full flush, so a reader may start at any `packed` position
    with a fresh decompressor. Python's own gzip writer offers no such control.
    """

    def __init__(self) -> None:
        self._parts = [
            b"\x1f\x8b\x08\x00"
            + struct.pack("<L", GZIP_MODIFICATION_TIME)
            + b"\x02\xff"
        ]
        self._checksum = 0
        self.packed = len(self._parts[0])
        self.unpacked = 0

    def segment(self, data: bytes, level: int = COMPRESSION_LEVEL) -> None:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        part = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
        self._parts.append(part)
        self._checksum = zlib.crc32(data, self._checksum)
        self.packed += len(part)
        self.unpacked += len(data)

    def finish(self) -> bytes:
        # An empty final block: always five bytes, which is what lets a version 2 reader
        # count back from the end of the file to the index position.
        final = b"\x01\x00\x00\xff\xff"
        trailer = struct.pack("<LL", self._checksum, self.unpacked & 0xFFFFFFFF)
        return b"".join([*self._parts, final, trailer])


def _encode_v1(ring: Ring) -> bytes:
    header = _json(
        {
            "byteorder": "little",
            "devs": [d and asdict(d) for d in ring.devices],
            "part_shift": 32 - ring.part_power,
            "replica_count": len(ring.rows),
            "version": ring.version,
        }
    )
    gzip = _Gzip()
    # Stored, not packed, so that `file` and the like can see the magic.
    gzip.segment(MAGIC + struct.pack("!H", 1), level=0)
    rows = [_row_bytes(row, 2, "little") for row in ring.rows]
    gzip.segment(b"".join([struct.pack("!I", len(header)), header, *rows]))
    return gzip.finish()


def _decode_v1(content: bytes) -> Ring:
    (length,) = struct.unpack_from("!I", content, 6)
    header = _record(json.loads(content[10 : 10 + length]))
    table = content[10 + length :]
    order = header.get("byteorder", sys.byteorder)
    rows = _rows(table, header["part_shift"], 2, order)
    if len(rows) != header["replica_count"]:
        raise Damaged(
            f"{len(rows)} replicas, not {header['replica_count']}: cut short?"
        )
    return _ring(header, header["devs"], rows)


def _encode_v2(ring: Ring, id_bytes: int) -> bytes:
    metadata = {
        "dev_id_bytes": id_bytes,
        "part_shift": 32 - ring.part_power,
        "replica_count": ring.replica_count,
        "version": ring.version,
    }
    table = b"".join(_row_bytes(row, id_bytes, "big") for row in ring.rows)
    gzip = _Gzip()
    gzip.segment(MAGIC + struct.pack("!H", 2), level=0)
    index: dict[str, list[int | str]] = {}
    for name, data in (
        (METADATA, _json(metadata)),
        (DEVICES, _json([d and asdict(d) for d in ring.devices])),
        (ASSIGNMENTS, table),
    ):
        section = struct.pack("!Q", len(data)) + data
        start = (gzip.packed, gzip.unpacked)
        gzip.segment(section)
        digest = hashlib.sha256(section).hexdigest()
        index[name] = [*start, gzip.packed, gzip.unpacked, "sha256", digest]
    packed, unpacked = gzip.packed, gzip.unpacked
    data = _json(index)
    gzip.segment(struct.pack("!Q", len(data)) + data)
    # Two positions of the index, stored: each segment is exactly 18 bytes in the file,
    # so the second begins 31 bytes before its end.
    gzip.segment(struct.pack("!Q", unpacked), level=0)
    gzip.segment(struct.pack("!Q", packed), level=0)
    return gzip.finish()


def _decode_v2(content: bytes) -> Ring:
    # Everything is unpacked already, so the unpacked position is the one to use: it
    # stays right even when somebody has recompressed the file.
    (index_start,) = struct.unpack_from("!Q", content, len(content) - 16)
    (length,) = struct.unpack_from("!Q", content, index_start)
    index = _record(json.loads(content[index_start + 8 : index_start + 8 + length]))
    metadata = _record(json.loads(_section(content, index, METADATA)))
    devices = json.loads(_section(content, index, DEVICES))
    table = _section(content, index, ASSIGNMENTS)
    shift, id_bytes = metadata["part_shift"], metadata["dev_id_bytes"]
    return _ring(metadata, devices, _rows(table, shift, id_bytes, "big"))


def _section(content: bytes, index: dict[str, Any], name: str) -> bytes:
    _, start, _, end, method, expected = index[name]
    section = content[start:end]
    if method not in ("md5", "sha1", "sha256", "sha512"):
        raise Damaged(f"section {name} has a checksum of unknown kind {method}")
    if hashlib.new(method, section, usedforsecurity=False).hexdigest() != expected:
        raise Damaged(f"section {name} fails its {method} checksum")
    (length,) = struct.unpack_from("!Q", section)
    if length != len(section) - 8:
        raise Damaged(f"section {name} is {len(section) - 8} bytes long, not {length}")
    return section[8:]


def _ring(header: dict[str, Any], devices: Any, rows: list[array[int]]) -> Ring:
    known = [record and device_from_record(record) for record in devices]
    version = header.get("version")
    return Ring(32 - header["part_shift"], known, rows, int(version or 0))


def device_from_record(record: Any) -> Device:
    """A device from its record in a file; fields of other programs are ignored."""
    record = _record(record)
    return Device(
        id=int(record["id"]),
        region=int(record.get("region", 1)),
        zone=int(record["zone"]),
        ip=str(record["ip"]),
        port=int(record["port"]),
        device=str(record["device"]),
        weight=float(record["weight"]),
        meta=str(record.get("meta", "")),
        replication_ip=record.get("replication_ip"),
        replication_port=record.get("replication_port"),
    )


def _row_bytes(row: Sequence[int], id_bytes: int, order: str) -> bytes:
    narrow = array(TYPE_CODES[id_bytes], row)
    if order != sys.byteorder:
        narrow.byteswap()
    return narrow.tobytes()


def _rows(table: bytes, shift: int, id_bytes: int, order: str) -> list[array[int]]:
    if not 0 <= 32 - shift <= PART_POWER_MAX or id_bytes not in TYPE_CODES:
        raise Damaged(f"part shift {shift} or device id size {id_bytes} is impossible")
    row_bytes = id_bytes << (32 - shift)
    rows = []
    for start in range(0, len(table), row_bytes):
        row = array(TYPE_CODES[id_bytes], table[start : start + row_bytes])
        if order != sys.byteorder:
            row.byteswap()
        rows.append(row)
    return rows


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode("ascii")


def _record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Damaged(f"a record was expected, not {type(value).__name__}")
    return value
