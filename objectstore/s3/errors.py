"""S3's errors, as verbs raise them: ``S3Error("NoSuchKey", Key=name)``.

Extra keyword arguments become elements of the XML body, in order.  Status and message
are those of ``error_codes``; nothing else in the face knows a status code of an error.
"""

from __future__ import annotations

from collections.abc import Iterable

from objectstore.kernel.errors import Rejected
from objectstore.s3.error_codes import ERRORS


class S3Error(Rejected):
    """The caller's fault, in S3's words.  ``details`` go into the XML body."""

    def __init__(
        self,
        code: str,
        message: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        **details: str,
    ) -> None:
        status, text = ERRORS[code]
        super().__init__(status, message or text, headers)
        self.code = code
        self.details = details


def not_allowed(method: str, allowed: Iterable[str], resource_type: str) -> S3Error:
    """``MethodNotAllowed``, with the methods that are."""
    return S3Error(
        "MethodNotAllowed",
        headers=(("Allow", ", ".join(sorted(allowed))),),
        Method=method,
        ResourceType=resource_type,
    )


# What a Swift answer means when a verb has nothing more exact to say.
_BY_STATUS = {
    400: "InvalidRequest",
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NoSuchKey",
    # What is read only says so with it: the filter ``read_only``.
    405: "AccessDenied",
    408: "RequestTimeout",
    409: "OperationAborted",
    411: "MissingContentLength",
    412: "PreconditionFailed",
    413: "EntityTooLarge",
    416: "InvalidRange",
    422: "BadDigest",
    498: "SlowDown",
    499: "IncompleteBody",
    501: "NotImplemented",
    503: "ServiceUnavailable",
    507: "ServiceUnavailable",
}


def from_status(status: int, message: str = "") -> S3Error:
    """The error for an inner reply's status."""
    return S3Error(_BY_STATUS.get(status, "InternalError"), message)
