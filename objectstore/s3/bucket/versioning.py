"""Versioning of a bucket: Swift's object versioning, switched by S3's document."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.bucket.configuration import checked_body
from objectstore.s3.errors import S3Error
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.write import document, text

_STATES = {"Enabled": "true", "Suspended": "false"}


def put_versioning(operation: Operation) -> Reply:
    """PUT ?versioning."""
    root = read_document(checked_body(operation), "VersioningConfiguration")
    status = root.get("Status")
    if not status:
        raise S3Error("IllegalVersioningConfigurationException")
    if status not in _STATES:
        raise S3Error("MalformedXML")
    if root.get("MfaDelete") == "Enabled":
        raise S3Error("NotImplemented", "MFA delete is not supported")
    if status == "Suspended" and operation.facts.has_object_lock:
        raise S3Error(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning "
            "state cannot be changed.",
        )
    if status == "Suspended" and not operation.facts.versioning:
        # Swift knows no suspended state of what was never enabled.
        _set(operation, "true")
    _set(operation, _STATES[status])
    return Reply(200, b"")


def get_versioning(operation: Operation) -> Reply:
    """GET ?versioning."""
    answer = operation.ask_bucket("HEAD").discard()
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    value = answer.get("x-versions-enabled") or answer.get(
        "x-container-sysmeta-versions-enabled"
    )
    status = ""
    if value:
        status = (
            "Enabled" if value.lower() in ("true", "1", "yes", "on") else "Suspended"
        )
    body = document("VersioningConfiguration", text("Status", status) if status else "")
    return Reply(200, body, content_type="application/xml")


def _set(operation: Operation, value: str) -> None:
    answer = operation.ask_bucket("POST", headers={"X-Versions-Enabled": value})
    if answer.status in (400, 501):
        answer.close()
        raise S3Error("NotImplemented", "Versioning is not on in this store")
    if not answer.is_success:
        raise operation.failed(answer, missing="NoSuchBucket")
    answer.discard()
