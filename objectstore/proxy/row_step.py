"""The second half of every object write: its row in the container.

It is part of the acknowledgement: a majority of the container's primaries has
the row on disk before the client hears of success, so a listing that follows
shows it.  Handoffs do not count, for no listing would ask them.

When there is no such majority the write still succeeds: the object's own log
record owes the row, and the device delivers it later.  The reply says
``X-Ringstack-Row: owed`` then.

A row is *paid* as soon as a majority of primaries has it: the container's own
replication brings it to the rest.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.proxy.databases import view_database
from objectstore.proxy.facts import Known
from objectstore.proxy.parts import Parts
from objectstore.wire.nodes import ContainerNode, ObjectNode
from objectstore.wire.records import ObjectRow, Receipt

OWED = ("X-Ringstack-Row", "owed")


class RowOutcome(enum.Enum):
    """What became of a row."""

    RECORDED = "recorded"  # on a majority of the container's primaries
    OWED = "owed"  # the device that holds the object will deliver it
    # A majority says there is none, and who says that there is one missed its deletion.
    NO_CONTAINER = "no container"


def record_row(
    parts: Parts,
    container: Known[ContainerNode],
    row: ObjectRow,
    key: bytes,
    holders: Iterable[tuple[ObjectNode, Promise[Receipt]]],
) -> RowOutcome:
    """Merge the row; on success tell the object's ``holders`` that it is paid.

    ``row.modified`` is the newest timestamp of the write that owes it.
    """
    group = container.group
    asked = parts.rows.merge_at_all(group.primaries, container.key, row)
    try:
        parts.rounds.settle(group, container.key, asked)
    except (Unavailable, Rejected):
        return RowOutcome.OWED
    found = missing = 0
    for _, promise in asked:
        if promise.done and promise.value is not None:
            if promise.value.found:
                found += 1
            else:
                missing += 1
    if found >= group.majority:
        for node, promise in holders:
            if promise.done and promise.error is None:
                node.paid(key, row.modified)
        return RowOutcome.RECORDED
    if missing >= group.majority and not found:
        return RowOutcome.NO_CONTAINER
    if missing and _is_deleted(parts, container):
        return RowOutcome.NO_CONTAINER
    # New or swapped devices may not have been filled yet.
    return RowOutcome.OWED


def _is_deleted(parts: Parts, container: Known[ContainerNode]) -> bool:
    """Whether those that have it just missed its deletion."""
    try:
        view = view_database(parts.rounds, container.group, container.key)
    except Unavailable:
        return False
    return view.was_deleted
