"""The disk port: one suite for the machine's disk and the one in memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from objectstore.kernel import system_disk
from objectstore.kernel.disk import Disk, FileMissing, FilePresent, Locked
from objectstore.kernel.errors import InsufficientStorage, Unavailable
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk


def test_write_and_read(disk: Disk, directory: str) -> None:
    path = os.path.join(directory, "file")
    descriptor = disk.create(path)
    assert disk.pwrite(descriptor, [b"abc", memoryview(b"def")], 2) == 6
    assert disk.pread(descriptor, 100, 0) == b"\0\0abcdef"
    assert disk.pread(descriptor, 2, 4) == b"cd"
    assert disk.pread_cached(descriptor, 4, 2) == b"abcd"
    assert disk.pread_cached(descriptor, 0, 2) == b""
    assert disk.pread_cached(descriptor, 100, 0) is None
    buffer = memoryview(bytearray(5))
    assert disk.pread_into(descriptor, buffer, 5) == 3
    assert bytes(buffer) == b"def\0\0"
    disk.truncate(descriptor, 4)
    disk.allocate(descriptor, 4, 3)
    disk.sync_data(descriptor)
    disk.start_writeback(descriptor, 0, 4)
    assert disk.size(descriptor) == 7
    disk.close(descriptor)
    assert disk.read_file(path) == b"\0\0ab\0\0\0"
    assert disk.facts(path).size == 7


def test_a_directory_is_not_made_where_its_device_was(
    disk: Disk, directory: str
) -> None:
    below = os.path.join(directory, "below")
    disk.make_directory(below)
    disk.make_directory(below)
    descriptor = disk.create(os.path.join(below, "file"))
    disk.close(descriptor)
    gone = os.path.join(directory, "gone")
    with pytest.raises(FileMissing):
        disk.make_directory(os.path.join(gone, "below"))
    assert "gone" not in disk.list(directory)


def test_names(disk: Disk, directory: str) -> None:
    one, two = os.path.join(directory, "one"), os.path.join(directory, "two")
    with pytest.raises(FileMissing):
        disk.open(one)
    with pytest.raises(FileMissing):
        disk.unlink(one)
    disk.close(disk.create(one))
    with pytest.raises(FilePresent):
        disk.create(one)
    disk.rename(one, two)
    disk.sync_directory(directory)
    disk.replace_file(one, b"new")
    assert disk.list(directory) == ["one", "two"]
    assert disk.facts(directory).is_directory
    disk.unlink(two)
    assert disk.list(directory) == ["one"]
    with pytest.raises(FileMissing):
        disk.list(os.path.join(directory, "nowhere"))


def test_who_else_has_a_file_open(disk: Disk, directory: str) -> None:
    path = os.path.join(directory, "file")
    descriptor = disk.create(path)
    assert not disk.is_open_elsewhere(descriptor)
    reader = disk.open(path)
    assert disk.is_open_elsewhere(descriptor)
    disk.unlink(path)
    assert disk.is_open_elsewhere(descriptor)
    disk.close(reader)
    assert not disk.is_open_elsewhere(descriptor)
    disk.pause(0.0)
    disk.close(descriptor)


def test_a_file_without_a_name_gets_one(disk: Disk, directory: str) -> None:
    path = os.path.join(directory, "named")
    descriptor = disk.create_unnamed(directory)
    disk.pwrite(descriptor, [b"body"], 0)
    disk.set_attribute(descriptor, "ringstack.test", b"value")
    assert disk.list(directory) == []
    disk.link_unnamed(descriptor, path)
    assert disk.get_attribute(descriptor, "ringstack.test") == b"value"
    other = disk.create_unnamed(directory)
    with pytest.raises(FilePresent):
        disk.link_unnamed(other, path)
    disk.close(other)
    disk.close(descriptor)
    assert disk.read_file(path) == b"body"
    assert disk.list(directory) == ["named"]


def test_write_and_sync_of_more_buffers_than_one_call_takes(
    disk: Disk, directory: str
) -> None:
    descriptor = disk.create(os.path.join(directory, "file"))
    pieces = [b"%06d" % number for number in range(2500)]
    disk.write_and_sync(descriptor, pieces, 1).wait(10)
    assert disk.pread(descriptor, 20_000, 0) == b"\0" + b"".join(pieces)
    large = b"x" * (system_disk.WRITTEN_AT_ONCE_BYTES_MAX + 1)
    disk.write_and_sync(descriptor, [large], 0).wait(10)
    assert disk.pread(descriptor, len(large), 0) == large
    disk.close(descriptor)


def test_a_failed_write_is_told(disk: Disk, directory: str) -> None:
    if isinstance(disk, MemoryDisk):
        descriptor = disk.create(os.path.join(directory, "file"))
        disk.fail("write_and_sync")
    else:
        disk.close(disk.create(os.path.join(directory, "file")))
        descriptor = disk.open(os.path.join(directory, "file"))  # for reading
    with pytest.raises(Unavailable):
        disk.write_and_sync(descriptor, [b"x"], 0).wait(10)


def test_a_lock_is_for_one(disk: Disk, directory: str) -> None:
    path = os.path.join(directory, "lock")
    held = disk.lock(path)
    with pytest.raises(Locked):
        disk.lock(path)
    disk.close(held)
    disk.close(disk.lock(path))


def test_space_and_mounts(disk: Disk, directory: str) -> None:
    space = disk.space(directory)
    assert 0 < space.free <= space.total
    assert not disk.is_mount(directory)
    assert disk.offload(max, 1, 2) == 2


def test_a_full_memory_disk_says_so() -> None:
    disk = MemoryDisk(quota_bytes=10)
    descriptor = disk.create("/file")
    with pytest.raises(InsufficientStorage):
        disk.pwrite(descriptor, [b"x" * 11], 0)


def test_a_file_system_without_nameless_files(tmp_path: Path) -> None:
    disk, directory = SystemDisk(nameless_files=False), str(tmp_path)
    forgotten, kept = disk.create_unnamed(directory), disk.create_unnamed(directory)
    assert len(os.listdir(directory)) == 2
    disk.link_unnamed(kept, os.path.join(directory, "kept"))
    disk.close(kept)
    disk.close(forgotten)
    assert os.listdir(directory) == ["kept"]
