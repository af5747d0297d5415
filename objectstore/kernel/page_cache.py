"""What of a file is in the page cache (Linux 6.5 and later tell), bringing it there
without waiting for it to be wanted, and having it written back."""

from __future__ import annotations

import ctypes
import mmap
import os
import threading

# The same number on every architecture.
_CACHESTAT = 451
_SYNC_FILE_RANGE_WRITE = 2
# A file is brought by reading it; what is read is dropped.  So small that it stays in
# the processor's cache, and so many times a call that a thread seldom comes back for
# the interpreter's lock.
_DROPPED_BYTES = 64 * 1024
_DROPS_A_CALL = 128
_MEMORY_FIGURES = "/proc/meminfo"
# The limits of groups of processes, of version 2 and 1: under the group's name, or, as
# a container sees its own, without.
_GROUPS = "/proc/self/cgroup"
_GROUP_LIMIT = "/sys/fs/cgroup{}/memory.max"
_OLD_GROUP_LIMIT = "/sys/fs/cgroup/memory{}/memory.limit_in_bytes"

_libc = ctypes.CDLL(None, use_errno=True)
_dropped = threading.local()


class _Range(ctypes.Structure):
    """``struct cachestat_range`` of <linux/mman.h>."""

    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _Figures(ctypes.Structure):
    """``struct cachestat``: pages."""

    _fields_ = (
        ("cached", ctypes.c_uint64),
        ("dirty", ctypes.c_uint64),
        ("under_writeback", ctypes.c_uint64),
        ("evicted", ctypes.c_uint64),
        ("recently_evicted", ctypes.c_uint64),
    )


def cached_bytes(descriptor: int, offset: int, length: int) -> int:
    """How much of a range is there, in whole pages; 0 where nobody can tell."""
    wanted, figures = _Range(offset, length), _Figures()
    failed = _libc.syscall(
        _CACHESTAT, descriptor, ctypes.byref(wanted), ctypes.byref(figures), 0
    )
    return 0 if failed else int(figures.cached) * mmap.PAGESIZE


def start_writeback(descriptor: int, offset: int, length: int) -> None:
    """Let what was written to a range be on its way to the disk."""
    _libc.sync_file_range(
        descriptor,
        ctypes.c_int64(offset),
        ctypes.c_int64(length),
        _SYNC_FILE_RANGE_WRITE,
    )


def bring(descriptor: int, offset: int, length: int) -> None:
    """Read a range into it.  Blocks; ``OSError``."""
    memory = getattr(_dropped, "memory", None)
    if memory is None:
        memory = _dropped.memory = memoryview(bytearray(_DROPPED_BYTES))
    end = offset + length
    while offset < end:
        whole, rest = divmod(end - offset, _DROPPED_BYTES)
        buffers = [memory] * min(whole, _DROPS_A_CALL) or [memory[:rest]]
        count = os.preadv(descriptor, buffers, offset)
        if not count:
            return
        offset += count


def room_bytes() -> int:
    """How much memory could hold files without anything being lost but older such
    pages: what the system calls available, no more than its group's limit; 0 where
    nobody can tell."""
    available = 0
    try:
        with open(_MEMORY_FIGURES) as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    available = int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return 0
    return min([available, *_group_limits()])


def _group_limits() -> list[int]:
    limits = []
    for path in _limit_files():
        try:
            with open(path) as file:
                limits.append(int(file.read()))
        except (OSError, ValueError):
            continue  # there is none, or it says "max"
    return limits


def _limit_files() -> list[str]:
    files = [_GROUP_LIMIT.format(""), _OLD_GROUP_LIMIT.format("")]
    try:
        with open(_GROUPS) as file:
            groups = [line.rstrip("\n").split(":", 2) for line in file]
    except (OSError, ValueError):  # ... or a name that is no text
        return files
    for _, controllers, name in groups:
        if not controllers:
            files.append(_GROUP_LIMIT.format(name))
        elif "memory" in controllers.split(","):
            files.append(_OLD_GROUP_LIMIT.format(name))
    return files
