"""Reading a file in windows around the page cache, some ahead of the one in use.

Large bodies that were just written are not in the cache (decision 40), and bringing
them there costs more than reading them (decision 45).  Four windows are on their way at
once, so the disk works while checked bytes leave; the hub waits for none of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from objectstore.kernel.blocks import BlockPool, block_stop
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Disk

WINDOW_BYTES = 1024 * 1024
WINDOWS = 4
# Of one process: 64 MiB.  A reader that finds none reads through the cache, so slow
# clients keep no others waiting.
READERS_MAX = 16
# No disk that works takes so long for a window.  Less than a proxy or a peer waits for
# a body that pauses (10 s): it hears of it, and goes on at another replica.
READ_SECONDS_MAX = 8.0

_pool = BlockPool(WINDOWS * WINDOW_BYTES, READERS_MAX)


class WindowReader:
    """One reader of one file."""

    def __init__(
        self,
        disk: Disk,
        direct: int,
        memory: memoryview,
        when_closed: Callable[[], None],
        seconds_max: float,
    ) -> None:
        self._disk = disk
        self._direct = direct
        self._memory = memory
        self._when_closed = when_closed
        self._seconds_max = seconds_max
        self._under_way = 0
        self._is_closed = False

    @classmethod
    def of(
        cls,
        disk: Disk,
        descriptor: int,
        when_closed: Callable[[], None],
        *,
        seconds_max: float = READ_SECONDS_MAX,
    ) -> WindowReader | None:
        """For an open file; None where it must be read through the cache.

        ``seconds_max``: how long one window may keep its reader waiting.
        """
        direct = disk.open_direct(descriptor)
        if direct is None:
            return None
        memory = _pool.take()
        if memory is None:
            disk.close(direct)
            return None
        return cls(disk, direct, memory, when_closed, seconds_max)

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
            yield view[: promise.wait(self._seconds_max)]
            self._ask(asked, windows, place * WINDOW_BYTES)
            place = (place + 1) % WINDOWS

    def _ask(
        self,
        asked: deque[tuple[memoryview, Promise[int]]],
        windows: Iterator[tuple[int, int]],
        start: int,
    ) -> None:
        window = next(windows, None)
        if window is None:
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
            _pool.give_back(self._memory)
