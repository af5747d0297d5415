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
import hashlib
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

# A claim whose holder may have died: who lives confirms it more often.
CLAIM_SECONDS = 120.0
KEEP_SECONDS = 30.0
# And whose holder has died, as one sees on its machine: clients repeat what a worker
# that was killed did not answer.  What it asked of nodes last is done by then.
DEAD_CLAIM_SECONDS = 5.0
WAIT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.1
_CLAIMED_AT = sysmeta.OBJECT + "claimed-at"
_CLAIMED_BY = sysmeta.OBJECT + "claimed-by"


class Claim:
    """One to win, and to hold."""

    def __init__(self, operation: Operation, attempts: int | None) -> None:
        """``attempts`` at the object that were begun before, as the record said (None:
        there was no record)."""
        self._operation = operation
        self.is_first = attempts is None
        self._attempts = self.attempts_before = attempts or 0
        # What the record's ETag is if it is ours; several after a write of which one
        # does not know what became of it.
        self._etags: list[str] = []
        self._confirmed = 0.0

    def win(self, before: str) -> bool:
        """Whether it is ours now; ``before``: the ETag of the record that says that it
        is free, "": there is none.  Raises when one cannot know."""
        written = self._write(before)
        if written.is_success:
            return True
        if written.status in (409, 412):
            return False
        self.release()
        raise self._operation.failed(written)

    def confirm(self) -> None:
        """Go on only if nobody has taken it over; from here on it holds anew.
        ``OperationAborted`` otherwise."""
        written = self._write(self._etags[-1])
        if written.status in (409, 412):
            raise S3Error("OperationAborted")
        if not written.is_success:
            raise self._operation.failed(written)

    def keep(self) -> None:
        """The same now and then, in the midst of what may take long."""
        if self._operation.now() - self._confirmed > KEEP_SECONDS:
            self.confirm()

    def still_holds(self) -> bool:
        """The same, for who has done what he was asked and only tidies up."""
        return self._write(self._etags[-1]).is_success

    def begin_object(self) -> None:
        """Confirm it before the object is written: that may be there from now on."""
        self._attempts += 1
        self.confirm()

    def object_refused(self) -> None:
        """It was not written, for certain."""
        self._attempts -= 1

    def release(self) -> None:
        """Let the next one have it; nothing is done if somebody has."""
        for etag in reversed(self._etags):
            body, _ = _new_body()
            released = _put_record(
                self._operation, etag, self._attempts, body, is_claim=False
            )
            if released.is_success:
                return

    def _write(self, before: str) -> Answer:
        body, etag = _new_body()
        self._etags.append(etag)
        written = _put_record(self._operation, before, self._attempts, body)
        if written.is_success:
            self._etags = [written.get("etag")]
            self._confirmed = self._operation.now()
        return written


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
            claim = Claim(operation, None if is_first else attempts_of(record))
            if claim.win("" if is_first else record.get("etag")):
                return claim
        sleep(POLL_SECONDS)
    raise S3Error("OperationAborted")


def is_held(at: str, by: str, now: float) -> bool:
    """Whether a claim of that moment ("": none) by the process of that mark holds.
    Pure, but for a look whether the process is there."""
    if not at:
        return False
    # One of the future has a clock as wrong as one of the past is old.
    age = abs(now - float(at))
    if age < DEAD_CLAIM_SECONDS:
        return True
    return age < CLAIM_SECONDS and not has_ended(by)


def _new_body() -> tuple[bytes, str]:
    """Something of its own, so that its ETag, also here, tells it from all others."""
    body = secrets.token_hex(16).encode()
    return body, hashlib.md5(body, usedforsecurity=False).hexdigest()


def _put_record(
    operation: Operation,
    before: str,
    attempts: int,
    body: bytes,
    *,
    is_claim: bool = True,
) -> Answer:
    """If it is still as the ETag ``before`` says ("": if there is none)."""
    headers = {
        RECORD_KEY: quote(operation.key, safe=""),
        "Content-Type": "text/plain",
        _CLAIMED_AT: f"{operation.now():.5f}" if is_claim else "",
        _CLAIMED_BY: own_mark() if is_claim else "",
        ATTEMPTS: str(attempts),
    }
    headers["If-Match" if before else "If-None-Match"] = before or "*"
    return operation.ask(
        "PUT",
        segments_container(operation.facts.container),
        record_name(operation.query["uploadId"]),
        headers=headers,
        body=body,
        internal=True,
    ).discard()
