"""Brings the index up to date behind the writers' backs.

A flush comes some seconds after the first change, or as soon as enough rows wait.  It
and the checkpoint, which fsyncs, run on native threads: 400 rows take SQLite 6 ms, up
to 20 when they lie far apart, and so long nobody would be served.  One of them at a
time, so that a checkpoint reaches the end of SQLite's write-ahead file.  Devices flush
one after the other, with pauses: their writes come evenly, so that all would do it at
the same moment, and four threads would take the processors and the interpreter from
the hub.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from objectstore.kernel import concurrency
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.object.index.index import Index
from objectstore.object.index.row_cache import ROWS_MAX

FLUSH_SECONDS = 5.0
# The more go together, the more of them share a page of the tree, which is written
# twice, and the less often readers have to forget the pages that they knew.  So many
# are in memory anyway, in the cache of rows, and take some tenths of a second to read
# back after a crash.
FLUSH_ROWS = ROWS_MAX
# After each run of 64 rows, of 0.3 to 1 ms: a thread that writes on and on would take
# the processors and the interpreter from the hub by turns.
REST_SECONDS = 0.003
# With more rows than this in memory it does not rest.
RESTING_ROWS_MAX = 2 * FLUSH_ROWS
# Rows in memory while SQLite cannot take them (a full disk): some 100 MiB.
ROWS_WAITING_MAX = 50_000

_log = logging.getLogger("objectstore.object")


class Flusher:
    """See the module."""

    def __init__(
        self, disk: Disk, index: Index, before_flush: Callable[[], None]
    ) -> None:
        self._disk = disk
        self._index = index
        self._before_flush = before_flush
        self._timer: concurrency.Task = None
        self._running = False
        self._free = concurrency.Event()
        self._closed = False
        self.failures = 0
        self.is_behind = False  # more rows wait than memory should hold

    def note(self) -> None:
        """Take note that something changed."""
        waiting = self._index.unflushed
        self.is_behind = waiting > ROWS_WAITING_MAX
        if self._running:
            return
        if waiting >= FLUSH_ROWS and not self.failures:
            self._running = True
            concurrency.spawn(self._flush)
        elif self._timer is None:
            self._timer = concurrency.spawn_later(FLUSH_SECONDS, self._flush_on_time)

    def _flush_on_time(self) -> None:
        self._timer = None
        if not self._running:
            self._running = True
            self._flush()

    def _flush(self) -> None:
        try:
            if self._closed:
                return
            self._before_flush()
            self._index.flush(self._disk.offload_in_turn, self._rest)
            self.failures = 0
            if self._index.checkpoint_due:
                self._disk.offload(self._index.checkpoint)
        except RingstackError as error:
            self.failures += 1
            _log.error("index %s: not flushed: %s", self._index.path, error)
        finally:
            self._end_run()

    def _rest(self) -> None:
        if self._index.unflushed <= RESTING_ROWS_MAX:
            self._disk.pause(REST_SECONDS)

    def _end_run(self) -> None:
        self._running = False
        self._free.set()
        if self._closed:
            return
        if self._index.unflushed:
            self.note()
        else:
            self.is_behind = False

    def flush_durably(self) -> None:
        """Flush now, and wait until it is on disk; errors are raised, ``Unavailable``
        when the index was closed (it is made anew)."""
        self.wait()
        if self._closed:
            raise Unavailable(f"index {self._index.path} is closed")
        self._running = True
        try:
            self._index.flush(self._disk.offload, self._rest)
            self._disk.offload(self._index.checkpoint)
        finally:
            self._end_run()

    def wait(self) -> None:
        """Until nothing is under way."""
        while self._running:
            self._free.clear()
            self._free.wait()

    def close(self) -> None:
        """Flush no more."""
        self._closed = True
        if self._timer is not None:
            concurrency.kill_task(self._timer)
            self._timer = None
