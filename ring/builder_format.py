"""The bytes of a `.builder` file, both ways. Pure: no disk here.

The file is JSON, so that nothing in it can run, with a format version and a checksum
over its body. The assignment and the move times are large and dense; they are packed
as big-endian numbers, zlib and base64 inside the JSON. See `doc/formats-ring.md`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sys
import zlib
from array import array
from dataclasses import asdict
from typing import Any

from ring.builder import Builder
from ring.errors import Damaged, RingError
from ring.ring_format import UNPACKED_BYTES_MAX, device_from_record

FORMAT = "ringstack-builder"
FORMAT_VERSION = 1


def encode_builder(builder: Builder) -> bytes:
    """Return the file content for a builder."""
    body = {
        "changed": builder.changed,
        "devices": [device and asdict(device) for device in builder.devices],
        "dispersion": builder.dispersion,
        "id": builder.id,
        "min_part_hours": builder.min_part_hours,
        "moved_at": _pack(builder.moved_at),
        "overload": builder.overload,
        "part_power": builder.part_power,
        "removing": sorted(builder.removing),
        "replicas": builder.replicas,
        "rows": [_pack(row) for row in builder.rows],
        "version": builder.version,
    }
    file = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "checksum": _checksum(body),
        "body": body,
    }
    return json.dumps(file, indent=1).encode("ascii") + b"\n"


def decode_builder(data: bytes) -> Builder:
    """Return the builder in a file's content, or raise `Damaged` with the reason."""
    try:
        file = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"not a builder file: {error}") from error
    if not isinstance(file, dict) or file.get("format") != FORMAT:
        raise Damaged(f"not a builder file: the format {FORMAT} is not stated")
    if file.get("format_version") != FORMAT_VERSION:
        raise Damaged(
            f"builder format version {file.get('format_version')} is not known here; "
            f"this program reads version {FORMAT_VERSION}"
        )
    body = file.get("body")
    if not isinstance(body, dict) or file.get("checksum") != _checksum(body):
        raise Damaged("the builder file fails its checksum")
    try:
        return _builder(body)
    except (KeyError, TypeError, ValueError, OverflowError, RingError) as error:
        raise Damaged(f"the builder's content does not add up: {error!r}") from error


def _builder(body: dict[str, Any]) -> Builder:
    builder = Builder(body["part_power"], body["replicas"], body["min_part_hours"])
    builder.set_overload(body["overload"])
    builder.devices = [d and device_from_record(d) for d in body["devices"]]
    builder.removing = set(map(int, body["removing"]))
    builder.rows = [_unpack(row) for row in body["rows"]]
    builder.moved_at = _unpack(body["moved_at"])
    builder.version = int(body["version"])
    builder.id = str(body["id"])
    builder.changed = bool(body["changed"])
    builder.dispersion = body["dispersion"]
    if len(builder.moved_at) not in ((builder.parts,) if builder.rows else (0,)):
        raise ValueError("the move times do not cover every partition")
    # The ring checks that every assigned device exists.
    builder.ring()
    return builder


def _checksum(body: dict[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _pack(numbers: array[int]) -> str:
    wide = array("I", numbers)
    if sys.byteorder == "little":
        wide.byteswap()
    return base64.b64encode(zlib.compress(wide.tobytes(), 6)).decode("ascii")


def _unpack(text: str) -> array[int]:
    numbers = array("I")
    try:
        unpacker = zlib.decompressobj()
        packed = base64.b64decode(text, validate=True)
        numbers.frombytes(unpacker.decompress(packed, UNPACKED_BYTES_MAX))
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"packed numbers are damaged: {error}") from error
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers
