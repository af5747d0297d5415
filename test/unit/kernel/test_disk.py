"""The disk port: one suite for the machine's disk and the one in memory."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from random import Random

import pytest

from objectstore.kernel import system_disk
from objectstore.kernel.blocks import BLOCK_BYTES, block_memory
from objectstore.kernel.device import Device
from objectstore.kernel.disk import Disk, FileMissing, FilePresent, Locked
from objectstore.kernel.errors import Corrupt, InsufficientStorage, Unavailable
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk
from test.sim.disk import SimulatedDisk

FORGETTINGS = 50


@pytest.fixture(params=["system", "threads", "memory", "simulated"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    if request.param == "simulated":
        return SimulatedDisk(tmp_path / "life", Random(1))
    if request.param == "memory":
        return MemoryDisk()
    return SystemDisk(sync_without_threads=request.param == "system")


@pytest.fixture
def directory(disk: Disk, tmp_path: Path) -> str:
    path = str(tmp_path / "a" / "b")
    disk.make_directories(path)
    disk.make_directories(path)
    return path


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


def test_a_device_keeps_its_identity(disk: Disk, directory: str) -> None:
    device = Device.open(disk, directory)
    with pytest.raises(Locked):
        Device.open(disk, directory)
    identity = device.identity
    device.close()
    again = Device.open(disk, directory)
    assert again.identity == identity
    again.close()
    disk.replace_file(os.path.join(directory, "device-id"), b"rubbish")
    with pytest.raises(Corrupt):
        Device.open(disk, directory)


def test_a_device_that_is_not_mounted_is_refused(disk: Disk, directory: str) -> None:
    with pytest.raises(Unavailable, match="mounted"):
        Device.open(disk, directory, mount_check=True)
    if isinstance(disk, MemoryDisk):
        disk.mounts.add(directory)
        Device.open(disk, directory, mount_check=True).close()


def test_a_device_that_is_made_is_told(
    disk: Disk, directory: str, caplog: pytest.LogCaptureFixture
) -> None:
    Device.open(disk, directory).close()
    assert not caplog.messages
    mistyped = os.path.join(directory, "mistyped", "d1")
    for _ in range(2):
        Device.open(disk, mistyped).close()
    (said,) = caplog.messages
    assert said.startswith(f"{mistyped} was not there")


def test_only_what_is_in_the_page_cache_is_read_at_once(tmp_path: Path) -> None:
    disk, size = SystemDisk(), 1 << 20
    descriptor = disk.create(str(tmp_path / "file"))
    disk.pwrite(descriptor, [b"x" * size], 0)
    assert disk.pread_cached(descriptor, 4096, 8192) == b"x" * 4096
    disk.sync_data(descriptor)
    disk.forget_cached(descriptor, 0, size)
    if disk.cached_bytes(descriptor, 0, size):
        pytest.skip("a file system that lives in memory")
    answers = []
    for _ in range(FORGETTINGS):
        disk.forget_cached(descriptor, 0, size)
        answers.append(disk.pread_cached(descriptor, 4096, 8192))
        disk.pread(descriptor, 4096, 8192)
        assert disk.pread_cached(descriptor, 4096, 8192) == b"x" * 4096
    # The system may begin to read, and a fast disk be done before it looks again.
    assert None in answers


@pytest.mark.parametrize("start, stop", [(0, (9 << 20) + 5), (4096, 3 << 20)])
def test_a_file_is_brought_into_the_page_cache(
    tmp_path: Path, start: int, stop: int
) -> None:
    disk, size = SystemDisk(), (9 << 20) + 5
    descriptor = disk.create(str(tmp_path / "file"))
    disk.pwrite(descriptor, [b"x" * size], 0)
    disk.sync_data(descriptor)
    disk.forget_cached(descriptor, 0, size)
    if disk.cached_bytes(descriptor, 0, size):
        pytest.skip("a file system that lives in memory")
    disk.bring_into_cache(descriptor, start, stop - start)
    if not disk.cached_bytes(descriptor, start, 4096):
        pytest.skip("an older kernel tells nothing")
    assert disk.cached_bytes(descriptor, start, stop - start) >= stop - start
    disk.bring_into_cache(descriptor, size, 4096)  # behind the end: nothing
    disk.close(descriptor)
    with pytest.raises(Unavailable):
        disk.bring_into_cache(descriptor, 0, size)


def test_room_for_files_is_a_part_of_the_memory() -> None:
    all_of_it = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 <= SystemDisk().cache_room() <= all_of_it


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EINVAL])
def test_a_system_that_cannot_say_what_is_in_memory_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    disk = SystemDisk()
    descriptor = disk.create(str(tmp_path / "file"))
    disk.pwrite(descriptor, [b"abcdef"], 0)
    preadv = os.preadv

    def refusing(
        descriptor: int, buffers: list[memoryview], offset: int, flags: int = 0
    ) -> int:
        if flags:
            raise OSError(code, os.strerror(code))
        return preadv(descriptor, buffers, offset)

    monkeypatch.setattr(os, "preadv", refusing)
    assert disk.pread_cached(descriptor, 3, 1) == b"bcd"
    assert disk.pread_cached(descriptor, 3, 4) is None
