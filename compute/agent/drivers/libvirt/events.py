"""libvirt's events, brought from its native thread to the hub.

libvirt wants a poll loop: its own, on a native thread, registered before the first
connection is opened.  Callbacks run there and must touch nothing of the hub: they
queue what happened and write a byte to a pipe, which a greenlet reads.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Any

import libvirt

from objectstore.kernel import concurrency

_WAKE_BYTES = 4096
_started = threading.Lock()


def start_loop() -> None:
    """Run libvirt's poll loop on a native thread; once for the process."""
    if not _started.acquire(blocking=False):
        return
    libvirt.virEventRegisterDefaultImpl()
    # Errors come as exceptions; libvirt would print them too.
    libvirt.registerErrorHandler(lambda *_: None, None)
    threading.Thread(target=_run, name="libvirt-events", daemon=True).start()


def _run() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()


class EventPipe:
    """Calls, queued on any thread, made in a greenlet, one after the other."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Callable[..., None], Any]] = (
            queue.SimpleQueue()
        )
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._task = concurrency.spawn(self._deliver)

    def put(self, function: Callable[..., None], *arguments: object) -> None:
        """Have ``function`` called on the hub's thread; from any thread."""
        self._queue.put((function, arguments))
        try:
            os.write(self._write, b"!")
        except BlockingIOError:
            pass  # full of wake-ups: the reader is awake
        except OSError:
            pass  # closed: nobody listens any more

    def close(self) -> None:
        """Deliver no more."""
        concurrency.kill_task(self._task)
        write, self._write = self._write, -1  # before the number names another file
        os.close(write)
        os.close(self._read)

    def _deliver(self) -> None:
        while True:
            concurrency.wait_readable(self._read)
            try:
                os.read(self._read, _WAKE_BYTES)
            except BlockingIOError:
                continue
            while True:
                try:
                    function, arguments = self._queue.get_nowait()
                except queue.Empty:
                    break
                # Each in its own greenlet: one that waits delays no other.
                concurrency.spawn(function, *arguments)
