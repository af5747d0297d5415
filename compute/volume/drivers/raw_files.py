"""Raw sparse files: made, copied, read and written by native threads.

Each of these functions blocks: call them by ``offload``.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from objectstore.kernel.errors import InsufficientStorage, Unavailable

# _IOW(0x94, 9, int): share another file's blocks (btrfs, xfs, bcachefs, NFS 4.2).
FICLONE = 0x40049409
PUNCH_HOLE_KEEP_SIZE = 0x02 | 0x01
# One turn of a native thread: long enough to pay, short enough to end soon.
STRETCH_BYTES = 32 * 2**20
PIECE_BYTES = 2**20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_CLONE = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS}
)
_libc = ctypes.CDLL(None, use_errno=True)


def translated(error: OSError) -> Unavailable:
    """Full, or away."""
    if error.errno in _FULL:
        return InsufficientStorage(str(error))
    return Unavailable(str(error))


def make(path: Path, size_bytes: int) -> None:
    """A new file of zeroes, which take no place."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.ftruncate(descriptor, size_bytes)
    finally:
        os.close(descriptor)


def clone(source: Path, target: Path) -> bool:
    """Let ``target`` share all blocks of ``source`` as they are at this moment;
    False when the file system cannot."""
    reader = os.open(source, os.O_RDONLY)
    try:
        writer = os.open(target, os.O_WRONLY)
        try:
            fcntl.ioctl(writer, FICLONE, reader)
        except OSError as error:
            if error.errno in _NO_CLONE:
                return False
            raise
        finally:
            os.close(writer)
    finally:
        os.close(reader)
    return True


def data_stretches(path: Path) -> Iterator[tuple[int, int]]:
    """(offset, length) of what is no hole, in stretches of a bounded length."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size, offset = os.fstat(descriptor).st_size, 0
        while offset < size:
            try:
                first = os.lseek(descriptor, offset, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:  # only a hole is left
                    return
                raise
            offset = os.lseek(descriptor, first, os.SEEK_HOLE)
            for start in range(first, offset, STRETCH_BYTES):
                yield start, min(STRETCH_BYTES, offset - start)
    finally:
        os.close(descriptor)


def is_hole(path: Path, offset: int, length: int) -> bool:
    """Whether the file system keeps nothing there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA) >= offset + length
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing comes any more
            return True
        raise
    finally:
        os.close(descriptor)


def copy_stretch(source: Path, target: Path, offset: int, length: int) -> None:
    """Copy these bytes; zeroes stay holes."""
    reader = os.open(source, os.O_RDONLY)
    try:
        writer = os.open(target, os.O_WRONLY)
        try:
            for start in range(offset, offset + length, PIECE_BYTES):
                size = min(PIECE_BYTES, offset + length - start)
                piece = os.pread(reader, size, start)
                if piece.count(0) != len(piece):
                    _write_all(writer, piece, start)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def read(path: Path, offset: int, length: int) -> bytes:
    """Exactly these bytes, fewer only at the end."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = bytearray()
        while len(found) < length:
            piece = os.pread(descriptor, length - len(found), offset + len(found))
            if not piece:
                break
            found += piece
        return bytes(found)
    finally:
        os.close(descriptor)


def write(path: Path, offset: int, data: bytes) -> None:
    """Put these bytes; all zeroes become a hole."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        if data.count(0) == len(data) and _punch(descriptor, offset, len(data)):
            return
        _write_all(descriptor, data, offset)
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """What is in it stays."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(part: Path, path: Path) -> None:
    """The finished part gets its name; both are safe on disk."""
    sync(part)
    os.replace(part, path)
    sync(path.parent)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _punch(descriptor: int, offset: int, length: int) -> bool:
    place, size = ctypes.c_longlong(offset), ctypes.c_longlong(length)
    result: int = _libc.fallocate(descriptor, PUNCH_HOLE_KEEP_SIZE, place, size)
    return result == 0
