"""Rings and builders on disk: read whole, written whole or not at all.

A write goes to a temporary file beside the target, which then takes the target's name;
a crash leaves the old file or the new one. This module does the disk work for the
package, the formats themselves are in `ring_format` and `builder_format`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from ring.builder import Builder
from ring.builder_format import decode_builder, encode_builder
from ring.errors import Damaged, RingError
from ring.ring import Ring
from ring.ring_format import decode_ring, encode_ring

log = logging.getLogger(__name__)

# Part power 23 with 8 replicas, badly compressible, is below this. A larger file is a
# mistake, and reading it would only take the memory that serves requests.
FILE_BYTES_MAX = 1 << 29

FILE_MODE = 0o644


def load_ring(path: str | os.PathLike[str]) -> Ring:
    """Read a ring file of either format version."""
    with _naming(path):
        return decode_ring(read_file(path))


def save_ring(
    ring: Ring,
    path: str | os.PathLike[str],
    *,
    format_version: int = 1,
    id_bytes: int = 0,
) -> None:
    """Write a ring file; version 1 is the one every Swift release reads."""
    write_file(path, encode_ring(ring, format_version, id_bytes))


def load_builder(path: str | os.PathLike[str]) -> Builder:
    """Read a builder file."""
    with _naming(path):
        return decode_builder(read_file(path))


def save_builder(builder: Builder, path: str | os.PathLike[str]) -> None:
    """Write a builder file, giving a new builder its id."""
    builder.id = builder.id or uuid.uuid4().hex
    write_file(path, encode_builder(builder))


def read_file(path: str | os.PathLike[str]) -> bytes:
    """The content of a file, unless it is too large to be a ring's."""
    with open(path, "rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise Damaged(f"larger than {FILE_BYTES_MAX} bytes")
    return data


def write_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Put data under a name, durably and all at once."""
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(
        prefix=f".{target.name}.", dir=target.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), FILE_MODE)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    # Without this the rename itself may be lost with the power.
    directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say in an error which file it is about."""
    try:
        yield
    except RingError as error:
        raise type(error)(f"{os.fspath(path)}: {error}") from error


class RingFile:
    """The ring at a path, read again when the file has changed.

    Looking at the file at most every `check_seconds` keeps the disk out of the request
    path. The first reading raises what goes wrong; later, a missing or damaged file
    leaves the last good ring in use, since an old ring beats no ring.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        check_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        check: Callable[[Ring], None] = lambda ring: None,
    ) -> None:
        """``check`` raises a `RingError` for a ring that its user cannot work with."""
        self.path = Path(path)
        self._check = check
        self._check_seconds = check_seconds
        self._clock = clock
        self._mark = self._look()
        self._ring = self._load()
        self._next_check = clock() + check_seconds

    @property
    def ring(self) -> Ring:
        """The ring to use for this request."""
        if self._clock() >= self._next_check:
            self._next_check = self._clock() + self._check_seconds
            self._refresh()
        return self._ring

    def _refresh(self) -> None:
        try:
            mark = self._look()
            if mark != self._mark:
                self._ring = self._load()
                self._mark = mark
        except (OSError, RingError) as error:
            log.warning("keeping the ring read earlier: %s", error)

    def _load(self) -> Ring:
        ring = load_ring(self.path)
        with _naming(self.path):
            self._check(ring)
        return ring

    def _look(self) -> tuple[int, int, int]:
        """What changes when the file is replaced, taken before the file is read."""
        status = os.stat(self.path)
        return status.st_mtime_ns, status.st_size, status.st_ino
