"""DeleteObject: with versions, delete markers and object lock."""

from __future__ import annotations

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.access.authorize import Permission, authorize, version_query
from objectstore.s3.errors import S3Error
from objectstore.s3.multipart.leftovers import (
    replaced_by,
    replaced_upload,
    sweep_replaced,
)
from objectstore.s3.notify.event import Event
from objectstore.s3.object.delete_marker import is_marker
from objectstore.s3.object.lock import Lock, claim_deletion, forget_lock
from objectstore.s3.object.put import has_etag
from objectstore.s3.operation import Operation

# Conditions of directory buckets: nothing is deleted on one that was not looked at.
_UNHELD = ("X-Amz-If-Match-Size", "X-Amz-If-Match-Last-Modified-Time")


def delete_object(operation: Operation) -> Reply:
    """DELETE of an object or of one of its versions."""
    for header in _UNHELD:
        if operation.header(header):
            raise S3Error("NotImplemented", Header=header)
    return Reply(204, (), delete_one(operation, operation.header("If-Match")))


def delete_one(operation: Operation, if_match: str = "") -> HeaderList:
    """Delete the operation's key; the headers that tell what was done."""
    if operation.version_id:
        return _delete_version(operation)
    condition = _held_by(operation, if_match) if if_match else {}
    return delete_current(operation, condition)


def delete_current(operation: Operation, condition: dict[str, str]) -> HeaderList:
    """Delete what is current, if the store's own ``condition`` holds then."""
    is_versioned = bool(operation.facts.versioning)
    replaced = None if is_versioned else replaced_upload(operation)
    answer = operation.take_asked()
    if answer is None:
        answer = operation.ask_object("DELETE", headers=condition)
    answer.discard()
    if answer.status == 412 and condition:
        raise S3Error("PreconditionFailed", Condition="If-Match")
    if answer.status not in (204, 200, 404):
        raise operation.failed(answer)
    version = answer.get("x-object-version-id")
    # With one, it has versions since we last looked: nothing has gone.
    if replaced is not None and not version:
        sweep_replaced(operation, replaced)
    if not version:
        if answer.status != 404:
            _note(operation, "Delete")
        return []
    _note(operation, "DeleteMarkerCreated", version)
    return [("x-amz-version-id", version), ("x-amz-delete-marker", "true")]


def _delete_version(operation: Operation) -> HeaderList:
    query = version_query(operation)
    head = operation.ask_object(
        "HEAD", query=f"{query}&multipart-manifest=get"
    ).discard()
    names_marker = head.status == 404 and is_marker(head)
    has_lock = operation.facts.has_object_lock
    if has_lock and head.is_success:
        claim_deletion(
            operation, operation.key, head, lambda lock: check_lock(operation, lock)
        )
    elif has_lock and (head.status >= 500 or head.is_reduced):
        raise Unavailable("whether a version is protected cannot be looked up")
    answer = operation.ask_object("DELETE", query=query).discard()
    # 400: the bucket never had versions, so this one is not there either.
    was_there = answer.status in (204, 200)
    if not was_there and answer.status not in (404, 400):
        raise operation.failed(answer)
    version = operation.version_id
    if has_lock:
        forget_lock(operation, operation.key, version)
    replaced = replaced_by(head)
    if replaced is not None:
        sweep_replaced(operation, replaced)
    if was_there:
        _note(operation, "Delete", version)
    headers: HeaderList = [("x-amz-version-id", version)]
    if names_marker:
        headers.append(("x-amz-delete-marker", "true"))
    return headers


def _note(operation: Operation, how: str, version: str = "") -> None:
    event = Event(f"ObjectRemoved:{how}", operation.key, version_id=version)
    operation.events.append(event)


def check_lock(operation: Operation, lock: Lock) -> None:
    """Raise ``AccessDenied`` while the version may not go."""
    if not lock.forbids_deletion(operation.now(), bypass_governance=True):
        if not lock.forbids_deletion(operation.now(), bypass_governance=False):
            return
        if may_bypass(operation):
            return
    raise S3Error(
        "AccessDenied", "Access Denied because object protected by object lock."
    )


def may_bypass(operation: Operation) -> bool:
    """Whether the request asks to bypass governance, and its sender may."""
    asked = operation.header("X-Amz-Bypass-Governance-Retention").lower() == "true"
    if asked:
        authorize(operation, "s3:BypassGovernanceRetention", Permission())
    return asked


def _held_by(operation: Operation, if_match: str) -> dict[str, str]:
    """If-Match as the store below can hold it: its own ETag of the same data."""
    head = operation.ask_object("HEAD", query="multipart-manifest=get").discard()
    if head.status == 404:
        raise S3Error("NoSuchKey", Key=operation.key)
    if not head.is_success:
        raise operation.failed(head)
    if not has_etag(operation, head, if_match):
        raise S3Error("PreconditionFailed", Condition="If-Match")
    return {"If-Match": head.get("etag").strip('"')}
