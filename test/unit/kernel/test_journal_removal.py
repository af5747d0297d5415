"""A segment that is removed goes at once for everybody, its space little by little."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.journal import Found, Journal
from objectstore.kernel.journal.removal import SLICE_BYTES
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk, PowerLoss

IDENTITY = b"device-identity!"
RECORDS, BODY_BYTES = 5, SLICE_BYTES // 2 + 17


def two_segments(disk: Disk, directory: str) -> Journal:
    """The first of some slices, the second of a record."""
    journal = Journal.open(disk, directory, IDENTITY)
    for number in range(RECORDS):
        journal.append(1, b"%d" % number, bytes([number]) * BODY_BYTES).wait(10)
    journal.roll()
    journal.append(1, b"last").wait(10)
    return journal


def metas(journal: Journal) -> list[bytes]:
    found = list(journal.replay())
    assert all(isinstance(each, Found) for each in found), found
    return [each.meta for each in found]


def test_a_crash_leaves_all_of_a_segment_or_nothing() -> None:
    everything = [b"%d" % number for number in range(RECORDS)]
    outcomes = set()
    for changes in range(12):
        disk = MemoryDisk()
        journal = two_segments(disk, "/log")
        disk.dies_after(changes)
        try:
            journal.closed.remove(1)
        except PowerLoss:
            outcomes.add("died")
        for seed in range(4):
            again = Journal.open(disk.after_power_loss(Random(seed)), "/log", IDENTITY)
            assert (again.torn, again.damage) == ([], [])
            left = metas(again)
            assert left in ([*everything, b"last"], [b"last"])
            outcomes.add("whole" if len(left) > 1 else "gone")
    assert outcomes == {"died", "whole", "gone"}


def test_space_comes_back_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = MemoryDisk()
    journal = two_segments(disk, "/log")
    truncate, lengths, pauses = disk.truncate, [], []

    def cut(descriptor: int, length: int) -> None:
        truncate(descriptor, length)
        lengths.append(length)
        assert not journal.has(1)

    monkeypatch.setattr(disk, "truncate", cut)
    monkeypatch.setattr(disk, "pause", pauses.append)
    size = journal.segments()[0].size
    journal.closed.remove(1)
    assert lengths == [size - SLICE_BYTES, size - 2 * SLICE_BYTES]
    assert len(pauses) == 2


@pytest.mark.parametrize("real", [False, True])
def test_who_reads_a_segment_reads_it_to_its_end(real: bool, tmp_path: Path) -> None:
    disk: Disk = SystemDisk() if real else MemoryDisk()
    journal = two_segments(disk, str(tmp_path / "log"))
    reader = journal.reads.open(1)
    size = journal.segments()[0].size
    last = list(journal.replay())[RECORDS - 1]
    assert isinstance(last, Found)
    journal.closed.remove(1)
    assert disk.size(reader) == size
    body = disk.pread(reader, BODY_BYTES, last.body_offset)
    assert body == bytes([RECORDS - 1]) * BODY_BYTES
    disk.close(reader)
    with pytest.raises(FileMissing):
        journal.reads.open(1)
    journal.close()


def test_a_disk_that_fails_gives_back_the_rest_at_once() -> None:
    disk = MemoryDisk()
    journal = two_segments(disk, "/log")
    disk.fail("truncate", after=1, error=Unavailable("bad disk"))
    journal.closed.remove(1)
    assert metas(journal) == [b"last"]
    journal.close()
