"""The files one command works on: the builder, its ring, their backups, the lock.

Given `object.builder` the ring is `object.ring.gz` beside it, and the other way round.
Copies are kept under `backups/`, named by the second they were made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ring.builder import Builder
from ring.errors import Refused
from ring.file import load_builder, save_builder, write_file
from ring.ring_format import encode_ring

BUILDER_SUFFIX = ".builder"
RING_SUFFIX = ".ring.gz"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a command reads and writes, and what time it is."""

    builder_path: Path
    ring_path: Path
    now: int

    @classmethod
    def named(cls, given: str) -> Files:
        """Find the pair of files from the name of either."""
        if given.endswith(RING_SUFFIX):
            stem = given.removesuffix(RING_SUFFIX)
            builder = stem + BUILDER_SUFFIX
        else:
            stem, builder = given.removesuffix(BUILDER_SUFFIX), given
        return cls(Path(builder), Path(stem + RING_SUFFIX), int(time.time()))

    def load(self) -> Builder:
        """Read the builder."""
        return load_builder(self.builder_path)

    @contextlib.contextmanager
    def changing(self) -> Iterator[Builder]:
        """The builder, to be changed and then saved; nobody else changes it meanwhile.

        Nothing is saved when the block raises.
        """
        with self.locked():
            builder = self.load()
            yield builder
            save_builder(builder, self.builder_path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other builders out of this directory until the block ends."""
        lock_path = self.builder_path.parent / ".lock"
        descriptor = os.open(lock_path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused(
                    f"another command is changing builders in {lock_path.parent}"
                ) from error
            yield
        finally:
            os.close(descriptor)

    def back_up_builder(self, builder: Builder) -> None:
        """Keep a copy of the builder that later commands do not overwrite."""
        save_builder(builder, self._backup(self.builder_path))

    def write_ring(self, builder: Builder, format_version: int, id_bytes: int) -> None:
        """Write the ring file and a backup of it."""
        data = encode_ring(builder.ring(), format_version, id_bytes)
        write_file(self._backup(self.ring_path), data)
        write_file(self.ring_path, data)

    def _backup(self, path: Path) -> Path:
        directory = path.parent / "backups"
        directory.mkdir(exist_ok=True)
        return directory / f"{self.now}.{path.name}"
