"""How an object's state looks in its container's listing."""

from __future__ import annotations

from objectstore.wire.records import ObjectRow, ObjectState


def row_of(state: ObjectState) -> ObjectRow:
    """The row that lists the object, or remembers that it was deleted."""
    name = state.name
    if not state.exists:
        at = state.deleted_timestamp
        return ObjectRow(name.object, at, 1, 0, "", 0, "", at, name.policy)
    return ObjectRow(
        name.object,
        state.timestamp,
        0,
        state.size,
        state.content_type,
        state.content_type_timestamp,
        state.etag,
        state.modified,
        name.policy,
    )
