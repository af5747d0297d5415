"""Object lock: which versions may not be deleted, and until when.

A version's protection is set with its data (system metadata) and may be changed
later.  Changes go to a record beside the bucket, written with compare-and-swap:
two changes at once cannot undo each other, and no other change of the object's
metadata can lose them.  A record, once there, is the whole truth.

Whoever deletes a version says so in its record before, by the same means: a hold that
was set a moment earlier is seen, and one that comes later is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

import orjson

from objectstore.s3 import sysmeta
from objectstore.s3.dates import from_iso, iso
from objectstore.s3.errors import S3Error
from objectstore.s3.inner import Answer
from objectstore.s3.names import LOCKS_SUFFIX
from objectstore.s3.operation import Operation

GOVERNANCE = "GOVERNANCE"
COMPLIANCE = "COMPLIANCE"
MODES = (GOVERNANCE, COMPLIANCE)
# Losing that many races in a row means that something else is wrong.
SWAP_ATTEMPTS = 5
RECORD_BYTES_MAX = 4096
# Longer than a deletion takes; should it fail, locks are not changed for so long.
LEAVING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Lock:
    """A version's protection.  ``until`` is in seconds, 0: no retention."""

    mode: str = ""
    until: float = 0.0
    legal_hold: bool = False

    def forbids_deletion(self, now: float, *, bypass_governance: bool) -> bool:
        """Whether the version must stay."""
        if self.legal_hold:
            return True
        if self.until <= now:
            return False
        return self.mode == COMPLIANCE or not bypass_governance

    def permits(self, mode: str, until: float, now: float, *, bypass: bool) -> bool:
        """Whether the retention may be changed to that."""
        if self.until <= now:
            return True
        if self.mode == COMPLIANCE:
            return mode == COMPLIANCE and until >= self.until
        # A stricter mode is a change of the lock too: nobody could take it back.
        longer = until >= self.until and mode == self.mode
        return longer or bypass


def parse_retention(mode: str, until: str, now: float, code: str) -> tuple[str, float]:
    """A retention that a client asks for."""
    if mode not in MODES:
        raise S3Error(code, "Unknown wormMode directive")
    seconds = from_iso(until, code)
    if seconds <= now:
        raise S3Error("InvalidArgument", "The retain until date must be in the future!")
    return mode, seconds


def stored_lock(answer: Answer) -> Lock:
    """The protection that was set with the data."""
    mode, _, until = answer.get(sysmeta.RETENTION).partition(":")
    hold = answer.get(sysmeta.LEGAL_HOLD) == "ON"
    return Lock(mode, float(until or 0), hold)


def lock_of(operation: Operation, key: str, answer: Answer) -> Lock:
    """The protection of the version that ``answer`` (to a HEAD or GET) shows."""
    version = answer.get("x-object-version-id") or "null"
    return _read(operation, key, version).lock or stored_lock(answer)


def change_lock(
    operation: Operation, key: str, answer: Answer, change: Callable[[Lock], Lock]
) -> None:
    """Put ``change(lock)`` in the place of a version's protection, atomically.

    ``change`` raises when the present protection does not allow it.  The version may
    go meanwhile: whoever changes looks for it once more.
    """
    version = answer.get("x-object-version-id") or "null"
    for _ in range(SWAP_ATTEMPTS):
        record = _read(operation, key, version)
        if record.leaves_until > operation.now():
            raise S3Error("OperationAborted")
        changed = change(record.lock or stored_lock(answer))
        if _swap(operation, key, version, record.etag, changed):
            return
    raise S3Error("OperationAborted")


def claim_deletion(
    operation: Operation, key: str, answer: Answer, check: Callable[[Lock], None]
) -> None:
    """Before a version is deleted: ``check`` its protection, and let nobody change that
    until it is gone (``forget_lock``), or ``LEAVING_SECONDS`` have passed."""
    version = answer.get("x-object-version-id") or "null"
    for _ in range(SWAP_ATTEMPTS):
        record = _read(operation, key, version)
        lock = record.lock or stored_lock(answer)
        check(lock)
        until = operation.now() + LEAVING_SECONDS
        if _swap(operation, key, version, record.etag, lock, leaves_until=until):
            return
    raise S3Error("OperationAborted")


def forget_lock(operation: Operation, key: str, version: str) -> None:
    """The version is gone: so is its record."""
    operation.ask(
        "DELETE", locks_container(operation), f"{version}/{key}", internal=True
    ).discard()


def locks_container(operation: Operation) -> str:
    """Where the bucket's records are."""
    return operation.facts.container + LOCKS_SUFFIX


@dataclass(frozen=True, slots=True)
class _Record:
    """What is beside the bucket: of a version nothing was changed of, no lock.

    ``leaves_until``: somebody is deleting the version, until then at least."""

    lock: Lock | None = None
    etag: str = ""
    leaves_until: float = 0.0


def _read(operation: Operation, key: str, version: str) -> _Record:
    answer = operation.ask(
        "GET",
        locks_container(operation),
        f"{version}/{key}",
        headers={"X-Newest": "true"},
        internal=True,
    )
    if answer.status == 404:
        answer.discard()
        return _Record()
    if not answer.is_success:
        # Without knowing, nothing may be deleted.
        raise operation.failed(answer)
    mode, until, hold, *leaving = orjson.loads(answer.read(RECORD_BYTES_MAX))
    etag = answer.get("etag").strip('"')
    return _Record(Lock(mode, until, hold), etag, leaving[0] if leaving else 0.0)


def _swap(
    operation: Operation,
    key: str,
    version: str,
    etag: str,
    lock: Lock,
    *,
    leaves_until: float = 0.0,
) -> bool:
    """Write the record if it is still as its ETag ("": there is none) says."""
    fields: list[object] = [lock.mode, lock.until, lock.legal_hold]
    if leaves_until:
        # With a token, that its ETag tells it from the others.
        fields += [leaves_until, secrets.token_hex(8)]
    for _ in range(2):
        put = operation.ask(
            "PUT",
            locks_container(operation),
            f"{version}/{key}",
            headers={"If-Match": etag} if etag else {"If-None-Match": "*"},
            body=orjson.dumps(fields),
            internal=True,
        ).discard()
        if put.status != 404:
            break
        _ensure_container(operation)  # no lock of the bucket was changed yet
    if put.is_success:
        return True
    if put.status not in (409, 412):
        raise operation.failed(put)
    return False


def _ensure_container(operation: Operation) -> None:
    answer = operation.ask("PUT", locks_container(operation), internal=True).discard()
    if not answer.is_success:
        raise operation.failed(answer)


def shown_until(lock: Lock) -> str:
    """The date as replies show it."""
    return iso(lock.until)


def without_retention(lock: Lock) -> Lock:
    """The lock with its retention taken away."""
    return replace(lock, mode="", until=0.0)
