"""The bodies of rows: from the log or a file of their own, checked on the way.

A copy that turns out bad is told to whoever puts it aside, and is ``Corrupt`` for him
who wanted to read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from objectstore.kernel.disk import FileMissing
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.journal import SegmentReads
from objectstore.object.bodies.files import BodyFiles
from objectstore.object.bodies.log_body import LogBody
from objectstore.object.bodies.log_reads import LogReads
from objectstore.object.bodies.reader import FileBody
from objectstore.object.bodies.rereads import Range
from objectstore.object.records.state import Body, Held

PutAside = Callable[[bytes, Held, str], None]
"""What to do with a bad copy: its key, its row, what is wrong with it."""


class RowBodies:
    """Of one store; on the hub's thread."""

    def __init__(
        self,
        directory: str,
        segments: SegmentReads,
        log_reads: LogReads,
        files: BodyFiles,
        put_aside: PutAside,
    ) -> None:
        self._directory = directory  # of the store, for the log's readers
        self._disk = files.disk
        self._segments = segments
        self._log_reads = log_reads
        self._files = files
        self._put_aside = put_aside

    def small(self, key: bytes, held: Held) -> bytes | None:
        """A body that is brought whole; None: it is for ``fetched``."""
        size, body = self._recorded(key, held)
        try:
            return self._log_reads.at_once(body, size)
        except (Corrupt, FileMissing) as error:
            raise self._bad(key, held, str(error)) from error

    def fetched(self, key: bytes, held: Held) -> bytes:
        """The same; the greenlet waits, and the row may be replaced meanwhile."""
        size, body = self._recorded(key, held)
        try:
            return self._log_reads.beside(body, size)
        except (Corrupt, FileMissing) as error:
            raise self._bad(key, held, str(error)) from error

    def _recorded(self, key: bytes, held: Held) -> tuple[int, Body]:
        assert held.state is not None
        if held.body is None:
            raise self._bad(key, held, "no good record of the body")
        return held.state.size, held.body

    def part(self, key: bytes, held: Held, start: int, stop: int) -> Iterable[bytes]:
        """Bytes [start, stop) of a body that is not brought whole; a ``Spans``."""
        body, state = held.body, held.state
        assert body is not None and state is not None
        try:
            if body.serial:
                descriptor = self._files.open(key, state.timestamp, body.serial)
            else:
                descriptor = self._segments.open(body.record.segment)
        except FileMissing as error:
            raise self._bad(key, held, str(error)) from error

        def on_corrupt(error: Corrupt) -> None:
            self._put_aside(key, held, str(error))

        disk = self._disk
        if not body.serial:
            return LogBody(disk, descriptor, body, state.size, start, stop, on_corrupt)
        length = min(stop, state.size) - start
        wanted = Range(key, state.timestamp, start, length)
        windows = self._files.windows(descriptor, wanted, body.serial)
        reader = FileBody(disk, descriptor, start, stop, on_corrupt, windows)
        try:
            reader.verify_trailer(key, state.timestamp, state.size)
        except Corrupt as error:
            reader.close()
            raise self._bad(key, held, str(error)) from error
        except RingstackError:
            reader.close()
            raise
        return reader

    def _bad(self, key: bytes, held: Held, why: str) -> Corrupt:
        self._put_aside(key, held, why)
        return Corrupt(f"{self._directory}: {key.hex()}: {why}")
