"""GetObjectAcl and PutObjectAcl."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import sysmeta
from objectstore.s3.access import acl as acls
from objectstore.s3.access.acl_xml import write_acl
from objectstore.s3.access.bucket_rules import check_new_acl
from objectstore.s3.access.swift_acl import object_grants
from objectstore.s3.bucket.acl import READ, requested_acl
from objectstore.s3.notify.event import Event
from objectstore.s3.object.amend import amend, head_object
from objectstore.s3.object.reply_headers import s3_etag, version_headers
from objectstore.s3.operation import Operation


def get_object_acl(operation: Operation) -> Reply:
    """GET ?acl of an object."""
    head = head_object(operation)
    stored = head.get(sysmeta.ACL)
    owner = head.get(sysmeta.OWNER) or operation.facts.account
    acl = acls.from_json(stored) if stored else acls.private(owner)
    acl = acl.with_grants(object_grants(operation.facts.metadata.get(READ, "")))
    return Reply(
        200, write_acl(acl), version_headers(head), content_type="application/xml"
    )


def put_object_acl(operation: Operation) -> Reply:
    """PUT ?acl of an object."""
    head = head_object(operation)
    owner = head.get(sysmeta.OWNER) or operation.facts.account
    acl = requested_acl(operation, owner)
    asked = operation.header("X-Amz-Acl")
    check_new_acl(acl, operation.facts, operation.house.settings, asked=asked)
    head = amend(operation, head, {sysmeta.ACL: acl.to_json()})
    version = head.get("x-object-version-id")
    event = Event(
        "ObjectAcl:Put", operation.key, etag=s3_etag(head), version_id=version
    )
    operation.events.append(event)
    return Reply(200, b"", version_headers(head))
