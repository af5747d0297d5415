"""Writes that go past the page cache."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.blocks import BLOCK_BYTES, block_memory
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk


def test_direct_writes_and_ordinary_ones_see_each_other(
    disk: Disk, directory: str
) -> None:
    descriptor = disk.create(os.path.join(directory, "file"))
    disk.allocate(descriptor, 0, 8 * BLOCK_BYTES)
    disk.write_and_sync(descriptor, [b"a" * 5000], 0).wait(10)
    direct = disk.open_direct(descriptor)
    assert direct is not None
    memory = block_memory(3 * BLOCK_BYTES)
    memory[:] = b"d" * len(memory)
    memory[: 5000 - BLOCK_BYTES] = disk.pread(descriptor, 904, BLOCK_BYTES)
    disk.write_and_sync(direct, [memory], BLOCK_BYTES).wait(10)
    assert disk.pwrite(direct, [memory[:BLOCK_BYTES]], 5 * BLOCK_BYTES) == BLOCK_BYTES
    disk.pwrite(descriptor, [b"z"], 4 * BLOCK_BYTES)
    disk.sync_data(descriptor)
    assert disk.size(descriptor) == 8 * BLOCK_BYTES
    disk.close(direct)
    content = disk.pread(descriptor, 8 * BLOCK_BYTES, 0)
    assert content[:5000] == b"a" * 5000
    assert content[5000 : 4 * BLOCK_BYTES] == b"d" * (4 * BLOCK_BYTES - 5000)
    assert content[4 * BLOCK_BYTES : 5 * BLOCK_BYTES].rstrip(b"\0") == b"z"
    assert content[5 * BLOCK_BYTES : 5 * BLOCK_BYTES + 904] == b"a" * 904
    disk.close(descriptor)


def test_a_failed_direct_write_is_told(disk: Disk, directory: str) -> None:
    path = os.path.join(directory, "file")
    descriptor = disk.create(path)
    direct = disk.open_direct(descriptor)
    assert direct is not None
    if isinstance(disk, MemoryDisk):
        disk.fail("write_and_sync")
    else:
        # Where it stands, every write is refused from now on.
        os.dup2(os.open(path, os.O_RDONLY), direct)
    with pytest.raises(Unavailable):
        disk.write_and_sync(direct, [block_memory(BLOCK_BYTES)], 0).wait(10)
    assert not disk.pread(descriptor, 1, 0).strip(b"\0")


def test_a_file_system_with_larger_blocks_takes_them_through_the_cache(
    tmp_path: Path,
) -> None:
    for threads in (False, True):
        disk = SystemDisk(sync_without_threads=not threads)
        descriptor = disk.create(str(tmp_path / f"file-{threads}"))
        direct = disk.open_direct(descriptor)
        assert direct is not None
        memory = block_memory(BLOCK_BYTES)
        memory[:3] = b"abc"
        # An offset between the blocks is refused like a block that is too small.
        disk.write_and_sync(direct, [memory], 7).wait(10)
        disk.pwrite(direct, [memory], 7 + BLOCK_BYTES)
        assert disk.pread(descriptor, 3, 7) == b"abc"
        assert disk.pread(descriptor, 3, 7 + BLOCK_BYTES) == b"abc"


def test_without_direct_writes(tmp_path: Path) -> None:
    disk = SystemDisk(direct_writes=False)
    assert disk.open_direct(disk.create(str(tmp_path / "file"))) is None


def test_no_descriptor_is_left_for_direct_writes(tmp_path: Path) -> None:
    """A log's segment goes on through the page cache, and has one name and no other."""
    disk = SystemDisk()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    descriptor = disk.create(str(tmp_path / "file"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptor + 1, hard))
    try:
        assert disk.open_direct(descriptor) is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    direct = disk.open_direct(descriptor)
    assert direct is not None
    disk.close(direct)
    disk.close(descriptor)


def test_a_direct_write_makes_nothing_else_safe() -> None:
    disk = MemoryDisk()
    descriptor = disk.create("/file")
    disk.sync_directory("/")
    direct = disk.open_direct(descriptor)
    assert direct is not None
    disk.pwrite(descriptor, [b"x" * 100], 0)
    memory = block_memory(BLOCK_BYTES)
    memory[:] = b"d" * BLOCK_BYTES
    disk.write_and_sync(direct, [memory], BLOCK_BYTES).wait(10)
    found = {
        disk.after_power_loss(Random(seed)).read_file("/file")[:100]
        for seed in range(20)
    }
    assert bytes(100) in found and b"x" * 100 in found
    for seed in range(20):
        content = disk.after_power_loss(Random(seed)).read_file("/file")
        assert content[BLOCK_BYTES:] == bytes(memory)
