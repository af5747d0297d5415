"""Of all completions and aborts of one upload at a time one is carried out.

Both end in deleting parts, so whoever began first must be done before the next looks
at what is left: an object that was acknowledged must not lose its parts.  A claim is a
conditional write of the upload's record, so one of many wins, through any process.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from objectstore.kernel.concurrency import sleep
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.multipart.parts import (
    RECORD_KEY,
    forget_record,
    record_name,
    segments_container,
)
from objectstore.s3.multipart.upload import Upload, find_upload
from objectstore.s3.operation import Operation

# A claim whose holder died: longer than any completion takes.
CLAIM_SECONDS = 900.0
WAIT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.1
_CLAIMED_AT = sysmeta.OBJECT + "claimed-at"


@dataclass(frozen=True, slots=True)
class _Claim:
    etag: str
    # There was no record before: nobody has begun to make an object.
    is_first: bool


@contextlib.contextmanager
def claimed(operation: Operation) -> Iterator[Upload]:
    """The request's upload, which nobody else completes or aborts meanwhile.

    ``NoSuchUpload`` when it is over, also because somebody else was first;
    ``OperationAborted`` when somebody else takes too long.
    """
    claim = _take(operation)
    upload_id = operation.query["uploadId"]
    try:
        upload = find_upload(operation)
    except S3Error:
        if claim.is_first:
            forget_record(operation, upload_id)
        else:
            _write(operation, claim.etag, is_claim=False).discard()
        raise
    try:
        yield upload
    except BaseException:
        # What was begun may have come to something: the record stays.
        _write(operation, claim.etag, is_claim=False).discard()
        raise


def _take(operation: Operation) -> _Claim:
    for _ in range(round(WAIT_SECONDS_MAX / POLL_SECONDS)):
        upload = find_upload(operation)
        container = segments_container(operation.facts.container)
        name = record_name(upload.upload_id)
        record = operation.ask("HEAD", container, name).discard()
        is_first = record.status == 404
        if not is_first and not record.is_success:
            raise operation.failed(record)
        if is_first or not _is_held(operation, record):
            written = _write(operation, record.get("etag") if not is_first else "")
            written.discard()
            if written.is_success:
                return _Claim(written.get("etag"), is_first)
            if written.status not in (409, 412):
                raise operation.failed(written)
        sleep(POLL_SECONDS)
    raise S3Error("OperationAborted")


def _is_held(operation: Operation, record: Answer) -> bool:
    at = record.get(_CLAIMED_AT)
    return bool(at) and operation.now() - float(at) < CLAIM_SECONDS


def _write(operation: Operation, etag: str, *, is_claim: bool = True) -> Answer:
    """Put the record if it is still as ``etag`` says ("": if there is none)."""
    headers = {
        RECORD_KEY: quote(operation.key, safe=""),
        "Content-Type": "text/plain",
        _CLAIMED_AT: f"{operation.now():.5f}" if is_claim else "",
    }
    headers["If-Match" if etag else "If-None-Match"] = etag or "*"
    return operation.ask(
        "PUT",
        segments_container(operation.facts.container),
        record_name(operation.query["uploadId"]),
        headers=headers,
        # Something of its own, so that its ETag tells it from all others.
        body=secrets.token_hex(16).encode(),
        internal=True,
    )
