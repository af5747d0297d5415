"""Large bodies that stay in the page cache for a while after they were written.

A body stays until so many newer bytes have come; then its pages are let go, and the
bodies that come next are written into them.
Pages that nobody touched yet are dear (on a virtual machine its host allocates
them), pages that have just been let go are cheap, so memory that is used in a circle
costs a writer little (decision 13).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

# Of one device's log, and as much of its body files.  Measured, CPU of writing 1 MiB:
# 0.3 to 0.4 ms with nothing kept, 0.5 with 16 to 64 MiB, 1.4 with 256, 2.9 with all.
# A server of four devices keeps four times this.
RECENT_BYTES_MAX = 16 * 1024 * 1024


class RecentBodies:
    """The newest bodies of one device, in the order of writing."""

    def __init__(self, bytes_max: int = RECENT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()

    def add(self, size: int, forget: Callable[[], None]) -> None:
        """A body was written; ``forget`` lets its pages go, when its time has come.
        From any thread."""
        old: list[Callable[[], None]] = []
        with self._lock:
            self._waiting.append((size, forget))
            self._bytes += size
            while self._bytes > self._bytes_max:
                size, forget = self._waiting.popleft()
                self._bytes -= size
                old.append(forget)
        for forget in old:
            forget()
