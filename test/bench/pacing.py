"""Sends requests when they are due, to some microseconds: an open load of one thread.

A timer of the kernel (timerfd) fires for each request, on a fixed raster; neither the
time-outs of selectors, which are whole milliseconds rounded up, nor the work done
meanwhile shift the raster.  A request that finds no connection free waits, and its time
counts from when it was due all the same: a store that stalls cannot slow the load down.
Everything is made before the first request leaves, and nothing is collected until the
last is answered, so that the generator takes little from the processors that it shares
with what it measures.  Where it is allowed to (root), it runs ahead of all other
threads, as if on a machine of its own: it would else count its own waiting for a
processor as time of the store.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from test.bench.driver import END_OF_HEAD, RECEIVE_BYTES, Outcome, verb_of

# As servers write it.
_LENGTHS = (b"\r\nContent-Length:", b"\r\ncontent-length:")
_TIMER = struct.Struct("=qqqq")  # struct itimerspec: interval, first time
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME
TICKS_BYTES = 8
_NANOSECONDS = 1_000_000_000
# From making the timer to the first request.
_LEAD_SECONDS = 0.01
_libc = ctypes.CDLL(None, use_errno=True)


class _Link:
    """A connection with one request under way, and what has come of its reply."""

    __slots__ = ("due", "length", "received", "send", "socket", "verb")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send = self.socket.send
        self.due = 0.0
        self.verb = b""
        self.length = 0  # of the reply; 0: its head has not come yet
        self.received = b""

    def take(self, buffer: bytearray) -> bool | None:
        """Take what has come; whether the request was well answered, None: not yet."""
        count = self.socket.recv_into(buffer)
        if not count:
            raise ConnectionError("the server has closed a connection")
        if not self.received and (length := reply_length(buffer, count)) == count:
            return buffer[9] == 0x32
        self.received += buffer[:count]
        length = reply_length(self.received, len(self.received))
        if not length or len(self.received) < length:
            return None
        is_good = self.received[9] == 0x32
        self.received = b""
        return is_good


def reply_length(data: bytes | bytearray, count: int) -> int:
    """How long the reply is that begins here, head and body; 0: not known yet."""
    stop = data.find(END_OF_HEAD, 0, count)
    if stop < 0:
        return 0
    length = 0
    for name in _LENGTHS:
        if (at := data.find(name, 0, stop)) >= 0:
            end = data.find(b"\r", at + len(name))
            length = int(data[at + len(name) : end])
            break
    return stop + len(END_OF_HEAD) + length


@contextlib.contextmanager
def timer(first: float, rate: float) -> Iterator[int]:
    """A descriptor that can be read once for every ``1 / rate`` seconds since
    ``first`` (``time.perf_counter``, which is the kernel's monotonic clock)."""
    descriptor = _libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_CLOEXEC)
    try:
        every = int(_NANOSECONDS / rate)
        begins = divmod(int(first * _NANOSECONDS), _NANOSECONDS)
        wanted = _TIMER.pack(*divmod(every, _NANOSECONDS), *begins)
        if descriptor < 0 or _libc.timerfd_settime(descriptor, _ABSOLUTE, wanted, None):
            raise OSError(ctypes.get_errno(), "timerfd")
        yield descriptor
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Run before ordinary threads, where that is allowed, and collect nothing."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    gc.collect()
    gc.disable()
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)
        gc.enable()


def pace(
    port: int, requests: Iterable[bytes], connections: int, rate: float, count: int
) -> Outcome:
    """Send ``count`` of the requests, one every 1 / ``rate`` seconds, whether those
    before are answered or not; seconds count from when a request was due."""
    waiting = deque(islice(requests, count))
    links = {}
    for _ in range(connections):
        link = _Link(port)
        links[link.socket.fileno()] = link
    try:
        with alone(), select.epoll() as epoll:
            for descriptor in links:
                epoll.register(descriptor, select.EPOLLIN)
            return _run(epoll, links, waiting, rate)
    finally:
        for link in links.values():
            link.socket.close()


def _run(
    epoll: select.epoll, links: dict[int, _Link], waiting: deque[bytes], rate: float
) -> Outcome:
    outcome, count = Outcome(), len(waiting)
    free, buffer = list(links.values()), bytearray(RECEIVE_BYTES)
    clock, every = time.perf_counter, int(_NANOSECONDS / rate) / _NANOSECONDS
    began = clock() + _LEAD_SECONDS
    sent = 0
    with timer(began, rate) as ticks:
        epoll.register(ticks, select.EPOLLIN)
        while len(outcome.seconds) < count:
            for descriptor, _ in epoll.poll():
                if descriptor == ticks:
                    os.read(ticks, TICKS_BYTES)  # which sets it for the next
                    continue
                link = links[descriptor]
                if (is_good := link.take(buffer)) is not None:
                    outcome.seconds.append(clock() - link.due)
                    outcome.verbs.append(link.verb)
                    outcome.errors += not is_good
                    free.append(link)
            while sent < count and free:
                due = began + sent * every
                if (late := clock() - due) < 0:
                    break
                link = free.pop()
                link.due = due
                sent += 1
                outcome.late.append(late)
                data = waiting.popleft()
                link.verb = verb_of(data)
                if link.send(data) != len(data):
                    raise ConnectionError("a request does not fit a socket's buffer")
    outcome.elapsed = clock() - began
    return outcome
