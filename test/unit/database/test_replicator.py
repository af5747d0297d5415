"""Rounds over real databases: facts and rows become the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from objectstore.database.exchange import ROWS_PER_MERGE
from objectstore.database.reclaiming import ReclaimStep
from objectstore.database.row_levelling import ROWS_PER_RANGE
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.kernel.loop import Progress
from test.unit.database.replicas import (
    RECLAIM_SECONDS,
    Replica,
    Replicas,
    key_of,
    row,
)

BOX = "box"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Replicas]:
    made = Replicas(tmp_path)
    yield made
    made.close()


@pytest.fixture
def trio(cluster: Replicas) -> list[Replica]:
    """The primaries of the container called box, which all of them have."""
    primaries = cluster.primaries(BOX)
    for replica in primaries:
        replica.create(BOX)
    return primaries


@pytest.mark.parametrize("runner", range(3))
def test_a_missing_database_comes_whoever_runs_the_round(
    cluster: Replicas, runner: int
) -> None:
    primaries = cluster.primaries(BOX)
    primaries[0].create(BOX, Color="red")
    primaries[0].merge(BOX, *(row(f"object {each}", 10) for each in range(20)))
    for replica in primaries if runner == 0 else primaries[1:]:
        replica.round()
    if runner == 0:
        assert primaries[0].status.keys_sent == 2
    cluster.check_level(BOX)
    assert len(primaries[2].names(BOX)) == 20


def test_facts_of_all_replicas_are_joined(
    cluster: Replicas, trio: list[Replica]
) -> None:
    for number, replica in enumerate(trio):
        timed = {f"X-Container-Meta-N{number}": ("1", 10 + number)}
        replica.node.post(key_of(BOX), timed).wait(20)
    removed = {"X-Container-Meta-N0": ("", 20)}
    trio[1].node.post(key_of(BOX), removed).wait(20)
    cluster.rounds(2)
    cluster.check_level(BOX)
    info = trio[0].node.info(key_of(BOX)).wait(20)
    assert info is not None
    assert set(info.metadata) == {"X-Container-Meta-N1", "X-Container-Meta-N2"}


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_differ_in_any_way(
    cluster: Replicas, trio: list[Replica], seed: int
) -> None:
    random, now = Random(seed), int(cluster.clock.time() * 100_000)
    for replica in trio:
        for _ in range(random.randrange(60)):
            number, at = random.randrange(40), now + random.randrange(99)
            gone = random.random() < 0.3
            replica.merge(BOX, row(f"{number:03}", at, gone=gone, size=at - now))
    trio[seed % 3].round()
    for replica in trio:
        replica.round()
    cluster.check_level(BOX)


def test_a_large_database_exchanges_what_differs_and_little_more(
    cluster: Replicas, trio: list[Replica]
) -> None:
    count = 12_000
    rows = [row(f"{number:06}", 10) for number in range(count)]
    for replica in trio:
        for first in range(0, count, 4000):
            replica.merge(BOX, *rows[first : first + 4000])
    trio[0].merge(BOX, row("003333", 20), row("011999b", 20))
    trio[1].merge(BOX, row("000000", 20, gone=True))
    asked: list[int] = []
    real = trio[1].peer.node.rows

    def rows_of(key: bytes, query: object) -> object:
        promise = real(key, query)  # type: ignore[arg-type]
        asked.append(len(promise.wait(20).rows))
        return promise

    trio[1].node.rows = rows_of  # type: ignore[assignment, method-assign]
    assert trio[0].round()
    trio[1].node.rows = real  # type: ignore[method-assign]
    assert sum(asked) <= 3 * (ROWS_PER_RANGE + 1)
    cluster.rounds()
    cluster.check_level(BOX)
    assert len(trio[0].names(BOX)) == 10_000  # a page


def test_rows_that_are_still_on_their_way_cost_no_reading_through(
    cluster: Replicas, trio: list[Replica]
) -> None:
    rows = [row(f"{number:06}", 10) for number in range(9000)]
    for replica in trio:
        replica.merge(BOX, *rows)
    trio[0].merge(BOX, row("000001", 20))
    real = trio[1].node.copy_of
    asked: list[bytes] = []

    def copy_of(key: bytes) -> object:
        asked.append(key)
        if len(asked) == 3:  # here they come
            for replica in trio[1:]:
                replica.merge(BOX, row("000001", 20))
        return real(key)

    trio[1].node.copy_of = copy_of  # type: ignore[assignment, method-assign]
    trio[1].faults.calls.clear()
    assert trio[0].round()
    assert "row_digests" not in trio[1].faults.calls
    cluster.check_level(BOX)


def test_an_empty_replica_gets_thousands_of_rows_in_bounded_merges(
    cluster: Replicas, trio: list[Replica]
) -> None:
    sizes: list[int] = []
    real = trio[0].node.merge_copy

    def merge_copy(key: bytes, copy: object, rows: list[object]) -> object:
        sizes.append(len(rows))
        return real(key, copy, rows)  # type: ignore[arg-type]

    trio[0].node.merge_copy = merge_copy  # type: ignore[assignment, method-assign]
    rows = [row(f"{number:06}", 10) for number in range(3500)]
    trio[1].merge(BOX, *rows)
    assert trio[0].round()  # fetches
    assert trio[1].round()
    assert max(sizes) <= ROWS_PER_MERGE
    cluster.check_level(BOX)


def test_one_row_against_many(cluster: Replicas, trio: list[Replica]) -> None:
    trio[0].merge(BOX, row("000500", 20, size=7))
    rows = [row(f"{number:06}", 10) for number in range(2500)]
    trio[1].merge(BOX, *rows)
    assert trio[0].round()
    cluster.rounds()
    cluster.check_level(BOX)


# ---- deletions -----------------------------------------------------------------------


def test_a_deleted_database_stays_deleted(
    cluster: Replicas, trio: list[Replica]
) -> None:
    trio[2].merge(BOX, row("late", 10))  # a stale row that the deletion ends
    for replica in trio[:2]:
        replica.delete(BOX, 30)
    assert trio[2].round()
    cluster.check_level(BOX)
    assert not trio[2].databases.find(key_of(BOX)).facts.is_live  # type: ignore[union-attr]
    assert trio[2].rows(BOX) == []


def test_a_database_that_was_made_again(cluster: Replicas, trio: list[Replica]) -> None:
    trio[0].delete(BOX, 30)
    trio[0].create(BOX, 40, Color="blue")
    trio[1].merge(BOX, row("before", 20), row("after", 50))
    cluster.rounds(2)
    cluster.check_level(BOX)
    assert trio[2].names(BOX) == ["after"]


def test_reclaimed_deletions_are_not_handed_round(
    cluster: Replicas, trio: list[Replica]
) -> None:
    now = int(cluster.clock.time() * 100_000)
    for replica in trio:
        replica.merge(BOX, row("gone", now, gone=True), row("kept", now))
    other = next(
        name
        for name in (f"c{number}" for number in range(99))
        if cluster.primaries(name) == trio
    )
    for replica in trio:
        replica.create(other)
        replica.delete(other, now)
    cluster.clock.advance(RECLAIM_SECONDS + 1)
    reclaim(trio[0], cluster)
    assert trio[0].copy(other) is None
    assert trio[0].rows(BOX) == [row("kept", now)]
    cluster.rounds(2)
    assert trio[0].copy(other) is None
    assert trio[0].rows(BOX) == [row("kept", now)]
    assert len(trio[1].rows(BOX)) == 2
    for replica in trio[1:]:
        reclaim(replica, cluster)
    cluster.rounds()
    cluster.check_level(BOX)
    assert all(replica.copy(other) is None for replica in trio)


def reclaim(replica: Replica, cluster: Replicas) -> None:
    step = ReclaimStep(replica.databases, cluster.clock, RECLAIM_SECONDS)
    while step.step() is not Progress.DONE:
        continue


# ---- handoffs and rings -------------------------------------------------------------


def test_a_handoff_drains_and_is_removed(
    cluster: Replicas, trio: list[Replica]
) -> None:
    handoff = cluster.handoffs(BOX)[0]
    handoff.create(BOX, 20, Color="red")
    handoff.merge(BOX, row("one", 20))
    trio[1].faults.down = True
    for _ in range(2):
        assert not handoff.round()
        assert handoff.copy(BOX) is not None
    trio[1].faults.down = False
    assert handoff.round()
    assert handoff.copy(BOX) is None
    handoff.restart()
    cluster.rounds()
    cluster.check_level(BOX)
    assert trio[1].names(BOX) == ["one"]


def test_what_a_handoff_hears_while_it_drains_is_not_lost(
    cluster: Replicas, trio: list[Replica]
) -> None:
    handoff = cluster.handoffs(BOX)[0]
    handoff.create(BOX, 20)
    real = trio[2].node.merge_copy

    def merge_copy(key: bytes, copy: object, rows: object) -> object:
        handoff.merge(BOX, row("meanwhile", 30))
        return real(key, copy, rows)  # type: ignore[arg-type]

    trio[2].node.merge_copy = merge_copy  # type: ignore[assignment, method-assign]
    handoff.round()
    assert handoff.names(BOX) == ["meanwhile"]
    trio[2].node.merge_copy = real  # type: ignore[method-assign]
    assert handoff.round()
    assert handoff.copy(BOX) is None
    assert trio[0].names(BOX) == ["meanwhile"]


def test_databases_follow_the_ring(cluster: Replicas) -> None:
    names = [f"c{number}" for number in range(25)]
    for name in names:
        for replica in cluster.primaries(name):
            replica.create(name)
            replica.merge(name, row(name, 10))
    cluster.add_device()
    cluster.builder.set_weight(0, 0.0)
    cluster.rebalance()
    cluster.rounds(2)
    cluster.check_level(*names)
    assert not list(cluster.replicas[0].databases.keys())


# ---- faults ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["copy_of", "rows", "row_digests", "merge_copy"])
def test_an_interrupted_exchange_is_made_good(
    cluster: Replicas, trio: list[Replica], method: str
) -> None:
    for number, replica in enumerate(trio):
        rows = [row(f"{number} {each:05}", 10) for each in range(1200)]
        replica.merge(BOX, *rows)
    for replica in trio:
        replica.faults.fail(method, error=Unavailable("interrupted"))
    for replica in trio:
        replica.round()
    cluster.rounds(2)
    cluster.check_level(BOX)


def test_a_corrupt_database_comes_back_promptly(
    cluster: Replicas, trio: list[Replica]
) -> None:
    for replica in trio:
        replica.merge(BOX, *(row(f"{each}", 10) for each in range(50)))
    bad = trio[1]
    bad.restart()
    path = bad.databases.files.path(key_of(BOX))
    os.truncate(path, 2000)
    with pytest.raises(Corrupt):
        bad.node.info(key_of(BOX)).wait(20)
    assert bad.copy(BOX) is None
    bad.heal()
    assert not bad.databases.put_aside
    cluster.check_level(BOX)


def test_who_missed_rows_gets_them_on_its_return(
    cluster: Replicas, trio: list[Replica]
) -> None:
    holder, _, away = trio
    away.faults.down = True
    for number in range(300):
        for replica in trio[:2]:
            replica.merge(BOX, row(f"{number:04}", 10))
        holder.node.owe_copy(key_of(BOX), [away.number])
    holder.heal()
    assert holder.status.copies_owed == 1  # one database, however many rows
    away.faults.down = False
    cluster.clock.advance(1)
    holder.heal()
    assert holder.status.copies_owed == 0
    cluster.check_level(BOX)
    assert len(away.names(BOX)) == 300
