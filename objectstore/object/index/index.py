"""The index: a view of the log in SQLite, with what is new kept in memory.

Changes go to memory at once (``set``) and to SQLite in bigger transactions
(``flush``), together with everything else that must agree with them: the place in
the log up to which all is applied, live bytes by segment, digests, rows owed.  A
crash loses what was not flushed; replaying the log from ``applied`` restores it.

A flush freezes what has changed and writes it on a native thread, through a
connection of its own, while new changes gather.  Reads see a bounded cache of rows,
the new changes, the frozen ones, then SQLite, whose own view may or may not have the
frozen ones yet: it makes no difference.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from objectstore.kernel.errors import InsufficientStorage
from objectstore.kernel.journal import Position
from objectstore.object.index import file as index_file
from objectstore.object.index.damage import IndexDamage
from objectstore.object.index.database import DatabaseOpener, prepare
from objectstore.object.index.digests import (
    Digests,
)
from objectstore.object.index.expiring import Expiring
from objectstore.object.index.frozen import Frozen
from objectstore.object.index.kept import KeptMap
from objectstore.object.index.known_keys import KnownKeys
from objectstore.object.index.ranges import IndexRanges
from objectstore.object.index.resting import Resting
from objectstore.object.index.row_cache import ROWS_MAX, RowCache
from objectstore.object.records.state import Held

# A checkpoint is due when this many rows were flushed, some 2 MiB of pages: after most
# flushes.  The fsyncs of one of 4,096 rows held up the syncs of all logs on the disk
# for 20 ms.  Often is hardly more to write in all, for few rows share a page.
CHECKPOINT_ROWS = 512

# A flush goes through the tree in the order of the keys and comes to a page once, so
# it needs few of them at a time.  With many they would all be written by its COMMIT,
# in one go of 4 to 25 ms; those that do not fit are written on the way.
WRITER_CACHE_KIB = 1024

_UNKNOWN = object()

_GET = "SELECT row FROM objects WHERE key = ?"
_KEYS = "SELECT key FROM objects WHERE key >= ? AND key < ?"


def _here(call: Callable[[], None]) -> None:
    call()


def _no_rest() -> None:
    pass


class Index:
    """See the module.  One per store; used on the hub's thread, but for ``resting``,
    ``checkpoint`` and ``check``."""

    def __init__(
        self,
        path: str,
        opener: DatabaseOpener,
        rows_cached_max: int = ROWS_MAX,
    ) -> None:
        self.path = path
        self.applied = Position(0, 0)  # everything before this place is in here
        self.flushed = Position(0, 0)  # and everything before this one in SQLite
        self.digests = Digests()
        # Bytes of needed records, by segment.
        self.live: KeptMap[int, int] = KeptMap("segments")
        # Rows that the container has not been told: (timestamp, segment and offset
        # of the record that said so) by key.
        self.owed: KeptMap[bytes, tuple[int, int, int]] = KeptMap("owed")
        # Bad copies: (newest timestamp, when found, what was wrong) by key.
        self.quarantined: KeptMap[bytes, tuple[int, int, str]] = KeptMap("quarantined")
        self.damage = IndexDamage()  # if there is any, the file is made anew
        self._decoded = self.damage.decoded
        self._expiring = Expiring()
        kept = (self.live, self.owed, self.quarantined)
        self._kept: tuple[KeptMap[Any, Any], ...] = kept
        self._changed: dict[bytes, Held | None] = {}
        self._frozen: Mapping[bytes, Held | None] = {}  # those that are being written
        self._is_flushing = False  # also when there are no rows
        self._cached = RowCache(rows_cached_max)
        self._flushed_rows = 0  # since the last checkpoint
        self._opener = opener
        # A greenlet that is killed leaves its native thread at work behind.
        self._writing = threading.Lock()
        self.resting = Resting(path, opener, self.damage)
        self._connection = opener(path)
        try:
            self.is_new = prepare(self._connection)
            self._load()
            with self.damage:
                pages = index_file.page_count(self._connection)
            self._keys = KnownKeys(0 if self.is_new else pages)
            self._writer = opener(path)
            prepare(self._writer)
            self._writer.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
            self.ranges = IndexRanges(
                self._connection,
                self._waiting,
                self.digests,
                self._expiring,
                self.damage,
            )
        except BaseException:
            self._connection.close()
            raise

    def _load(self) -> None:
        with self.damage:
            for kept in self._kept:
                kept.load(self._connection)
            facts = index_file.facts_of(self._connection)
        self.was_closed = self.is_new or facts.get("closed") == b"1"
        if (applied := index_file.applied_in(facts)) is not None:
            self.applied = applied
            self.flushed = self.applied
            self.digests.load(facts["digests"])
        # On a full device it stays as it is: that spares a check, no more.
        with contextlib.suppress(InsufficientStorage):
            self._set_closed(b"0")

    def _set_closed(self, value: bytes) -> None:
        with self.damage:
            index_file.set_fact(self._connection, "closed", value)

    # ---- rows ---------------------------------------------------------------

    def get(self, key: bytes) -> Held | None:
        """The row of ``key``."""
        held = self._cached.get(key, _UNKNOWN)
        if held is not _UNKNOWN:
            return held  # type: ignore[return-value]
        if key in self._changed:
            return self._changed[key]
        if key in self._frozen:
            return self._frozen[key]
        if self._keys.lack(key):
            return None
        try:
            # One transaction from flush to flush: every read in one of its own would
            # lock and unlock the file.  None during a flush, for SQLite begins its
            # write-ahead file anew only when nobody reads.
            if not (self._is_flushing or self._connection.in_transaction):
                self._connection.execute("BEGIN")
            found = self._connection.execute(_GET, (key,)).fetchone()
            if found is None and (unknown := self._keys.unknown_range(key)) is not None:
                rows = self._connection.execute(_KEYS, unknown).fetchall()
                self._keys.learn_range(key, (stored for (stored,) in rows))
        except sqlite3.Error as error:
            raise self.damage.of(error) from error
        # That there is none is worth knowing too: a put asks before and after.
        row = self._decoded(found[0]) if found is not None else None
        self._cached.keep(key, row)
        return row

    def _end_reading(self) -> None:
        if self._connection.in_transaction:
            with self.damage:
                self._connection.execute("COMMIT")

    def set(self, key: bytes, old: Held | None, new: Held | None) -> None:
        """Replace the row ``old`` by ``new``; None: no row."""
        self._changed[key] = new
        if new is not None:
            self._keys.add(key)
        self._cached.keep(key, new)
        old_digest = old.digest if old is not None else 0
        new_digest = new.digest if new is not None else 0
        if old_digest != new_digest:
            self.digests.change(key, old_digest, new_digest)
            self._expiring.change(key, old, new)
        if old is not None:
            for segment, _, length in old.places():
                self.live.put(segment, self.live.items.get(segment, 0) - length)
        if new is not None:
            for segment, _, length in new.places():
                self.live.put(segment, self.live.items.get(segment, 0) + length)

    @property
    def unflushed(self) -> int:
        """Rows that are in memory only."""
        return len(self._changed) + len(self._frozen)

    def _waiting(self, after: bytes, stop: bytes) -> dict[bytes, Held | None]:
        """Rows between these keys that SQLite may not have yet."""
        return {
            key: held
            for rows in (self._frozen, self._changed)
            for key, held in rows.items()
            if after < key < stop
        }

    # ---- SQLite -------------------------------------------------------------

    def flush(
        self,
        run: Callable[[Callable[[], None]], None] = _here,
        rest: Callable[[], None] = _no_rest,
    ) -> None:
        """One transaction with all that changed since the last.

        ``run`` calls what it is given, on another thread perhaps, and the greenlet may
        wait meanwhile: one flush at a time.  ``rest`` is called there between pieces
        of a millisecond or less.
        """
        assert not self._is_flushing, "two flushes at a time"
        self._end_reading()
        self._is_flushing = True
        self._frozen, self._changed = self._changed, {}
        applied = self.applied
        frozen = Frozen(
            self._frozen,
            [kept.freeze() for kept in self._kept],
            self._expiring.freeze(),
            index_file.noted(applied, self.digests.to_bytes()),
        )
        is_written = False
        try:
            run(partial(self._write, frozen, rest))
            is_written = True
            self.flushed = applied
        except sqlite3.Error as error:
            raise self.damage.of(error) from error
        finally:
            self._settle(frozen, is_written=is_written)

    def _write(self, frozen: Frozen, rest: Callable[[], None]) -> None:
        with self._writing:
            frozen.write(self._writer, rest)

    def _settle(self, frozen: Frozen, *, is_written: bool) -> None:
        """The end of a flush: what could not be written goes with the next."""
        if is_written:
            self._flushed_rows += len(frozen.rows)
        else:
            self._changed = {**frozen.rows, **self._changed}
        self._frozen = {}
        self._is_flushing = False
        for kept, changes in zip(self._kept, frozen.kept, strict=True):
            kept.settled(changes, is_written=is_written)
        self._expiring.settled(is_written=is_written)

    @property
    def checkpoint_due(self) -> bool:
        """Whether the write-ahead file has grown enough."""
        return self._flushed_rows >= CHECKPOINT_ROWS

    def checkpoint(self) -> None:
        """Move the write-ahead file's pages home, fsyncing: for a native thread,
        and not while anything is flushed.  What was flushed before is durable
        afterwards."""
        self._flushed_rows = 0
        with self.damage:
            index_file.move_pages_home(self.path, self._opener)

    def close(self, *, flushed: bool = False) -> None:
        """Close.  ``flushed``: everything is in SQLite, and the next opening may
        take the file as it is."""
        if flushed:
            self._end_reading()
            self._set_closed(b"1")
        self.resting.close()
        with self._writing:
            self._writer.close()
        self._connection.close()

    # ---- the file as a whole ---------------------------------------------------

    def check(self) -> list[str]:
        """The same as ``problems``, for a native thread: on a connection of its
        own.  What it finds is remembered in ``damage``."""
        with contextlib.closing(self._opener(self.path)) as connection:
            found = index_file.problems_of(connection)
        if found:
            self.damage.what = self.damage.what or found[0]
        return found

    def problems(self) -> list[str]:
        """What SQLite's own check of the file finds wrong."""
        return index_file.problems_of(self._connection)
