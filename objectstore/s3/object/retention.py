"""Retention and legal hold of an object version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from objectstore.kernel.reply import Reply
from objectstore.s3.access.authorize import missing
from objectstore.s3.bucket.configuration import checked_body
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.amend import head_object
from objectstore.s3.object.delete import may_bypass
from objectstore.s3.object.lock import (
    Lock,
    change_lock,
    forget_lock,
    lock_of,
    parse_retention,
    shown_until,
    without_retention,
)
from objectstore.s3.operation import Operation
from objectstore.s3.xml.read import read_document
from objectstore.s3.xml.write import document, text


def get_retention(operation: Operation) -> Reply:
    """GET ?retention."""
    _require_lock(operation)
    lock = lock_of(operation, operation.key, head_object(operation))
    if not lock.mode:
        raise S3Error("NoSuchObjectLockConfiguration")
    body = document(
        "Retention", text("Mode", lock.mode), text("RetainUntilDate", shown_until(lock))
    )
    return Reply(200, body, content_type="application/xml")


def put_retention(operation: Operation) -> Reply:
    """PUT ?retention."""
    _require_lock(operation)
    root = read_document(checked_body(operation), "Retention")
    mode, until = root.get("Mode"), root.get("RetainUntilDate")
    now = operation.now()
    head = head_object(operation)
    wanted: tuple[str, float] = ("", 0.0)
    if mode or until:
        wanted = parse_retention(mode, until, now, "MalformedXML")
    bypass = may_bypass(operation)

    def change(lock: Lock) -> Lock:
        if not lock.permits(*wanted, now, bypass=bypass):
            raise S3Error(
                "AccessDenied", "Access Denied because object protected by object lock."
            )
        if not wanted[0]:
            return without_retention(lock)
        return replace(lock, mode=wanted[0], until=wanted[1])

    _change(operation, head, change)
    return Reply(200, b"")


def get_legal_hold(operation: Operation) -> Reply:
    """GET ?legal-hold."""
    _require_lock(operation)
    lock = lock_of(operation, operation.key, head_object(operation))
    body = document("LegalHold", text("Status", "ON" if lock.legal_hold else "OFF"))
    return Reply(200, body, content_type="application/xml")


def put_legal_hold(operation: Operation) -> Reply:
    """PUT ?legal-hold."""
    _require_lock(operation)
    status = read_document(checked_body(operation), "LegalHold").get("Status")
    if status not in ("ON", "OFF"):
        raise S3Error("MalformedXML")
    head = head_object(operation)
    _change(operation, head, lambda lock: replace(lock, legal_hold=status == "ON"))
    return Reply(200, b"")


def _change(operation: Operation, head: Answer, change: Callable[[Lock], Lock]) -> None:
    """Of the version that the ``head`` showed, if it is there still when that is done:
    one that is gone was not protected."""
    change_lock(operation, operation.key, head, change)
    version = head.get("x-object-version-id") or "null"
    query = f"version-id={quote(version, safe='')}"
    left = operation.ask_object("HEAD", query=query).discard()
    if left.status == 404 and not left.is_reduced:
        forget_lock(operation, operation.key, version)
        raise missing(operation, "NoSuchVersion")


def _require_lock(operation: Operation) -> None:
    if not operation.facts.has_object_lock:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")
