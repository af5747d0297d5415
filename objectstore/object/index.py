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
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgpack

from objectstore.kernel.errors import Corrupt, InsufficientStorage
from objectstore.kernel.journal import Position
from objectstore.object import index_file
from objectstore.object.database import DatabaseOpener, prepare, translated
from objectstore.object.digests import (
    AFTER_ALL_KEYS,
    BUCKET_POWER,
    Digests,
    digest_of_states,
    partition_range,
)
from objectstore.object.expiring import Due, Expiring
from objectstore.object.frozen import Frozen
from objectstore.object.kept import KeptMap
from objectstore.object.known_keys import KnownKeys
from objectstore.object.ordered_rows import (
    bodiless_between,
    digests_between,
    nth_key,
    page_after,
)
from objectstore.object.resting import Rest, Resting
from objectstore.object.row import decode_row
from objectstore.object.state import Held

# About 2 KiB each in memory: 16 MiB a store.
ROWS_CACHED_MAX = 8192
# A full cache lets one in so many go at once.  One out for each one in would hide the
# young from Python's collector, which counts births less deaths: it came seldom then,
# and took 20 to 60 ms for all the rows that it found.
_ONE_DROPPED_IN = 8
PAGE_ROWS = 1000
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
    """See the module.  One per store; used on the hub's thread, but for
    ``checkpoint``, ``check``, ``resting_among`` and ``all_resting``."""

    def __init__(
        self,
        path: str,
        opener: DatabaseOpener,
        rows_cached_max: int = ROWS_CACHED_MAX,
    ) -> None:
        self.path = path
        self._rows_cached_max = rows_cached_max
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
        # What turned out wrong with the file; "": nothing.  It is then made anew.
        self.damage = ""
        self._expiring = Expiring()
        self._kept: tuple[KeptMap[Any, Any], ...] = (
            self.live,
            self.owed,
            self.quarantined,
        )
        self._changed: dict[bytes, Held | None] = {}
        self._frozen: Mapping[bytes, Held | None] = {}  # those that are being written
        self._is_flushing = False  # also when there are no rows
        self._cached: OrderedDict[bytes, Held | None] = OrderedDict()
        self._flushed_rows = 0  # since the last checkpoint
        self._opener = opener
        # A greenlet that is killed leaves its native thread at work behind.
        self._writing = threading.Lock()
        self._resting = Resting(path, opener)
        self._connection = opener(path)
        try:
            self.is_new = prepare(self._connection)
            self._load()
            self._keys = KnownKeys(0 if self.is_new else self._pages())
            self._writer = opener(path)
            prepare(self._writer)
            self._writer.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        except BaseException:
            self._connection.close()
            raise

    def _load(self) -> None:
        try:
            for kept in self._kept:
                kept.load(self._connection)
            facts = index_file.facts_of(self._connection)
        except sqlite3.Error as error:
            raise translated(error) from error
        self.was_closed = self.is_new or facts.get("closed") == b"1"
        if "applied" in facts:
            self.applied = Position(*msgpack.unpackb(facts["applied"]))
            self.flushed = self.applied
            self.digests.load(facts["digests"])
        # On a full device it stays as it is: that spares a check, no more.
        with contextlib.suppress(InsufficientStorage):
            self._set_closed(b"0")

    def _pages(self) -> int:
        try:
            return index_file.page_count(self._connection)
        except sqlite3.Error as error:
            raise translated(error) from error

    def _set_closed(self, value: bytes) -> None:
        try:
            index_file.set_fact(self._connection, "closed", value)
        except sqlite3.Error as error:
            raise translated(error) from error

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
            raise self._failed(error) from error
        # That there is none is worth knowing too: a put asks before and after.
        row = self._decoded(found[0]) if found is not None else None
        self._cache(key, row)
        return row

    def _end_reading(self) -> None:
        if self._connection.in_transaction:
            try:
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _decoded(self, row: bytes) -> Held:
        try:
            return decode_row(row)
        except Corrupt as error:
            self.damage = str(error)
            raise

    def _failed(self, error: sqlite3.Error) -> Exception:
        """The house's error; damage is remembered for whoever repairs it."""
        failure = translated(error)
        if isinstance(failure, Corrupt):
            self.damage = str(failure)
        return failure

    def _cache(self, key: bytes, row: Held | None) -> None:
        self._cached[key] = row
        if len(self._cached) > self._rows_cached_max:
            for _ in range(1 + self._rows_cached_max // _ONE_DROPPED_IN):
                self._cached.popitem(last=False)

    def set(self, key: bytes, old: Held | None, new: Held | None) -> None:
        """Replace the row ``old`` by ``new``; None: no row."""
        self._changed[key] = new
        if new is not None:
            self._keys.add(key)
        self._cache(key, new)
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
            {
                "applied": msgpack.packb(applied),
                "digests": self.digests.to_bytes(),
            },
        )
        is_written = False
        try:
            run(partial(self._write, frozen, rest))
            is_written = True
            self.flushed = applied
        except sqlite3.Error as error:
            raise self._failed(error) from error
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
        try:
            index_file.move_pages_home(self.path, self._opener)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def close(self, *, flushed: bool = False) -> None:
        """Close.  ``flushed``: everything is in SQLite, and the next opening may
        take the file as it is."""
        if flushed:
            self._end_reading()
            self._set_closed(b"1")
        self._resting.close()
        with self._writing:
            self._writer.close()
        self._connection.close()

    # ---- ranges -------------------------------------------------------------

    def partition_digest(self, partition: int, part_power: int) -> bytes:
        """Over all states of the partition."""
        if part_power <= BUCKET_POWER:
            return self.digests.partition(partition, part_power)
        states = self.states(partition, part_power, b"", -1)
        return digest_of_states(digest for _, digest in states)

    def states(
        self, partition: int, part_power: int, after: bytes, limit: int
    ) -> list[tuple[bytes, int]]:
        """(key, digest) after ``after``, in key order; ``limit`` -1: all."""
        first, stop = partition_range(partition, part_power)
        # Keys are compared as bytes: 15 bytes sort before the first key of 16.
        lower = max(after, first[:15])
        try:
            return digests_between(
                self._connection, self._waiting(lower, stop), lower, stop, limit
            )
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def page(self, after: bytes, limit: int) -> list[tuple[bytes, Held]]:
        """Up to ``limit`` rows after the key ``after``, in key order."""
        waiting = self._waiting(after, AFTER_ALL_KEYS)
        try:
            return page_after(self._connection, waiting, self._decoded, after, limit)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def bodiless(
        self, after: bytes, limit: int
    ) -> tuple[list[tuple[bytes, Held]], bytes]:
        """Those without a body among about ``limit`` rows after the key ``after``, in
        key order, and the key to go on after (b"": there are no more)."""
        try:
            last = nth_key(self._connection, after, limit)
            stop = AFTER_ALL_KEYS if last is None else last + b"\0"
            waiting = self._waiting(after, stop)
            page = bodiless_between(
                self._connection, waiting, self._decoded, after, stop
            )
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return page, last or b""

    def resting_among(self, segment: int, keys: Sequence[bytes]) -> dict[bytes, Rest]:
        """Which of these keys' rows rest on a segment, as SQLite has them: see
        ``object.resting``.  For native threads."""
        try:
            return self._resting.among(segment, keys)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def all_resting(self, segment: int) -> list[bytes]:
        """All keys whose rows do; reads the whole table.  For native threads."""
        try:
            return self._resting.all(segment)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _waiting(self, after: bytes, stop: bytes) -> dict[bytes, Held | None]:
        """Rows between these keys that SQLite may not have yet."""
        return {
            key: held
            for rows in (self._frozen, self._changed)
            for key, held in rows.items()
            if after < key < stop
        }

    def expired(self, now: int, after: Due, limit: int) -> Sequence[Due]:
        """Up to ``limit`` objects whose time was over at ``now`` (seconds since the
        epoch), behind ``after``."""
        try:
            return self._expiring.due(self._connection, after, now, limit)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def expired_count(self, now: int) -> int:
        """How many are due."""
        try:
            return self._expiring.count(self._connection, now)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def rows(self) -> Iterator[tuple[bytes, Held]]:
        """Every row, in key order, as it is when its page is read."""
        after = b""
        while page := self.page(after, PAGE_ROWS):
            yield from page
            after = page[-1][0]

    def check(self) -> list[str]:
        """The same as ``problems``, for a native thread: on a connection of its
        own.  What it finds is remembered in ``damage``."""
        with contextlib.closing(self._opener(self.path)) as connection:
            found = index_file.problems_of(connection)
        if found:
            self.damage = self.damage or found[0]
        return found

    def problems(self) -> list[str]:
        """What SQLite's own check of the file finds wrong."""
        return index_file.problems_of(self._connection)
