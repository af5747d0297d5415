"""What an object's log records say, as bytes.

Each record starts with a fixed prefix (version, flags, key, serial of the body file,
and the place before which older records of the key do not count), then holds the whole
state of the object as msgpack: any single record of the log can be understood without
another, except for the body of one that carries none.

The kinds::

    PUT_INLINE   state; the record's body is the object's
    PUT_FILE     state; the body is the file named by key, timestamp and serial
    TOMBSTONE    state of a deleted object
    UPDATE       state after a POST, or of an object that several writes made up
    FORGET       [segment, offset]: of the key, all in records before that place is
                 dropped, if there is nothing later
    QUARANTINE   [segment, offset, newest, when, why]: the same, for a copy that turned
                 out bad: its newest timestamp, seconds since the epoch, and the reason
    OWED         [segment, offset, [[key, timestamp] ...]]: of the rows that records
                 before that place owed, exactly these are still owed
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import msgpack

from objectstore.kernel.errors import Corrupt
from objectstore.wire.records import ObjectName, ObjectState

VERSION = 1

PUT_INLINE = 1
PUT_FILE = 2
TOMBSTONE = 3
UPDATE = 4
FORGET = 5
QUARANTINE = 6
OWED = 7
STATE_KINDS = frozenset({PUT_INLINE, PUT_FILE, TOMBSTONE, UPDATE})

FLAG_ROW_OWED = 1

_PREFIX = struct.Struct("<BB16sQII")
NEVER = (0, 0)
_pack = msgpack.Packer(use_bin_type=True, autoreset=True).pack
_unpack = msgpack.unpackb


def pack_state(state: ObjectState) -> bytes:
    """A state as msgpack: an array of its fields, the name's first."""
    name = state.name
    packed: bytes = _pack(
        (
            name.account,
            name.container,
            name.object,
            name.policy,
            state.timestamp,
            state.size,
            state.etag,
            state.content_type,
            state.content_type_timestamp,
            state.metadata,
            state.metadata_timestamp,
            state.system_metadata,
            state.delete_at,
            state.deleted_timestamp,
        )
    )
    return packed


def unpack_state(packed: bytes | memoryview) -> ObjectState:
    """The state; ``Corrupt`` when these bytes are none."""
    try:
        fields = _unpack(packed, strict_map_key=False)
        name = ObjectName(*fields[:4])
        return ObjectState(name, *fields[4:14])
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise Corrupt(f"not an object's state: {error}") from error


def encode_change(
    key: bytes,
    packed_state: bytes,
    *,
    row_owed: bool,
    serial: int = 0,
    since: tuple[int, int] = NEVER,
) -> bytes:
    """The meta of a record of one of ``STATE_KINDS``."""
    flags = FLAG_ROW_OWED if row_owed else 0
    return _PREFIX.pack(VERSION, flags, key, serial, *since) + packed_state


class ChangeMeta(NamedTuple):
    """What ``encode_change`` was given."""

    key: bytes
    row_owed: bool
    serial: int
    since: tuple[int, int]
    packed_state: bytes


def decode_change(meta: bytes) -> ChangeMeta:
    """The meta of a record of one of ``STATE_KINDS``, taken apart."""
    _, flags, key, serial, segment, offset = _prefix(meta)
    row_owed = bool(flags & FLAG_ROW_OWED)
    packed = meta[_PREFIX.size :]
    return ChangeMeta(key, row_owed, serial, (segment, offset), packed)


def decode_key(meta: bytes) -> bytes:
    """The key of any record but OWED."""
    if len(meta) < _PREFIX.size or meta[0] != VERSION:
        _prefix(meta)  # which says what is wrong
    return meta[2:18]


def encode_note(key: bytes, *fields: int | str) -> bytes:
    """The meta of FORGET and QUARANTINE."""
    note: bytes = _pack(fields)
    return _PREFIX.pack(VERSION, 0, key, 0, *NEVER) + note


def decode_note(meta: bytes) -> tuple[bytes, tuple[int, int], list[Any]]:
    """(key, place before which all is dropped, further fields)."""
    key = decode_key(meta)
    segment, offset, *fields = _unpack(meta[_PREFIX.size :])
    return key, (segment, offset), fields


def encode_owed(place: tuple[int, int], rows: list[tuple[bytes, int]]) -> bytes:
    """The meta of OWED."""
    packed: bytes = _pack((*place, rows))
    return bytes([VERSION]) + packed


def decode_owed(meta: bytes) -> tuple[tuple[int, int], dict[bytes, int]]:
    """(place, timestamp of each row by key)."""
    if meta[:1] != bytes([VERSION]):
        raise Corrupt(f"log record of unknown version {meta[:1].hex()}")
    segment, offset, rows = _unpack(meta[1:])
    return (segment, offset), dict(rows)


def _prefix(meta: bytes) -> tuple[Any, ...]:
    try:
        fields = _PREFIX.unpack_from(meta)
    except struct.error as error:
        raise Corrupt("log record without its prefix") from error
    if fields[0] != VERSION:
        raise Corrupt(f"log record of unknown version {fields[0]}")
    return fields
