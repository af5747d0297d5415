"""How names get into directories so that a crash does not take them away again."""

from __future__ import annotations

import os

from objectstore.kernel.file_writes import write_all

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


def make_directories(path: str) -> None:
    """This one, and those above it that are missing, each durable."""
    if not os.path.isdir(path):
        make_directories(os.path.dirname(os.path.abspath(path)))
        make_directory(path)


def make_directory(path: str) -> None:
    """This one, durable; what it lies in must be there."""
    if os.path.isdir(path):
        return
    try:
        os.mkdir(path, DIRECTORY_MODE)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    sync_directory(os.path.dirname(os.path.abspath(path)))


def sync_directory(path: str) -> None:
    """The names in it are durable on return."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: str, content: bytes) -> None:
    """The whole file at once: a crash leaves the old content or the new."""
    temporary = f"{path}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, FILE_MODE)
    try:
        write_all(descriptor, [content], 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(temporary, path)
    sync_directory(os.path.dirname(path))
