"""The segment that takes batches: its birth, its growth and its end.

The journal calls these for one batch at a time, one after the other.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from objectstore.kernel.blocks import block_start, block_stop
from objectstore.kernel.concurrency import Promise, Semaphore
from objectstore.kernel.disk import Buffer, Disk
from objectstore.kernel.errors import Corrupt, InsufficientStorage, RingstackError
from objectstore.kernel.journal.direct import (
    BATCH_BYTES_MAX,
    LARGE_BODY_BYTES,
    DirectBatch,
    padded_end,
    pays,
)
from objectstore.kernel.journal.entry import Entry
from objectstore.kernel.journal.format import (
    HEAD_BYTES,
    SEGMENT_HEADER_BYTES,
    Damage,
    encode_head,
    encode_segment_header,
    header_identity,
    segment_seed,
)
from objectstore.kernel.journal.repair import Tail, examine_tail, repair_tail
from objectstore.kernel.journal.zeros import FIRST_ZEROS_BYTES, padding, write_zeros

# Larger bodies leave the page cache after a while (``kernel.recent_bodies``).
CACHED_BODY_BYTES_MAX = 64 * 1024

_log = logging.getLogger("objectstore.journal")


# Space is allocated for so many batches like the one at hand, and by the step that was
# asked for at least; again when half of that is used up, while batches go on.
BATCHES_AHEAD = 8


class Cut(NamedTuple):
    """Records encoded for their places in a segment."""

    buffers: list[Buffer]
    offsets: list[int]  # of each record
    end: int
    direct: DirectBatch | None  # the same bytes, to be written around the page cache


class CurrentSegment:
    """One segment open for writing; ``tail`` is its acknowledged length."""

    def __init__(
        self,
        disk: Disk,
        path: str,
        number: int,
        identity: bytes,
        descriptor: int,
        over_zeros: bool,
    ) -> None:
        self.path = path
        self.number = number
        self.tail = 0
        self._disk = disk
        self._identity = identity
        self._over_zeros = over_zeros  # written ahead (``journal.zeros``)
        self._seed = segment_seed(identity, number)
        self._descriptor = descriptor
        self._direct = disk.open_direct(descriptor)
        self._allocated = 0
        self._step = 0  # by which the space was allocated that there is
        self._allocating = Semaphore(1)
        self._may_grow = True  # ahead of need
        self._is_settled = False
        self._large: list[tuple[int, int]] = []  # where the batch is large bodies

    @classmethod
    def begin(
        cls,
        disk: Disk,
        directory: str,
        path: str,
        number: int,
        identity: bytes,
        over_zeros: bool,
    ) -> CurrentSegment:
        """A new one, its name durable.  Blocks."""
        descriptor = disk.create(path)
        try:
            disk.sync_directory(directory)
        except RingstackError:
            disk.close(descriptor)
            disk.unlink(path)
            raise
        return cls(disk, path, number, identity, descriptor, over_zeros)

    @classmethod
    def reopen(
        cls, disk: Disk, path: str, number: int, identity: bytes, over_zeros: bool
    ) -> tuple[CurrentSegment, Tail]:
        """An existing one with its tail repaired, to go on writing.  Blocks;
        ``Corrupt`` when it belongs to another journal."""
        descriptor = disk.open(path, write=True)
        segment = cls(disk, path, number, identity, descriptor, over_zeros)
        try:
            return segment, segment._repair()
        except BaseException:
            segment._close()  # a bad disk is tried again and again
            raise

    def _repair(self) -> Tail:
        header = self._disk.pread(self._descriptor, SEGMENT_HEADER_BYTES, 0)
        owner = header_identity(header, self.number)
        if owner is not None and owner != self._identity:
            raise Corrupt(f"{self.path}: a segment of another journal")
        tail = examine_tail(self._disk, self._descriptor, self.number, self._seed)
        if owner is None:
            tail = self._without_header(tail, header)
        repair_tail(self._disk, self._descriptor, self._seed, tail)
        self.tail = self._allocated = tail.end
        return tail

    def _without_header(self, tail: Tail, header: bytes) -> Tail:
        """A header that is not whole: torn in the first batch, or damaged later.
        What it says is known, so it is written again."""
        bad = Damage(self.number, 0, SEGMENT_HEADER_BYTES)
        if tail.last_batch > SEGMENT_HEADER_BYTES:
            tail.damage.append(bad)
        elif header.strip(b"\0"):
            tail.torn.append(bad)
        if not tail.records:
            return tail._replace(end=0)
        again = encode_segment_header(self._identity, self.number)
        self._disk.pwrite(self._descriptor, [again], 0)
        return tail

    def cut(self, waiting: list[Entry], limit: int) -> Cut:
        """Encode as many of the waiting entries as fit at ``tail``."""
        seed, offset = self._seed, self.tail
        limit = min(limit, offset + BATCH_BYTES_MAX)
        buffers: list[Buffer] = []
        offsets: list[int] = []
        if offset == 0:
            buffers.append(encode_segment_header(self._identity, self.number))
            offset = SEGMENT_HEADER_BYTES
        first = offset
        large = 0
        self._large = []
        for entry in waiting:
            meta, body = entry.meta, entry.body
            length = len(body)
            end = offset + HEAD_BYTES + len(meta) + length
            if end > limit and offsets:
                break
            crc = entry.body_crc
            head = encode_head(seed, offset, first, entry.kind, meta, length, crc)
            buffers.append(head + meta)
            if length:
                buffers.append(body)
                if length >= LARGE_BODY_BYTES:
                    large += length
                    self._note_large(end - length, end)
            offsets.append(offset)
            offset = end
        if self._direct is not None and pays(large, offset - first):
            direct = self._assemble(first, buffers, offset)
            if direct is not None:
                self._large = []
                return Cut(buffers, offsets, padded_end(offset), direct)
        return Cut(buffers, offsets, offset, None)

    def _assemble(
        self, first: int, buffers: list[Buffer], end: int
    ) -> DirectBatch | None:
        start = block_start(self.tail)
        if start < self.tail:
            # Written a moment ago, through the page cache: it is there.
            length = self.tail - start
            try:
                before = self._disk.pread(self._descriptor, length, start)
            except RingstackError:
                before = b""
            if len(before) != length:
                return None  # writing through the cache finds out what is wrong
            buffers = [before, *buffers]
        return DirectBatch.assemble(self._seed, start, first, end, buffers)

    def _note_large(self, start: int, stop: int) -> None:
        """One range for neighbours: the page cache lets go of what lies wholly in a
        range, and what it keeps together may hold more than one body."""
        if self._large and start - self._large[-1][1] <= CACHED_BODY_BYTES_MAX:
            start = self._large.pop()[0]
        self._large.append((start, stop))

    def has_space(self, end: int) -> bool:
        """Whether writing up to there allocates nothing."""
        return end <= self._allocated

    def make_space(self, end: int, step: int, limit: int) -> None:
        """Allocate ahead by ``step``, but not beyond ``limit``, and up to ``end`` at
        least.  The greenlet waits."""
        with self._allocating:
            if end > self._allocated:
                self._disk.offload(self._allocate, end, step, limit)

    def wants_space(self, end: int, limit: int) -> bool:
        """Whether to call ``grow`` now that it is written up to ``end``."""
        left = self._allocated - end
        return self._may_grow and left < self._step // 2 and self._allocated < limit

    def grow(self, step: int, limit: int) -> None:
        """Allocate ahead before it is needed, so that no batch waits for it.  The
        greenlet waits."""
        self._may_grow = False
        with self._allocating:
            if self._is_settled:
                return
            try:
                step = max(step, self._step)
                self._disk.offload(self._allocate_ahead, step, limit)
            except RingstackError:
                return  # the batch that needs it finds out, and asks for less
        self._may_grow = True

    def settle(self) -> None:
        """Before ``end``: wait for an allocation under way; none begins after."""
        with self._allocating:
            self._is_settled = True

    def write(self, cut: Cut) -> Promise[None]:
        """Write and sync a batch at ``tail``; when it is kept: ``advance``."""
        direct = cut.direct
        if direct is None:
            buffers = cut.buffers
            if self._over_zeros and block_stop(cut.end) <= self._allocated:
                buffers = [*buffers, padding(cut.end)]
            return self._disk.write_and_sync(self._descriptor, buffers, self.tail)
        assert self._direct is not None
        start = block_start(self.tail)
        promise = self._disk.write_and_sync(self._direct, [direct.blocks], start)
        promise.when_done(lambda _: direct.release())
        return promise

    def advance(self, end: int) -> list[tuple[int, int]]:
        """The batch is on disk, up to ``end``; where it has large bodies."""
        self.tail = end
        return self._large

    def _allocate(self, end: int, step: int, limit: int) -> None:
        if self._over_zeros:
            step = FIRST_ZEROS_BYTES  # somebody waits
        step = max(step, BATCHES_AHEAD * (end - self.tail))
        try:
            self._allocate_ahead(step, limit, end)
        except InsufficientStorage:
            # Too full to be generous: a delete may still fit.
            self._allocate_ahead(0, end, end)

    def _allocate_ahead(self, step: int, limit: int, least: int = 0) -> None:
        start = self._allocated
        target = max(least, min(start + step, limit))
        self._disk.allocate(self._descriptor, start, target - start)
        if self._over_zeros:
            write_zeros(self._disk, self.path, start, target)
        self._allocated, self._step = target, step

    def end(self, suspect: bool) -> None:
        """Cut off what is not acknowledged and close.  Blocks.

        ``suspect``: after a failed write.  Whatever cannot be cut off is zeros or
        whole records of writes whose outcome their writers know to be unknown.
        """
        try:
            self._disk.truncate(self._descriptor, self.tail)
            if suspect:
                self._disk.sync_data(self._descriptor)
            if not self.tail:
                self._disk.unlink(self.path)
        except RingstackError as error:
            _log.warning("%s: cannot cut the tail: %s", self.path, error)
        finally:
            self._close()

    def _close(self) -> None:
        if self._direct is not None:
            self._disk.close(self._direct)
        self._disk.close(self._descriptor)
