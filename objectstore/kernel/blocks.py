"""Whole blocks: memory that a disk takes bytes from by itself, without a copy.

Writes around the page cache (``Disk.open_direct``) are of whole blocks: where they
begin in the file, how long they are, and where they lie in memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import mmap
import sys
from collections import deque
from collections.abc import Callable

# Every device and file system in use takes this: the size of a page, of a block of
# ext4 and XFS, and a multiple of all sectors.
BLOCK_BYTES = 4096
# Memory of so much is held in one page where the system can: what the disk is handed is
# gathered page by page.
LARGE_PAGE_BYTES = 2 * 1024 * 1024


def block_memory(size: int) -> memoryview:
    """Zeroed memory that begins on a block; its pages are taken when first touched."""
    return memoryview(_own_pages(size))


def _own_pages(size: int) -> mmap.mmap:
    # Private: a child that is forked must not write into what its parent sends.
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if size >= LARGE_PAGE_BYTES:
        with contextlib.suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def address_of(memory: memoryview) -> int:
    """Where writable memory begins."""
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def is_of_blocks(memory: memoryview) -> bool:
    """Whether it is writable, begins on a block, and holds whole ones."""
    if memory.readonly or not memory or len(memory) % BLOCK_BYTES:
        return False
    return address_of(memory) % BLOCK_BYTES == 0


def block_start(offset: int) -> int:
    """Where the block of this offset begins."""
    return offset - offset % BLOCK_BYTES


def block_stop(offset: int) -> int:
    """Where the block ends that everything before this offset reaches into."""
    return -(-offset // BLOCK_BYTES) * BLOCK_BYTES


class BlockPool:
    """Equal buffers for writes of whole blocks, touched before and so cheap.

    Bounded: whoever gets none goes another way.
    """

    def __init__(self, buffer_bytes: int, buffers_max: int) -> None:
        self.buffer_bytes = buffer_bytes
        self._left = buffers_max  # not made yet
        self._spare: list[memoryview] = []

    def take(self) -> memoryview | None:
        """The buffer given back last, a new one, or None when all are in use."""
        if self._spare:
            return self._spare.pop()
        if not self._left:
            return None
        self._left -= 1
        return block_memory(self.buffer_bytes)

    def give_back(self, buffer: memoryview) -> None:
        """No write of it is under way any more."""
        self._spare.append(buffer)


class ViewedPool:
    """Equal buffers that are free again when nobody has a view of them any more.

    For memory that goes to several readers of which some may be late: whoever is the
    last to let go gives it back by that.
    """

    def __init__(
        self,
        buffer_bytes: int,
        buffers_max: int,
        make: Callable[[int], mmap.mmap] | None = None,
    ) -> None:
        """``make`` makes the buffer of this place, from 0 on; of own pages if None.
        The first place that is free is taken."""
        self._make = make or (lambda _: _own_pages(buffer_bytes))
        self._buffers_max = buffers_max
        self._buffers: list[mmap.mmap] = []
        # That of the list, and what the interpreter counts of the one who asks: not the
        # same in all its versions.
        one = [_own_pages(BLOCK_BYTES)]
        self._references_when_free = next(
            count for count in itertools.count() if _first_with(one, count) is not None
        )

    def take(self) -> memoryview | None:
        """The first that is free, a new one, or None when all are in use."""
        free = _first_with(self._buffers, self._references_when_free)
        if free is not None:
            return memoryview(free)
        if len(self._buffers) == self._buffers_max:
            return None
        self._buffers.append(self._make(len(self._buffers)))
        return memoryview(self._buffers[-1])


class CountedPages:
    """Memory of any size, whole pages of its own, bounded in sum.

    It counts until nobody has a view of it any more, and goes back to the system then.
    """

    def __init__(self, bytes_max: int | None) -> None:
        """``bytes_max`` None: as much as is asked for."""
        self._bytes_max = bytes_max
        self._taken = 0
        # Whoever lets go last may be on any thread, so he leaves a note only.
        self._returned: deque[int] = deque()

    def take(self, size: int) -> memoryview | None:
        """Zeroed memory of ``size`` bytes, or None when too much is in use."""
        while self._returned:
            self._taken -= self._returned.popleft()
        if self._bytes_max is not None and self._taken + size > self._bytes_max:
            return None
        pages = _Pages(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        pages.let_go = self._returned.append
        self._taken += size
        return memoryview(pages)


class _Pages(mmap.mmap):
    """Tells its size when nobody has a view of it any more."""

    let_go: Callable[[int], None]

    def __del__(self) -> None:
        self.let_go(len(self))


def _first_with(buffers: list[mmap.mmap], references: int) -> mmap.mmap | None:
    """The first that so many refer to."""
    for buffer in buffers:
        if sys.getrefcount(buffer) == references:
            return buffer
    return None
