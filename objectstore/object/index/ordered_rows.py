"""The index's rows in the order of their keys: SQLite's, and upon them those that wait
in memory (``waiting``, of the same keys; None: the row is gone)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from objectstore.object.records.row import BODY_SEGMENT_AT, DIGEST_BYTES
from objectstore.object.records.state import Held

Waiting = Mapping[bytes, Held | None]
Decode = Callable[[bytes], Held]

_DIGESTS = f"""SELECT key, substr(row, 1, {DIGEST_BYTES}) FROM objects
    WHERE key > ? AND key < ? AND substr(row, 1, {DIGEST_BYTES}) != zeroblob(8)
    ORDER BY key LIMIT ?"""
_PAGE = "SELECT key, row FROM objects WHERE key > ? ORDER BY key LIMIT ?"
# The record with the body starts with its segment (``object.records.row``), 0: none.
_BODILESS = f"""SELECT key, row FROM objects WHERE key > ? AND key < ?
    AND substr(row, {BODY_SEGMENT_AT + 1}, 4) = zeroblob(4) ORDER BY key"""
_NTH = "SELECT key FROM objects WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?"

_UNKNOWN = object()


def digests_between(
    connection: sqlite3.Connection,
    waiting: Waiting,
    after: bytes,
    stop: bytes,
    limit: int,
) -> list[tuple[bytes, int]]:
    """(key, digest) of the states between the keys; ``limit`` -1: all."""
    # Enough are left whatever those that wait replace.
    enough = limit + len(waiting) if limit >= 0 else limit
    rows = connection.execute(_DIGESTS, (after, stop, enough))
    states = {key: int.from_bytes(digest, "big") for key, digest in rows}
    for key, held in waiting.items():
        states[key] = held.digest if held is not None else 0
    found = sorted((key, digest) for key, digest in states.items() if digest)
    return found[:limit] if limit >= 0 else found


def page_after(
    connection: sqlite3.Connection,
    waiting: Waiting,
    decode: Decode,
    after: bytes,
    limit: int,
) -> list[tuple[bytes, Held]]:
    """Up to ``limit`` rows after the key."""
    found = connection.execute(_PAGE, (after, limit + len(waiting)))
    rows = dict(found.fetchall())
    keys = [key for key in {**rows, **waiting} if waiting.get(key, _UNKNOWN)]
    return [
        (key, waiting.get(key) or decode(rows[key])) for key in sorted(keys)[:limit]
    ]


def nth_key(connection: sqlite3.Connection, after: bytes, number: int) -> bytes | None:
    """SQLite's key so many places after this one; None: there are not so many."""
    found = connection.execute(_NTH, (after, number - 1)).fetchone()
    return None if found is None else found[0]


def bodiless_between(
    connection: sqlite3.Connection,
    waiting: Waiting,
    decode: Decode,
    after: bytes,
    stop: bytes,
) -> list[tuple[bytes, Held]]:
    """The rows without a body between the keys.  The others are not decoded: that takes
    fifty times as long as passing them by."""
    found = connection.execute(_BODILESS, (after, stop))
    rows: dict[bytes, bytes] = dict(found.fetchall())
    page = []
    for key in sorted({**rows, **waiting}):
        held = waiting[key] if key in waiting else decode(rows[key])
        if held is not None and held.body is None:
            page.append((key, held))
    return page
