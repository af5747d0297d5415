"""Handoffs drain, ring changes move partitions, and nothing is let go too early."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from objectstore.wire.records import ObjectState
from test.unit.object.bench import key_of, put_state
from test.unit.object.replicas import Replica, Replicas

LARGE = Random(2).randbytes(1_500_000)


@pytest.fixture
def cluster() -> Iterator[Replicas]:
    made = Replicas()
    yield made
    made.close()


@pytest.fixture
def handoff(cluster: Replicas) -> Replica:
    """A device that is no primary of the object called one."""
    return cluster.handoffs("one")[0]


@pytest.mark.parametrize("body", [b"small", LARGE], ids=["small", "large"])
def test_a_handoff_brings_its_copy_home_and_forgets_it(
    cluster: Replicas, handoff: Replica, body: bytes
) -> None:
    handoff.put("one", 10, body)
    assert handoff.round()
    assert [each.body("one") for each in cluster.primaries("one")] == [body] * 3
    assert handoff.state("one") is None
    assert handoff.status.keys_forgotten == 1
    cluster.check_level()


@pytest.mark.parametrize("away", range(3))
def test_nothing_is_forgotten_while_one_primary_is_away(
    cluster: Replicas, handoff: Replica, away: int
) -> None:
    primaries = cluster.primaries("one")
    handoff.put("one", 10)
    primaries[away].faults.down = True
    for _ in range(3):
        assert not handoff.round()
        assert handoff.body("one") == b"body"
    others = [each for each in primaries if each is not primaries[away]]
    assert [each.body("one") for each in others] == [b"body"] * 2
    primaries[away].faults.down = False
    assert handoff.round()
    assert primaries[away].body("one") == b"body"
    assert handoff.state("one") is None


def test_nothing_is_forgotten_while_one_primary_is_full(
    cluster: Replicas, handoff: Replica
) -> None:
    primaries = cluster.primaries("one")
    handoff.put("one", 10)
    primaries[1].faults.stale = True
    assert not handoff.round()
    assert handoff.body("one") == b"body"
    primaries[1].faults.stale = False
    assert handoff.round()
    assert handoff.state("one") is None


def test_what_is_written_while_it_drains_stays(
    cluster: Replicas, handoff: Replica
) -> None:
    handoff.put("one", 10, b"old")
    primaries = cluster.primaries("one")
    newer = put_state("one", 20, b"new")
    merge = primaries[2].node.merge

    def merge_and_write(key: bytes, state: ObjectState, body: bytes | None) -> object:
        promise = merge(key, state, body)
        handoff.node.put(key_of("one"), newer, b"new", row_owed=False).wait(10)
        return promise

    primaries[2].node.merge = merge_and_write  # type: ignore[assignment, method-assign]
    handoff.round()
    assert handoff.body("one") == b"new"
    primaries[2].node.merge = merge  # type: ignore[method-assign]
    assert handoff.round()
    assert handoff.state("one") is None
    assert primaries[0].body("one") == b"new"


def test_what_owes_its_row_stays_until_that_is_paid(
    cluster: Replicas, handoff: Replica
) -> None:
    key = key_of("one")
    handoff.node.put(key, put_state("one", 10, b"body"), b"body").wait(10)
    handoff.round()
    assert handoff.body("one") == b"body"
    handoff.node.paid(key, 10)
    handoff.round()
    assert handoff.state("one") is None


def test_a_stale_handoff_brings_nothing_back(
    cluster: Replicas, handoff: Replica
) -> None:
    handoff.put("one", 10)
    for replica in cluster.primaries("one"):
        replica.delete("one", 20)
    assert handoff.round()
    assert handoff.state("one") is None
    assert handoff.status.keys_sent == 0
    for replica in cluster.primaries("one"):
        assert replica.body("one") is None


def test_a_tombstone_at_a_handoff_comes_home_too(
    cluster: Replicas, handoff: Replica
) -> None:
    for replica in cluster.primaries("one"):
        replica.put("one", 10)
    now = int(cluster.clock.time() * 100_000)
    handoff.delete("one", now)
    assert handoff.round()
    for replica in cluster.primaries("one"):
        state = replica.state("one")
        assert state is not None
        assert state.deleted_timestamp == now
    assert handoff.state("one") is None


# ---- rings change -----------------------------------------------------------------


def fill(cluster: Replicas, count: int = 60) -> None:
    for number in range(count):
        name = f"object {number}"
        for replica in cluster.primaries(name):
            replica.put(name, 10, b"%d" % number)


def all_are_there(cluster: Replicas, count: int = 60) -> None:
    cluster.check_level()
    for number in range(count):
        for replica in cluster.primaries(f"object {number}"):
            assert replica.body(f"object {number}") == b"%d" % number


def test_a_device_is_added(cluster: Replicas) -> None:
    fill(cluster)
    added = cluster.add_device()
    cluster.rounds(2)
    assert added.names()
    all_are_there(cluster)


def test_a_device_is_drained_then_removed(cluster: Replicas) -> None:
    fill(cluster)
    drained = cluster.replicas[3]
    cluster.builder.set_weight(3, 0.0)
    cluster.rebalance()
    cluster.rounds(2)
    assert drained.names() == {}
    all_are_there(cluster)
    cluster.builder.remove(3)
    cluster.rebalance()
    drained.put("late", 10, b"late")
    assert drained.round()
    assert drained.names() == {}
    assert all(each.body("late") == b"late" for each in cluster.primaries("late"))


def test_a_device_is_reweighted(cluster: Replicas) -> None:
    cluster.add_device()
    fill(cluster)
    cluster.builder.set_weight(1, 0.3)
    cluster.rebalance()
    cluster.rounds(2)
    all_are_there(cluster)


def test_the_ring_changes_in_the_middle_of_a_round(cluster: Replicas) -> None:
    fill(cluster)
    cluster.replicas[0].replicator.step()
    cluster.add_device()
    cluster.rounds(2)
    all_are_there(cluster)


# ---- healing ----------------------------------------------------------------------


def test_who_missed_a_write_gets_it_within_seconds_of_its_return(
    cluster: Replicas,
) -> None:
    holder, other, away = cluster.primaries("one")
    away.faults.down = True
    for replica in (holder, other):
        replica.put("one", 10)
    holder.node.owe_copy(key_of("one"), [away.number])
    for _ in range(30):
        holder.heal()
        cluster.clock.advance(1)
    assert holder.status.copies_owed == 1
    probes = len(away.faults.calls)
    assert probes <= 8  # 1, 2, 4, 8, 10, 10 s apart
    away.faults.down = False
    returned = cluster.clock.monotonic()
    while away.body("one") is None:
        cluster.clock.advance(1)
        holder.heal()
    assert cluster.clock.monotonic() - returned <= 10
    assert holder.status.copies_owed == 0
    assert holder.status.copies_healed == 1


def test_many_missed_writes_come_in_one_go(cluster: Replicas) -> None:
    away = cluster.replicas[1]
    away.faults.down = True
    owed: set[str] = set()
    for number in range(200):
        name = f"object {number}"
        primaries = cluster.primaries(name)
        for replica in primaries:
            if replica is not away:
                replica.put(name, 10)
        if away in primaries:
            owed.add(name)
            holder = next(each for each in primaries if each is not away)
            holder.node.owe_copy(key_of(name), [away.number])
    for replica in cluster.replicas:
        replica.heal()
    away.faults.down = False
    cluster.clock.advance(2)
    for replica in cluster.replicas:
        replica.heal()
    assert away.names().keys() == owed
    cluster.check_level()


def test_a_handoff_that_is_told_delivers_and_forgets(
    cluster: Replicas, handoff: Replica
) -> None:
    primaries = cluster.primaries("one")
    for replica in (*primaries[:2], handoff):
        replica.put("one", 10)
    handoff.node.owe_copy(key_of("one"), [primaries[2].number])
    handoff.heal()
    assert primaries[2].body("one") == b"body"
    assert handoff.state("one") is None


def test_a_handoff_keeps_its_copy_while_another_primary_is_away(
    cluster: Replicas, handoff: Replica
) -> None:
    primaries = cluster.primaries("one")
    handoff.put("one", 10)
    primaries[0].faults.down = True
    handoff.node.owe_copy(key_of("one"), [primaries[2].number])
    handoff.heal()
    assert primaries[2].body("one") == b"body"
    assert handoff.body("one") == b"body"


def test_nothing_is_owed_to_who_is_not_in_the_ring(
    cluster: Replicas,
) -> None:
    holder = cluster.primaries("one")[0]
    holder.put("one", 10)
    holder.node.owe_copy(key_of("one"), [99, holder.number])
    holder.heal()
    assert len(holder.owed) == 0
