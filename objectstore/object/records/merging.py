"""What a state that comes takes: which record, with a body or without.  Pure.

The states themselves merge by ``wire.merge``, and what a record makes of a row is in
``object.records.state``.
"""

from __future__ import annotations

from objectstore.object.records.record import PUT_INLINE, TOMBSTONE, UPDATE
from objectstore.object.records.state import (
    Held,
    is_part,
    is_same_data,
    lacks_body,
    supersedes,
)
from objectstore.wire.records import ObjectState


def merged(
    held: Held | None, coming: ObjectState, has_body: bool
) -> tuple[int, ObjectState, bool]:
    """What to write when this state comes, its data along with it or not: the kind of
    record (0: none, for nothing would change), the state in it, and whether what came
    is part of that."""
    old = held.state if held is not None else None
    state = supersedes(old, coming)
    if state is None:
        assert old is not None, "the first state of a key is news"
        if not has_body or not (is_same_data(old, coming) and lacks_body(held)):
            return 0, old, is_part(coming, old)
        state = old
    kind = UPDATE
    if not state.exists and state.deleted_timestamp:
        kind = TOMBSTONE
    elif has_body and is_same_data(state, coming):
        has_it = old is not None and is_same_data(old, coming)
        kind = UPDATE if has_it and not lacks_body(held) else PUT_INLINE
    return kind, state, is_part(coming, state)


def needs_body(held: Held | None, coming: ObjectState) -> bool:
    """Whether merging this state takes data that is not here."""
    old = held.state if held is not None else None
    state = supersedes(old, coming)
    if state is None:
        return coming.exists and lacks_body(held)
    if not (state.exists and is_same_data(state, coming)):
        return False
    return old is None or not is_same_data(old, coming) or lacks_body(held)
