"""Whose bucket is it?  One name, one bucket, whoever asks.

S3's bucket names are one namespace, Swift's containers are one for each
account.  Buckets made through S3 are entered into a register: one small object
each, in an account of the house's own, created with ``If-None-Match: *``, so of
two users who race for a name one wins.  Containers made through Swift are not in
it: their owner sees them, others reach them as ``account:bucket``.
"""

from __future__ import annotations

from collections import OrderedDict

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import Environ
from objectstore.s3.inner import Answer, Store

ACCOUNT = ".s3"
CONTAINER = "buckets"
# Names account/container of buckets that have had multipart uploads.
MULTIPART = "multipart"
CACHED_MAX = 10_000
# Entries hardly ever change, and a stale one is noticed: its bucket is missing.
CACHED_SECONDS = 60.0
ACCOUNT_BYTES_MAX = 1024


class Registry:
    """Reads and writes the register; remembers entries for a while."""

    __slots__ = ("_clock", "_known", "_store")

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def owner(self, environ: Environ, bucket: str, *, fresh: bool = False) -> str:
        """The account that has the bucket; "" when nobody has."""
        known = self._known.get(bucket)
        if known is not None and not fresh and known[1] > self._clock.monotonic():
            return known[0]
        answer = self._ask(environ, "GET", bucket)
        if answer.status == 404:
            answer.discard()
            self._known.pop(bucket, None)
            return ""
        if not answer.is_success:
            answer.close()
            raise Unavailable("the register of buckets does not answer")
        account = answer.read(ACCOUNT_BYTES_MAX).decode()
        self._remember(bucket, account)
        return account

    def claim(self, environ: Environ, bucket: str, account: str) -> str:
        """Enter the bucket for the account; the account that has it now."""
        for _ in range(2):
            answer = self._ask(
                environ,
                "PUT",
                bucket,
                headers={"If-None-Match": "*", "Content-Type": "text/plain"},
                body=account.encode(),
            ).discard()
            if answer.is_success:
                self._remember(bucket, account)
                return account
            if answer.status == 412:
                return self.owner(environ, bucket, fresh=True) or account
            if answer.status != 404:
                break
            self._create_container(environ)
        raise Unavailable(f"the register of buckets answers {answer.status}")

    def note_multipart(self, environ: Environ, account: str, bucket: str) -> None:
        """Remember, for the sweeper, that the bucket has multipart uploads."""
        ask = self._store.ask
        for _ in range(2):
            answer = ask(
                environ,
                "PUT",
                ACCOUNT,
                MULTIPART,
                f"{account}/{bucket}",
                headers={"Content-Type": "text/plain"},
                internal=True,
            ).discard()
            if answer.is_success:
                return
            ask(environ, "PUT", ACCOUNT, MULTIPART, internal=True).discard()
        raise Unavailable(f"the register of buckets answers {answer.status}")

    def release(self, environ: Environ, bucket: str, account: str) -> None:
        """Take the entry away, if it is the account's."""
        if self.owner(environ, bucket, fresh=True) == account:
            self._ask(environ, "DELETE", bucket).discard()
        self._known.pop(bucket, None)

    def _remember(self, bucket: str, account: str) -> None:
        if len(self._known) >= CACHED_MAX:
            self._known.popitem(last=False)
        self._known[bucket] = (account, self._clock.monotonic() + CACHED_SECONDS)

    def _create_container(self, environ: Environ) -> None:
        self._store.ask(environ, "PUT", ACCOUNT, CONTAINER, internal=True).discard()

    def _ask(
        self,
        environ: Environ,
        method: str,
        bucket: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        return self._store.ask(
            environ,
            method,
            ACCOUNT,
            CONTAINER,
            bucket,
            headers=headers,
            body=body,
            internal=True,
        )
