"""DeleteBucket: the container, what served it from behind, its register entry."""

from __future__ import annotations

from objectstore.kernel.reply import Reply
from objectstore.s3.errors import S3Error
from objectstore.s3.multipart.parts import all_segments, segments_container
from objectstore.s3.multipart.use import may_be_archived, note_archived
from objectstore.s3.names import LOCKS_SUFFIX
from objectstore.s3.operation import Operation


def delete_bucket(operation: Operation) -> Reply:
    """DELETE of an empty bucket.  Uploads under way end with it.  Parts stay where old
    versions elsewhere may be made of them."""
    facts = operation.facts
    versioned = facts.versioning == "Enabled"
    _check_empty(operation)
    is_archived = may_be_archived(operation)
    if is_archived:
        note_archived(operation)
    if versioned:
        _set_versions(operation, "false")
    answer = operation.ask_bucket("DELETE").discard()
    if not answer.is_success:
        if versioned:
            _set_versions(operation, "true")
        if answer.status == 409:
            raise S3Error("BucketNotEmpty", BucketName=operation.bucket)
        raise operation.failed(answer, missing="NoSuchBucket")
    _clear(operation, keeps_parts=is_archived)
    operation.house.registry.release(operation.environ, facts.container, facts.account)
    return Reply(204, ())


def _check_empty(operation: Operation) -> None:
    """Objects or versions refuse before anything is changed."""
    query = "format=json&limit=1"
    if operation.facts.versioning:
        query += "&versions=1"
    answer = operation.ask_bucket("GET", query=query)
    if answer.status == 404:
        answer.discard()
        raise S3Error("NoSuchBucket", BucketName=operation.bucket)
    if answer.read(2**16).strip() not in (b"[]", b""):
        raise S3Error("BucketNotEmpty", BucketName=operation.bucket)


def _set_versions(operation: Operation, value: str) -> None:
    operation.ask_bucket("POST", headers={"X-Versions-Enabled": value}).discard()


def _clear(operation: Operation, *, keeps_parts: bool) -> None:
    """Take away the containers beside the bucket's, with what is left in them."""
    container = operation.facts.container
    segments = segments_container(container)
    for entry in all_segments(operation, "uploads/" if keeps_parts else ""):
        operation.ask("DELETE", segments, entry["name"], internal=True).discard()
    if not keeps_parts:
        operation.ask("DELETE", segments, internal=True).discard()
    operation.ask("DELETE", container + LOCKS_SUFFIX, internal=True).discard()
