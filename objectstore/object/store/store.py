"""One device's objects of one storage policy.

The log is the truth, the index a view of it: a write goes into the log (with others,
in one sync), then into the index in memory, and only then is it acknowledged.  Reads
go from the index to the body and check it.

Directory: ``<device>/objects[-<policy>]/{log,bodies,quarantine,index.db}``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Buffer
from objectstore.kernel.errors import (
    InsufficientStorage,
    RingstackError,
    Unavailable,
)
from objectstore.kernel.journal import Entry, Journal
from objectstore.kernel.space import SpaceGuard
from objectstore.object.bodies.files import BodyFiles
from objectstore.object.bodies.log_reads import LogReads
from objectstore.object.bodies.removal import BodyRemoval
from objectstore.object.bodies.rereads import Rereads
from objectstore.object.bodies.row_bodies import RowBodies
from objectstore.object.index.away import AWAY, away_index
from objectstore.object.index.database import DatabaseOpener, open_database
from objectstore.object.index.flusher import Flusher
from objectstore.object.index.index import Index
from objectstore.object.records.merging import merged
from objectstore.object.records.record import PUT_INLINE, TOMBSTONE, UPDATE
from objectstore.object.records.state import Held
from objectstore.object.store.drops import Drops
from objectstore.object.store.entries import STORED, Change, OwedList
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.owed_lists import OwedLists
from objectstore.object.store.recovery import open_index, replay, rows_without_body
from objectstore.object.store.view import View
from objectstore.policy.erasure import policy_of_space
from objectstore.wire.records import ObjectState, Receipt

_log = logging.getLogger("objectstore.object")


def store_directory(device: str, policy: int) -> str:
    """Where a device keeps the objects of a policy, or its fragments."""
    of_fragments = policy_of_space(policy)
    if of_fragments is not None:
        return os.path.join(device, f"fragments-{of_fragments}")
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
        self.bodies = BodyFiles(
            disk,
            os.path.join(self.directory, "bodies"),
            os.path.join(self.directory, "quarantine"),
            Rereads(disk, clock),
        )
        self.bodies.remove_unnamed()
        path = os.path.join(self.directory, "index.db")
        self.index = open_index(disk, path, opener, self.journal.end)
        self.opener = opener  # of the index's database
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
        self._owed_lists = OwedLists(self.view, self._log_entry)
        self._flusher = Flusher(disk, self.index, self._owed_lists.write)
        self.drops = Drops(
            self.directory, self.view, self.bodies, clock, self._log_entry
        )
        self.row_bodies = RowBodies(
            self.directory,
            self.journal.reads,
            LogReads(self.journal.reads, disk, clock),
            self.bodies,
            self.drops.quarantine,
        )

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
            store._put_missing_aside()
        store.view.retired = store._retire
        store._owed_lists.begin()
        return store

    def close(self) -> None:
        """Finish what is under way, bring the index up to date, close."""
        self._owed_lists.write()
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
                    self.view,
                    PUT_INLINE,
                    key,
                    coming,
                    body,
                    row_owed=row_owed,
                    since=since,
                )
            )
        kind, state, is_kept = merged(held, coming, body is not None)
        if not kind:
            return Promise.of(Receipt(is_kept))
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
            receipt=STORED if is_kept else Receipt(stored=False),
        )
        return self.submit(entry)

    def submit(self, entry: Change) -> Promise[Receipt]:
        """Hand a change to the log."""
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

    # ---- rows owed ----------------------------------------------------------

    def paid(self, key: bytes, timestamp: int) -> None:
        """The container knows of everything up to ``timestamp``."""
        owed = self.index.owed
        if key in owed.items and owed.items[key][0] <= timestamp:
            owed.drop(key)

    # ---- damage -----------------------------------------------------------------

    def end_segment(self, number: int) -> None:
        """Have this segment closed, if it is the newest, so that compaction may
        take it."""
        if not self.journal.closed.may_go(number) and not self._is_rebuilding:
            self.journal.roll()
            self._log_entry(OwedList(self.view))

    def give_up_index(self) -> None:
        """Let go of the index, which nobody writes to any more when this returns.  The
        greenlet waits; until there is another (``take_index``) whatever needs one is
        ``Unavailable``, and others answer."""
        if not self._is_rebuilding:
            self._is_rebuilding, self.index = True, away_index(self.index)
        if (old := self.view.index) is self.index:
            return  # an attempt before this one has come so far
        self.journal.flush()
        self._flusher.close()
        self._flusher.wait()
        old.close()
        self.view.index = self.index

    def take_index(self, index: Index) -> None:
        """Go on with this one, which was brought up to the end of the log."""
        self._flusher = Flusher(self.disk, index, self._owed_lists.write)
        self.index = self.view.index = index
        self._is_rebuilding = False
        self._put_missing_aside()
        self._owed_lists.begin()

    def _put_missing_aside(self) -> None:
        """After the index was made anew: rows whose bodies are not to be had."""
        for key, why in rows_without_body(self.view, self.bodies):
            self.drops.quarantine(key, self.index.get(key), why)

    def _retire(self, key: bytes, held: Held) -> None:
        assert held.state is not None and held.body is not None
        self.removal.remove(key, held.state.timestamp, held.body.serial)
