"""Bucket policies: put, get, delete, and whether they are public."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.access.bucket_rules import access_block
from objectstore.s3.access.decision import is_public
from objectstore.s3.access.policy import POLICY_BYTES_MAX, parse_policy
from objectstore.s3.bucket.configuration import store, stored
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, flag


def put_policy(operation: Operation) -> Reply:
    """PUT ?policy."""
    body = operation.read_body(POLICY_BYTES_MAX + 1)
    policy = parse_policy(body, operation.facts.container)
    if is_public(policy) and access_block(operation.facts).block_public_policy:
        raise S3Error("AccessDenied")
    store(operation, documents.pack("policy", policy.text))
    return Reply(204, ())


def get_policy(operation: Operation) -> Reply:
    """GET ?policy: the very text that was put."""
    text = stored(operation, "policy")
    if not text:
        raise S3Error("NoSuchBucketPolicy", BucketName=operation.bucket)
    return Reply(200, text, content_type="application/json")


def delete_policy(operation: Operation) -> Reply:
    """DELETE ?policy."""
    store(operation, documents.pack("policy", ""))
    return Reply(204, ())


def get_policy_status(operation: Operation) -> Reply:
    """GET ?policyStatus."""
    text = stored(operation, "policy")
    if not text:
        raise S3Error("NoSuchBucketPolicy", BucketName=operation.bucket)
    body = document("PolicyStatus", flag("IsPublic", is_public(parse_policy(text))))
    return Reply(200, body, content_type="application/xml")
