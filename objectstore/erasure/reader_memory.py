"""Memory for reading fragments side by side: bounded, however many readers stall.

A reader whose client takes nothing holds what has come: pieces, what nodes read ahead,
a segment.  Each takes a *share* for that; who gets none reads a little at a time
(``slices``), and asks again with each segment.  So nobody waits for clients of others.
"""

from __future__ import annotations

from objectstore.wire.layouts import Layout

# Of one process: some thirty of the largest readers of 4 + 2.
READERS_BYTES_MAX = 256 * 1024 * 1024
# What a near device reads of a fragment at once; a far one reads less.
FEED_BYTES_MAX = 1024 * 1024
# Segments' pieces: those that are here, and those on their way; what is made of them.
SEGMENTS_HELD = 3


def needed_bytes(layout: Layout, first: int, stop: int) -> int:
    """What a reader of the segments [first, stop) holds at most."""
    start, end = layout.fragment_range(first, stop)
    held = min(SEGMENTS_HELD, 1 + stop - first) * layout.piece_length(first)
    return layout.data * (min(end - start, FEED_BYTES_MAX) + held)


class Share:
    """One reader's; given back when it is forgotten, at the latest."""

    def __init__(self, memory: ReaderMemory, size: int) -> None:
        self._memory = memory
        self._size = size

    def give_back(self) -> None:
        """Harmless when it was."""
        size, self._size = self._size, 0
        self._memory.left += size

    def __del__(self) -> None:
        self.give_back()


class ReaderMemory:
    """So many bytes; ``left`` of them."""

    def __init__(self, size: int) -> None:
        self.left = size

    def take(self, size: int) -> Share | None:
        """None when there is not as much."""
        if size > self.left:
            return None
        self.left -= size
        return Share(self, size)


reader_memory = ReaderMemory(READERS_BYTES_MAX)
