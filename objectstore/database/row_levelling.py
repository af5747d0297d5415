"""Which rows two replicas of one database have to tell each other: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from objectstore.database.merge import Row, is_live, merge_rows
from objectstore.database.row_kinds import DIGEST_BYTES, row_digest
from objectstore.wire.records import ObjectRow

# Rows whose digest is compared as one: where it differs so many are fetched.
ROWS_PER_RANGE = 250


class Part(NamedTuple):
    """Rows of a range of names, as one replica has them."""

    after: str  # exclusive
    until: str  # inclusive; "": no bound
    rows: Sequence[Any]


def parts_of(rows: Sequence[Any], after: str, is_last: bool) -> list[Part]:
    """Cut rows behind ``after`` into ranges without gaps.  ``is_last``: these are
    the last rows, so the last range is open, for what the other may have beyond."""
    parts: list[Part] = []
    for first in range(0, len(rows), ROWS_PER_RANGE):
        some = rows[first : first + ROWS_PER_RANGE]
        parts.append(Part(after, some[-1].name, some))
        after = some[-1].name
    if is_last:
        if parts:
            parts[-1] = parts[-1]._replace(until="")
        else:
            parts.append(Part(after, "", ()))
    return parts


def digest_of_rows(rows: Iterable[Any]) -> tuple[int, bytes]:
    """(count, digest), in any order."""
    digest = count = 0
    for row in rows:
        digest ^= row_digest(row)
        count += 1
    return count, digest.to_bytes(DIGEST_BYTES, "big")


class Exchanged(NamedTuple):
    """Rows to send, each way."""

    push: list[Any]
    pull: list[Any]


def plan_rows(
    mine: Iterable[Any], theirs: Iterable[Any], reclaim_before: int
) -> Exchanged:
    """What each side lacks of the other's rows of one range.

    A tombstone from before ``reclaim_before`` is not told to somebody who has no
    row of that name: every replica lets go of those in its own time.
    """
    ours: dict[str, Any] = {row.name: row for row in mine}
    others: dict[str, Any] = {row.name: row for row in theirs}
    push = [
        row
        for name, row in ours.items()
        if _is_news(row, others.get(name), reclaim_before)
    ]
    pull = [
        row
        for name, row in others.items()
        if _is_news(row, ours.get(name), reclaim_before)
    ]
    return Exchanged(push, pull)


def _is_news(row: Row, other: Row | None, reclaim_before: int) -> bool:
    if other is None:
        return is_live(row) or _newest(row) > reclaim_before
    return row != other and merge_rows(other, row) != other


def _newest(row: Row) -> int:
    if isinstance(row, ObjectRow):
        return row.timestamp
    return max(row.timestamp, row.deleted_timestamp)
