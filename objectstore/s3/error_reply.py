"""An error as S3 tells it: XML, with IDs to find it again in the log."""

from __future__ import annotations

from urllib.parse import quote

from objectstore.kernel.reply import Reply
from objectstore.s3.errors import S3Error
from objectstore.s3.xml.write import document, element, text

STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def error_reply(
    error: S3Error, resource: str, request_id: str, *, is_head: bool
) -> Reply:
    """The reply; HEAD and "not modified" have no body."""
    headers = list(error.headers)
    if error.status == 304:
        # Caches put these headers in the place of those that they have kept: a type of
        # ours would become the object's.
        return Reply(304, (), headers)
    if is_head:
        return Reply(error.status, b"", headers, "application/xml")
    details = [text(name, _spelled(value)) for name, value in error.details.items()]
    body = document(
        "Error",
        text("Code", error.code),
        text("Message", error.text),
        *details,
        text("Resource", _spelled(resource)),
        text("RequestId", request_id),
        text("HostId", request_id),
        namespace="",
    )
    return Reply(error.status, body, headers, "application/xml")


def sts_error_reply(error: S3Error, request_id: str) -> Reply:
    """The same as STS tells it."""
    body = document(
        "ErrorResponse",
        element(
            "Error",
            text("Type", "Sender"),
            text("Code", error.code),
            text("Message", error.text),
        ),
        text("RequestId", request_id),
        namespace=STS_NAMESPACE,
    )
    return Reply(error.status, body, list(error.headers), "text/xml")


# An error must be read by every client, so what XML cannot say is as in a URL.
_UNSPEAKABLE = str.maketrans(
    {
        sign: quote(sign)
        for sign in (*map(chr, range(32)), "\ufffe", "\uffff")
        if sign not in "\t\n"
    }
)


def _spelled(value: str) -> str:
    return value if value.isprintable() else value.translate(_UNSPEAKABLE)
