"""How an object's state looks in its container's listing.

Filters whose stored bytes are not what a reader gets (manifests, encryption) say
with system metadata what the listing shows instead: an ETag, which may carry
parameters (``<etag>; slo_etag=<etag>``), and a size.

A size that is to be shown but not counted (a manifest's segments, what a link leads to,
are counted where they lie) is kept with the row's content type, as Swift does:
``text/plain;swift_bytes=123``.  Listings take it off again.
"""

from __future__ import annotations

from objectstore.wire.layouts import LAYOUT, parse_layout
from objectstore.wire.records import ObjectRow, ObjectState

LISTED_ETAG = "X-Object-Sysmeta-Container-Update-Override-Etag"
LISTED_SIZE = "X-Object-Sysmeta-Container-Update-Override-Size"
SHOWN_SIZE = "X-Object-Sysmeta-Container-Update-Override-Shown-Size"
SHOWN_SIZE_MARK = ";swift_bytes="


def row_of(state: ObjectState) -> ObjectRow:
    """The row that lists the object, or remembers that it was deleted."""
    name = state.name
    if not state.exists:
        at = state.deleted_timestamp
        return ObjectRow(name.object, at, 1, 0, "", 0, "", at, name.policy)
    system = state.system_metadata
    size, etag, content_type = state.size, state.etag, state.content_type
    if system:
        if LAYOUT in system:
            size = parse_layout(system[LAYOUT]).size
        etag = system.get(LISTED_ETAG, etag)
        if etag[:1] == ";":
            etag = state.etag + etag  # parameters only
        listed = system.get(LISTED_SIZE, "")
        if listed.isascii() and listed.isdigit():
            size = int(listed)
        shown = system.get(SHOWN_SIZE, "")
        if shown.isascii() and shown.isdigit():
            content_type += SHOWN_SIZE_MARK + shown
    return ObjectRow(
        name.object,
        state.timestamp,
        0,
        size,
        content_type,
        state.content_type_timestamp,
        etag,
        state.modified,
        name.policy,
    )
