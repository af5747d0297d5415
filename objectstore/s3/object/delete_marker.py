"""Versions that only say that the object is gone."""

from __future__ import annotations

from objectstore.s3.errors import S3Error, not_allowed
from objectstore.s3.inner import Answer
from objectstore.s3.operation import Operation

_TYPE = "application/x-deleted;swift_versions_deleted=1"


def is_marker_type(content_type: str) -> bool:
    """Whether a thing of that type is a delete marker."""
    return content_type.replace(" ", "") == _TYPE


def is_marker(answer: Answer) -> bool:
    """Whether the inner answer, a 404, is that of a delete marker."""
    return is_marker_type(answer.get("content-type"))


def marker_refused(operation: Operation, answer: Answer) -> S3Error:
    """The error for whoever asks a marker, by its version, for what it has not."""
    error = not_allowed(operation.method, ("DELETE",), "DeleteMarker")
    version = answer.get("x-object-version-id")
    modified = answer.modified
    error.headers += (
        ("x-amz-delete-marker", "true"),
        ("x-amz-version-id", version),
        *((("Last-Modified", modified),) if modified else ()),
    )
    return error
