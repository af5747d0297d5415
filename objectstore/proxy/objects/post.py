"""POST of an object: new metadata in place of all the old.

The bytes, their ETag and the system metadata stay.  The row is written again,
because listings show the new time and content type.  A POST that was made of what
somebody read (``Context.if_timestamp``) is decided with the name reserved.
"""

from __future__ import annotations

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.kernel.timestamps import to_text
from objectstore.proxy.known.lookups import look_up
from objectstore.proxy.objects.overtaken import follow
from objectstore.proxy.objects.put_plan import content_type
from objectstore.proxy.objects.reservation import Reservation
from objectstore.proxy.objects.row_step import RowOutcome, record_row
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.expiry import has_expired, requested_expiry
from objectstore.proxy.protocol.headers import OWED, internal_timestamp, object_metadata
from objectstore.proxy.rounds.asked import Asked
from objectstore.proxy.rounds.returning import Returning
from objectstore.wire.layouts import without_layout
from objectstore.wire.merge import merge_states
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState, Receipt
from objectstore.wire.rows import row_of

Written = Asked[ObjectNode, Receipt]


def post_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Replace the metadata; 404 when there is no such object, Rejected 412 when it
    is not what the request was made of."""
    request = target.request
    metadata, _ = object_metadata(request)
    delete_at = requested_expiry(request, parts.clock.time())
    expected = request.context.if_timestamp
    if not expected:
        found = look_up(parts.rounds, target.group, target.key, want_body=False)
        if found.is_reduced and (found.state is None or not found.state.exists):
            # Not 404: those that do not answer may have it.
            raise Unavailable("too few replicas to know that it does not exist")
        return _post(parts, target, found.state, metadata, delete_at)
    reservation = Reservation(
        parts.rounds,
        target.group,
        target.key,
        parts.new_token(),
        parts.settings.reserve_seconds,
    )
    try:
        held = reservation.take()
        if held is not None and held.exists and to_text(held.modified) != expected:
            raise Rejected(412)
        return _post(parts, target, held, metadata, delete_at)
    finally:
        reservation.release()


def _post(
    parts: Parts,
    target: ObjectTarget,
    held: ObjectState | None,
    metadata: dict[str, str],
    delete_at: int,
) -> Reply:
    """Change what is held."""
    request = target.request
    if held is None or not held.exists or has_expired(held, parts.clock.time()):
        return text_reply(404)
    timestamp = internal_timestamp(request)
    if request.context.if_timestamp and request.context.is_s3:
        # Right behind what it was made of: a PUT that is under way, of which the name's
        # reservation knows nothing, stays the newer one with its own metadata.
        timestamp = held.newest + 1
    elif not timestamp:
        follow(parts, held.newest)
        timestamp = parts.timestamps.now()
    change = ObjectState(
        held.name,
        metadata=metadata,
        metadata_timestamp=timestamp,
        delete_at=delete_at,
    )
    if request.header("Content-Type").strip():
        change = change._replace(
            content_type=content_type(request, target.name),
            content_type_timestamp=timestamp,
        )
    written = _write(parts, target, change)
    row = row_of(merge_states(held, change))
    outcome = record_row(parts, target.container, row, target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        parts.facts.forget_container(target.account, target.container_name)
        raise Rejected(404)
    headers: HeaderList = [OWED] if outcome is RowOutcome.OWED else []
    # Filters learn from it what kind of object this is.
    headers += without_layout(held.system_metadata).items()
    return text_reply(202, "", headers)


def _write(parts: Parts, target: ObjectTarget, change: ObjectState) -> Written:
    """Change it on a majority of the primaries that hold it.

    No handoffs: one that has no data for the name would keep nothing of it.  Nor does a
    primary that was away when the object was written; it is told of it now, and waited
    for where it is needed.  Raises ``Unavailable``.
    """
    returning = Returning(parts.rounds)
    while True:
        written = parts.rounds.write(
            target.group,
            lambda node: node.post(target.key, change),
            handoffs=False,
            key=target.key,
        )
        lacking = [node for node, promise in written if _lacks_it(promise)]
        answered = sum(promise.value is not None for _, promise in written)
        if answered - len(lacking) >= target.group.majority:
            return written
        if not returning.wait_for(lacking):
            raise Unavailable("too few primaries hold the object just now")


def _lacks_it(promise: Promise[Receipt]) -> bool:
    return promise.value is not None and not promise.value.found
