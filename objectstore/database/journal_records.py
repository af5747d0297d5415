"""What the databases' journal records say: facts of a database, or rows for it.

Both are merged when they are replayed, so replaying them twice, or over a newer
database, changes nothing.  ``doc/formats-databases.md`` describes the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgpack

from objectstore.database.facts import Facts
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Corrupt, Rejected, RingstackError
from objectstore.kernel.journal import Entry, Found
from objectstore.wire.records import Receipt

KIND_FACTS = 1
KIND_ROWS = 2


class WriteEntry(Entry):
    """A record whose fate decides whether ``receipt`` is given."""

    __slots__ = ("promise", "receipt")

    def __init__(self, kind: int, meta: bytes, receipt: Receipt) -> None:
        self.kind = kind
        self.meta = meta
        self.body = b""
        self.body_crc = 0
        self.receipt = receipt
        self.promise: Promise[Receipt] = Promise()

    def written(self, segment: int, offset: int) -> None:
        """It is durable: hand the receipt out."""
        self.promise.resolve(self.receipt)

    def failed(self, error: RingstackError) -> None:
        """It will not be durable: the receipt is an error."""
        self.promise.fail(error)


class FactsRecord(NamedTuple):
    """All facts of a database as they were at that moment."""

    key: bytes
    facts: Facts


class RowsRecord(NamedTuple):
    """Rows to be merged, as plain tuples."""

    key: bytes
    rows: list[tuple[Any, ...]]


Record = FactsRecord | RowsRecord


def encode_facts(key: bytes, facts: Facts) -> bytes:
    """The meta of a facts record."""
    return _encode(
        (
            key,
            facts.account,
            facts.container,
            facts.created,
            facts.put_timestamp,
            facts.deleted_timestamp,
            facts.policy,
            facts.metadata,
        )
    )


# What is merged at three local devices comes three times in a row: key, rows, bytes.
_last_rows: tuple[bytes, Sequence[tuple[Any, ...]], bytes] = (b"", (), b"")


def encode_rows(key: bytes, rows: Sequence[tuple[Any, ...]]) -> bytes:
    """The meta of a rows record."""
    global _last_rows
    last_key, last_rows, last = _last_rows
    if rows is last_rows and key == last_key and last:
        return last
    encoded = _encode((key, rows))
    if type(rows) is tuple:  # a list may have changed the next time
        _last_rows = key, rows, encoded
    return encoded


def _encode(value: Any) -> bytes:
    try:
        return msgpack.packb(value)  # type: ignore[no-any-return]
    except (TypeError, ValueError, OverflowError) as error:
        # A name that is not UTF-8, a number beyond 64 bits.
        raise Rejected(400, f"cannot be stored: {error}") from error


def decode(found: Found) -> Record:
    """The record; ``Corrupt`` if it is none of ours."""
    try:
        value = msgpack.unpackb(found.meta, use_list=False)
        if found.kind == KIND_ROWS:
            key, rows = value
            return RowsRecord(key, rows)
        if found.kind == KIND_FACTS:
            return FactsRecord(value[0], Facts(*value[1:]))
    except (TypeError, ValueError) as error:
        raise Corrupt(f"a bad record in the databases' journal: {error}") from error
    raise Corrupt(f"a record of unknown kind {found.kind} in the databases' journal")


def all_kept(promises: Sequence[Promise[Any]], receipt: Receipt) -> Promise[Receipt]:
    """Kept with ``receipt`` when all are."""
    together: Promise[Receipt] = Promise()
    left = len(promises)

    def one_done(promise: Promise[Any]) -> None:
        nonlocal left
        left -= 1
        if promise.error is not None:
            together.fail(promise.error)
        elif left == 0:
            together.resolve(receipt)

    for promise in promises:
        promise.when_done(one_done)
    if not promises:
        together.resolve(receipt)
    return together
