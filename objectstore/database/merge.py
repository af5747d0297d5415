"""The merge rules of rows and metadata: the newest wins, part by part.

Replicas receive the same facts in different orders, some of them twice.  They
end up equal because every rule here is commutative, associative and idempotent
on *normal* rows, and returns normal rows.  ``normal_*`` brings a row from
outside into that form: parts that can no longer matter are cleared, so that
equal knowledge is equal bytes (and equal digests).

Where two facts carry the same timestamp the greater value wins: any fixed choice would
do, but for objects' data it is that of ``wire.merge``.  (Two proxies may follow one
clock that is ahead to the same moment.)
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.wire.records import ContainerRow, ObjectRow

TimedMetadata = Mapping[str, tuple[str, int]]
"""Metadata name to (value, timestamp); an empty value means removed."""

Row = ObjectRow | ContainerRow


def normal_object_row(row: ObjectRow) -> ObjectRow:
    """The row with the parts cleared that its newest part makes void.

    A live row's content type is at least as new as its data, and so is
    ``modified``.  A tombstone has no data, and keeps the content type and
    ``modified`` only where they are newer than itself: a POST that is newer
    than the DELETE still counts if the PUT between the two arrives later.
    """
    name, timestamp, deleted, _, _, typed, _, modified, policy = row
    if not deleted:
        if typed >= timestamp and modified >= timestamp:
            return row
        return row._replace(
            content_type_timestamp=max(typed, timestamp),
            modified=max(modified, timestamp),
        )
    keeps_type = typed > timestamp
    return ObjectRow(
        name,
        timestamp,
        1,
        0,
        row.content_type if keeps_type else "",
        typed if keeps_type else 0,
        "",
        max(modified, timestamp),
        policy,
    )


def merge_object_rows(one: ObjectRow, other: ObjectRow) -> ObjectRow:
    """What two normal rows of one object know together.

    Data or tombstone: the newest (a tombstone wins a tie).  Content type: the
    newest.  Modified: the latest.
    """
    if one == other:
        return one
    if _data_order(one) < _data_order(other):
        one, other = other, one
    name, timestamp, deleted, size, kind, typed, etag, modified, policy = one
    if (other.content_type_timestamp, other.content_type) > (typed, kind):
        kind, typed = other.content_type, other.content_type_timestamp
    modified = max(modified, other.modified)
    if deleted and typed <= timestamp:
        kind, typed = "", 0
    return ObjectRow(
        name, timestamp, deleted, size, kind, typed, etag, modified, policy
    )


def _data_order(row: ObjectRow) -> tuple[int, int, str, int, int]:
    return row.timestamp, row.deleted, row.etag, row.size, row.policy


def normal_container_row(row: ContainerRow) -> ContainerRow:
    """The row without counts that were taken before the container's deletion."""
    if row.counted_timestamp > row.deleted_timestamp:
        return row
    if row.object_count or row.bytes_used:
        return row._replace(object_count=0, bytes_used=0)
    return row


def merge_container_rows(one: ContainerRow, other: ContainerRow) -> ContainerRow:
    """What two normal rows of one container know together.

    The newest PUT (with its policy), the newest DELETE, the newest counts.
    """
    if one == other:
        return one
    timestamp, policy = max(
        (one.timestamp, one.policy), (other.timestamp, other.policy)
    )
    counted, objects, used = max(
        (one.counted_timestamp, one.object_count, one.bytes_used),
        (other.counted_timestamp, other.object_count, other.bytes_used),
    )
    deleted = max(one.deleted_timestamp, other.deleted_timestamp)
    return normal_container_row(
        ContainerRow(one.name, timestamp, deleted, objects, used, counted, policy)
    )


def merge_rows(one: Row, other: Row) -> Row:
    """``merge_object_rows`` or ``merge_container_rows``."""
    if isinstance(one, ObjectRow):
        assert isinstance(other, ObjectRow)
        return merge_object_rows(one, other)
    assert isinstance(other, ContainerRow)
    return merge_container_rows(one, other)


def is_live(row: Row) -> bool:
    """Whether a listing shows it."""
    if isinstance(row, ObjectRow):
        return not row.deleted
    return row.timestamp > row.deleted_timestamp


def merge_metadata(one: TimedMetadata, other: TimedMetadata) -> TimedMetadata:
    """Each item's newest value; removals (empty values) are items too."""
    if not other:
        return one
    merged = dict(one)
    for name, (value, timestamp) in other.items():
        held = merged.get(name)
        if held is None or (held[1], held[0]) < (timestamp, value):
            merged[name] = (value, timestamp)
    return merged
