"""POST of an object: new metadata in place of all the old.

The bytes, their ETag and the system metadata stay.  The row is written again,
because listings show the new time and content type.
"""

from __future__ import annotations

from dataclasses import replace

from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.reply import HeaderList, Reply, text_reply
from objectstore.proxy.expiry import has_expired, requested_expiry
from objectstore.proxy.headers import internal_timestamp, object_metadata
from objectstore.proxy.lookups import look_up
from objectstore.proxy.object_target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.put_plan import content_type
from objectstore.proxy.row_step import OWED, RowOutcome, record_row
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectState
from objectstore.wire.rows import row_of


def post_object(parts: Parts, target: ObjectTarget) -> Reply:
    """Replace the metadata; 404 when there is no such object."""
    request = target.request
    metadata, _ = object_metadata(request)
    delete_at = requested_expiry(request, parts.clock.time())
    found = look_up(parts.rounds, target.group, target.key, want_body=False)
    held = found.state
    if held is None or not held.exists or has_expired(held, parts.clock.time()):
        return text_reply(404)
    parts.timestamps.observe(held.newest)
    timestamp = internal_timestamp(request) or parts.timestamps.now()
    change = ObjectState(
        held.name,
        metadata=metadata,
        metadata_timestamp=timestamp,
        delete_at=delete_at,
    )
    if request.header("Content-Type").strip():
        change = replace(
            change,
            content_type=content_type(request, target.name),
            content_type_timestamp=timestamp,
        )
    # No handoffs: one that has no data for the name would keep nothing of it.
    written = parts.rounds.write(
        target.group,
        lambda node: node.post(target.key, change),
        handoffs=False,
        key=target.key,
    )
    if not any(promise.value and promise.value.found for _, promise in written):
        raise Unavailable("no primary holds the object just now")
    row = row_of(merge_states(held, change))
    outcome = record_row(parts, target.container, row, target.key, written)
    if outcome is RowOutcome.NO_CONTAINER:
        parts.facts.forget_container(target.account, target.container_name)
        raise Rejected(404)
    headers: HeaderList = [OWED] if outcome is RowOutcome.OWED else []
    # Filters learn from it what kind of object this is.
    headers += held.system_metadata.items()
    return text_reply(202, "", headers)
