"""GET, HEAD and POST in a container with versions, and ``?version-id=``."""

from __future__ import annotations

from urllib.parse import quote

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.timestamps import to_text
from objectstore.middleware.subrequest import (
    ask,
    discard,
    read_reply,
)
from objectstore.middleware.versions.link import LINK, MARKER_TYPE, is_marker
from objectstore.middleware.versions.names import (
    NULL,
    NULL_MARK,
    parse_version_id,
    split_version,
    versions_prefix,
)
from objectstore.middleware.versions.place import (
    CONSISTENCY,
    Place,
    check,
    refuse_reduced,
)

VERSION_ID = "X-Object-Version-Id"
# A version may be deleted between finding the link and reading it.
TRIES = 3
# One entry, or all versions of one name.
LISTING_BYTES_MAX = 8 * 1024 * 1024


def read_current(place: Place) -> Reply:
    """GET or HEAD of whatever is current."""
    for _ in range(TRIES):
        head = place.head_current()
        version_id = "" if head is None else head.header(LINK)
        if head is None or not version_id:
            break
        reply = read_version(place, parse_version_id(version_id))
        if reply.status != 404:
            if place.request.context.is_s3 and reply.header(NULL_MARK):
                reply.set_header(VERSION_ID, NULL)
            if head.header("X-Delete-At"):
                reply.set_header("X-Delete-At", head.header("X-Delete-At"))
            target = f"{place.container_path()}/{place.name}"
            location = f"{quote(target)}?version-id={version_id}"
            reply.set_header("Content-Location", location)
            return reply
        discard(reply)
    else:
        # A link without its version is nobody's data.
        return _with_marker(place, text_reply(404))
    reply = ask(place.app, place.request.environ)
    if reply.status == 404:
        return _with_marker(place, reply)
    reply.set_header(VERSION_ID, NULL)
    return reply


def read_version(place: Place, timestamp: int) -> Reply:
    """GET or HEAD of one version; of a deletion 404."""
    environ = place.clients(place.request.method, place.version_path(timestamp))
    reply = ask(place.app, environ)
    reply.set_header(VERSION_ID, to_text(timestamp))
    if not is_marker(reply.header("Content-Type")):
        return reply
    discard(reply)
    return marker_reply(to_text(timestamp))


def marker_reply(version_id: str) -> Reply:
    """404 that says that the object was deleted."""
    reply = text_reply(404)
    reply.set_header("Content-Type", MARKER_TYPE)
    reply.set_header(VERSION_ID, version_id)
    return reply


def _with_marker(place: Place, reply: Reply) -> Reply:
    """Say of a missing object that a deletion is the newest that is known of it."""
    try:
        newest = newest_version(place)
    except Unavailable:
        return reply
    if newest is None or not is_marker(newest[1]):
        return reply
    discard(reply)
    return marker_reply(to_text(newest[0]))


def newest_version(place: Place) -> tuple[int, str] | None:
    """(time, content type) of the object's newest version; None: it has none."""
    for timestamp, content_type, _ in versions_of(place, 1):
        return timestamp, content_type
    return None


def versions_of(place: Place, limit: int) -> list[tuple[int, str, bool]]:
    """The newest versions: time, content type, whether it is S3's null version.
    ``Unavailable`` when too few replicas tell of them."""
    environ = place.own(
        "GET",
        place.hidden_path(),
        format="json",
        prefix=versions_prefix(place.name),
        limit=str(limit),
    )
    reply = place.ask(environ)
    if reply.status != 200 or reply.header(CONSISTENCY):
        discard(reply)
        refuse_reduced(reply)
        if reply.status != 404:
            check(reply)
        return []
    found = []
    for entry in orjson.loads(read_reply(reply, LISTING_BYTES_MAX)):
        split = split_version(entry["name"])
        # Another object's name may go on where this one's ends.
        if split is not None and split[0] == place.name:
            was_null = "version_null" in entry
            found.append((split[1], entry["content_type"], was_null))
    return found
