"""Records to bytes and back: a version byte, then msgpack.

A record is an array of its fields in the order of ``wire.records``; nested
records are nested arrays; a message is one such value behind a version byte.
Decoding believes nothing: length, types and ranges are checked field by field,
and whatever is wrong raises ``Malformed``.  A server answers that with 400, a
client takes it for a peer that is unwell; neither ever sees a ``TypeError``.

Rows, which come by the thousands, are in ``wire.row_codec``.

New fields go to the end of an array together with a new version byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack

from objectstore.kernel.errors import Corrupt, Rejected
from objectstore.kernel.timestamps import TIMESTAMP_MAX
from objectstore.wire.records import (
    DatabaseCopy,
    DatabaseInfo,
    ListingQuery,
    Metadata,
    ObjectName,
    ObjectState,
    Receipt,
)

VERSION = 1
# Sizes and counts fit SQLite's signed integers.
INTEGER_MAX = 2**63 - 1
# More than one page of a listing (10,000) is never asked of a node at once.
LIMIT_MAX = 100_000

_VERSION_BYTE = bytes([VERSION])
# One packer for the process: making one costs more than packing a record.
# Packing never switches greenlets, and only the hub's thread packs.
_pack = msgpack.Packer(use_bin_type=True, autoreset=True).pack
_unpack = msgpack.unpackb

_receipts: dict[Receipt, bytes] = {}

Timed = Mapping[str, tuple[str, int]]
"""Metadata items, each with the timestamp of its last change."""


class Malformed(Corrupt):
    """Bytes that are no message of ours."""


def pack(value: Any) -> bytes:
    """One message.  Rejected 400 for what msgpack cannot carry, such as text
    with lone surrogates or integers beyond 64 bits."""
    try:
        packed: bytes = _pack(value)
    except (ValueError, OverflowError) as error:
        raise Rejected(400, f"cannot be sent: {error}") from None
    return _VERSION_BYTE + packed


def unpack(message: bytes | memoryview) -> Any:
    """The value of a message; the caller checks what it is."""
    if len(message) < 2 or message[0] != VERSION:
        raise Malformed("not a message of this version")
    try:
        return _unpack(memoryview(message)[1:], use_list=True)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise Malformed(f"not msgpack: {error}") from None


def fields(value: Any, *types: type) -> list[Any]:
    """``value`` as an array of exactly these types."""
    if type(value) is not list or len(value) != len(types):
        raise Malformed(f"not an array of {len(types)}")
    for each, wanted in zip(value, types, strict=True):
        if type(each) is not wanted:
            raise Malformed(f"{type(each).__name__} is not {wanted.__name__}")
    return value


def integer(value: Any, largest: int = INTEGER_MAX) -> int:
    """``value`` as an integer in [0, largest]."""
    if type(value) is not int or not 0 <= value <= largest:
        raise Malformed("not an integer in range")
    return value


def timestamp(value: Any) -> int:
    """``value`` as a timestamp."""
    return integer(value, TIMESTAMP_MAX)


def array(value: Any) -> list[Any]:
    """``value`` as an array of any length."""
    if type(value) is not list:
        raise Malformed("not an array")
    return value


def metadata(value: Any) -> Metadata:
    """``value`` as a map of text to text."""
    if type(value) is not dict:
        raise Malformed("not a map")
    for name, text in value.items():
        if type(name) is not str or type(text) is not str:
            raise Malformed("metadata must be text")
    return value


def encode_timed(items: Timed) -> dict[str, tuple[str, int]]:
    """Timed metadata as a map of name to [value, timestamp]."""
    return dict(items)


def decode_timed(value: Any) -> Timed:
    """Timed metadata; ``Malformed`` when it is none."""
    if type(value) is not dict:
        raise Malformed("not a map")
    items = {}
    for name, item in value.items():
        text, changed = fields(item, str, int)
        if type(name) is not str:
            raise Malformed("metadata must be text")
        items[name] = (text, timestamp(changed))
    return items


def encode_state(state: ObjectState) -> tuple[Any, ...]:
    """An ``ObjectState`` with its name."""
    name = state.name
    return (
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


_STATE_TYPES = (
    str, str, str, int, int, int, str, str, int, dict, int, dict, int, int
)  # fmt: skip


def decode_state(value: Any) -> ObjectState:
    """An ``ObjectState``."""
    raw = fields(value, *_STATE_TYPES)
    account, container, name, policy, written, size, etag, kind = raw[:8]
    kind_at, items, items_at, system, delete_at, deleted = raw[8:]
    if (
        min(policy, written, size, kind_at, items_at, delete_at, deleted) < 0
        or max(written, kind_at, items_at, deleted) > TIMESTAMP_MAX
        or max(policy, size, delete_at) > INTEGER_MAX
    ):
        raise Malformed("a number of the state is out of range")
    return ObjectState(
        ObjectName(account, container, name, policy),
        written,
        size,
        etag,
        kind,
        kind_at,
        metadata(items),
        items_at,
        metadata(system),
        delete_at,
        deleted,
    )


def encode_receipt(receipt: Receipt) -> tuple[bool, bool]:
    """A ``Receipt``."""
    return (receipt.stored, receipt.found)


def pack_receipt(receipt: Receipt) -> bytes:
    """A ``Receipt`` as a message; there are but four."""
    packed = _receipts.get(receipt)
    if packed is None:
        packed = _receipts[receipt] = pack(encode_receipt(receipt))
    return packed


def decode_receipt(value: Any) -> Receipt:
    """A ``Receipt``."""
    stored, found = fields(value, bool, bool)
    return Receipt(stored, found)


def encode_info(info: DatabaseInfo) -> tuple[Any, ...]:
    """A ``DatabaseInfo``."""
    return (
        info.name,
        info.created,
        info.put_timestamp,
        info.deleted_timestamp,
        info.status_changed,
        info.metadata,
        info.object_count,
        info.bytes_used,
        info.container_count,
        info.policy,
        info.row_digest,
        info.database_id,
        encode_timed(info.timed_metadata),
    )


_INFO_TYPES = (str, int, int, int, int, dict, int, int, int, int, str, str, dict)


def decode_info(value: Any) -> DatabaseInfo:
    """A ``DatabaseInfo``."""
    raw = fields(value, *_INFO_TYPES)
    for number in raw[1:5]:
        timestamp(number)
    for number in raw[6:10]:
        integer(number)
    metadata(raw[5])
    raw[12] = decode_timed(raw[12])
    return DatabaseInfo(*raw)


def encode_copy(copy: DatabaseCopy) -> tuple[Any, ...]:
    """A ``DatabaseCopy``."""
    return (
        copy.account,
        copy.container,
        copy.created,
        copy.put_timestamp,
        copy.deleted_timestamp,
        copy.policy,
        encode_timed(copy.metadata),
        copy.row_digest,
    )


_COPY_TYPES = (str, str, int, int, int, int, dict, str)


def decode_copy(value: Any) -> DatabaseCopy:
    """A ``DatabaseCopy``."""
    raw = fields(value, *_COPY_TYPES)
    for number in raw[2:5]:
        timestamp(number)
    integer(raw[5])
    raw[6] = decode_timed(raw[6])
    return DatabaseCopy(*raw)


def encode_query(query: ListingQuery) -> tuple[Any, ...]:
    """A ``ListingQuery``."""
    return (
        query.limit,
        query.marker,
        query.end_marker,
        query.prefix,
        query.delimiter,
        query.reverse,
        query.include_prefix_itself,
    )


def decode_query(value: Any) -> ListingQuery:
    """A ``ListingQuery``."""
    raw = fields(value, int, str, str, str, str, bool, bool)
    integer(raw[0], LIMIT_MAX)
    return ListingQuery(*raw)
