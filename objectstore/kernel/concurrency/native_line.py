"""One thing after the other on a native thread, which goes from one to the next itself.

Handing a thing to a thread and hearing of its end costs some 0.2 ms each time, for the
hub has others to see to first: little beside a disk's sync, much beside 1.2 ms of MD5
when the next piece has been there all the while.  So the thread takes whatever waits,
and rings (an eventfd) after each; whoever waits for one of them is woken as before.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from objectstore.kernel.concurrency import native_threads
from objectstore.kernel.concurrency.descriptors import call_when_readable
from objectstore.kernel.concurrency.native_threads import offload
from objectstore.kernel.concurrency.promise import Promise, promised

T = TypeVar("T")


class NativeLine(Generic[T]):
    """Calls ``take`` with each thing in order, never two at once; made, and told what
    to take, on the hub's thread.

    Where there are no native threads (simulated time) or no descriptor is left for the
    bell, each thing is handed over by itself.
    """

    def __init__(self, take: Callable[[T], object], moved: Callable[[], None]) -> None:
        """``moved`` is called on the hub's thread after one or several things were
        taken, or when none will be any more.  It must be short and must not wait."""
        self.done = 0  # things
        self.error: BaseException | None = None
        self._take = take
        self._moved = moved
        self._waiting: deque[T] = deque()
        self._is_busy = False
        self._is_closed = False
        self._bell: _Bell | None = None

    def add(self, thing: T) -> None:
        """Take this after those before it; nothing, when one of them has failed."""
        if self.error is None:
            self._waiting.append(thing)
            if not self._is_busy:
                self._go_on()

    def close(self) -> None:
        """Take nothing more than what is being taken just now."""
        self._is_closed = True
        self._waiting.clear()
        if not self._is_busy:
            self._take_down()

    def _go_on(self) -> None:
        self._is_busy = True
        if self._bell is None:
            self._bell = _Bell.hung(self._moved)
        promised(offload, self._take_waiting).when_done(self._ended)

    def _take_waiting(self) -> None:
        """On the native thread."""
        while True:
            try:
                thing = self._waiting.popleft()
            except IndexError:  # closed between any two steps of this
                return
            self._take(thing)
            self.done += 1
            if self._bell is None or not self._waiting:
                return  # which tells the hub as well
            self._bell.ring()

    def _ended(self, promise: Promise[None]) -> None:
        self._is_busy = False
        if promise.error is not None:
            self.error = promise.error
            self._waiting.clear()
        self._moved()
        if self._waiting:
            self._go_on()
        elif self._is_closed:
            self._take_down()

    def _take_down(self) -> None:
        bell, self._bell = self._bell, None
        if bell is not None:
            bell.take_down()


class _Bell:
    """Rung on any thread, heard on the hub's."""

    def __init__(self, descriptor: int, heard: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._heard = heard
        self._listen_no_more = call_when_readable(descriptor, self._hear)

    @classmethod
    def hung(cls, heard: Callable[[], None]) -> _Bell | None:
        """None where there can be none."""
        if not native_threads.are_used():
            return None
        try:
            descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        except OSError:
            return None
        try:
            return cls(descriptor, heard)
        except OSError:  # the hub has no room for one more
            os.close(descriptor)
            return None

    def ring(self) -> None:
        os.eventfd_write(self._descriptor, 1)

    def take_down(self) -> None:
        """While nobody can ring: its number is the next file's."""
        self._listen_no_more()
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)

    def _hear(self) -> None:
        # Whoever was told before, of the same moment, may have taken it down.
        if self._descriptor >= 0:
            os.eventfd_read(self._descriptor)
            self._heard()
