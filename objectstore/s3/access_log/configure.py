"""PUT of a logging configuration: its target must be one that logs can go to."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3 import documents
from objectstore.s3.access.bucket_rules import check_new_acl
from objectstore.s3.access_log.target import parse_logging
from objectstore.s3.bucket.configuration import checked_body, store
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.render import render


def put_logging(operation: Operation) -> Reply:
    """PUT ?logging.  As with AWS the target is a bucket of the same owner."""
    text = render(read_document(checked_body(operation), "BucketLoggingStatus"))
    target = parse_logging(text)
    if target is not None:
        found = operation.house.buckets.find(
            operation.context, operation.facts.account, target.bucket
        )
        if found is None:
            raise S3Error(
                "InvalidTargetBucketForLogging",
                "The target bucket for logging does not exist, or is not owned by you",
                TargetBucket=target.bucket,
            )
        acl = target.acl(operation.facts.account)
        if acl is not None:
            check_new_acl(acl, found, operation.house.settings, asked="")
    store(operation, documents.pack("logging", text))
    return Reply(200, b"")
