"""GetBucketAcl and PutBucketAcl."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.access import acl as acls
from objectstore.s3.access.acl_xml import ACL_BYTES_MAX, read_acl, write_acl
from objectstore.s3.access.bucket_rules import check_new_acl
from objectstore.s3.bucket.configuration import store, stored
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation


def get_bucket_acl(operation: Operation) -> Reply:
    """GET ?acl of a bucket."""
    text = stored(operation, "acl")
    account = operation.facts.account
    acl = acls.from_json(text) if text else acls.private(account)
    return Reply(200, write_acl(acl), content_type="application/xml")


def put_bucket_acl(operation: Operation) -> Reply:
    """PUT ?acl of a bucket."""
    facts = operation.facts
    acl = requested_acl(operation, facts.account)
    asked = operation.header("X-Amz-Acl")
    check_new_acl(acl, facts, operation.house.settings, asked=asked)
    store(operation, documents.pack("acl", acl.to_json()))
    return Reply(200, b"")


def requested_acl(operation: Operation, owner: str) -> acls.Acl:
    """The ACL that a request's headers or its body ask for: one of them."""
    acl = acls.from_headers(operation.header, owner, operation.facts.account)
    body = operation.read_body(ACL_BYTES_MAX, required=False)
    if acl is not None:
        if body:
            raise S3Error("UnexpectedContent")
        return acl
    if not body:
        raise S3Error(
            "MissingSecurityHeader",
            "Your request was missing a required header",
            MissingHeaderName="x-amz-acl",
        )
    return read_acl(body, owner)
