"""Others' data on a device: what eats into its reserve."""

from __future__ import annotations

import os
from pathlib import Path

PIECES_BYTES = (64 * 1024, 512)


def take_all_room(directory: Path) -> Path:
    """A file with every byte that is left on its file system."""
    path = directory / "all-room"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in PIECES_BYTES:
            try:
                while os.write(descriptor, bytes(size)):
                    pass
            except OSError:
                continue
    finally:
        os.close(descriptor)
    return path
