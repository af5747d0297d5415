"""Object lock in headers: what an upload asks for, what a read shows."""

from __future__ import annotations

from objectstore.kernel.reply import HeaderList
from objectstore.s3 import sysmeta
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.bucket.lock_configuration import default_retention
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.object.lock import lock_of, parse_retention, shown_until
from objectstore.s3.operation import Operation

_MODE = "X-Amz-Object-Lock-Mode"
_UNTIL = "X-Amz-Object-Lock-Retain-Until-Date"
_HOLD = "X-Amz-Object-Lock-Legal-Hold"
_START = "HTTP_X_AMZ_OBJECT_LOCK_"


def lock_headers(operation: Operation, answer: Answer) -> HeaderList:
    """What a read shows of the version's protection."""
    if not operation.facts.has_object_lock:
        return []
    lock = lock_of(operation, operation.key, answer)
    headers: HeaderList = []
    if lock.mode:
        headers.append((_MODE.lower(), lock.mode))
        headers.append((_UNTIL.lower(), shown_until(lock)))
    if lock.legal_hold:
        headers.append((_HOLD.lower(), "ON"))
    return headers


def lock_to_store(operation: Operation) -> dict[str, str]:
    """The system metadata of a new version: as asked, or the bucket's default."""
    if not operation.facts.has_object_lock:
        if [key for key in operation.extras if key.startswith(_START)]:
            raise S3Error(
                "InvalidRequest", "Bucket is missing Object Lock Configuration"
            )
        return {}
    mode, until = operation.header(_MODE), operation.header(_UNTIL)
    hold = operation.header(_HOLD)
    stored: dict[str, str] = {}
    if bool(mode) != bool(until):
        raise S3Error(
            "InvalidArgument",
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both "
            "be supplied",
        )
    now = operation.now()
    if mode:
        authorize(operation, "s3:PutObjectRetention", Permission())
        mode, seconds = parse_retention(mode, until, now, "InvalidArgument")
        stored[sysmeta.RETENTION] = f"{mode}:{seconds}"
    else:
        default = default_retention(operation.facts)
        if default is not None:
            stored[sysmeta.RETENTION] = f"{default.mode}:{now + default.seconds}"
    if hold:
        authorize(operation, "s3:PutObjectLegalHold", Permission())
        if hold not in ("ON", "OFF"):
            raise S3Error(
                "InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'"
            )
        stored[sysmeta.LEGAL_HOLD] = hold
    return stored
