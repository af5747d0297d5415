"""Extra disks, ephemeral and swap, formatted here: guests just mount them."""

from __future__ import annotations

import os

from compute.agent.disks import files
from compute.agent.disks.names import ephemeral_label
from compute.core.program import ProgramLimits, run_program

# Formatting a large sparse file writes its group descriptors, no more.
FORMATTING = ProgramLimits(cpu_seconds=120, seconds=300.0)


def make_ephemeral(path: str, number: int, size_bytes: int) -> None:
    """A sparse file with an ext4 file system labelled ``ephemeral<number>``."""
    files.on_thread(_make_sparse, path, size_bytes)
    label = ephemeral_label(number)
    # The inode tables are holes already: nothing to write, nothing to trim.
    options = ["-E", "lazy_itable_init=1,nodiscard", "-L", label]
    run_program(["mke2fs", "-q", "-F", "-t", "ext4", *options, path], FORMATTING)


def make_swap(path: str, size_bytes: int) -> None:
    """A sparse file with a swap signature."""
    files.on_thread(_make_sparse, path, size_bytes)
    run_program(["mkswap", "-q", "-L", "swap", path], FORMATTING)


def _make_sparse(path: str, size_bytes: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.ftruncate(descriptor, size_bytes)
    finally:
        os.close(descriptor)
