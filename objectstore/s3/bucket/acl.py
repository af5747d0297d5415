"""GetBucketAcl and PutBucketAcl."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.access import acl as acls
from objectstore.s3.access.acl import Grant
from objectstore.s3.access.acl_xml import ACL_BYTES_MAX, read_acl, write_acl
from objectstore.s3.access.bucket_rules import check_new_acl
from objectstore.s3.access.swift_acl import bucket_grants, divided
from objectstore.s3.bucket.configuration import store
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.operation import Operation

READ, WRITE = "x-container-read", "x-container-write"


def get_bucket_acl(operation: Operation) -> Reply:
    """GET ?acl of a bucket: its own grants, and those that Swift's ACLs are."""
    answer = _head(operation)
    text = documents.unpack("acl", answer.headers)
    account = operation.facts.account
    acl = acls.from_json(text) if text else acls.private(account)
    # A grant of everything became one to write for Swift: it is not two.
    said = [
        grant
        for grant in bucket_grants(answer.get(READ), answer.get(WRITE))
        if Grant(grant.grantee, "FULL_CONTROL") not in acl.grants
    ]
    acl = acl.with_grants(tuple(said))
    return Reply(200, write_acl(acl), content_type="application/xml")


def put_bucket_acl(operation: Operation) -> Reply:
    """PUT ?acl of a bucket.  It says all there is to say: Swift's ACLs follow."""
    facts = operation.facts
    acl = requested_acl(operation, facts.account)
    asked = operation.header("X-Amz-Acl")
    check_new_acl(acl, facts, operation.house.settings, asked=asked)
    held = _head(operation)
    store(operation, acl_headers(acl, held.get(READ)))
    return Reply(200, b"")


def acl_headers(acl: acls.Acl, old_read: str = "") -> dict[str, str]:
    """The inner headers of a bucket with that ACL; ``old_read`` is Swift's read ACL
    before it."""
    own, read, write = divided(acl, old_read)
    return {**documents.pack("acl", own.to_json()), READ: read, WRITE: write}


def _head(operation: Operation) -> Answer:
    answer = operation.ask_bucket("HEAD").discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    return answer


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
