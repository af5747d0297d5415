"""What the disk port knows of the page cache."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.system_disk import SystemDisk

FORGETTINGS = 50


def test_only_what_is_in_the_page_cache_is_read_at_once(tmp_path: Path) -> None:
    disk, size = SystemDisk(), 8 << 20
    descriptor = disk.create(str(tmp_path / "file"))
    disk.pwrite(descriptor, [b"x" * size], 0)
    assert disk.pread_cached(descriptor, 4096, 8192) == b"x" * 4096
    assert disk.pread_cached(descriptor, size, 0) == b"x" * size
    disk.sync_data(descriptor)
    disk.forget_cached(descriptor, 0, size)
    if disk.cached_bytes(descriptor, 0, size):
        pytest.skip("a file system that lives in memory")
    answers = []
    for _ in range(FORGETTINGS):
        disk.forget_cached(descriptor, 0, size)
        # All of it: the system may begin to read, and a fast disk be done with a page,
        # but not with thousands, before it looks again.
        answers.append(disk.pread_cached(descriptor, size, 0))
        disk.pread(descriptor, 4096, 8192)
        assert disk.pread_cached(descriptor, 4096, 8192) == b"x" * 4096
    assert None in answers
    assert set(answers) <= {None, b"x" * size}


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
