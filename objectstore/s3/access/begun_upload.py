"""Condition keys of what an upload was begun with.

How its object is encrypted a client says once: parts and completions do not repeat it,
and a policy that demands it must not refuse them.
"""

from __future__ import annotations

from objectstore.s3 import sysmeta
from objectstore.s3.multipart.parts import (
    is_upload_id,
    segments_container,
    upload_name,
)
from objectstore.s3.operation import Operation

_STORED = {
    "s3:x-amz-server-side-encryption": sysmeta.SSE,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": sysmeta.SSE_KEY,
}


def is_said_once(operation: Operation, key: str) -> bool:
    """Whether the key of this request is that of the upload that it goes on with."""
    return key in _STORED and "uploadId" in operation.query


def said_of_upload(operation: Operation, key: str) -> str | None:
    """The key's value as the upload was begun; None: nothing was said, or there is
    no such upload."""
    upload_id = operation.query["uploadId"]
    if not is_upload_id(upload_id):
        return None
    marker = operation.ask(
        "HEAD",
        segments_container(operation.facts.container),
        upload_name(operation.key, upload_id),
    ).discard()
    return marker.get(_STORED[key]) or None if marker.is_success else None
