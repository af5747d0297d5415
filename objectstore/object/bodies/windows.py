"""Reading a file in windows around the page cache, some ahead of the one in use.

Large bodies that were just written are not in the cache (decision 40), and bringing
them there costs more than reading them (decision 45).  Four windows are on their way at
once, so the disk works while checked bytes leave; the hub waits for none of them.

A disk that hangs may still write into memory that it was given, however late, so that
is not used for anything else until it has answered.  How much that can be is bounded,
and no more is asked of such a disk meanwhile: its other readers are told at once and go
on at other replicas, instead of waiting as long for the same.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator

from objectstore.kernel.blocks import BlockPool, block_stop
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

WINDOW_BYTES = 1024 * 1024
WINDOWS = 4
# Of one process: 64 MiB.  A reader that finds none reads through the cache, so slow
# clients keep no others waiting.
READERS_MAX = 16
# Of one device: when its disk hangs, others have as many.
DEVICE_READERS_MAX = READERS_MAX // 2
# No disk that works takes so long for a window.  Less than a proxy or a peer waits for
# a body that pauses (10 s): it hears of it, and goes on at another replica.
READ_SECONDS_MAX = 8.0

_pool = BlockPool(WINDOWS * WINDOW_BYTES, READERS_MAX)


_log = logging.getLogger("objectstore.windows")


class DeviceReads:
    """What is being read of one device around the page cache."""

    def __init__(self, disk: Disk, name: str, pool: BlockPool = _pool) -> None:
        """``name``: what an operator knows it by."""
        self.disk = disk
        self._name = name
        self._pool = pool
        self._readers = 0  # that have memory
        self._hung = 0  # of them: who gave up waiting

    @property
    def hung_bytes(self) -> int:
        """Memory that a disk which hangs has not given back yet."""
        return self._hung * WINDOWS * WINDOW_BYTES

    def check(self) -> None:
        """``Unavailable`` while the disk hangs."""
        if self._hung:
            raise Unavailable(f"{self._name}: the disk does not answer")

    def reader(
        self,
        descriptor: int,
        when_closed: Callable[[], None],
        *,
        seconds_max: float = READ_SECONDS_MAX,
    ) -> WindowReader | None:
        """For an open file; None where it must be read through the cache.

        ``seconds_max``: how long one window may keep its reader waiting.
        """
        self.check()
        if self._readers >= DEVICE_READERS_MAX:
            return None
        direct = self.disk.open_direct(descriptor)
        if direct is None:
            return None
        memory = self._pool.take()
        if memory is None:
            self.disk.close(direct)
            return None
        self._readers += 1
        return WindowReader(self, direct, memory, when_closed, seconds_max)

    def hangs(self) -> None:
        """One reader gives up, and leaves his memory to the disk."""
        if not self._hung:
            _log.error("%s: the disk does not answer reads", self._name)
        self._hung += 1

    def ended(self, memory: memoryview, *, has_hung: bool) -> None:
        """Nothing is read into the memory of a closed reader any more."""
        self._pool.give_back(memory)
        self._readers -= 1
        if has_hung:
            self._hung -= 1
            if not self._hung:
                _log.warning("%s: the disk answers again", self._name)


class WindowReader:
    """One reader of one file."""

    def __init__(
        self,
        reads: DeviceReads,
        direct: int,
        memory: memoryview,
        when_closed: Callable[[], None],
        seconds_max: float,
    ) -> None:
        self.has_all = False  # or asked for the rest of it
        self._reads = reads
        self._disk = reads.disk
        self._direct = direct
        self._memory = memory
        self._when_closed = when_closed
        self._seconds_max = seconds_max
        self._under_way = 0
        self._is_closed = False
        self._has_hung = False

    def read(self, windows: Iterator[tuple[int, int]]) -> Iterator[memoryview]:
        """The bytes [first, last) of each window, fewer at the end of the file; each
        valid until the next is asked for.

        Windows begin on blocks of the disk and are WINDOW_BYTES at most.  The greenlet
        waits; raises ``Unavailable``, ``DeadlineExceeded`` when the disk hangs.  Memory
        that a disk which hangs may still write to is not given back before it has.
        """
        asked: deque[tuple[memoryview, Promise[int]]] = deque()
        for place in range(WINDOWS):
            self._ask(asked, windows, place * WINDOW_BYTES)
        place = 0
        while asked:
            view, promise = asked.popleft()
            yield view[: self._filled(promise)]
            self._ask(asked, windows, place * WINDOW_BYTES)
            place = (place + 1) % WINDOWS

    def _filled(self, promise: Promise[int]) -> int:
        try:
            return promise.wait(self._seconds_max)
        except DeadlineExceeded:
            if not promise.done and not self._has_hung:
                self._has_hung = True
                self._reads.hangs()
            raise

    def _ask(
        self,
        asked: deque[tuple[memoryview, Promise[int]]],
        windows: Iterator[tuple[int, int]],
        start: int,
    ) -> None:
        window = next(windows, None)
        if window is None:
            self.has_all = True
            return
        first, last = window
        blocks = self._memory[start : start + block_stop(last - first)]
        self._under_way += 1
        promise = self._disk.read_around(self._direct, blocks, first)
        promise.when_done(self._ended)
        asked.append((blocks[: last - first], promise))

    def _ended(self, _: Promise[int]) -> None:
        self._under_way -= 1
        self._give_back()

    def close(self) -> None:
        """Let go of the file, and of the memory when nothing is read into it."""
        if not self._is_closed:
            self._is_closed = True
            self._disk.close(self._direct)
            self._when_closed()
            self._give_back()

    def _give_back(self) -> None:
        if self._is_closed and not self._under_way:
            self._reads.ended(self._memory, has_hung=self._has_hung)
