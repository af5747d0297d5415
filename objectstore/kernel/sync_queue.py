"""Syncs, direct writes and direct reads without a thread: the kernel's own queue.

Handing a sync to a native thread costs two hand-overs of the interpreter's lock;
``io_submit`` returns in some 20 us, whatever the number of files, and an eventfd
tells the hub of the ends.  A write around the page cache is one request with its
sync (``RWF_DSYNC``); one through the cache would be made by the caller after all.

Not every machine has it (seccomp filters of containers, ``aio-max-nr`` used up):
``SyncQueue.of_process`` returns None there and the caller goes on with threads.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import ClassVar, NamedTuple

from objectstore.kernel import concurrency
from objectstore.kernel.blocks import address_of
from objectstore.kernel.concurrency import Promise

# System call numbers of (io_setup, io_getevents, io_submit).
_CALLS = {"x86_64": (206, 208, 209), "aarch64": (0, 4, 2)}
_COMMAND_PREAD = 0
_COMMAND_PWRITE = 1
_COMMAND_FDSYNC = 3
_FLAG_EVENTFD = 1
_WRITE_DSYNC = 2  # RWF_DSYNC
_EVENT = struct.Struct("<QQqq")
# One per journal at a time; a machine has some tens of devices.
SYNCS_MAX = 256
_NO_MEMORY = memoryview(b"")

_libc = ctypes.CDLL(None, use_errno=True)


class _Request(ctypes.Structure):
    """``struct iocb`` of <linux/aio_abi.h>, little-endian."""

    _fields_ = (
        ("data", ctypes.c_uint64),
        ("key", ctypes.c_uint32),
        ("rw_flags", ctypes.c_uint32),
        ("command", ctypes.c_uint16),
        ("priority", ctypes.c_int16),
        ("descriptor", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64),
        ("length", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64),
        ("flags", ctypes.c_uint32),
        ("eventfd", ctypes.c_uint32),
    )


class _Asked(NamedTuple):
    """A sync, a write that is synced, or a read."""

    command: int
    descriptor: int
    memory: memoryview  # empty: a sync
    offset: int
    promise: Promise[int]  # of the bytes written or read


class SyncQueue:
    """What is under way in this process: all that is asked for in one turn of the hub
    goes to the kernel in one call."""

    _of_process: ClassVar[tuple[int, SyncQueue | None]] = (0, None)

    def __init__(self, context: ctypes.c_ulong, calls: tuple[int, int, int]) -> None:
        self._context = context
        self._calls = calls
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._gathered: list[_Asked] = []
        self._under_way: dict[int, _Asked] = {}
        self._number = 0
        self._requests = [
            _Request(flags=_FLAG_EVENTFD, eventfd=self._eventfd)
            for _ in range(SYNCS_MAX)
        ]
        self._addresses = (ctypes.c_void_p * SYNCS_MAX)(
            *map(ctypes.addressof, self._requests)
        )
        self._events = ctypes.create_string_buffer(_EVENT.size * SYNCS_MAX)
        concurrency.call_when_readable(self._eventfd, self._collect)

    @classmethod
    def of_process(cls) -> SyncQueue | None:
        """The queue of this process, or None where the machine has none to give.
        A child that was forked gets one of its own."""
        process, queue = cls._of_process
        if process != (own := os.getpid()):
            queue = cls._make()
            cls._of_process = (own, queue)
        return queue

    @classmethod
    def _make(cls) -> SyncQueue | None:
        calls = _CALLS.get(platform.machine())
        if calls is None:
            return None
        context = ctypes.c_ulong(0)
        if _libc.syscall(calls[0], SYNCS_MAX, ctypes.byref(context)) != 0:
            return None
        return cls(context, calls)

    def sync(self, descriptor: int) -> Promise[int]:
        """fdatasync; fails with ``OSError``.  What the queue cannot take (it is full,
        or the file system does not know it) goes to a thread."""
        return self._ask(_COMMAND_FDSYNC, descriptor, _NO_MEMORY, 0)

    def write_and_sync(
        self, descriptor: int, memory: memoryview, offset: int
    ) -> Promise[int]:
        """Write whole blocks around the page cache and sync them; the same.  A short
        write fails with EIO."""
        return self._ask(_COMMAND_PWRITE, descriptor, memory, offset)

    def read(self, descriptor: int, memory: memoryview, offset: int) -> Promise[int]:
        """Read whole blocks around the page cache; the bytes read, fewer only at the
        end of the file."""
        return self._ask(_COMMAND_PREAD, descriptor, memory, offset)

    def _ask(
        self, command: int, descriptor: int, memory: memoryview, offset: int
    ) -> Promise[int]:
        promise: Promise[int] = Promise()
        if not self._gathered:
            concurrency.soon(self._submit)
        self._gathered.append(_Asked(command, descriptor, memory, offset, promise))
        return promise

    def _submit(self) -> None:
        gathered, self._gathered = self._gathered, []
        count = min(len(gathered), SYNCS_MAX - len(self._under_way))
        for request, asked in zip(self._requests, gathered[:count], strict=False):
            self._number += 1
            request.data = self._number
            _fill(request, asked)
            self._under_way[self._number] = asked
        taken = 0
        if count:
            # The kernel copies the requests before it returns.
            calls, addresses = self._calls, self._addresses
            taken = max(0, _libc.syscall(calls[2], self._context, count, addresses))
        for place in range(taken, count):
            self._under_way.pop(self._requests[place].data)
        for asked in gathered[taken:]:
            _do_on_a_thread(asked)

    def _collect(self) -> None:
        try:  # noqa: SIM105  (``suppress`` costs half as much as the call)
            os.read(self._eventfd, 8)
        except BlockingIOError:
            pass
        for number, result in self._ended():
            asked = self._under_way.pop(number)
            if result == len(asked.memory) or (result >= 0 and _may_be_short(asked)):
                asked.promise.resolve(result)
            else:
                code = -result if result < 0 else errno.EIO
                asked.promise.fail(OSError(code, os.strerror(code)))

    def _ended(self) -> list[tuple[int, int]]:
        count = _libc.syscall(
            self._calls[1], self._context, 0, SYNCS_MAX, self._events, None
        )
        if count < 0 and ctypes.get_errno() != errno.EINTR:
            raise OSError(ctypes.get_errno(), "io_getevents")
        raw = memoryview(self._events)[: max(0, count) * _EVENT.size]
        return [(number, result) for number, _, result, _ in _EVENT.iter_unpack(raw)]


def _may_be_short(asked: _Asked) -> bool:
    return asked.command == _COMMAND_PREAD


def _fill(request: _Request, asked: _Asked) -> None:
    request.command, request.descriptor = asked.command, asked.descriptor
    request.rw_flags = _WRITE_DSYNC if asked.command == _COMMAND_PWRITE else 0
    request.offset = asked.offset
    memory = asked.memory
    request.length = len(memory)
    request.buffer = address_of(memory) if memory else 0


def _do(asked: _Asked) -> int:
    if asked.command == _COMMAND_PREAD:
        return os.preadv(asked.descriptor, [asked.memory], asked.offset)
    written = 0
    if asked.command == _COMMAND_PWRITE:
        written = os.pwrite(asked.descriptor, asked.memory, asked.offset)
        if written != len(asked.memory):
            raise OSError(errno.EIO, "a short write")
    os.fdatasync(asked.descriptor)
    return written


def _do_on_a_thread(asked: _Asked) -> None:
    on_thread = concurrency.promised(concurrency.offload, _do, asked)
    on_thread.when_done(asked.promise.follow)
