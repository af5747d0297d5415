"""DELETE of an object: a tombstone on a majority, then the row's.

The tombstone is written even where there was nothing: a replica that has slept
through the object's PUT must not bring it back.
"""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.proxy.asked import Asked
from objectstore.proxy.headers import internal_timestamp
from objectstore.proxy.object_target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.row_step import OWED, RowOutcome, record_row
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectName, ObjectState, Receipt
from objectstore.wire.rows import row_of


def delete_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Delete; 404 when nothing was there."""
    name = ObjectName(target.account, target.container_name, target.name, target.policy)
    timestamp = internal_timestamp(target.request) or parts.timestamps.now()
    tombstone = ObjectState(name, deleted_timestamp=timestamp)
    written = parts.rounds.write(
        target.group,
        lambda node: node.delete(target.key, tombstone),
        key=target.key,
    )
    row = row_of(tombstone)
    outcome = record_row(parts, target.container, row, target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        parts.facts.forget_container(target.account, target.container_name)
        return text_reply(404)
    headers: HeaderList = [OWED] if outcome is RowOutcome.OWED else []
    if not _was_there(written[: len(target.group.primaries)]):
        return text_reply(404, "", headers)
    return Reply(204, (), headers)


def _was_there(written: Asked[ObjectNode, Receipt]) -> bool:
    """What most primaries say: one that missed a write may know better or worse
    than the others.  A tie counts as yes."""
    receipts = [promise.value for _, promise in written if promise.value is not None]
    found = sum(receipt.found for receipt in receipts)
    return found > 0 and 2 * found >= len(receipts)
