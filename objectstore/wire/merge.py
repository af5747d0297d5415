"""Two views of one object become one: newest timestamp wins, part by part.

Every replica, the proxy and replication merge with this one rule, so all who
have heard the same writes, in any order and any number of times, agree: the
merge is commutative, associative and idempotent (a join of a semilattice).

A state in its *normal form* keeps nothing that a newer part has made void:

* a tombstone voids every part that is not newer than it;
* data that lives is newer than every tombstone, which is then forgotten, and
  older than no other part (a PUT sets all three parts), so the parts that came
  before it are gone as well.

Two different writes with one timestamp can only come from two proxies in the
same ten microseconds, or that follow one clock that is ahead; the larger etag wins
then, on every replica alike.  That is the one of the listing, where another is shown
than that of the stored bytes: rows know no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from objectstore.wire.records import ObjectState
from objectstore.wire.rows import row_of


def merge_states(held: ObjectState | None, coming: ObjectState) -> ObjectState:
    """What is known once both are: see the module."""
    if held is None:
        return normal(coming)
    if _replaces(held, coming):
        return normal(coming)
    if held == coming:
        return normal(held)
    deleted = max(held.deleted_timestamp, coming.deleted_timestamp)
    data = _winner(held, held.timestamp, coming, coming.timestamp, _data_order)
    meta = _winner(
        held,
        held.metadata_timestamp,
        coming,
        coming.metadata_timestamp,
        _metadata_order,
    )
    kind = _winner(
        held,
        held.content_type_timestamp,
        coming,
        coming.content_type_timestamp,
        _content_type_order,
    )
    return normal(
        data._replace(
            metadata=meta.metadata,
            metadata_timestamp=meta.metadata_timestamp,
            delete_at=meta.delete_at,
            content_type=kind.content_type,
            content_type_timestamp=kind.content_type_timestamp,
            deleted_timestamp=deleted,
        )
    )


def _replaces(held: ObjectState, coming: ObjectState) -> bool:
    """Whether nothing of ``held`` is left: a PUT or DELETE after all that is known,
    which most writes are, needs no merging part by part."""
    newest = max(
        held.timestamp,
        held.metadata_timestamp,
        held.content_type_timestamp,
        held.deleted_timestamp,
    )
    return coming.deleted_timestamp > newest or (
        coming.timestamp > newest
        and coming.metadata_timestamp > newest
        and coming.content_type_timestamp > newest
    )


def normal(state: ObjectState) -> ObjectState:
    """The state without the parts that its own newer parts make void."""
    deleted = state.deleted_timestamp
    if not deleted:
        return state
    if state.timestamp > deleted:
        return state._replace(deleted_timestamp=0)
    live_metadata = state.metadata_timestamp > deleted
    live_type = state.content_type_timestamp > deleted
    bare = ObjectState(state.name, deleted_timestamp=deleted)
    if not (live_metadata or live_type):
        return bare
    # A POST that overtook its PUT on the way: kept until the PUT comes.
    if live_metadata:
        bare = bare._replace(
            metadata=state.metadata,
            metadata_timestamp=state.metadata_timestamp,
            delete_at=state.delete_at,
        )
    if live_type:
        bare = bare._replace(
            content_type=state.content_type,
            content_type_timestamp=state.content_type_timestamp,
        )
    return bare


def _winner(
    held: ObjectState,
    held_timestamp: int,
    coming: ObjectState,
    coming_timestamp: int,
    order: Callable[[ObjectState], Any],
) -> ObjectState:
    """The newer one; ``order`` is asked only when neither is."""
    if coming_timestamp != held_timestamp:
        return coming if coming_timestamp > held_timestamp else held
    return coming if order(coming) > order(held) else held


def _data_order(state: ObjectState) -> tuple[Any, ...]:
    row = row_of(state)
    return row.etag, row.size, state.etag, sorted(state.system_metadata.items())


def _metadata_order(state: ObjectState) -> tuple[Any, ...]:
    return state.delete_at, sorted(state.metadata.items())


def _content_type_order(state: ObjectState) -> str:
    return state.content_type
