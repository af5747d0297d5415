"""Body files: objects too large for the log, one file each.

A file is written without a name, synced, then linked to
``<2 hex>/<2 hex>/<key>-<timestamp>-<serial>``; only then does a log record point to it.
So a named file is complete, and one that no record points to is rubbish.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Iterator
from functools import partial

import msgpack
from crc32c import crc32c

from objectstore.kernel.blocks import BLOCK_BYTES as DISK_BLOCK_BYTES
from objectstore.kernel.blocks import block_start, is_of_blocks
from objectstore.kernel.disk import Disk, FileMissing, FilePresent
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.recent_bodies import RECENT_BYTES_MAX, RecentBodies
from objectstore.object.bodies.format import BLOCK_BYTES, encode_footer
from objectstore.object.bodies.rereads import Range, Rereads
from objectstore.object.bodies.windows import (
    WINDOW_BYTES,
    WINDOWS,
    DeviceReads,
    WindowReader,
)

ATTRIBUTE = "ringstack.object"
# Writing back begins while the upload still runs, so that the last sync is short.
WRITEBACK_BYTES = 4 * 1024 * 1024
# How far back the page cache is asked again for what was not written back yet.
FORGOTTEN_BYTES = 8 * WRITEBACK_BYTES
# Of less, not all windows would be on their way at once.
AROUND_BYTES_MIN = WINDOWS * WINDOW_BYTES
# A body of which so much is in the page cache is read there.
CACHED_SHARE = 0.75


class BodyFiles:
    """The directory of body files, and the one of bad ones."""

    def __init__(
        self, disk: Disk, directory: str, quarantine: str, rereads: Rereads
    ) -> None:
        self.disk = disk
        self.directory = directory
        self.quarantine = quarantine
        self.reads = DeviceReads(disk, directory)
        self._rereads = rereads
        self._recent = RecentBodies()
        self._read_around: set[tuple[bytes, int]] = set()
        disk.make_directories(directory)
        disk.make_directories(quarantine)

    def path(self, key: bytes, timestamp: int, serial: int) -> str:
        """Where this body is."""
        text = key.hex()
        name = f"{text}-{timestamp}-{serial}"
        return os.path.join(self.directory, text[:2], text[2:4], name)

    def begin(self, *, is_read_soon: bool = True) -> BodyWriter:
        """A new body; unless it ``is_read_soon`` it leaves the page cache while it is
        written.  Blocks shortly."""
        descriptor = self.disk.create_unnamed(self.directory)
        return BodyWriter(self.disk, descriptor, is_read_soon=is_read_soon)

    def publish(self, writer: BodyWriter, key: bytes, timestamp: int) -> int:
        """Name a finished body, durably; returns its serial.  Blocks."""
        serial = 1
        path = self.path(key, timestamp, serial)
        directory = os.path.dirname(path)
        self.disk.make_directory(os.path.dirname(directory))
        self.disk.make_directory(directory)
        while True:
            try:
                self.disk.link_unnamed(writer.descriptor, path)
                break
            except FilePresent:
                serial += 1
                path = self.path(key, timestamp, serial)
        self.disk.sync_directory(directory)
        if writer.is_read_soon:
            size = min(writer.size, RECENT_BYTES_MAX)
            self._recent.add(size, lambda: self._forget_cached(path))
        return serial

    def _forget_cached(self, path: str) -> None:
        with contextlib.suppress(Unavailable):  # it may have been removed
            descriptor = self.disk.open(path)
            self.disk.forget_cached(descriptor, 0, self.disk.size(descriptor))
            self.disk.close(descriptor)

    def open(self, key: bytes, timestamp: int, serial: int) -> int:
        """A descriptor for reading; ``FileMissing``, ``Unavailable`` while the disk is
        known to hang: who reads there must not hang with it."""
        self.reads.check()
        return self.disk.open(self.path(key, timestamp, serial))

    def windows(
        self, descriptor: int, wanted: Range, serial: int
    ) -> WindowReader | None:
        """How to read so much of a body around the page cache.

        None, through it: a short range, one that is there, or a body that another
        reader is at: what several want at once is read from the disk once.
        """
        key, timestamp, start, length = wanted
        if length < AROUND_BYTES_MIN or (key, timestamp) in self._read_around:
            return None
        if self.disk.cached_bytes(descriptor, start, length) > CACHED_SHARE * length:
            return None

        def end() -> None:
            self._read_around.discard((key, timestamp))
            # Who went away early may never have wanted the rest.
            if reader is not None and reader.has_all and self._rereads.read(wanted):
                opening = partial(self.open, key, timestamp, serial)
                self._rereads.bring(wanted, opening)

        reader = self.reads.reader(descriptor, end)
        if reader is not None:
            self._read_around.add((key, timestamp))
        return reader

    def remove(self, key: bytes, timestamp: int, serial: int) -> None:
        """Remove a body that no record needs; fine if it is gone.  Blocks."""
        with contextlib.suppress(FileMissing):
            self.disk.unlink(self.path(key, timestamp, serial))

    def put_aside(self, key: bytes, timestamp: int, serial: int) -> None:
        """Keep a bad body for inspection, out of the way."""
        path = self.path(key, timestamp, serial)
        with contextlib.suppress(FileMissing):
            target = os.path.join(self.quarantine, os.path.basename(path))
            self.disk.rename(path, target)

    def walk(self) -> Iterator[tuple[str, bytes, int, int]]:
        """(path, key, timestamp, serial) of every named file."""
        for first in self.disk.list(self.directory):
            upper = os.path.join(self.directory, first)
            if len(first) != 2:
                continue
            for second in self.disk.list(upper):
                lower = os.path.join(upper, second)
                for name in self.disk.list(lower):
                    if (parsed := parse_name(name)) is not None:
                        yield os.path.join(lower, name), *parsed

    def remove_unnamed(self) -> None:
        """Remove what uploads left behind where files cannot be without a name.
        Only while no upload is under way."""
        for name in self.disk.list(self.directory):
            if name.startswith(".unnamed-"):
                self.disk.unlink(os.path.join(self.directory, name))


def parse_name(name: str) -> tuple[bytes, int, int] | None:
    """(key, timestamp, serial) of a body file's name."""
    parts = name.split("-")
    try:
        key, timestamp, serial = bytes.fromhex(parts[0]), int(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return None
    return (key, timestamp, serial) if len(parts) == 3 and len(key) == 16 else None


class BodyWriter:
    """One body on its way into a file.  Methods block: for a native thread."""

    def __init__(
        self, disk: Disk, descriptor: int, *, is_read_soon: bool = True
    ) -> None:
        self.is_read_soon = is_read_soon
        self._forgotten = 0  # how far it has left the page cache
        self.descriptor = descriptor
        self.size = 0
        self._disk = disk
        self._direct = disk.open_direct(descriptor)
        self._crcs: array[int] = array("I")
        self._crc = 0  # of the block under way
        self._written_back = 0

    def write(self, piece: memoryview) -> None:
        """Append; around the page cache what consists of whole blocks."""
        blocks = self._write_around(piece)
        if blocks < len(piece):
            self._disk.pwrite(self.descriptor, [piece[blocks:]], self.size + blocks)
        at = 0
        while at < len(piece):
            room = BLOCK_BYTES - (self.size % BLOCK_BYTES)
            part = piece[at : at + room]
            self._crc = crc32c(part, self._crc)
            at += len(part)
            self.size += len(part)
            if self.size % BLOCK_BYTES == 0:
                self._end_block()
        if blocks:
            self._written_back = self.size
        elif self.size - self._written_back >= WRITEBACK_BYTES:
            self._write_back()

    def _write_around(self, piece: memoryview) -> int:
        """Write the whole blocks that it begins with; how many bytes."""
        length = block_start(len(piece))
        if (
            self._direct is None
            or self.size % DISK_BLOCK_BYTES
            or not is_of_blocks(piece[:length])
        ):
            return 0
        return self._disk.pwrite(self._direct, [piece[:length]], self.size)

    def _write_back(self) -> None:
        """Begin with the newest part.  What came before it is on disk by now, mostly,
        and leaves the page cache: fresh pages cost more than writing (measured: 1.7 ms
        for 1 MiB, not 0.2).  If it is read soon, its end stays."""
        start, length = self._written_back, self.size - self._written_back
        self._disk.start_writeback(self.descriptor, start, length)
        self._forget(start - RECENT_BYTES_MAX if self.is_read_soon else start)
        self._written_back = self.size

    def _forget(self, end: int) -> None:
        before = max(0, self._forgotten - FORGOTTEN_BYTES)
        if end > before:
            self._disk.forget_cached(self.descriptor, before, end - before)
            self._forgotten = end

    def _end_block(self) -> None:
        self._crcs.append(self._crc)
        self._crc = 0

    def finish(self, key: bytes, timestamp: int, names: tuple[str, ...]) -> None:
        """Add the footer, describe the file, and sync its data."""
        if self.size % BLOCK_BYTES:
            self._end_block()
        footer = encode_footer(key, timestamp, self.size, self._crcs)
        self._disk.pwrite(self.descriptor, [footer], self.size)
        # A file system without attributes, or without room for a long name, may do
        # without: the log record says the same.
        with contextlib.suppress(Unavailable):
            about = msgpack.packb((1, *names, timestamp, self.size, crc32c(footer)))
            self._disk.set_attribute(self.descriptor, ATTRIBUTE, about)
        self._disk.sync_data(self.descriptor)
        if not self.is_read_soon:
            self._disk.forget_cached(self.descriptor, 0, self.size)

    def close(self) -> None:
        """Release it; gone unless published."""
        if self._direct is not None:
            self._disk.close(self._direct)
            self._direct = None
        if self.descriptor >= 0:
            self._disk.close(self.descriptor)
            self.descriptor = -1
