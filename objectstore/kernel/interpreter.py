"""What a serving process wants of the interpreter, and of the SQLite in it."""

from __future__ import annotations

import _sqlite3
import ctypes
import gc
import os
import sys

# A native thread that waits for the interpreter gets it after this long even
# when the hub's thread is busy.  Python's default of 5 ms would put 10 ms on
# every group commit (a hand-over there and back).
SWITCH_INTERVAL_SECONDS = 0.0005
NATIVE_THREADS = 20
# Requests make next to no reference cycles, and a listing makes ten thousand
# tuples: with Python's defaults the cycle collector walks the whole heap several
# times for each listing, 100 ms a time.  Young objects are looked at in small lots,
# 2,000 more made than freed, or after some requests (``young_objects``): these do not
# bring the turn of the older ones nearer than 300,000 requests, or 20 million objects.
COLLECTOR_THRESHOLDS = (2_000, 10_000, 10)

# https://sqlite.org/c3ref/c_config_covering_index_scan.html
_SQLITE_OK = 0
_SQLITE_CONFIG_MEMSTATUS = 9


def prepare_process() -> None:
    """Set it; call once, at start, before the first database is opened."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    free_sqlite_of_statistics()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    os.environ.setdefault("EVENTLET_THREADPOOL_SIZE", str(NATIVE_THREADS))


def free_sqlite_of_statistics() -> bool:
    """Have SQLite count no bytes of its memory; whether it does as told.

    It counts under one lock for all threads, taken at every allocation: four threads
    that write pages of listings took 41 ms of CPU for each instead of 13.  The library
    must be idle, so no database may be open.  Where Python has SQLite built in, out of
    reach, things stay as they are.
    """
    try:
        library = ctypes.CDLL(_sqlite3.__file__)
        shutdown, configure = library.sqlite3_shutdown, library.sqlite3_config
        initialize = library.sqlite3_initialize
    except (AttributeError, OSError):
        return False
    if shutdown() != _SQLITE_OK:
        return False
    done: bool = configure(_SQLITE_CONFIG_MEMSTATUS, 0) == _SQLITE_OK
    return initialize() == _SQLITE_OK and done
