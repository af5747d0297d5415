"""Sockets and other descriptors: waiting until one can be read or written."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import eventlet.hubs
import greenlet
from eventlet.green import socket as green_socket

from objectstore.kernel.errors import DeadlineExceeded

GreenSocket = Any  # a socket whose calls wait cooperatively


def green(sock: socket.socket) -> GreenSocket:
    """The same socket, waiting cooperatively."""
    return green_socket.socket(sock.family, sock.type, sock.proto, sock.detach())


def wait_readable(descriptor: int, timeout_seconds: float | None = None) -> None:
    """Wait until the descriptor can be read; DeadlineExceeded when it cannot."""
    _wait_descriptor(descriptor, timeout_seconds, read=True, write=False)


def wait_writable(descriptor: int, timeout_seconds: float | None = None) -> None:
    """Wait until the descriptor can be written; DeadlineExceeded when not."""
    _wait_descriptor(descriptor, timeout_seconds, read=False, write=True)


def _wait_descriptor(
    descriptor: int, timeout_seconds: float | None, *, read: bool, write: bool
) -> None:
    eventlet.hubs.trampoline(
        descriptor,
        read=read,
        write=write,
        timeout=timeout_seconds,
        timeout_exc=DeadlineExceeded("the connection is stalled"),
    )


class Readiness:
    """Waits for one descriptor's data, again and again.

    The descriptor stays registered with the hub between waits, which saves two
    system calls and most of the hub's work at each; it is taken off when data
    comes that nobody waits for (the hub would spin), until the next ``wait``.
    One greenlet waits at a time.  A wake-up may be spurious: try, then wait again.

    A socket that nobody refers to any more is closed without a word to the hub, and its
    number given to the next: who waited for the old one is told, and in nobody's way.
    """

    __slots__ = ("_descriptor", "_listener", "_waiter")

    def __init__(self, descriptor: int) -> None:
        eventlet.hubs.notify_opened(descriptor)
        self._descriptor = descriptor
        self._listener: Any = None
        self._waiter: Any = None

    def wait(self) -> None:
        """Wait until something can be read (or the peer has ended)."""
        hub = eventlet.hubs.get_hub()
        if self._listener is None:
            self._listener = hub.add(
                hub.READ, self._descriptor, self._wake, self._break, None
            )
        self._waiter = greenlet.getcurrent()
        try:
            hub.switch()
        finally:
            self._waiter = None

    def close(self) -> None:
        """Before the descriptor is closed: the hub must not know it any more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            eventlet.hubs.get_hub().remove(listener)

    def _wake(self, _: int) -> None:
        if self._waiter is None:
            self.close()
        else:
            self._waiter.switch()

    def _break(self, error: BaseException) -> None:
        """The descriptor's number was given to another file."""
        self._listener = None
        if self._waiter is not None:
            self._waiter.throw(error)


def call_when_readable(descriptor: int, call: Callable[[], None]) -> Callable[[], None]:
    """Call it on the hub whenever something can be read: it must read it all, be short,
    and must not wait.  What is returned ends that, before the descriptor is closed."""

    def again(_: int) -> None:
        call()

    def broken(error: BaseException) -> None:
        raise error

    hub = eventlet.hubs.get_hub()
    listener = hub.add(hub.READ, descriptor, again, broken, None)
    return lambda: hub.remove(listener)
