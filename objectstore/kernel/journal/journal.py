"""The journal: append, group commit, replay.  The package says how to use it.

Invariants:

* one batch is under way at a time, written to the end of the last segment;
* a record's position is fixed when its batch is cut, so a failed batch leaves no gap;
* after a failed write or sync the segment is cut back to its last acknowledged byte
  and takes no further batch: a later fsync that succeeds would prove nothing about
  the pages that the failed one dropped;
* the newest segment is never removed, so segment numbers, and with them positions,
  only ever grow.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from functools import partial

from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer, Disk
from objectstore.kernel.errors import RingstackError, Unavailable
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
    header_identity,
    segment_seed,
)
from objectstore.kernel.journal.removal import give_back
from objectstore.kernel.journal.scan import Window, scan, scan_memory
from objectstore.kernel.journal.segments import (
    SegmentFacts,
    SegmentFiles,
    segment_numbers,
)
from objectstore.kernel.recent_bodies import RecentBodies

# Small enough that compacting one is a short job, large enough that creating
# one (a directory sync) does not matter.
SEGMENT_BYTES_MAX = 64 * 1024 * 1024
# Space is allocated ahead in steps, so that a sync seldom has to record a new
# file size: measured 150 instead of 199 us for 4 KiB.
ALLOCATE_BYTES = 4 * 1024 * 1024

_log = logging.getLogger("objectstore.journal")


class _Batch:
    """Records on their way to the end of a segment, in one write and one sync."""

    __slots__ = ("begun", "cut", "entries", "segment")

    def __init__(
        self, segment: CurrentSegment, waiting: list[Entry], limit: int
    ) -> None:
        self.segment = segment
        self.cut = segment.cut(waiting, limit)
        self.entries = waiting[: len(self.cut.offsets)]
        self.begun = 0.0


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
        self._files = SegmentFiles(disk, directory)
        self._closed_sizes: dict[int, int] = {}
        self._number = 0  # of the newest segment there ever was
        # None at first, after a failure, and after a roll.
        self._current: CurrentSegment | None = None
        self._waiting: list[Entry] = []
        self._is_busy = False  # a batch is under way, or about to begin
        self._submitted = 0
        self._told = 0  # entries that know their fate
        self._recent = RecentBodies()
        self._flushes: list[tuple[int, concurrency.Event]] = []
        self._roll_wanted = False
        self._closed = False

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
        disk.make_directories(directory)
        numbers = segment_numbers(disk, directory)
        for number in numbers[:-1]:
            size = disk.facts(journal._files.path(number)).size
            journal._closed_sizes[number] = size
        if numbers:
            last = journal._number = numbers[-1]
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
        if self._closed:
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
        if self._told < self._submitted:
            event = concurrency.Event()
            self._flushes.append((self._submitted, event))
            event.wait()

    def _tell_flushes(self, count: int) -> None:
        self._told += count
        while self._flushes and self._flushes[0][0] <= self._told:
            self._flushes.pop(0)[1].set()

    def _begin_batch(self) -> None:
        """On the hub: the next batch.  What takes waiting goes to a greenlet."""
        if not self._waiting:
            self._is_busy = False
        elif (segment := self._fitting_segment(self._waiting[0])) is None:
            concurrency.spawn(self._begin_segment)
        else:
            batch = _Batch(segment, self._waiting, self._segment_bytes_max)
            del self._waiting[: len(batch.entries)]
            if segment.has_space(batch.cut.end):
                self._write(batch)
            else:
                concurrency.spawn(self._write_after_allocating, batch)

    def _write(self, batch: _Batch) -> None:
        batch.begun = self._monotonic()
        segment = batch.segment
        written = segment.write(batch.cut)
        written.when_done(lambda done: self._end_batch(batch, done.error))
        if segment.wants_space(batch.cut.end, self._segment_bytes_max):
            concurrency.spawn(
                segment.grow, self._allocate_bytes, self._segment_bytes_max
            )

    def _write_after_allocating(self, batch: _Batch) -> None:
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

    def _end_batch(self, batch: _Batch, error: BaseException | None) -> None:
        """Tell the writers; those that are woken join the next batch."""
        if error is not None:
            concurrency.spawn(self._fail, batch.entries, error)
            return
        segment = batch.segment
        for start, stop in segment.advance(batch.cut.end):
            forget = partial(self._forget_cached, segment.number, start, stop)
            self._recent.add(stop - start, forget)
        self.figures.count(len(batch.entries), self._monotonic() - batch.begun)
        number = segment.number
        try:
            for entry, offset in zip(batch.entries, batch.cut.offsets, strict=True):
                entry.written(number, offset)
        finally:
            self._tell_flushes(len(batch.entries))
            concurrency.soon(self._begin_batch)

    def _forget_cached(self, number: int, start: int, stop: int) -> None:
        with contextlib.suppress(RingstackError):  # it may have been removed
            descriptor = self._files.descriptor(number)
            self._disk.forget_cached(descriptor, start, stop - start)

    def _fail(self, entries: list[Entry], error: RingstackError) -> None:
        """Nothing of these was written.  The greenlet waits."""
        _log.error("journal %s: a batch failed: %s", self._directory, error)
        self.figures.failures += 1
        self._end_current(suspect=True)
        for entry in entries:
            entry.failed(error)
        self._tell_flushes(len(entries))
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
        number = self._number + 1
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
            self._number = number
            concurrency.soon(self._begin_batch)

    def _end_current(self, *, suspect: bool = False) -> None:
        segment, self._current = self._current, None
        if segment is None:
            return
        # Before anything waits: what is not among the segments counts as removed, and
        # with it the records that keep the dead from coming back.
        if segment.tail:
            self._closed_sizes[segment.number] = segment.tail
        segment.settle()
        self._disk.offload(segment.end, suspect)
        if not segment.tail:
            self._files.forget(segment.number)

    def roll(self) -> None:
        """Let the next record begin a new segment."""
        self._roll_wanted = self._current is not None and self._current.tail > 0

    def close(self) -> None:
        """Wait for what is under way, then close."""
        self._closed = True
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
        # In one piece: ``remove`` takes one away on another thread.
        facts = [SegmentFacts(*item) for item in list(self._closed_sizes.items())]
        if self._current is not None and self._current.tail:
            facts.append(SegmentFacts(self._current.number, self._current.tail))
        return facts

    def read(self, segment: int, offset: int, length: int) -> bytes:
        """Bytes of a body: the caller checks them.  ``FileMissing`` when the
        segment was removed."""
        return self._disk.pread(self._files.descriptor(segment), length, offset)

    def read_cached(self, segment: int, offset: int, length: int) -> bytes | None:
        """The same if they are in memory, and None if not."""
        return self._disk.pread_cached(self._files.descriptor(segment), length, offset)

    def read_apart(self, segment: int, offset: int, length: int) -> bytes:
        """The same on a native thread, while others here close descriptors."""
        descriptor = self.open_segment(segment)
        try:
            return self._disk.pread(descriptor, length, offset)
        finally:
            self._disk.close(descriptor)

    def open_segment(self, segment: int) -> int:
        """A descriptor of the caller's own for reading bodies.  ``FileMissing`` when
        the segment was removed."""
        return self._disk.open(self._files.path(segment))

    def replay(self, start: Position | None = None) -> Iterator[Found | Damage]:
        """Every record from ``start`` (a position that ``end`` or a record had) to
        what is now the end, in the order of writing, and the damage between."""
        first = start or Position(0, 0)
        memory = scan_memory()
        for facts in self.segments():
            if facts.number >= first.segment:
                offset = first.offset if facts.number == first.segment else 0
                yield from self.look_through(facts, offset, memory)

    def look_through(
        self,
        facts: SegmentFacts,
        offset: int,
        memory: memoryview,
        *,
        check_bodies: bool = True,
    ) -> Iterator[Found | Damage]:
        """What a segment holds from ``offset`` (0, or where something ended) on, read
        through ``memory`` (``scan_memory``).

        Without ``check_bodies`` large bodies are not even read.  Blocks: for a native
        thread.  ``FileMissing`` when the segment was removed.
        """
        if not facts.size:
            return  # its first batch failed, and its file could not be removed
        number, size = facts
        descriptor = self._disk.open(self._files.path(number))
        try:
            if offset < SEGMENT_HEADER_BYTES:
                header = self._disk.pread(descriptor, SEGMENT_HEADER_BYTES, 0)
                if header_identity(header, number) != self._identity:
                    yield Damage(number, 0, SEGMENT_HEADER_BYTES)
                offset = SEGMENT_HEADER_BYTES
            seed = segment_seed(self._identity, number)
            window = Window(self._disk, descriptor, size, memory)
            yield from scan(window, number, seed, offset, check_bodies=check_bodies)
        finally:
            self._disk.close(descriptor)

    def is_closed(self, number: int) -> bool:
        """Whether there is such a segment, and it takes no more records."""
        return number in self._closed_sizes and number < self._number

    def has(self, number: int) -> bool:
        """Whether there is such a segment, with anything in it."""
        current = self._current
        if current is not None and current.number == number:
            return current.tail > 0
        return number in self._closed_sizes

    def closed_sizes(self) -> dict[int, int]:
        """Bytes of each segment that takes no more records, by number."""
        sizes = dict(self._closed_sizes)
        sizes.pop(self._number, None)
        return sizes

    def set_aside(self, number: int, directory: str) -> None:
        """Move a segment elsewhere instead of removing it.  Blocks."""
        assert number < self._number, "the newest segment keeps the numbers growing"
        self._files.forget(number)
        path = self._files.path(number)
        self._disk.rename(path, os.path.join(directory, os.path.basename(path)))
        del self._closed_sizes[number]
        self._disk.sync_directory(self._directory)

    def remove(self, number: int) -> None:
        """Delete a segment, durably; not the newest one.  Blocks, for up to a second:
        its space goes in slices."""
        assert number < self._number, "the newest segment keeps the numbers growing"
        self._files.forget(number)
        path = self._files.path(number)
        descriptor = self._disk.open(path, write=True)
        try:
            self._disk.unlink(path)
            del self._closed_sizes[number]
            self._disk.sync_directory(self._directory)
            give_back(self._disk, descriptor)
        finally:
            self._disk.close(descriptor)
