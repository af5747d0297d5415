"""One device's objects of one storage policy.

The log is the truth, the index a view of it: a write goes into the log (with others,
in one sync), then into the index in memory, and only then is it acknowledged.  Reads
go from the index to the body and check it.

Directory: ``<device>/objects[-<policy>]/{log,bodies,quarantine,index.db}``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Buffer, FileMissing
from objectstore.kernel.errors import (
    Corrupt,
    InsufficientStorage,
    RingstackError,
    Unavailable,
)
from objectstore.kernel.journal import Entry, Journal
from objectstore.kernel.space import SpaceGuard
from objectstore.object.away_index import AWAY, away_index
from objectstore.object.bodies import BodyFiles, BodyWriter
from objectstore.object.body_reader import FileBody
from objectstore.object.database import DatabaseOpener, open_database
from objectstore.object.drops import Drops
from objectstore.object.entries import STORED, Change, OwedList
from objectstore.object.flusher import Flusher
from objectstore.object.index import Index
from objectstore.object.log_body import LogBody
from objectstore.object.log_reads import LogReads
from objectstore.object.options import StoreOptions
from objectstore.object.record import (
    PUT_FILE,
    PUT_INLINE,
    TOMBSTONE,
    UPDATE,
)
from objectstore.object.recovery import (
    open_index,
    remove_index,
    replay,
    rows_without_body,
)
from objectstore.object.removal import BodyRemoval
from objectstore.object.rereads import Range, Rereads
from objectstore.object.state import (
    Body,
    Held,
    is_part,
    is_same_body,
    is_same_data,
    lacks_body,
    supersedes,
)
from objectstore.object.view import View
from objectstore.wire.merge import normal
from objectstore.wire.records import ObjectState, Receipt

# Rows owed that a checkpoint in the log lists; with more than that (a container has
# been away for long) a rebuild repeats some rows.
OWED_LISTED_MAX = 4096

_log = logging.getLogger("objectstore.object")


def store_directory(device: str, policy: int) -> str:
    """Where a device keeps the objects of a policy."""
    return os.path.join(device, f"objects-{policy}" if policy else "objects")


def _any_key(key: bytes) -> bool:
    return True


class ObjectStore:
    """See the module.  Made by ``open``."""

    def __init__(
        self,
        device: Device,
        policy: int,
        clock: Clock,
        options: StoreOptions,
        opener: DatabaseOpener,
        is_read_first: Callable[[bytes], bool],
    ) -> None:
        disk = device.disk
        self.disk = disk
        self.directory = store_directory(device.path, policy)
        self.policy = policy
        self.is_read_first = is_read_first
        self.clock = clock
        self.options = options
        self.opened_seconds = clock.time()
        self.journal = Journal.open(
            disk,
            os.path.join(self.directory, "log"),
            device.identity,
            segment_bytes_max=options.segment_bytes_max,
            allocate_bytes=options.allocate_bytes,
        )
        self.reads = LogReads(self.journal, disk, clock)
        self.bodies = BodyFiles(
            disk,
            os.path.join(self.directory, "bodies"),
            os.path.join(self.directory, "quarantine"),
            Rereads(disk, clock),
        )
        self.bodies.remove_unnamed()
        path = os.path.join(self.directory, "index.db")
        self.index = open_index(disk, path, opener, self.journal.end)
        self._opener = opener
        # Found by the auditor; compaction saves what is good in them.
        self.damaged_segments: set[int] = set()
        self._is_rebuilding = False
        self.view = View(self.index)
        self.space = SpaceGuard(
            disk,
            device.path,
            options.reserve_bytes,
            clock,
            options.body_reserve_bytes,
        )
        self.removal = BodyRemoval(disk, self.bodies)
        self._flusher = Flusher(disk, self.index, self._list_owed)
        self.drops = Drops(self.view, self._log_entry)
        self._owed_listed: dict[bytes, tuple[int, int, int]] = {}

    @classmethod
    def open(
        cls,
        device: Device,
        policy: int,
        clock: Clock,
        options: StoreOptions | None = None,
        opener: DatabaseOpener = open_database,
        is_read_first: Callable[[bytes], bool] = _any_key,
    ) -> ObjectStore:
        """Open, or begin, the store; the log's tail is replayed.  Blocks.

        ``is_read_first``: whether readers of a key come here before they go to other
        devices.  Body files of such keys stay in the page cache for a
        while.
        """
        options = options or StoreOptions()
        store = cls(device, policy, clock, options, opener, is_read_first)
        was_new = store.index.is_new
        store.view.mixed = store._write_mixed
        replay(store.journal, store.view)
        if was_new:
            for key, why in rows_without_body(store.view, store.bodies):
                store.quarantine(key, store.index.get(key), why)
        store.view.retired = store._retire
        store._owed_listed = dict(store.index.owed.items)
        return store

    def close(self) -> None:
        """Finish what is under way, bring the index up to date, close."""
        self._list_owed()
        self.journal.close()
        self._flusher.close()
        self._flusher.wait()
        self.removal.wait()
        try:
            self.index.flush()
            self.disk.offload(self.index.checkpoint)
            self.index.close(flushed=True)
        except RingstackError as error:
            # Nothing is lost: the next opening replays more of the log.
            _log.error("index %s: not flushed at the end: %s", self.index.path, error)
            self.index.close()

    def abandon(self) -> None:
        """Let go of it as a crash would: nothing more is written."""
        self._flusher.close()
        self.index.close()

    # ---- writing ------------------------------------------------------------

    def change(
        self, key: bytes, coming: ObjectState, body: Buffer | None, *, row_owed: bool
    ) -> Promise[Receipt]:
        """Merge a state, with its data if it has any; kept when it is durable.

        ``stored`` says whether what came is part of what is now held.
        """
        held = self.index.get(key)
        old = held.state if held is not None else None
        since = self.view.since(held)
        if old is None and body is not None and not coming.deleted_timestamp:
            # Most names that are put were never heard of: there is nothing to merge.
            self.make_sure_of_room(len(body))
            return self.submit(
                Change(
                    *(self.view, PUT_INLINE, key, coming, body),
                    row_owed=row_owed,
                    since=since,
                )
            )
        merged = supersedes(old, coming)
        if merged is None and old is not None:
            if body is None or not (is_same_data(old, coming) and lacks_body(held)):
                return Promise.of(Receipt(is_part(coming, old)))
            merged = old
        state = merged or normal(coming)
        kind = UPDATE
        if not state.exists and state.deleted_timestamp:
            kind = TOMBSTONE
        elif body is not None and is_same_data(state, coming):
            has_it = old is not None and is_same_data(old, coming)
            kind = UPDATE if has_it and not lacks_body(held) else PUT_INLINE
        if kind != TOMBSTONE:
            self.make_sure_of_room(len(body) if body is not None else None)
        entry = Change(
            self.view,
            kind,
            key,
            state,
            body if kind == PUT_INLINE and body is not None else b"",
            row_owed=row_owed,
            since=since,
            receipt=STORED if is_part(coming, state) else Receipt(stored=False),
        )
        return self.submit(entry)

    def needs_body(self, key: bytes, coming: ObjectState) -> bool:
        """Whether merging this state takes data that is not here."""
        held = self.index.get(key)
        merged = supersedes(held.state if held is not None else None, coming)
        if merged is None:
            return coming.exists and lacks_body(held)
        if not (merged.exists and is_same_data(merged, coming)):
            return False
        old = held.state if held is not None else None
        return old is None or not is_same_data(old, coming) or lacks_body(held)

    def publish(
        self, key: bytes, coming: ObjectState, writer: BodyWriter, *, row_owed: bool
    ) -> Promise[Receipt]:
        """The same for a body file that has been written and finished: name it,
        then point to it.  The greenlet waits for the name."""
        serial = self.disk.offload(self.bodies.publish, writer, key, coming.timestamp)
        held = self.index.get(key)
        merged = supersedes(held.state if held is not None else None, coming)
        state = merged or normal(coming)
        if merged is None or not is_same_data(state, coming):
            self.removal.remove(key, coming.timestamp, serial)
            assert held is not None and held.state is not None
            return Promise.of(Receipt(is_part(coming, held.state)))
        since = self.view.since(held)
        entry = Change(
            self.view,
            PUT_FILE,
            key,
            state,
            serial=serial,
            row_owed=row_owed,
            since=since,
        )
        entry.promise.when_done(
            lambda done: self._drop_unused(done, key, coming.timestamp, serial)
        )
        return self.submit(entry)

    def _drop_unused(
        self, done: Promise[Receipt], key: bytes, timestamp: int, serial: int
    ) -> None:
        """A newer write may have overtaken the body on its way into the log."""
        held = self.index.get(key)
        used = held is not None and held.body is not None and held.state is not None
        if used and (held.state.timestamp, held.body.serial) == (timestamp, serial):  # type: ignore[union-attr]
            return
        if done.error is None:
            self.removal.remove(key, timestamp, serial)

    def submit(self, entry: Change) -> Promise[Receipt]:
        """Into the log."""
        self._log_entry(entry)
        return entry.promise

    def _log_entry(self, entry: Entry) -> None:
        if self._is_rebuilding:
            entry.failed(Unavailable(AWAY))
            return
        self.journal.submit(entry)
        self._flusher.note()

    def make_sure_of_room(self, size: int | None) -> None:
        """``InsufficientStorage`` when a body (``size`` None: metadata) must not be
        written any more."""
        self.space.check(size or 0, is_body=size is not None)
        if self._flusher.is_behind:
            raise InsufficientStorage(f"{self.directory}: the index cannot be written")

    def forget(self, key: bytes, newest: int) -> Promise[Receipt]:
        """Drop what is held if it is exactly as new as ``newest``, and its container
        has been told: a row owed would be lost with it."""
        held = self.index.get(key)
        if held is None or held.state is None:
            return Promise.of(Receipt(stored=False, found=False))
        if held.state.newest != newest or key in self.index.owed.items:
            return Promise.of(Receipt(stored=False))
        return self.drops.forget(key)

    def _write_mixed(self, key: bytes, held: Held) -> None:
        assert held.state is not None
        self._log_entry(Change(self.view, UPDATE, key, held.state, since=held.since))

    def make_index_durable(self) -> None:
        """Wait until the index, with all that was submitted so far, is on disk."""
        self.journal.flush()
        self._flusher.flush_durably()

    # ---- reading ------------------------------------------------------------

    def held(self, key: bytes) -> Held | None:
        """The row, if there is a state in it."""
        held = self.index.get(key)
        return held if held is not None and held.state is not None else None

    def small_body(self, key: bytes, held: Held) -> bytes | None:
        """A body that is brought whole, checked; None: it is for ``fetched_body``.
        ``Corrupt`` when it is bad."""
        size, body = self._recorded(key, held)
        try:
            return self.reads.at_once(body, size)
        except (Corrupt, FileMissing) as error:
            raise self._bad(key, held, str(error)) from error

    def fetched_body(self, key: bytes, held: Held) -> bytes:
        """The same; the greenlet waits, and the row may be replaced meanwhile."""
        size, body = self._recorded(key, held)
        try:
            return self.reads.beside(body, size)
        except (Corrupt, FileMissing) as error:
            raise self._bad(key, held, str(error)) from error

    def _recorded(self, key: bytes, held: Held) -> tuple[int, Body]:
        assert held.state is not None
        if held.body is None:
            raise self._bad(key, held, "no good record of the body")
        return held.state.size, held.body

    def body_range(
        self, key: bytes, held: Held, start: int, stop: int
    ) -> Iterable[bytes]:
        """Bytes [start, stop) of a body that is not brought whole; a ``Spans``."""
        body, state = held.body, held.state
        assert body is not None and state is not None
        try:
            if body.serial:
                descriptor = self.bodies.open(key, state.timestamp, body.serial)
            else:
                descriptor = self.journal.open_segment(body.record.segment)
        except FileMissing as error:
            raise self._bad(key, held, str(error)) from error

        def on_corrupt(error: Corrupt) -> None:
            self.quarantine(key, held, str(error))

        disk = self.disk
        if not body.serial:
            return LogBody(disk, descriptor, body, state.size, start, stop, on_corrupt)
        length = min(stop, state.size) - start
        wanted = Range(key, state.timestamp, start, length)
        windows = self.bodies.windows(descriptor, wanted, body.serial)
        reader = FileBody(disk, descriptor, start, stop, on_corrupt, windows)
        try:
            reader.verify_trailer(key, state.timestamp, state.size)
        except Corrupt as error:
            reader.close()
            raise self._bad(key, held, str(error)) from error
        except RingstackError:
            reader.close()
            raise
        return reader

    # ---- bad copies ---------------------------------------------------------

    def _bad(self, key: bytes, held: Held, why: str) -> Corrupt:
        self.quarantine(key, held, why)
        return Corrupt(f"{self.directory}: {key.hex()}: {why}")

    def quarantine(self, key: bytes, held: Held | None, why: str) -> None:
        """Put a bad copy aside: this device then holds nothing of the object, so
        that replication brings it back."""
        current = self.index.get(key)
        if held is None or current is None or not is_same_body(held, current):
            return  # a slow reader of what has been replaced since
        if held.state is None or self.drops.is_under_way(key):
            return
        _log.error("%s: quarantined %s: %s", self.directory, key.hex(), why)
        state, body = held.state, held.body
        if body is not None and body.serial:
            self.bodies.put_aside(key, state.timestamp, body.serial)
        self.drops.quarantine(key, state.newest, int(self.clock.time()), why)

    # ---- rows owed ----------------------------------------------------------

    def paid(self, key: bytes, timestamp: int) -> None:
        """The container knows of everything up to ``timestamp``."""
        owed = self.index.owed
        if key in owed.items and owed.items[key][0] <= timestamp:
            owed.drop(key)

    def owed(self, limit: int, older_than: int) -> list[tuple[bytes, ObjectState]]:
        """Objects whose containers have not been told, of before ``older_than``."""
        rows: list[tuple[bytes, ObjectState]] = []
        for key, (timestamp, _, _) in list(self.index.owed.items.items()):
            if timestamp >= older_than:
                continue
            if (held := self.held(key)) is None or held.state is None:
                self.index.owed.drop(key)
                continue
            rows.append((key, held.state))
            if len(rows) >= limit:
                break
        return rows

    def _list_owed(self) -> None:
        """Before a flush: note in the log which rows are left to pay."""
        owed = self.index.owed.items
        if len(owed) <= OWED_LISTED_MAX and owed != self._owed_listed:
            self._owed_listed = dict(owed)
            self._log_entry(OwedList(self.view))

    # ---- damage -----------------------------------------------------------------

    def end_segment(self, number: int) -> None:
        """Have this segment closed, if it is the newest, so that compaction may
        take it."""
        if not self.journal.is_closed(number) and not self._is_rebuilding:
            self.journal.roll()
            self._log_entry(OwedList(self.view))

    def rebuild_index(self) -> None:
        """Make the index anew from the log.  The greenlet waits; until it is through
        whatever needs the index is ``Unavailable``, and others answer."""
        old = self.view.index
        _log.error("index %s is made anew: %s", old.path, self.index.damage)
        self._is_rebuilding = True
        self.index = away_index(self.index)
        self.journal.flush()
        self._flusher.close()
        self._flusher.wait()
        old.close()
        remove_index(self.disk, old.path)
        new = self.view.index = Index(old.path, self._opener)
        self.view.retired = self.view.mixed = lambda key, held: None
        replay(self.journal, self.view, lambda: concurrency.sleep(0))
        self._flusher = Flusher(self.disk, new, self._list_owed)
        self.index = new
        self._is_rebuilding = False
        self.view.retired, self.view.mixed = self._retire, self._write_mixed
        for key, why in rows_without_body(self.view, self.bodies):
            self.quarantine(key, new.get(key), why)
        self._owed_listed = dict(new.owed.items)

    def _retire(self, key: bytes, held: Held) -> None:
        assert held.state is not None and held.body is not None
        self.removal.remove(key, held.state.timestamp, held.body.serial)
