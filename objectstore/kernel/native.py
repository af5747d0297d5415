"""Threads of the system that live long, and how they speak to the hub.

Libraries that block in C or run an event loop of their own (libvirt, AMQP) get a
thread; greenlets run on the hub's thread only.  A ``Mailbox`` is the one way from there
to here: ``put`` may be called on any thread, ``listener`` runs on the hub's.
(Short blocking calls need none of this: ``concurrency.offload``.)
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from objectstore.kernel import concurrency

T = TypeVar("T")

# What waits for the hub at most.  Whoever sends more than the hub can take loses
# the oldest: mailboxes carry hints and reports of states, which newer ones replace.
ITEMS_MAX = 10_000
WAKE_BYTES = 4096

_log = logging.getLogger("objectstore.native")


def start_thread(name: str, function: Callable[[], None]) -> threading.Thread:
    """Run ``function`` on a thread of its own, which does not hold up the process'
    end."""
    thread = threading.Thread(target=function, name=name, daemon=True)
    thread.start()
    return thread


class Mailbox(Generic[T]):
    """Carries items from any thread to a listener on the hub's thread, in order."""

    def __init__(self, listener: Callable[[T], None]) -> None:
        """Made on the hub's thread.  ``listener`` must be short and must not wait."""
        self._listener = listener
        self._items: deque[T] = deque(maxlen=ITEMS_MAX)
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._task = concurrency.spawn(self._listen)

    def put(self, item: T) -> None:
        """From any thread; never waits."""
        self._items.append(item)
        # A full pipe wakes the hub as well as one more byte would; a closed one
        # belongs to a mailbox that nobody listens at any more.
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._writer, b"+")

    def close(self) -> None:
        """On the hub's thread: listen no more."""
        concurrency.kill_task(self._task)
        writer, self._writer = self._writer, -1
        for descriptor in (self._reader, writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _listen(self) -> None:
        while True:
            concurrency.wait_readable(self._reader)
            with contextlib.suppress(BlockingIOError):
                os.read(self._reader, WAKE_BYTES)
            while self._items:
                item = self._items.popleft()
                try:
                    self._listener(item)
                except Exception:  # noqa: BLE001  (told; others still come)
                    _log.exception("a listener failed")
