"""What of a file is in the page cache (Linux 6.5 and later tell)."""

from __future__ import annotations

import ctypes
import mmap

# The same number on every architecture.
_CACHESTAT = 451

_libc = ctypes.CDLL(None, use_errno=True)


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
