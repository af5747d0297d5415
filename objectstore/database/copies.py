"""A database's copy as it travels, and its digest: pure."""

from __future__ import annotations

from hashlib import blake2b

import msgpack

from objectstore.database.facts import Facts, join
from objectstore.wire.records import DatabaseCopy


def facts_of(copy: DatabaseCopy) -> Facts:
    """The facts that the copy carries."""
    return Facts(
        copy.account,
        copy.container,
        copy.created,
        copy.put_timestamp,
        copy.deleted_timestamp,
        copy.policy,
        copy.metadata,
    )


def copy_with(facts: Facts, row_digest: str) -> DatabaseCopy:
    """The copy of a database with these facts and rows."""
    return DatabaseCopy(
        facts.account,
        facts.container,
        facts.created,
        facts.put_timestamp,
        facts.deleted_timestamp,
        facts.policy,
        facts.metadata,
        row_digest,
    )


def digest_of_copy(copy: DatabaseCopy) -> int:
    """Eight bytes that differ when databases do; never 0.

    Removed metadata does not count: each replica forgets it in its own time.
    """
    live = sorted(
        (name, value, at) for name, (value, at) in copy.metadata.items() if value
    )
    packed = msgpack.packb(
        (
            copy.created,
            copy.put_timestamp,
            copy.deleted_timestamp,
            copy.policy,
            live,
            copy.row_digest,
        )
    )
    return int.from_bytes(blake2b(packed, digest_size=8).digest(), "big") or 1


def is_news(facts: Facts, other: Facts | None) -> bool:
    """Whether ``facts`` say something that ``other`` does not know."""
    if other is None:
        return True
    return not _is_same(join(other, facts), other)


def is_old_deletion(facts: Facts, reclaim_before: int) -> bool:
    """Whether they say nothing but that it was deleted long ago."""
    return not facts.is_live and 0 < facts.deleted_timestamp <= reclaim_before


def _is_same(one: Facts, other: Facts) -> bool:
    """``join`` also drops what a deletion has ended: that is no news."""
    deleted = other.deleted_timestamp
    kept = {name: item for name, item in other.metadata.items() if item[1] > deleted}
    return (
        one.created == other.created
        and one.put_timestamp == other.put_timestamp
        and one.deleted_timestamp == other.deleted_timestamp
        and one.policy == other.policy
        and dict(one.metadata) == kept
    )
