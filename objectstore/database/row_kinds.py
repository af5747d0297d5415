"""The two kinds of rows: objects of a container, containers of an account.

``RowKind`` is all that the SQL, the totals and the journal need to know of the
difference: a table's columns, the merge rule, and what a row adds to the totals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import msgpack

from objectstore.database.merge import (
    Row,
    is_live,
    merge_container_rows,
    merge_object_rows,
    normal_container_row,
    normal_object_row,
)
from objectstore.database.shown_sql import CONTAINER_JSON, OBJECT_FIELDS, OBJECT_JSON
from objectstore.wire.records import ContainerRow, ObjectRow

DIGEST_BYTES = 16

_pack = msgpack.Packer().pack


class Weight(NamedTuple):
    """What rows add up to: live rows, objects and bytes in them."""

    rows: int = 0
    objects: int = 0
    used: int = 0


WEIGHTLESS = Weight()


@dataclass(frozen=True, slots=True)
class RowKind:
    """How rows of one kind are kept, merged and counted."""

    name: str  # also the SQL table's
    row: Callable[..., Any]  # the record's type
    columns: tuple[str, ...]  # in the row's own order, as ``select`` reads them
    definitions: str  # SQL of the columns but (gone, name)
    newest: str  # SQL of a row's newest put or delete
    make: Callable[[Any], Any]  # from an SQL row, without a Python call
    stored: Callable[[Any], tuple[Any, ...]]  # to the parameters of ``insert``
    inserted: tuple[str, ...]  # columns in the order of ``stored``
    normal: Callable[[Any], Any]
    merge: Callable[[Any, Any], Any]
    weight: Callable[[Any], Weight]
    is_gone: Callable[[Any], Any]  # true of tombstones, which weigh nothing
    newest_of: Callable[[Any], int]
    json: str  # SQL of a live row as listings show it
    fields: str = ""  # the same as fields; "" for what S3 does not list


def row_digest(row: Row) -> int:
    """The row's share of its database's digest: a 128-bit hash.

    XOR of a linear checksum (CRC) would let changed rows cancel out, so it is
    a cryptographic hash; 0.6 us.
    """
    return int.from_bytes(blake2b(_pack(row), digest_size=DIGEST_BYTES).digest(), "big")


def _weight_of_object(row: ObjectRow) -> Weight:
    return WEIGHTLESS if row.deleted else Weight(1, 1, row.size)


def _weight_of_container(row: ContainerRow) -> Weight:
    if not is_live(row):
        return WEIGHTLESS
    return Weight(1, row.object_count, row.bytes_used)


def _store_container(row: ContainerRow) -> tuple[Any, ...]:
    return (*row, 0 if is_live(row) else 1)


_CONTAINER_COLUMNS = (
    "name",
    "timestamp",
    "deleted_timestamp",
    "object_count",
    "bytes_used",
    "counted_timestamp",
    "policy",
)
_OBJECT_COLUMNS = (
    "name",
    "timestamp",
    "gone",
    "size",
    "content_type",
    "content_type_timestamp",
    "etag",
    "modified",
    "policy",
)

OBJECT_ROWS = RowKind(
    name="object",
    row=ObjectRow,
    columns=_OBJECT_COLUMNS,
    definitions=(
        "timestamp INTEGER NOT NULL, size INTEGER NOT NULL, "
        "content_type TEXT NOT NULL, content_type_timestamp INTEGER NOT NULL, "
        "etag TEXT NOT NULL, modified INTEGER NOT NULL, policy INTEGER NOT NULL"
    ),
    newest="timestamp",
    make=partial(tuple.__new__, ObjectRow),
    stored=tuple,
    inserted=_OBJECT_COLUMNS,
    normal=normal_object_row,
    merge=merge_object_rows,
    weight=_weight_of_object,
    is_gone=attrgetter("deleted"),
    newest_of=lambda row: row.timestamp,
    json=OBJECT_JSON,
    fields=OBJECT_FIELDS,
)

CONTAINER_ROWS = RowKind(
    name="container",
    row=ContainerRow,
    columns=_CONTAINER_COLUMNS,
    definitions=(
        "timestamp INTEGER NOT NULL, deleted_timestamp INTEGER NOT NULL, "
        "object_count INTEGER NOT NULL, bytes_used INTEGER NOT NULL, "
        "counted_timestamp INTEGER NOT NULL, policy INTEGER NOT NULL"
    ),
    newest="max(timestamp, deleted_timestamp)",
    make=partial(tuple.__new__, ContainerRow),
    stored=_store_container,
    inserted=(*_CONTAINER_COLUMNS, "gone"),
    normal=normal_container_row,
    merge=merge_container_rows,
    weight=_weight_of_container,
    is_gone=lambda row: not is_live(row),
    newest_of=lambda row: max(row.timestamp, row.deleted_timestamp),
    json=CONTAINER_JSON,
)
