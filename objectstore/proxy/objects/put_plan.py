"""What the head of an object PUT says, checked before a byte of the body is read."""

from __future__ import annotations

import re
from functools import lru_cache
from mimetypes import MimeTypes

from objectstore.kernel.conditions import Conditions, unquoted
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request, footers_of
from objectstore.proxy.objects.target import ObjectTarget
from objectstore.proxy.parts import Parts
from objectstore.proxy.protocol.expiry import requested_expiry
from objectstore.proxy.protocol.headers import (
    internal_timestamp,
    is_set,
    object_metadata,
)
from objectstore.proxy.protocol.limits import OBJECT_BYTES_MAX, check_header
from objectstore.wire.records import ObjectName, ObjectState

DEFAULT_CONTENT_TYPE = "application/octet-stream"
# In listings' rows such a parameter is the house's own (``wire.rows``): from a client
# it would make a listing lie about the object's size.
_INTERNAL_PARAMETER = re.compile(r";\s*swift_", re.IGNORECASE)


class PutPlan:
    """What the request's head says of the object to be."""

    __slots__ = (
        "_body",
        "conditions",
        "content_type",
        "delete_at",
        "etag",
        "length",
        "metadata",
        "system_metadata",
        "timestamp",
    )

    def __init__(self, parts: Parts, request: Request, name: str) -> None:
        self._body = request.body
        self.length = _length(request)
        self.content_type = content_type(request, name)
        self.metadata, self.system_metadata = object_metadata(request)
        self.delete_at = requested_expiry(request, parts.clock.time())
        self.etag = unquoted(request.header("Etag").strip()).lower()
        self.conditions = _conditions(request)
        self.timestamp = internal_timestamp(request)

    def state(
        self, target: ObjectTarget, timestamp: int, size: int, etag: str
    ) -> ObjectState:
        """The object as it is after this write, its body having been read."""
        footers = footers_of(self._body)
        system = (
            {**self.system_metadata, **footers} if footers else self.system_metadata
        )
        return ObjectState(
            ObjectName(
                target.account, target.container_name, target.name, target.policy
            ),
            timestamp,
            size,
            etag,
            self.content_type,
            timestamp,
            self.metadata,
            timestamp,
            system,
            self.delete_at,
        )

    def check_etag(self, etag: str) -> None:
        """Rejected 422 when the client announced other bytes."""
        if self.etag and self.etag != etag:
            raise Rejected(422)


def _length(request: Request) -> int | None:
    if request.is_chunked:
        return None
    length = request.content_length
    if length is None:
        raise Rejected(411, "Missing Content-Length header.")
    if length > OBJECT_BYTES_MAX:
        raise Rejected(413, "Your request is too large.")
    return length


def content_type(request: Request, name: str) -> str:
    """The Content-Type sent, or one guessed from the name."""
    sent = request.header("Content-Type").strip()
    if sent and not is_set(request, "HTTP_X_DETECT_CONTENT_TYPE"):
        check_header("Content-Type", sent)
        # Filters mark objects of their own with such a type.
        if not request.context.is_internal and _INTERNAL_PARAMETER.search(sent):
            raise Rejected(
                400, "Invalid Content-Type, swift_* is not a valid parameter name."
            )
        return sent
    if "." not in name and ":" not in name:
        return DEFAULT_CONTENT_TYPE  # neither an ending nor a scheme to guess by
    return _known_types().guess_type(name)[0] or DEFAULT_CONTENT_TYPE


@lru_cache(maxsize=1)
def _known_types() -> MimeTypes:
    # No files of the machine's: every proxy must guess alike.
    return MimeTypes(filenames=())


def _conditions(request: Request) -> Conditions | None:
    environ = request.environ
    if "HTTP_IF_NONE_MATCH" in environ:
        if environ["HTTP_IF_NONE_MATCH"].strip() != "*":
            raise Rejected(400, "If-None-Match only supports *")
        return Conditions(environ.get("HTTP_IF_MATCH", ""), "*")
    if "HTTP_IF_MATCH" in environ:
        return Conditions(environ["HTTP_IF_MATCH"])
    return None
