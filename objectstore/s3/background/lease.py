"""Of all processes with an S3 face one does a job: who holds its lease.

A lease is a small object in the house's account, written with compare-and-swap:
who it is, and until when.  Whoever finds it run out takes it.  Clocks of machines
may differ a little; the jobs are safe to do twice, so a lease saves work and keeps
order, and correctness never hangs on it.  It is asked for when there is work: an idle
store writes nothing.
"""

from __future__ import annotations

import secrets

import orjson

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import Environ
from objectstore.s3.inner import Answer, Store
from objectstore.s3.registry import ACCOUNT

CONTAINER = "leases"
# So long a job rests after its process has died.
LEASE_SECONDS = 30.0
LEASE_BYTES_MAX = 1024


class Lease:
    """One process' view of one job's lease."""

    __slots__ = ("_clock", "_holder", "_name", "_others_until", "_store", "_until")

    def __init__(self, store: Store, clock: Clock, name: str) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._holder = secrets.token_hex(8)
        self._until = 0.0
        self._others_until = 0.0

    def is_held(self, environ: Environ) -> bool:
        """Whether this process may do the job now; takes or renews the lease."""
        now = self._clock.time()
        if now < self._others_until:
            return False
        if now < self._until - LEASE_SECONDS / 2:
            return True
        answer = self._ask(environ, "GET", headers={"X-Newest": "true"})
        if answer.status == 404:
            answer.discard()
            condition = {"If-None-Match": "*"}
        elif answer.is_success:
            holder, until = orjson.loads(answer.read(LEASE_BYTES_MAX))
            if holder != self._holder and now < until:
                # Not asked again before: whoever holds it renews it halfway.
                self._until, self._others_until = 0.0, until
                return False
            condition = {"If-Match": answer.get("etag").strip('"')}
        else:
            answer.close()
            raise Unavailable("the lease of a job cannot be read")
        return self._take(environ, condition, now + LEASE_SECONDS)

    def _take(self, environ: Environ, condition: dict[str, str], until: float) -> bool:
        body = orjson.dumps([self._holder, until])
        put = self._ask(environ, "PUT", headers=condition, body=body).discard()
        if put.status == 404:
            self._store.ask(environ, "PUT", ACCOUNT, CONTAINER, internal=True).discard()
            return False
        self._until = until if put.is_success else 0.0
        return put.is_success

    def _ask(
        self,
        environ: Environ,
        method: str,
        headers: dict[str, str],
        body: bytes | None = None,
    ) -> Answer:
        return self._store.ask(
            environ,
            method,
            ACCOUNT,
            CONTAINER,
            self._name,
            headers=headers,
            body=body,
            internal=True,
        )
