"""How an object's state looks in its container's listing.

Filters whose stored bytes are not what a reader gets (manifests, encryption) say
with system metadata what the listing shows instead: an ETag, which may carry
parameters (``<etag>; slo_etag=<etag>``), and a size.
"""

from __future__ import annotations

from objectstore.wire.records import ObjectRow, ObjectState

LISTED_ETAG = "X-Object-Sysmeta-Container-Update-Override-Etag"
LISTED_SIZE = "X-Object-Sysmeta-Container-Update-Override-Size"


def row_of(state: ObjectState) -> ObjectRow:
    """The row that lists the object, or remembers that it was deleted."""
    name = state.name
    if not state.exists:
        at = state.deleted_timestamp
        return ObjectRow(name.object, at, 1, 0, "", 0, "", at, name.policy)
    system = state.system_metadata
    size, etag = state.size, state.etag
    if system:
        etag = system.get(LISTED_ETAG, etag)
        listed = system.get(LISTED_SIZE, "")
        if listed.isascii() and listed.isdigit():
            size = int(listed)
    return ObjectRow(
        name.object,
        state.timestamp,
        0,
        size,
        state.content_type,
        state.content_type_timestamp,
        etag,
        state.modified,
        name.policy,
    )
