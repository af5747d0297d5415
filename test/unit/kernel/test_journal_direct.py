"""Batches of large bodies: around the page cache, in whole blocks."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.blocks import BLOCK_BYTES
from objectstore.kernel.disk import Disk
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.journal import Damage, Found, Journal
from objectstore.kernel.journal.direct import (
    BATCHES_MAX,
    DIRECT_BYTES_MIN,
    LARGE_BODY_BYTES,
    DirectBatch,
    padded_end,
)
from objectstore.kernel.system_disk import SystemDisk
from test.fakes.disk import MemoryDisk

IDENTITY = b"device-identity!"
Written = tuple[bytes, bytes]


@pytest.fixture(params=["memory", "system", "threads", "no direct writes"])
def disk(request: pytest.FixtureRequest) -> Disk:
    if request.param == "memory":
        return MemoryDisk()
    return SystemDisk(
        sync_without_threads=request.param != "threads",
        direct_writes=request.param != "no direct writes",
    )


def opened(disk: Disk, directory: str = "/log") -> Journal:
    return Journal.open(disk, directory, IDENTITY)


def contents(journal: Journal) -> list[Written]:
    return [
        (
            each.meta,
            journal.reads.at(each.segment, each.body_offset, each.body_length),
        )
        for each in journal.replay()
        if isinstance(each, Found)
    ]


def append(journal: Journal, records: list[Written]) -> None:
    for promise in [journal.append(1, meta, body) for meta, body in records]:
        promise.wait(10)


def batches(random: Random, count: int) -> list[list[Written]]:
    """Small ones, large ones and mixed ones, of all alignments."""
    made: list[list[Written]] = []
    for number in range(count):
        sizes = [random.choice([0, 1, 700, 5000]) for _ in range(random.randrange(3))]
        if random.random() < 0.6:
            sizes += [DIRECT_BYTES_MIN + random.randrange(3 * BLOCK_BYTES)]
        random.shuffle(sizes)
        made.append(
            [
                (b"%d-%d" % (number, at), random.randbytes(size))
                for at, size in enumerate([*sizes, 3])
            ]
        )
    return made


@pytest.mark.parametrize("seed", range(5))
def test_what_was_written_is_there_now_and_after_a_restart(
    disk: Disk, tmp_path: Path, seed: int
) -> None:
    directory = str(tmp_path / "log")
    journal = opened(disk, directory)
    expected: list[Written] = []
    for batch in batches(Random(seed), 12):
        append(journal, batch)
        expected += batch
        assert contents(journal) == expected
        end = journal.end
        if len(expected) % 3 == 0:
            journal.close()
            journal = opened(disk, directory)
            assert journal.end == end
    assert (journal.torn, journal.damage) == ([], [])
    assert not [each for each in journal.replay() if isinstance(each, Damage)]
    journal.close()


def test_a_direct_batch_ends_with_its_block_and_a_small_one_does_not() -> None:
    journal = opened(MemoryDisk())
    append(journal, [(b"small", b"x" * 10_000)])
    assert journal.end.offset % BLOCK_BYTES
    append(journal, [(b"large", b"x" * DIRECT_BYTES_MIN)])
    assert journal.end.offset % BLOCK_BYTES == 0
    end = journal.end
    append(journal, [(b"%d" % n, b"x" * 1000) for n in range(200)])
    assert journal.end.offset % BLOCK_BYTES, "small ones are read soon"
    assert [meta for meta, _ in contents(journal)][:2] == [b"small", b"large"]
    following = [each for each in journal.replay(end) if isinstance(each, Found)]
    assert following[0].meta == b"0"


def test_a_padding_record_fits_in_what_is_left() -> None:
    for end in range(BLOCK_BYTES - 100, BLOCK_BYTES + 100):
        stop = padded_end(end)
        assert stop % BLOCK_BYTES == 0
        assert stop == end or 28 <= stop - end < BLOCK_BYTES + 28


def test_more_at_once_than_there_is_memory_for() -> None:
    taken = []
    while (batch := DirectBatch.assemble(1, 0, 0, 3, [b"abc"])) is not None:
        taken.append(batch)
    assert len(taken) <= BATCHES_MAX
    journal = opened(MemoryDisk())
    append(journal, [(b"large", b"x" * DIRECT_BYTES_MIN)])
    assert journal.end.offset % BLOCK_BYTES, "through the page cache"
    for batch in taken:
        batch.release()
    append(journal, [(b"more", b"y" * DIRECT_BYTES_MIN)])
    assert journal.end.offset % BLOCK_BYTES == 0
    assert [meta for meta, _ in contents(journal)] == [b"large", b"more"]


@pytest.mark.parametrize("call", ["write_and_sync", "pread"])
def test_a_failed_direct_batch_leaves_nothing(call: str) -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    append(journal, [(b"before", b"x" * 100)])
    disk.fail(call)
    large = journal.append(1, b"bad", b"x" * DIRECT_BYTES_MIN)
    if call == "pread":
        large.wait(10)  # through the page cache, then
    else:
        with pytest.raises(Unavailable):
            large.wait(10)
    append(journal, [(b"after", b"x" * DIRECT_BYTES_MIN)])
    left = [meta for meta, _ in contents(journal)]
    assert left == [b"before", *([b"bad"] if call == "pread" else []), b"after"]
    for _ in range(2 * BATCHES_MAX):  # no memory was lost either
        append(journal, [(b"", b"x" * DIRECT_BYTES_MIN)])
    assert journal.end.offset % BLOCK_BYTES == 0


@pytest.mark.parametrize("seed", range(60))
def test_power_fails_at_any_moment(seed: int) -> None:
    random = Random(seed)
    disk = MemoryDisk()
    disk.dies_after(random.randrange(3, 40))
    acknowledged: list[Written] = []
    asked: list[Written] = []
    try:
        journal = opened(disk)
        for batch in batches(random, 15):
            asked += batch
            append(journal, batch)
            acknowledged += batch
    except RingstackError:
        pass
    survivor = disk.after_power_loss(random)
    if "/log" not in survivor._directories:
        return
    journal = opened(survivor)
    assert journal.damage == []
    found = contents(journal)
    assert found[: len(acknowledged)] == acknowledged
    assert set(found) <= set(asked)
    # It goes on, and what was torn is forgotten.
    append(journal, [(b"next", b"n" * DIRECT_BYTES_MIN), (b"last", b"")])
    end = journal.end
    journal.close()
    again = opened(survivor)
    assert contents(again)[len(found) :] == [
        (b"next", b"n" * DIRECT_BYTES_MIN),
        (b"last", b""),
    ]
    assert (again.end, again.torn, again.damage) == (end, [], [])


def test_cut_and_spoilt_in_every_block_of_the_last_batch() -> None:
    disk = MemoryDisk()
    journal = opened(disk)
    before = [(b"before", b"b" * LARGE_BODY_BYTES), (b"more", b"m" * LARGE_BODY_BYTES)]
    append(journal, before)
    start = journal.end.offset
    append(journal, [(b"%d" % n, bytes([n + 1]) * LARGE_BODY_BYTES) for n in range(3)])
    stop = journal.end.offset
    journal.close()
    path = "/log/0000000001.log"
    whole = disk.read_file(path)
    assert len(whole) == stop
    for at in range(start, stop, 512):
        for spoil in (bytes(512), b"\xff" * 512):
            other = MemoryDisk()
            other.make_directories("/log")
            content = whole[:at] + spoil + whole[at + 512 :]
            descriptor = other.create(path)
            other.pwrite(descriptor, [content], 0)
            journal = opened(other)
            found = contents(journal)
            assert found[:2] == before
            assert len(found) >= 3, "a sector has parts of two records at most"
            assert journal.damage == []
            append(journal, [(b"next", b"x" * DIRECT_BYTES_MIN)])
            journal.close()
            again = opened(other)
            assert contents(again)[:-1] == found
            assert (again.torn, again.damage) == ([], [])
