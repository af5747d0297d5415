"""POST where there are versions: of what is current, and for S3 of any version."""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Request
from objectstore.middleware.subrequest import ask
from objectstore.middleware.versions.link import LINK
from objectstore.middleware.versions.names import parse_version_id
from objectstore.middleware.versions.null import null_timestamp
from objectstore.middleware.versions.place import Place, check
from objectstore.middleware.versions.reads import VERSION_ID


def post_version(place: Place, timestamp: int) -> Reply:
    """POST of one version (0: the null version), as only S3 knows it: its listing
    is not touched, for nothing in it changes."""
    head = place.head_current()
    link = "" if head is None else head.header(LINK)
    if not timestamp and head is not None and not link:
        return ask(place.app, place.request.environ)
    timestamp = timestamp or null_timestamp(place)
    if not timestamp:
        raise Rejected(404)
    environ = place.clients("POST", place.version_path(timestamp))
    for key in ("HTTP_X_DELETE_AT", "HTTP_X_DELETE_AFTER"):
        environ.pop(key, None)
    return ask(place.app, environ)


def post_current(place: Place) -> Reply:
    """POST: the current version's metadata; and its listing's time and type, unless
    it is S3's, which leaves both."""
    head = place.head_current()
    version_id = "" if head is None else head.header(LINK)
    if not version_id:
        return ask(place.app, place.request.environ)
    environ = place.clients("POST", place.version_path(parse_version_id(version_id)))
    for key in ("HTTP_X_DELETE_AT", "HTTP_X_DELETE_AFTER"):
        environ.pop(key, None)
    reply = ask(place.app, environ)
    if reply.status >= 300:
        return reply
    reply.set_header(VERSION_ID, version_id)
    context = place.request.context
    if context.is_s3 and context.if_timestamp:
        return reply
    link = place.own("POST", place.path)
    sent = Request(place.request.environ)
    for name in ("Content-Type", "X-Delete-At", "X-Delete-After"):
        if sent.has_header(name):
            Request(link).set_header(name, sent.header(name))
    check(place.do(link))
    return reply
