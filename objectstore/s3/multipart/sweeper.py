"""Sweeps parts that belong to nothing: no part is ever leaked.

An *orphan* is a part whose upload is neither under way nor the maker of any
version of its key.  Orphans come from crashes between a delete and the sweeping
after it, and from objects that were replaced through Swift.  A round walks the
buckets that ever had a multipart upload; each step does one bucket.  Everything
younger than the grace is left alone, so no upload in progress is disturbed.  Whatever
cannot be looked up, on a majority of the replicas, is kept.  Of all processes one
sweeps: who has the lease.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.request import Environ
from objectstore.s3 import registry
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ, own_operation
from objectstore.s3.dates import iso
from objectstore.s3.inner import query_string
from objectstore.s3.multipart.parts import (
    LISTING_BYTES_MAX,
    RECORD_KEY,
    UPLOAD_ID_LENGTH,
    all_segments,
    delete_parts,
    forget_record,
    is_upload_id,
    record_name,
    segments_container,
)
from objectstore.s3.multipart.use import is_used, may_be_archived, note_archived
from objectstore.s3.operation import House, Operation

# Longer than any completion or deletion takes.
GRACE_SECONDS = 3600.0


class Sweeper:
    """A ``kernel.loop.Step``: one bucket a step."""

    name = "s3-sweeper"

    def __init__(self, house: House, facts: Facts) -> None:
        self._house = house
        self._facts = facts
        self._lease = Lease(house.store, house.clock, self.name)
        self._after = ""

    def step(self) -> Progress:
        """Sweep the next bucket; ``DONE`` ends a round, ``IDLE``: another sweeps."""
        place = self._next_place()
        if place is None:
            self._after = ""
            return Progress.DONE
        if not self._lease.is_held(self._environ()):
            self._after = ""
            return Progress.IDLE
        self._after = place
        account, _, container = place.partition("/")
        operation = self._operation(account, container)
        if operation is not None:
            self.sweep(operation)
        return Progress.BUSY

    def sweep(self, operation: Operation) -> int:
        """Delete the orphans of one bucket; of how many uploads there were some."""
        if operation.facts.archives_writes:
            note_archived(operation)
            return 0
        under_way = {
            entry["name"][-UPLOAD_ID_LENGTH:]
            for entry in all_segments(operation, "uploads/", surely=True)
        }
        swept = 0
        for upload_id, newest in list(_uploads_with_parts(operation)):
            if upload_id in under_way or newest > self._too_young():
                continue
            is_in_use = self._is_used(operation, upload_id)
            if not (is_in_use or may_be_archived(operation)):
                delete_parts(operation, upload_id)
                forget_record(operation, upload_id)
                swept += 1
        return swept

    def _is_used(self, operation: Operation, upload_id: str) -> bool:
        """Whether any version of the upload's key is made of its parts."""
        container = segments_container(operation.facts.container)
        record = operation.ask("HEAD", container, record_name(upload_id)).discard()
        if record.status == 404 and not record.is_reduced:
            return False
        if not record.is_success:
            raise Unavailable("a record of an upload cannot be read")
        if float(record.get("x-timestamp") or 0) > self._grace_began():
            # Just completed, or aborted after a completion that broke off: whether that
            # has come to an object will be seen when all replicas are level.
            return True
        return is_used(operation, upload_id, unquote(record.get(RECORD_KEY)))

    def _too_young(self) -> str:
        """The listing's time from which on things are left alone."""
        return iso(self._grace_began())[:-1]

    def _grace_began(self) -> float:
        return self._house.clock.time() - GRACE_SECONDS

    def _next_place(self) -> str | None:
        answer = self._house.store.ask(
            self._environ(),
            "GET",
            registry.ACCOUNT,
            registry.MULTIPART,
            query=query_string(format="json", limit=1, marker=self._after),
            internal=True,
        )
        if answer.status == 404:
            answer.discard()
            return None
        if answer.status != 200:
            answer.close()
            raise Unavailable("the list of buckets with uploads cannot be read")
        entries = orjson.loads(answer.read(LISTING_BYTES_MAX))
        return entries[0]["name"] if entries else None

    def _operation(self, account: str, container: str) -> Operation | None:
        operation = own_operation(self._house, self._environ(), account, container)
        if operation is None:
            self._forget(f"{account}/{container}")
        return operation

    def _forget(self, place: str) -> None:
        self._house.store.ask(
            self._environ(),
            "DELETE",
            registry.ACCOUNT,
            registry.MULTIPART,
            place,
            internal=True,
        ).discard()

    def _environ(self) -> Environ:
        return own_environ(self.name, self._facts)


def _uploads_with_parts(operation: Operation) -> Iterator[tuple[str, str]]:
    """(upload ID, time of its newest part) of everything under ``parts/``."""
    current, newest = "", ""
    for entry in all_segments(operation, "parts/"):
        upload_id = entry["name"].split("/", 2)[1]
        if upload_id != current:
            if is_upload_id(current):
                yield current, newest
            current, newest = upload_id, ""
        newest = max(newest, entry["last_modified"])
    if is_upload_id(current):
        yield current, newest
