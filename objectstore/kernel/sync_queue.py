"""fdatasync without a thread: the kernel's own queue (``IOCB_CMD_FDSYNC``).

Handing a sync to a native thread costs two hand-overs of the interpreter's lock;
``io_submit`` returns in some 20 us and an eventfd tells the hub of the end.  A
greenlet waits for that eventfd only while a sync is under way.

Not every machine has it (seccomp filters of containers, ``aio-max-nr`` used up):
``SyncQueue.make`` returns None there and the caller goes on with threads.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise

# System call numbers of (io_setup, io_getevents, io_submit).
_CALLS = {"x86_64": (206, 208, 209), "aarch64": (0, 4, 2)}
_COMMAND_FDSYNC = 3
_FLAG_EVENTFD = 1
_EVENT = struct.Struct("<QQqq")
# One sync per journal and open upload; a machine has some tens of devices.
SYNCS_MAX = 256

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


class SyncQueue:
    """Syncs under way in this process.  Does not survive a fork: make it after."""

    def __init__(self, context: ctypes.c_ulong, calls: tuple[int, int, int]) -> None:
        self.process = os.getpid()
        self._context = context
        self._calls = calls
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._under_way: dict[int, Promise[None]] = {}
        self._number = 0
        self._request = _Request(
            command=_COMMAND_FDSYNC, flags=_FLAG_EVENTFD, eventfd=self._eventfd
        )
        self._requests = (ctypes.c_void_p * 1)(ctypes.addressof(self._request))
        self._events = ctypes.create_string_buffer(_EVENT.size * SYNCS_MAX)

    @classmethod
    def make(cls) -> SyncQueue | None:
        """A queue, or None where the machine has none to give."""
        calls = _CALLS.get(platform.machine())
        if calls is None:
            return None
        context = ctypes.c_ulong(0)
        if _libc.syscall(calls[0], SYNCS_MAX, ctypes.byref(context)) != 0:
            return None
        return cls(context, calls)

    def sync(self, descriptor: int) -> Promise[None] | None:
        """fdatasync; fails with ``OSError``.  None when the queue cannot take it
        (full, or a file system without it): use a thread."""
        request = self._request
        self._number += 1
        request.data = self._number
        request.descriptor = descriptor
        # The kernel copies the request before it returns, so one will do.
        if _libc.syscall(self._calls[2], self._context, 1, self._requests) != 1:
            return None
        promise: Promise[None] = Promise()
        if not self._under_way:
            concurrency.spawn(self._collect)
        self._under_way[self._number] = promise
        return promise

    def _collect(self) -> None:
        while self._under_way:
            concurrency.wait_readable(self._eventfd)
            os.read(self._eventfd, 8)
            for number, result in self._ended():
                promise = self._under_way.pop(number)
                if result == 0:
                    promise.resolve(None)
                else:
                    promise.fail(OSError(-result, os.strerror(-result)))

    def _ended(self) -> list[tuple[int, int]]:
        count = _libc.syscall(
            self._calls[1], self._context, 0, SYNCS_MAX, self._events, None
        )
        if count < 0 and ctypes.get_errno() != errno.EINTR:
            raise OSError(ctypes.get_errno(), "io_getevents")
        raw = self._events.raw[: max(0, count) * _EVENT.size]
        return [(number, result) for number, _, result, _ in _EVENT.iter_unpack(raw)]
