"""The step that delivers access logs: chunks become objects in the target bucket.

A bucket's chunks are joined when the oldest is as old as the interval, or when
there is a page of them.  The object's key comes from the chunks that are in it, so
a delivery that is repeated after a crash writes the same object once more.  The house
writes it: it is no request to the target bucket, and no log tells of it.
"""

from __future__ import annotations

import hashlib
import logging
from itertools import groupby

from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.request import Environ
from objectstore.s3 import sysmeta
from objectstore.s3.access.bucket_rules import ENFORCED, ownership
from objectstore.s3.access_log.chunks import CONTAINER, Chunk, seconds_of
from objectstore.s3.access_log.sink import GATHERED_BYTES_MAX
from objectstore.s3.access_log.target import LogTarget
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ, own_operation
from objectstore.s3.operation import House

CHUNKS_MAX = 200
OBJECT_BYTES_MAX = 4 * GATHERED_BYTES_MAX
# Sorts behind all chunks of a bucket.
_END = "\U0010ffff"

_log = logging.getLogger("objectstore.s3-access-log")


class LogDelivery:
    """A ``kernel.loop.Step``: one bucket's chunks a step."""

    name = "s3-access-log"

    def __init__(self, house: House, facts: Facts) -> None:
        self._house = house
        self._facts = facts
        self._objects = HouseObjects(house.store)
        self._lease = Lease(house.store, house.clock, self.name)
        self._after = ""

    def step(self) -> Progress:
        """Deliver the next bucket's logs; ``DONE`` at the end of a round."""
        environ = own_environ(self.name, self._facts)
        first = self._objects.list(environ, CONTAINER, marker=self._after, limit=1)
        if not first:
            self._after = ""
            return Progress.DONE
        if not self._lease.is_held(environ):
            return Progress.IDLE
        place = first[0]["name"].rpartition("/")[0]
        entries = self._objects.list(
            environ, CONTAINER, prefix=f"{place}/", limit=CHUNKS_MAX
        )
        names: list[str] = []
        size = 0
        for entry in entries:
            size += entry["bytes"]
            if names and size > OBJECT_BYTES_MAX:
                break
            names.append(entry["name"])
        age = self._house.clock.time() - seconds_of(names[0])
        is_full = len(names) < len(entries) or len(entries) == CHUNKS_MAX
        if age < self._house.settings.access_log_interval and not is_full:
            self._after = f"{place}/{_END}"
            return Progress.BUSY
        self._deliver(environ, place, names)
        return Progress.BUSY

    def _deliver(self, environ: Environ, place: str, names: list[str]) -> None:
        chunks = []
        for name in names:
            got = self._objects.get(environ, CONTAINER, name, 2 * GATHERED_BYTES_MAX)
            if got is not None:
                chunks.append((name, Chunk.from_bytes(got[0])))
        for target, group in groupby(chunks, lambda pair: pair[1].target):
            self._put(environ, place, target, list(group))
        for name in names:
            self._objects.delete(environ, CONTAINER, name)

    def _put(
        self,
        environ: Environ,
        place: str,
        target: LogTarget,
        chunks: list[tuple[str, Chunk]],
    ) -> None:
        account, _, container = place.partition("/")
        operation = own_operation(self._house, environ, account, target.bucket)
        if operation is None:
            _log.warning("%s: the target bucket of its logs is gone", place)
            return
        joined = "\n".join(name for name, _ in chunks)
        unique = hashlib.sha256(joined.encode()).hexdigest()[:16].upper()
        source = (account, self._house.settings.location, container)
        operation.key = target.key(source, seconds_of(chunks[-1][0]), unique)
        headers = {"Content-Type": "text/plain"}
        acl = target.acl(account)
        # ACLs may have been turned off since: then the logs are the owner's alone.
        if acl and ownership(operation.facts, self._house.settings) != ENFORCED:
            headers[sysmeta.ACL] = acl.to_json()
        answer = operation.ask_object(
            "PUT",
            headers=headers,
            body=b"".join(chunk.lines for _, chunk in chunks),
        ).discard()
        if not answer.is_success:
            # Quotas, for one: what cannot be delivered must not pile up for ever.
            error = operation.failed(answer)
            if answer.status >= 500:
                raise error
            _log.warning("%s: logs are dropped: %s", place, error.text)
