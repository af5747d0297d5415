"""DELETE of an object: a tombstone on a majority, then the row's.

The tombstone is written even where there was nothing: a replica that has slept
through the object's PUT must not bring it back.
"""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.proxy.object_put import internal_timestamp
from objectstore.proxy.object_target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.row_step import OWED, RowOutcome, record_row, tombstone_row
from objectstore.wire.records import ObjectName, ObjectState


def delete_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Delete; 404 when nothing was there."""
    name = ObjectName(target.account, target.container_name, target.name, target.policy)
    timestamp = internal_timestamp(target.request) or parts.timestamps.now()
    tombstone = ObjectState(name, deleted_timestamp=timestamp)
    written = parts.rounds.write(
        target.group, lambda node: node.delete(target.key, tombstone)
    )
    row = tombstone_row(tombstone)
    outcome = record_row(parts, target.container, row, target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        parts.facts.forget_container(target.account, target.container_name)
        return text_reply(404)
    headers: HeaderList = [OWED] if outcome is RowOutcome.OWED else []
    was_there = any(
        promise.done and promise.value is not None and promise.value.found
        for _, promise in written
    )
    if not was_there:
        return text_reply(404, "", headers)
    return Reply(204, (), headers)
