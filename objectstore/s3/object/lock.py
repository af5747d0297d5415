"""Object lock: which versions may not be deleted, and until when.

A version's protection is set with its data (system metadata) and may be changed
later.  Changes go to a record beside the bucket, written with compare-and-swap:
two changes at once cannot undo each other, and no other change of the object's
metadata can lose them.  A record, once there, is the whole truth.
"""

from __future__ import annotations

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
    return _read(operation, key, version)[0] or stored_lock(answer)


def change_lock(
    operation: Operation, key: str, answer: Answer, change: Callable[[Lock], Lock]
) -> None:
    """Put ``change(lock)`` in the place of a version's protection, atomically.

    ``change`` raises when the present protection does not allow it.
    """
    version = answer.get("x-object-version-id") or "null"
    _ensure_container(operation)
    for _ in range(SWAP_ATTEMPTS):
        lock, etag = _read(operation, key, version)
        changed = change(lock or stored_lock(answer))
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        put = operation.ask(
            "PUT",
            locks_container(operation),
            f"{version}/{key}",
            headers=condition,
            body=orjson.dumps([changed.mode, changed.until, changed.legal_hold]),
            internal=True,
        ).discard()
        if put.is_success:
            return
        if put.status not in (409, 412):
            raise operation.failed(put)
    raise S3Error("OperationAborted")


def forget_lock(operation: Operation, key: str, version: str) -> None:
    """The version is gone: so is its record."""
    operation.ask(
        "DELETE", locks_container(operation), f"{version}/{key}", internal=True
    ).discard()


def locks_container(operation: Operation) -> str:
    """Where the bucket's records are."""
    return operation.facts.container + LOCKS_SUFFIX


def _read(operation: Operation, key: str, version: str) -> tuple[Lock | None, str]:
    answer = operation.ask(
        "GET",
        locks_container(operation),
        f"{version}/{key}",
        headers={"X-Newest": "true"},
        internal=True,
    )
    if answer.status == 404:
        answer.discard()
        return None, ""
    if not answer.is_success:
        # Without knowing, nothing may be deleted.
        raise operation.failed(answer)
    mode, until, hold = orjson.loads(answer.read(RECORD_BYTES_MAX))
    return Lock(mode, until, hold), answer.get("etag").strip('"')


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
