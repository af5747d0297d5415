"""Requests of which nothing has to be decided but who asks, and of which bucket.

Most requests for objects are so: without a query, signed in the header by the owner of
a bucket that says nothing about them.  ``plain_reads`` and ``plain_writes`` send them
from the signature straight to the object, below the filters that would be asked in
vain.  Whatever is not plain is left alone before anything was asked or read.
"""

from __future__ import annotations

from typing import NamedTuple

from objectstore.kernel.request import CONTEXT_KEY, Context, Environ
from objectstore.kernel.transaction import NO_TRANSACTION
from objectstore.s3.bucket_facts import BucketFacts, BucketFactsCache
from objectstore.s3.caller import Caller
from objectstore.s3.inner import Answer
from objectstore.s3.locate import Place
from objectstore.s3.names import KEY_BYTES_MAX
from objectstore.s3.signing.remembered import RememberedSigners

# A key of so many characters is short enough in any case.
_KEY_LENGTH_MAX = KEY_BYTES_MAX // 4


class Asked(NamedTuple):
    """The store's answer to a request that was not as plain as it looked, and whose it
    is: the long way goes on from there."""

    answer: Answer
    caller: Caller


class Owners:
    """Finds the owner who asks, and the bucket."""

    __slots__ = ("_buckets", "_signers")

    def __init__(self, buckets: BucketFactsCache, signers: RememberedSigners) -> None:
        self._buckets = buckets
        self._signers = signers

    def find(
        self, environ: Environ, place: Place, amazon: tuple[str, ...]
    ) -> tuple[Caller, BucketFacts] | None:
        """Who signed, when he owns the bucket, and the bucket; None: nothing is known.

        ``amazon`` are the keys of the request's ``x-amz-`` headers; it is signed in the
        header and names a key.
        """
        context: Context = environ[CONTEXT_KEY]
        key = place.key
        if not 0 < len(key) <= _KEY_LENGTH_MAX or "\x00" in key or place.is_website:
            return None
        if context.transaction_id == NO_TRANSACTION:
            return None  # the reply needs one
        caller = self._signers.caller(environ, amazon)
        if caller is None or not caller.owns(caller.account):
            return None
        facts = self._buckets.find(context, caller.account, place.bucket)
        return None if facts is None else (caller, facts)


def straight_path(facts: BucketFacts, key: str) -> str:
    """PATH_INFO of the object."""
    path = f"/v1/{facts.account}/{facts.container}/{key}"
    return path if path.isascii() else path.encode().decode("latin-1")
