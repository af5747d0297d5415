"""The journal: append, group commit, replay.  The package says how to use it.

Invariants:

* one batch is under way at a time, written to the end of the last segment;
* a record's position is fixed when its batch is cut, so a failed batch leaves no gap;
* after a failed write or sync the segment is cut back to its last acknowledged byte
  and takes no further batch: a later fsync that succeeds would prove nothing about
  the pages that the failed one dropped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer, Disk
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.journal.batch import Batch, Fates
from objectstore.kernel.journal.closed import ClosedSegments
from objectstore.kernel.journal.current import CurrentSegment
from objectstore.kernel.journal.entry import Entry, PromisedEntry
from objectstore.kernel.journal.figures import CommitFigures
from objectstore.kernel.journal.format import (
    HEAD_BYTES,
    IDENTITY_BYTES,
    RECORD_BYTES_MAX,
    SEGMENT_HEADER_BYTES,
    Damage,
    Found,
    Position,
)
from objectstore.kernel.journal.reads import SegmentReads
from objectstore.kernel.journal.scan import scan_memory
from objectstore.kernel.journal.segments import SegmentFacts, SegmentFiles
from objectstore.kernel.recent_bodies import RecentBodies

# Small enough that compacting one is a short job, large enough that creating
# one (a directory sync) does not matter.
SEGMENT_BYTES_MAX = 64 * 1024 * 1024
# Space is allocated ahead in steps, so that a sync seldom has to record a new
# file size: measured 150 instead of 199 us for 4 KiB.
ALLOCATE_BYTES = 4 * 1024 * 1024

_log = logging.getLogger("objectstore.journal")


class Journal:
    """See the package.  Made by ``open``; belongs to one process."""

    def __init__(
        self,
        disk: Disk,
        directory: str,
        identity: bytes,
        segment_bytes_max: int,
        allocate_bytes: int,
        over_zeros: bool,
    ) -> None:
        assert len(identity) == IDENTITY_BYTES
        self.torn: list[Damage] = []  # never acknowledged; repaired by ``open``
        self.damage: list[Damage] = []  # in the last segment, met by ``open``
        self.figures = CommitFigures()
        self._monotonic = SystemClock().monotonic
        self._disk = disk
        self._directory = directory
        self._identity = identity
        self._segment_bytes_max = segment_bytes_max
        self._allocate_bytes = allocate_bytes
        self._over_zeros = over_zeros
        disk.make_directories(directory)
        self._files = SegmentFiles(disk, directory)
        self.reads = SegmentReads(disk, self._files, identity)
        self.closed = ClosedSegments.found(disk, directory, self._files)
        self._current: CurrentSegment | None = None  # also after a failure or a roll
        self._waiting: list[Entry] = []
        self._is_busy = False  # a batch is under way, or about to begin
        self._submitted = 0
        self._fates = Fates()
        self._recent = RecentBodies()
        self._roll_wanted = False
        self._is_closed = False

    @classmethod
    def open(
        cls,
        disk: Disk,
        directory: str,
        identity: bytes,
        *,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
        allocate_bytes: int = ALLOCATE_BYTES,
        over_zeros: bool = False,
    ) -> Journal:
        """Open, or begin, the journal in ``directory``, and repair its tail.

        ``identity`` (16 bytes) keeps segments of other journals apart: ``Corrupt``
        when the last one has another's.  ``over_zeros``: for small records
        (``journal.zeros``).  Blocks; reads the last segment through.
        """
        journal = cls(
            disk, directory, identity, segment_bytes_max, allocate_bytes, over_zeros
        )
        if last := journal.closed.newest:
            path = journal._files.path(last)
            journal._current, tail = CurrentSegment.reopen(
                disk, path, last, identity, over_zeros
            )
            journal.torn, journal.damage = tail.torn, tail.damage
        return journal

    # ---- writing ------------------------------------------------------------

    def append(self, kind: int, meta: bytes, body: Buffer = b"") -> Promise[Position]:
        """Write a record; kept when it is on disk.  The body's memory must stay
        unchanged until then."""
        entry = PromisedEntry(kind, meta, body)
        self.submit(entry)
        return entry.promise

    def submit(self, entry: Entry) -> None:
        """Write a record; the entry is told its fate."""
        if self._is_closed:
            entry.failed(Unavailable("the journal is closed"))
            return
        assert 0 < entry.kind < 65536, "not a kind of record"
        assert HEAD_BYTES + len(entry.meta) + len(entry.body) <= RECORD_BYTES_MAX
        self._waiting.append(entry)
        self._submitted += 1
        if not self._is_busy:
            # Not at once, so that writers that are ready to run now join this batch
            # instead of waiting for the next.
            self._is_busy = True
            concurrency.soon(self._begin_batch)

    def flush(self) -> None:
        """Wait until everything submitted so far has been told its fate."""
        self._fates.await_told(self._submitted)

    def _begin_batch(self) -> None:
        """On the hub: the next batch.  What takes waiting goes to a greenlet."""
        if not self._waiting:
            self._is_busy = False
        elif (segment := self._fitting_segment(self._waiting[0])) is None:
            concurrency.spawn(self._begin_segment)
        else:
            batch = Batch(segment, self._waiting, self._segment_bytes_max)
            del self._waiting[: len(batch.entries)]
            if segment.has_space(batch.cut.end):
                self._write(batch)
            else:
                concurrency.spawn(self._write_after_allocating, batch)

    def _write(self, batch: Batch) -> None:
        batch.begun = self._monotonic()
        segment = batch.segment
        written = segment.write(batch.cut)
        written.when_done(lambda done: self._end_batch(batch, done.error))
        if segment.wants_space(batch.cut.end, self._segment_bytes_max):
            concurrency.spawn(
                segment.grow, self._allocate_bytes, self._segment_bytes_max
            )

    def _write_after_allocating(self, batch: Batch) -> None:
        try:
            batch.segment.make_space(
                batch.cut.end, self._allocate_bytes, self._segment_bytes_max
            )
        except RingstackError as error:
            if batch.cut.direct is not None:
                batch.cut.direct.release()
            self._fail(batch.entries, error)
        else:
            self._write(batch)

    def _end_batch(self, batch: Batch, error: BaseException | None) -> None:
        """Tell the writers; those that are woken join the next batch."""
        if error is not None:
            concurrency.spawn(self._fail, batch.entries, error)
            return
        segment = batch.segment
        for start, stop in segment.advance(batch.cut.end):
            forget = partial(self._files.forget_cached, segment.number, start, stop)
            self._recent.add(stop - start, forget)
        self.figures.count(len(batch.entries), self._monotonic() - batch.begun)
        number = segment.number
        try:
            for entry, offset in zip(batch.entries, batch.cut.offsets, strict=True):
                entry.written(number, offset)
        finally:
            self._fates.told(len(batch.entries))
            concurrency.soon(self._begin_batch)

    def _fail(self, entries: list[Entry], error: RingstackError) -> None:
        """Nothing of these was written.  The greenlet waits."""
        _log.error("journal %s: a batch failed: %s", self._directory, error)
        self.figures.failures += 1
        self._end_current(suspect=True)
        for entry in entries:
            entry.failed(error)
        self._fates.told(len(entries))
        concurrency.soon(self._begin_batch)

    def _fitting_segment(self, entry: Entry) -> CurrentSegment | None:
        """The current segment if the record fits there; None: it takes a new one."""
        segment = self._current
        if segment is not None and not self._roll_wanted:
            end = segment.tail + HEAD_BYTES + len(entry.meta) + len(entry.body)
            if end <= self._segment_bytes_max or segment.tail <= SEGMENT_HEADER_BYTES:
                return segment
        return None

    def _begin_segment(self) -> None:
        self._roll_wanted = False
        self._end_current()
        number = self.closed.newest + 1
        try:
            self._current = self._disk.offload(
                CurrentSegment.begin,
                self._disk,
                self._directory,
                self._files.path(number),
                number,
                self._identity,
                self._over_zeros,
            )
        except RingstackError as error:
            # There is no segment to be had: none of them has a place.
            waiting, self._waiting = self._waiting, []
            self._fail(waiting, error)
        else:
            self.closed.newest = number
            concurrency.soon(self._begin_batch)

    def _end_current(self, *, suspect: bool = False) -> None:
        segment, self._current = self._current, None
        if segment is None:
            return
        # Before anything waits: what is not among the segments counts as removed, and
        # with it the records that keep the dead from coming back.
        if segment.tail:
            self.closed.add(segment.number, segment.tail)
        segment.settle()
        self._disk.offload(segment.end, suspect)
        if not segment.tail:
            self._files.forget(segment.number)

    def roll(self) -> None:
        """Let the next record begin a new segment."""
        self._roll_wanted = self._current is not None and self._current.tail > 0

    def close(self) -> None:
        """Wait for what is under way, then close."""
        self._is_closed = True
        self.flush()
        self._end_current()
        self._files.close()

    @property
    def waiting(self) -> int:
        """Records that wait for their batch."""
        return len(self._waiting)

    # ---- reading ------------------------------------------------------------

    @property
    def end(self) -> Position:
        """After the last acknowledged record: replaying from here yields what is
        written later."""
        facts = self.segments()
        return Position(facts[-1].number, facts[-1].size) if facts else Position(0, 0)

    def segments(self) -> list[SegmentFacts]:
        """All segments in the order of writing; the last is the newest."""
        facts = self.closed.facts()
        if self._current is not None and self._current.tail:
            facts.append(SegmentFacts(self._current.number, self._current.tail))
        return facts

    def replay(self, start: Position | None = None) -> Iterator[Found | Damage]:
        """Every record from ``start`` (a position that ``end`` or a record had) to
        what is now the end, in the order of writing, and the damage between."""
        first = start or Position(0, 0)
        memory = scan_memory()
        for facts in self.segments():
            if facts.number >= first.segment:
                offset = first.offset if facts.number == first.segment else 0
                yield from self.reads.look_through(facts, offset, memory)

    def has(self, number: int) -> bool:
        """Whether there is such a segment, with anything in it."""
        current = self._current
        if current is not None and current.number == number:
            return current.tail > 0
        return number in self.closed
