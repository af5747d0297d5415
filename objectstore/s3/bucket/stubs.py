"""What AWS answers of a bucket where a feature was never set up."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document


def get_accelerate(operation: Operation) -> Reply:
    """GET ?accelerate: never configured."""
    return Reply(
        200, document("AccelerateConfiguration"), content_type="application/xml"
    )


def get_replication(operation: Operation) -> Reply:
    """GET ?replication: never configured."""
    raise S3Error("ReplicationConfigurationNotFoundError", BucketName=operation.bucket)
