"""Journals cut, zeroed and flipped: at every byte of a small one."""

from __future__ import annotations

from random import Random

import pytest

from objectstore.kernel.errors import RingstackError
from objectstore.kernel.journal import Damage, Found, Journal
from test.fakes.disk import MemoryDisk

IDENTITY = b"device-identity!"
PATH = "/log/0000000001.log"


def disk_with(content: bytes) -> MemoryDisk:
    disk = MemoryDisk()
    disk.make_directories("/log")
    descriptor = disk.create(PATH)
    disk.pwrite(descriptor, [content], 0)
    disk.close(descriptor)
    return disk


def opened(disk: MemoryDisk) -> Journal:
    return Journal.open(disk, "/log", IDENTITY, allocate_bytes=256)


def metas(journal: Journal) -> list[bytes]:
    return [each.meta for each in journal.replay() if isinstance(each, Found)]


@pytest.fixture(scope="module")
def written() -> tuple[bytes, list[Found]]:
    """Three batches of two or three records each, and where they are."""
    disk = MemoryDisk()
    journal = opened(disk)
    for batch in range(3):
        promises = [
            journal.append(1, b"%d-%d" % (batch, n), b"B" * (20 * n))
            for n in range(2 + batch % 2)
        ]
        for promise in promises:
            promise.wait(10)
    journal.close()
    found = journal_records(disk)
    return disk.read_file(PATH), found


def journal_records(disk: MemoryDisk) -> list[Found]:
    journal = opened(disk)
    found = [each for each in journal.replay() if isinstance(each, Found)]
    journal.close()
    return found


def test_cut_anywhere_the_whole_records_before_remain(
    written: tuple[bytes, list[Found]],
) -> None:
    content, records = written
    for filler in (b"", bytes(300)):
        for cut in range(len(content) + 1):
            disk = disk_with(content[:cut] + filler)
            journal = opened(disk)
            expected = [each.meta for each in records if each.end.offset <= cut]
            assert metas(journal) == expected, cut
            assert journal.damage == []
            # It goes on from there, and remembers.
            journal.append(1, b"next").wait(10)
            journal.close()
            again = opened(disk)
            assert metas(again) == [*expected, b"next"], cut
            assert (again.torn, again.damage) == ([], [])


def test_a_flipped_bit_costs_its_record_only(
    written: tuple[bytes, list[Found]],
) -> None:
    content, records = written
    last_batch = records[-1].batch
    for at in range(64, len(content)):
        spoilt = bytearray(content)
        spoilt[at] ^= 0x10
        journal = opened(disk_with(bytes(spoilt)))
        victim = next(each for each in records if at < each.end.offset)
        expected = [each.meta for each in records if each is not victim]
        assert metas(journal) == expected, at
        if victim.offset < last_batch:
            # Acknowledged once, since a later batch follows: that is damage.
            assert journal.torn == []
            assert [each.start for each in journal.damage] == [victim.offset], at
        else:
            assert journal.damage == []
            assert [each.start for each in journal.torn] == [victim.offset], at


def test_a_gap_in_the_last_batch_is_forgotten_not_damage(
    written: tuple[bytes, list[Found]],
) -> None:
    content, records = written
    victim = records[-2]
    assert victim.batch == records[-1].batch
    disk = disk_with(
        content[: victim.offset] + bytes(victim.length) + content[victim.end.offset :]
    )
    journal = opened(disk)
    expected = [each.meta for each in records if each is not victim]
    assert metas(journal) == expected
    assert len(journal.torn) == 1
    journal.append(1, b"next").wait(10)
    journal.close()
    again = opened(disk)
    assert metas(again) == [*expected, b"next"]
    assert (again.torn, again.damage) == ([], [])
    assert not [each for each in again.replay() if isinstance(each, Damage)]


def test_a_bad_body_says_whose_it_was(written: tuple[bytes, list[Found]]) -> None:
    content, records = written
    victim = records[1]
    spoilt = bytearray(content)
    spoilt[victim.body_offset] ^= 1
    journal = opened(disk_with(bytes(spoilt)))
    (damage,) = journal.damage
    assert (damage.kind, damage.meta) == (victim.kind, victim.meta)
    assert damage in list(journal.replay())


def test_a_bad_segment_header_is_reported_and_the_rest_read(
    written: tuple[bytes, list[Found]],
) -> None:
    content, records = written
    journal = opened(disk_with(b"\xff" * 64 + content[64:]))
    assert metas(journal) == [each.meta for each in records]
    assert [(each.start, each.stop) for each in journal.damage] == [(0, 64)]


def test_damage_in_an_older_segment_is_stepped_over(
    written: tuple[bytes, list[Found]],
) -> None:
    content, records = written
    spoilt = bytearray(content)
    spoilt[records[2].offset + 3] ^= 1
    disk = disk_with(bytes(spoilt))
    journal = opened(disk)
    journal.roll()
    journal.append(1, b"newer").wait(10)
    journal.close()
    again = opened(disk)
    expected = [each.meta for each in records if each is not records[2]]
    assert metas(again) == [*expected, b"newer"]
    found = list(again.replay())
    assert [each.start for each in found if isinstance(each, Damage)] == [
        records[2].offset
    ]


@pytest.mark.parametrize("seed", range(60))
def test_power_loss_at_any_change_loses_nothing_acknowledged(seed: int) -> None:
    random = Random(seed)
    disk = MemoryDisk()
    acknowledged: list[bytes] = []
    attempted: list[bytes] = []
    disk.dies_after(random.randrange(1, 40))
    try:
        journal = Journal.open(
            disk, "/log", IDENTITY, segment_bytes_max=2000, allocate_bytes=512
        )
        for batch in range(30):
            promises = []
            for n in range(random.randrange(1, 5)):
                meta = b"%d-%d" % (batch, n)
                attempted.append(meta)
                body = random.randbytes(random.randrange(0, 900))
                promises.append((meta, journal.append(1, meta, body)))
            for meta, promise in promises:
                promise.wait(10)
                acknowledged.append(meta)
    except RingstackError:
        pass
    assert disk.dead
    survivor = disk.after_power_loss(random)
    survivor.make_directories("/log")
    journal = opened(survivor)
    found = metas(journal)
    print("seed", seed, len(acknowledged), len(found), journal.torn)
    assert found[: len(acknowledged)] == acknowledged
    assert set(found) <= set(attempted)
    assert journal.damage == []
    journal.append(1, b"next").wait(10)
    journal.close()
    assert metas(opened(survivor)) == [*found, b"next"]
