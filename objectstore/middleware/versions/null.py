"""The null version: what was written while versioning was not on.

Under the object's own name it is current.  Once it is replaced it is a version like
all others, with an id of its own; only for S3, where it stays ``null`` and is there
once at most, it carries a mark.
"""

from __future__ import annotations

from collections.abc import Mapping

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.reply import Reply
from objectstore.kernel.timestamps import from_text, to_text
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.subrequest import close_body, discard
from objectstore.middleware.versions.link import LINK, whole_listed_etag
from objectstore.middleware.versions.names import NULL_MARK
from objectstore.middleware.versions.place import Place, check
from objectstore.middleware.versions.reads import versions_of
from objectstore.wire.rows import LISTED_ETAG

EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
# More versions of one name than this are not looked through for the null one.
LOOKED_THROUGH_MAX = 10_000
_KEPT = (
    "Content-Type",
    "Content-Encoding",
    "Content-Disposition",
    "Content-Language",
    "Cache-Control",
    "Expires",
    "X-Robots-Tag",
    "X-Object-Manifest",
)
_KEPT_PREFIXES = (
    "X-Object-Meta-",
    "X-Object-Sysmeta-",
    "X-Object-Transient-Sysmeta-",
)


def marks(listed_etag: str) -> dict[str, str]:
    """The headers that make a version S3's null version."""
    return {NULL_MARK: "true", LISTED_ETAG: f"{listed_etag}; version_null=true"}


def save_null(place: Place, current: Reply | None, *, is_s3: bool) -> Mapping[str, str]:
    """Copy what stands there from before versioning into a version.

    The condition that the link's PUT must have: only what was copied may be
    replaced.
    """
    if current is None or current.header(LINK):
        return {}
    read = place.ask(place.own("GET", place.path, symlink="get"))
    if read.status == 404 or read.header(LINK):
        discard(read)
        return {}
    if read.status >= 300:
        discard(read)
        check(read)
    _copy(place, read, is_s3=is_s3)
    return {"If-Match": unquoted(read.header("Etag"))}


def kept_headers(read: Reply) -> dict[str, str]:
    """What a copy of an object keeps of it, as it is stored."""
    return {
        name.title(): value
        for name, value in read.headers
        if name.title() in _KEPT or name.title().startswith(_KEPT_PREFIXES)
    }


def _copy(place: Place, read: Reply, *, is_s3: bool) -> None:
    timestamp = from_text(read.header("X-Timestamp", "0"))
    headers = kept_headers(read)
    etag = unquoted(read.header("Etag"))
    headers["Etag"] = etag
    headers["X-Timestamp"] = to_text(timestamp)
    if is_s3:
        headers |= marks(whole_listed_etag(headers.get(LISTED_ETAG, ""), etag))
        forget_null(place, timestamp)
    environ = place.own("PUT", place.version_path(timestamp))
    environ["wsgi.input"] = IterableInput(read.body)
    environ["CONTENT_LENGTH"] = read.header("Content-Length")
    try:
        place.must(environ, headers)
    finally:
        close_body(read.body)


def null_timestamp(place: Place) -> int:
    """The time of the null version that S3 set aside; 0: there is none."""
    for timestamp, _, was_null in versions_of(place, LOOKED_THROUGH_MAX):
        if was_null:
            return timestamp
    return 0


def forget_null(place: Place, kept: int = 0) -> bool:
    """There is one null version at most: remove the one set aside before.

    One to which the link leads (it was made current again) goes from under its
    link, which the caller replaces.
    """
    timestamp = null_timestamp(place)
    if not timestamp or timestamp == kept:
        return False
    place.do(place.own("DELETE", place.version_path(timestamp)))
    return True
