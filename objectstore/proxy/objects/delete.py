"""DELETE of an object: a tombstone on a majority, then the row's.

The tombstone is written even where there was nothing: a replica that has slept
through the object's PUT must not bring it back.  With ``If-Match`` or
``If-Unmodified-Since`` the name is reserved while the object is judged, so what a
writer puts in between is never deleted unseen.
"""

from __future__ import annotations

from collections.abc import Hashable

from objectstore.kernel.conditions import Conditions
from objectstore.kernel.reply import HeaderList, Reply, no_content, text_reply
from objectstore.proxy.objects.overtaken import follow, follows_the_clock
from objectstore.proxy.objects.put import check_conditions
from objectstore.proxy.objects.reservation import Reservation
from objectstore.proxy.objects.row_step import RowOutcome, RowStep
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.headers import OWED, internal_timestamp
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.hidden import refuse_hidden
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectName, ObjectState, Receipt
from objectstore.wire.rows import row_of

Written = Asked[ObjectNode, Receipt]


def delete_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Delete; 404 when nothing was there, Rejected 412 when conditions forbid it."""
    conditions = Conditions.of(target.request)
    if conditions is not None and (
        conditions.if_match or conditions.if_unmodified_since
    ):
        row, written = _bury_if(parts, target, conditions)
    else:
        given = internal_timestamp(target.request)
        timestamp = given or parts.timestamps.now()
        row, written = _bury(parts, target, timestamp)
        if not given and follows_the_clock(parts, target, written, timestamp):
            row, written = _bury(parts, target, parts.timestamps.now())
    outcome = row.record(target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        parts.facts.forget_container(target.account, target.container_name)
        return text_reply(404)
    headers: HeaderList = [OWED] if outcome is RowOutcome.OWED else []
    if not _was_there(target.group, written):
        return text_reply(404, "", headers)
    return no_content(headers)


def _bury(
    parts: Parts, target: ObjectTarget, timestamp: int, *, is_guarded: bool = False
) -> tuple[RowStep, Written]:
    """``is_guarded``: the row is to wait until the name is free again."""
    name = ObjectName(target.account, target.container_name, target.name, target.policy)
    tombstone = ObjectState(name, deleted_timestamp=timestamp)
    row = RowStep(parts, target.container, row_of(tombstone))
    written = parts.rounds.write(
        target.group,
        lambda node: node.delete(target.key, tombstone),
        key=target.key,
        then=None if is_guarded else row.begin,
    )
    refuse_hidden(
        parts.rounds,
        target.group,
        written,
        lambda node: node.lookup(target.key, want_body=False),
    )
    return row, written


def _bury_if(
    parts: Parts, target: ObjectTarget, conditions: Conditions
) -> tuple[RowStep, Written]:
    """The same while no other conditional write decides; Rejected 412."""
    reservation = Reservation(
        parts.rounds,
        target.group,
        target.key,
        parts.new_token(),
        parts.settings.reserve_seconds,
    )
    # If-None-Match guards writes that create; of a deletion it says nothing.
    guarding = conditions._replace(if_none_match="")
    try:
        held = reservation.take()
        check_conditions(parts, target.request, guarding, held)
        given = internal_timestamp(target.request)
        if held is not None and not given:
            follow(parts, held.newest)
        timestamp = given or parts.timestamps.now()
        return _bury(parts, target, timestamp, is_guarded=True)
    finally:
        reservation.release()


def _was_there(group: Group[ObjectNode], written: Written) -> bool:
    """What most processes with primaries say, of which those that missed a write may
    know better or worse than the others, each on all of its devices.  A tie counts as
    yes."""
    said: dict[Hashable, list[bool]] = {}
    for owner, (_, promise) in zip(group.owners, written, strict=False):
        if promise.value is not None:
            said.setdefault(owner, []).append(promise.value.found)
    found = sum(sum(each) / len(each) for each in said.values())
    return found > 0 and 2 * found >= len(said)
