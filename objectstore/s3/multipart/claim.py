"""Of all completions and aborts of one upload at a time one is carried out.

Both end in deleting parts, so whoever began first must be done before the next looks
at what is left: an object that was acknowledged must not lose its parts.  A claim is a
conditional write of the upload's record, so one of many wins, through any process.

A claim can be taken over, from a holder that is no more or that has taken very long.
So before each step that cannot be taken back the holder confirms it, by the same
conditional write: who was taken over goes no further.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from urllib.parse import quote

from objectstore.kernel.concurrency import sleep
from objectstore.kernel.process_mark import has_ended, own_mark
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
from objectstore.s3.multipart.use import ATTEMPTS, attempts_of
from objectstore.s3.operation import Operation

# A claim whose holder may have died: longer than any completion takes.
CLAIM_SECONDS = 900.0
# And whose holder has died, as one sees on its machine: clients repeat what a worker
# that was killed did not answer.  What it asked of nodes last is done by then.
DEAD_CLAIM_SECONDS = 5.0
WAIT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.1
_CLAIMED_AT = sysmeta.OBJECT + "claimed-at"
_CLAIMED_BY = sysmeta.OBJECT + "claimed-by"


class Claim:
    """One that was won."""

    def __init__(self, operation: Operation, etag: str, attempts: int | None) -> None:
        """``etag``: the record's as we wrote it; ``attempts`` at the object that were
        begun before, as it said (None: there was no record)."""
        self._operation = operation
        self._etag = etag
        self.is_first = attempts is None
        self._attempts = self.attempts_before = attempts or 0

    def confirm(self) -> None:
        """Go on only if nobody has taken it over; from here on it holds anew.
        ``OperationAborted`` otherwise."""
        written = self._write_again()
        if written.status in (409, 412):
            raise S3Error("OperationAborted")
        if not written.is_success:
            raise self._operation.failed(written)

    def still_holds(self) -> bool:
        """The same, for who has done what he was asked and only tidies up."""
        return self._write_again().is_success

    def _write_again(self) -> Answer:
        written = _write(self._operation, self._etag, self._attempts).discard()
        if written.is_success:
            self._etag = written.get("etag")
        return written

    def begin_object(self) -> None:
        """The same, before the object is written: it may be there from now on."""
        self._attempts += 1
        self.confirm()

    def object_refused(self) -> None:
        """It was not written, for certain."""
        self._attempts -= 1

    def release(self) -> None:
        """Let the next one have it; nothing is done if somebody has."""
        _write(self._operation, self._etag, self._attempts, is_claim=False).discard()


@contextlib.contextmanager
def claimed(operation: Operation) -> Iterator[tuple[Upload, Claim]]:
    """The request's upload, which nobody else completes or aborts meanwhile.

    ``NoSuchUpload`` when it is over, also because somebody else was first;
    ``OperationAborted`` when somebody else takes too long, or takes it over.
    """
    claim = _take(operation)
    try:
        upload = find_upload(operation)
    except S3Error:
        if claim.is_first:
            forget_record(operation, operation.query["uploadId"])
        else:
            claim.release()
        raise
    try:
        yield upload, claim
    except BaseException:
        claim.release()
        raise


def _take(operation: Operation) -> Claim:
    for _ in range(round(WAIT_SECONDS_MAX / POLL_SECONDS)):
        upload = find_upload(operation)
        container = segments_container(operation.facts.container)
        name = record_name(upload.upload_id)
        record = operation.ask("HEAD", container, name).discard()
        is_first = record.status == 404
        if not is_first and not record.is_success:
            raise operation.failed(record)
        at, by = record.get(_CLAIMED_AT), record.get(_CLAIMED_BY)
        if is_first or not is_held(at, by, operation.now()):
            attempts = None if is_first else attempts_of(record)
            etag = "" if is_first else record.get("etag")
            written = _write(operation, etag, attempts or 0).discard()
            if written.is_success:
                return Claim(operation, written.get("etag"), attempts)
            if written.status not in (409, 412):
                raise operation.failed(written)
        sleep(POLL_SECONDS)
    raise S3Error("OperationAborted")


def is_held(at: str, by: str, now: float) -> bool:
    """Whether a claim of that moment ("": none) by the process of that mark holds.
    Pure, but for a look whether the process is there."""
    if not at:
        return False
    age = now - float(at)
    if age < DEAD_CLAIM_SECONDS:
        return True
    return age < CLAIM_SECONDS and not has_ended(by)


def _write(
    operation: Operation, etag: str, attempts: int, *, is_claim: bool = True
) -> Answer:
    """Put the record if it is still as ``etag`` says ("": if there is none)."""
    headers = {
        RECORD_KEY: quote(operation.key, safe=""),
        "Content-Type": "text/plain",
        _CLAIMED_AT: f"{operation.now():.5f}" if is_claim else "",
        _CLAIMED_BY: own_mark() if is_claim else "",
        ATTEMPTS: str(attempts),
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
