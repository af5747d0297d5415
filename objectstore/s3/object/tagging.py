"""GetObjectTagging, PutObjectTagging, DeleteObjectTagging."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import sysmeta
from objectstore.s3.bucket.configuration import checked_body
from objectstore.s3.inner import Answer
from objectstore.s3.notify.event import Event
from objectstore.s3.object import tags
from objectstore.s3.object.amend import amend, head_object
from objectstore.s3.object.reply_headers import s3_etag, version_headers
from objectstore.s3.operation import Operation


def get_tagging(operation: Operation) -> Reply:
    """GET ?tagging of an object."""
    head = head_object(operation)
    body = tags.to_xml(tags.read_stored_tags(head.get(sysmeta.TAGS)))
    return Reply(200, body, version_headers(head), content_type="application/xml")


def put_tagging(operation: Operation) -> Reply:
    """PUT ?tagging of an object."""
    wanted = tags.from_xml(checked_body(operation))
    head = head_object(operation)
    head = amend(operation, head, {sysmeta.TAGS: tags.to_stored(wanted)})
    _note(operation, "Put", head)
    return Reply(200, b"", version_headers(head))


def delete_tagging(operation: Operation) -> Reply:
    """DELETE ?tagging of an object."""
    head = head_object(operation)
    head = amend(operation, head, {sysmeta.TAGS: ""})
    _note(operation, "Delete", head)
    return Reply(204, (), version_headers(head))


def _note(operation: Operation, how: str, head: Answer) -> None:
    version = head.get("x-object-version-id")
    name = f"ObjectTagging:{how}"
    event = Event(name, operation.key, etag=s3_etag(head), version_id=version)
    operation.events.append(event)
