"""What the kernel may answer to a direct write: less than was asked, or no."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from objectstore.kernel.blocks import BLOCK_BYTES, block_memory
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.journal import Found, Journal
from objectstore.kernel.journal.direct import BATCHES_MAX, DIRECT_BYTES_MIN
from objectstore.kernel.sync_queue import SyncQueue
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk

IDENTITY = b"device-identity!"
LARGE = b"x" * DIRECT_BYTES_MIN


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """What goes beyond is cut off, and what begins there refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(params=["queue", "threads"])
def disk(request: pytest.FixtureRequest) -> SystemDisk:
    return SystemDisk(sync_without_threads=request.param == "queue")


@pytest.mark.parametrize("size", [BLOCK_BYTES, 2 * BLOCK_BYTES])
def test_a_write_that_ends_early_is_a_failed_one(
    disk: SystemDisk, tmp_path: Path, size: int
) -> None:
    descriptor = disk.create(str(tmp_path / "file"))
    direct = disk.open_direct(descriptor)
    assert direct is not None
    memory = block_memory(4 * BLOCK_BYTES)
    with files_end_at(size), pytest.raises(Unavailable):
        disk.write_and_sync(direct, [memory], BLOCK_BYTES).wait(10)
    disk.write_and_sync(direct, [memory], BLOCK_BYTES).wait(10)
    disk.close(direct)
    disk.close(descriptor)


def test_a_batch_that_ends_early_leaves_nothing(
    disk: SystemDisk, tmp_path: Path
) -> None:
    directory = str(tmp_path / "log")
    journal = Journal.open(disk, directory, IDENTITY)
    journal.append(1, b"before", LARGE).wait(10)
    for number in range(2 * BATCHES_MAX):
        with files_end_at(journal.end.offset + 3 * BLOCK_BYTES):
            cut = journal.append(1, b"cut", LARGE)
            with pytest.raises(Unavailable):
                cut.wait(10)
        journal.append(1, b"%d" % number, LARGE).wait(10)
    assert journal.end.offset % BLOCK_BYTES == 0, "there is memory left"
    journal.close()
    journal = Journal.open(disk, directory, IDENTITY)
    found = list(journal.replay())
    names = []
    for each in found:
        assert isinstance(each, Found)
        body = journal.reads.at(each.segment, each.body_offset, each.body_length)
        assert body == LARGE
        names.append(each.meta)
    assert names == [b"before", *(b"%d" % n for n in range(2 * BATCHES_MAX))]
    journal.close()


def test_the_queue_takes_those_before_the_one_that_it_refuses(tmp_path: Path) -> None:
    queue = SyncQueue.of_process()
    if queue is None:
        pytest.skip("this machine has no such queue")
    disk = SystemDisk()
    descriptor = disk.create(str(tmp_path / "file"))
    direct = disk.open_direct(descriptor)
    assert direct is not None
    blocks = [block_memory(BLOCK_BYTES) for _ in range(4)]
    for number, block in enumerate(blocks):
        block[:] = bytes([number + 1]) * BLOCK_BYTES
    first = queue.write_and_sync(direct, blocks[0], 0)
    refused = queue.write_and_sync(1_000_000, blocks[1], BLOCK_BYTES)
    behind = queue.write_and_sync(direct, blocks[2], 2 * BLOCK_BYTES)
    # The one that fails while it is written does not hold up its neighbours.
    reading = os.open(tmp_path / "file", os.O_RDONLY)
    unwritable = queue.write_and_sync(reading, blocks[3], 3 * BLOCK_BYTES)
    last = queue.sync(descriptor)
    for good in (first, behind, last):
        good.wait(10)
    for bad in (refused, unwritable):
        with pytest.raises(OSError):
            bad.wait(10)
    content = disk.read_file(str(tmp_path / "file"))
    assert content == bytes(blocks[0]) + bytes(BLOCK_BYTES) + bytes(blocks[2])
    for each in (reading, direct, descriptor):
        os.close(each)


@pytest.mark.parametrize("call", ["pread", "truncate", "sync_data", "facts"])
def test_a_log_that_cannot_be_opened_leaves_no_file_open(call: str) -> None:
    disk = MemoryDisk()
    journal = Journal.open(disk, "/log", IDENTITY)
    journal.append(1, b"first", LARGE).wait(10)
    journal.roll()
    journal.append(1, b"second", LARGE).wait(10)
    journal.close()
    before = len(disk._open)
    disk.fail(call)
    with pytest.raises(Unavailable):
        Journal.open(disk, "/log", IDENTITY)
    assert len(disk._open) == before
    journal = Journal.open(disk, "/log", IDENTITY)
    found = [each.meta for each in journal.replay() if isinstance(each, Found)]
    assert found == [b"first", b"second"]
    journal.close()
