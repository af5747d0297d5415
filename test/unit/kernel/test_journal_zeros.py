"""Logs over zeros that were written ahead."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.blocks import BLOCK_BYTES
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.journal import Found, Journal
from objectstore.kernel.journal.zeros import FIRST_ZEROS_BYTES
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk

IDENTITY = b"device-identity!"
DIRECTORY = "/log"


def opened(disk: Disk, directory: str = DIRECTORY) -> Journal:
    return Journal.open(
        disk, directory, IDENTITY, allocate_bytes=1 << 20, over_zeros=True
    )


def metas(journal: Journal) -> list[bytes]:
    found = list(journal.replay())
    assert all(isinstance(each, Found) for each in found), found
    return [each.meta for each in found if isinstance(each, Found)]


@pytest.mark.parametrize("real", [False, True])
def test_what_was_appended_over_zeros_is_there_again(
    real: bool, tmp_path: Path
) -> None:
    disk: Disk = SystemDisk() if real else MemoryDisk()
    directory = str(tmp_path / "log")
    expected = []
    for round_number in range(3):
        journal = opened(disk, directory)
        assert metas(journal) == expected
        for number in range(5):
            meta = b"%d %d " % (round_number, number) + bytes(number * 700)
            journal.append(7, meta).wait(10)
            expected.append(meta)
        # Not closed in order: what was written ahead is still there.
        again = opened(disk, directory)
        assert metas(again) == expected
        assert (again.torn, again.damage) == ([], [])
        journal.close()
        again.close()


def test_behind_the_last_record_there_are_zeros_to_the_end_of_the_space() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    journal.append(7, b"x" * (BLOCK_BYTES - 100)).wait(10)
    (facts,) = journal.segments()
    descriptor = journal.reads.open(facts.number)
    behind = disk.pread(descriptor, 2 * FIRST_ZEROS_BYTES, facts.size)
    assert len(behind) == FIRST_ZEROS_BYTES - facts.size
    assert not behind.strip(b"\0")


def test_zeros_that_cannot_be_written_fail_the_batch_that_waits_for_them() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    disk.fail("sync_data")
    with pytest.raises(Unavailable):
        journal.append(1, b"bad").wait(10)
    journal.append(1, b"after").wait(10)
    assert metas(journal) == [b"after"]


def test_zeros_that_cannot_be_written_in_the_background_hold_up_nobody() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    journal.append(1, b"first").wait(10)
    disk.fail("sync_data")
    expected = [b"first"]
    for number in range(40):
        meta = b"%d" % number + bytes(FIRST_ZEROS_BYTES // 16)
        journal.append(1, meta).wait(10)
        concurrency.sleep(0)
        expected.append(meta)
    assert metas(journal) == expected
    journal.close()


@pytest.mark.parametrize("seed", range(40))
def test_a_loss_of_power_takes_nothing_that_was_acknowledged(seed: int) -> None:
    random = Random(seed)
    disk = MemoryDisk()
    disk.make_directories("/")
    acknowledged: list[bytes] = []
    attempted: set[bytes] = set()
    disk.dies_after(random.randrange(1, 60))
    try:
        journal = opened(disk)
        for number in range(100):
            batch = [
                b"%d.%d " % (number, n) + random.randbytes(random.randrange(9000))
                for n in range(random.randrange(1, 5))
            ]
            attempted.update(batch)
            promises = [journal.append(1, meta) for meta in batch]
            for meta, promise in zip(batch, promises, strict=True):
                promise.wait(10)
                acknowledged.append(meta)
    except RingstackError:
        pass
    assert disk.dead
    survivor = disk.after_power_loss(random)
    survivor.make_directories(DIRECTORY)
    journal = opened(survivor)
    found = metas(journal)
    assert found[: len(acknowledged)] == acknowledged
    assert set(found) <= attempted
    assert journal.damage == []
    journal.append(1, b"next").wait(10)
    journal.close()
    assert metas(opened(survivor)) == [*found, b"next"]
