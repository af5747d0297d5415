"""HeadBucket, GetBucketLocation."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.operation import Operation
from objectstore.s3.xml.write import document, escape


def head_bucket(operation: Operation) -> Reply:
    """HEAD of a bucket: it exists, and where."""
    headers = [
        ("x-amz-bucket-region", operation.house.settings.location),
        ("x-amz-access-point-alias", "false"),
        ("Content-Length", "0"),
    ]
    return Reply(200, (), headers, "application/xml")


def get_location(operation: Operation) -> Reply:
    """GET ?location; the first of AWS's regions has no name here."""
    location = operation.house.settings.location
    shown = "" if location == "us-east-1" else escape(location)
    return Reply(
        200, document("LocationConstraint", shown), content_type="application/xml"
    )
