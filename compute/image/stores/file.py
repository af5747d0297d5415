"""A directory of this machine: one file for each image, for small or shared set-ups."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Unavailable

READ_BYTES = 1024 * 1024
KEY = re.compile(r"[0-9a-f-]{2}/[0-9a-f-]{36}")
_FULL = frozenset({28, 122})  # ENOSPC, EDQUOT


class FileStore:
    """See ``ImageStore``."""

    id = "file"
    kind = "file"
    description = "Directory of this machine"
    is_read_only = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def new_key(self, image_id: str, data_id: str) -> str:
        """See ``ImageStore``."""
        return f"{data_id[:2]}/{data_id}"

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """See ``ImageStore``."""
        path = self._path(key)
        try:
            descriptor = concurrency.offload(_create, path)
            try:
                for piece in pieces:
                    concurrency.offload(_write_all, descriptor, piece)
                concurrency.offload(os.fsync, descriptor)
            finally:
                os.close(descriptor)
            concurrency.offload(_sync_directory, path.parent)
        except OSError as error:
            raise _translated(error) from error

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """See ``ImageStore``."""
        try:
            descriptor = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Corrupt(f"file {key} is missing") from None
        except OSError as error:
            raise _translated(error) from error
        try:
            while length > 0:
                wanted = min(READ_BYTES, length)
                piece = concurrency.offload(os.pread, descriptor, wanted, offset)
                if not piece:
                    raise Corrupt(f"file {key} is cut short")
                yield piece
                offset += len(piece)
                length -= len(piece)
        finally:
            os.close(descriptor)

    def delete(self, key: str) -> None:
        """See ``ImageStore``."""
        try:
            concurrency.offload(os.unlink, self._path(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise _translated(error) from error

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise Corrupt(f"{key!r} is no key of this store")
        return self._directory / key


def _create(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)


def _write_all(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _translated(error: OSError) -> Exception:
    if error.errno in _FULL:
        return InsufficientStorage("the directory for images is full")
    return Unavailable(f"the directory for images: {error.strerror}")
