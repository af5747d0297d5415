"""Rounds over real stores: whatever differs, one round makes it the same."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.object.maintenance.reclaim import Reclaim
from test.unit.object.bench import key_of
from test.unit.object.replicas import RECLAIM_SECONDS, Replica, Replicas

LARGE = Random(2).randbytes(2_500_000)


@pytest.fixture
def cluster() -> Iterator[Replicas]:
    made = Replicas()
    yield made
    made.close()


@pytest.fixture
def trio(cluster: Replicas) -> list[Replica]:
    """The primaries of the object called one."""
    return cluster.primaries("one")


def everywhere(cluster: Replicas, name: str, at: int, body: bytes = b"body") -> None:
    for replica in cluster.primaries(name):
        replica.put(name, at, body)


# ---- divergences ---------------------------------------------------------------------


@pytest.mark.parametrize("runner", range(3))
@pytest.mark.parametrize(
    "body", [b"", b"small", LARGE], ids=["empty", "small", "large"]
)
def test_a_missing_object_comes_whoever_runs_the_round(
    cluster: Replicas, trio: list[Replica], body: bytes, runner: int
) -> None:
    trio[0].put("one", 10, body, Color="red")
    for replica in trio:
        if runner == 0 or replica is not trio[0]:
            replica.round()
    if runner == 0:
        trio[0].round()
    assert [each.body("one") for each in trio] == [body] * 3
    cluster.check_level()


def test_parts_that_are_newer_on_either_side(
    cluster: Replicas, trio: list[Replica]
) -> None:
    everywhere(cluster, "one", 10)
    trio[0].post("one", 20, "red")
    trio[1].put("one", 15, b"newer data")
    trio[0].round()
    for replica in trio[:2]:
        state = replica.state("one")
        assert state is not None
        assert (state.timestamp, state.metadata_timestamp) == (15, 20)
        assert replica.body("one") == b"newer data"
    cluster.rounds()
    cluster.check_level()


def test_a_change_of_metadata_sends_no_body(
    cluster: Replicas, trio: list[Replica]
) -> None:
    everywhere(cluster, "one", 10, LARGE)
    trio[0].post("one", 20, "red")
    trio[0].round()
    assert trio[0].status.keys_sent == 2
    assert trio[0].status.bytes_sent == 0
    cluster.check_level()


@pytest.mark.parametrize("stale", range(3))
@pytest.mark.parametrize("runner", range(3))
def test_a_deletion_is_never_undone_by_a_stale_device(
    cluster: Replicas, trio: list[Replica], stale: int, runner: int
) -> None:
    everywhere(cluster, "one", 10)
    for replica in trio:
        if replica is not trio[stale]:
            replica.delete("one", 20)
    for turn in range(3):
        trio[(runner + turn) % 3].round()
    for replica in trio:
        state = replica.state("one")
        assert state is not None
        assert (state.exists, state.deleted_timestamp) == (False, 20)
    cluster.check_level()


def test_an_old_put_that_comes_late_stays_deleted(
    cluster: Replicas, trio: list[Replica]
) -> None:
    for replica in trio[:2]:
        replica.delete("one", 20)
    trio[2].put("one", 10)
    trio[2].round()
    assert all(replica.body("one") is None for replica in trio)


def test_a_stale_device_is_right_after_its_own_round(
    cluster: Replicas, trio: list[Replica]
) -> None:
    names = [f"object {number}" for number in range(60)]
    for name in names:
        everywhere(cluster, name, 10, b"old")
    stale = cluster.replicas[0]
    for number, name in enumerate(names):
        for replica in cluster.primaries(name):
            if replica is stale:
                continue
            if number % 3 == 0:
                replica.delete(name, 20)
            elif number % 3 == 1:
                replica.put(name, 20, b"new")
    assert stale.round()
    for number, name in enumerate(names):
        if stale in cluster.primaries(name):
            assert stale.body(name) == (None, b"new", b"old")[number % 3]
    cluster.check_level()


def test_only_what_differs_is_sent(cluster: Replicas) -> None:
    names = [f"object {number}" for number in range(200)]
    for name in names:
        everywhere(cluster, name, 10)
    missed = names[::20]
    for name in missed:
        cluster.primaries(name)[0].put(name, 20, b"x" * 500)
    for replica in cluster.replicas:
        assert replica.round()
    sent = sum(replica.status.keys_sent for replica in cluster.replicas)
    received = sum(replica.status.keys_received for replica in cluster.replicas)
    assert sent + received == 2 * len(missed)
    size = sum(
        replica.status.bytes_sent + replica.status.bytes_received
        for replica in cluster.replicas
    )
    assert size == 2 * len(missed) * 500
    cluster.check_level()
    calls = [len(replica.faults.calls) for replica in cluster.replicas]
    cluster.rounds()
    for replica, before in zip(cluster.replicas, calls, strict=True):
        assert set(replica.faults.calls[before:]) == {"digests"}


def test_a_wiped_device_is_filled(cluster: Replicas) -> None:
    for number in range(80):
        everywhere(cluster, f"object {number}", 10, b"%d" % number)
    everywhere(cluster, "large", 10, LARGE)
    cluster.replicas[2].wipe()
    assert cluster.replicas[2].round()
    cluster.check_level()


# ---- old tombstones -----------------------------------------------------------------


def test_reclaimed_tombstones_are_not_handed_round(
    cluster: Replicas, trio: list[Replica]
) -> None:
    now = int(cluster.clock.time() * 100_000)
    for replica in trio:
        replica.delete("one", now)
    cluster.clock.advance(RECLAIM_SECONDS + 1)
    assert Reclaim(trio[0].store).step() is Progress.DONE
    trio[1].wipe()  # nothing at all of it
    before = [len(replica.faults.calls) for replica in cluster.replicas]
    cluster.rounds(2)
    assert trio[1].state("one") is None
    assert sum(replica.status.keys_sent for replica in cluster.replicas) == 0
    # The walk that found nothing to do is not repeated.
    before = [len(replica.faults.calls) for replica in cluster.replicas]
    cluster.rounds()
    for replica, count in zip(cluster.replicas, before, strict=True):
        assert set(replica.faults.calls[count:]) <= {"digests"}


def test_an_old_tombstone_still_beats_what_it_deleted(
    cluster: Replicas, trio: list[Replica]
) -> None:
    everywhere(cluster, "one", 10)
    trio[0].delete("one", 20)
    cluster.clock.advance(RECLAIM_SECONDS + 1)
    trio[1].round()
    assert trio[1].body("one") is None
    trio[0].round()
    assert trio[2].body("one") is None


# ---- peers that are away -----------------------------------------------------------


def test_a_round_goes_on_without_who_is_away(
    cluster: Replicas, trio: list[Replica]
) -> None:
    trio[0].put("one", 10)
    trio[1].faults.down = True
    assert not trio[0].round()
    assert not trio[0].replicator.has_converged
    assert trio[2].body("one") == b"body"
    assert trio[0].status.failures == 1  # one peer, however many partitions
    trio[1].faults.down = False
    assert trio[0].round()
    assert trio[0].replicator.has_converged
    assert trio[1].body("one") == b"body"


@pytest.mark.parametrize("method", ["lookup", "merge", "begin", "write", "commit"])
def test_an_interrupted_exchange_is_made_good_by_the_next_round(
    cluster: Replicas, trio: list[Replica], method: str
) -> None:
    body = LARGE if method in ("begin", "write", "commit") else b"body"
    for name in ("one", "two", "three"):
        cluster.primaries(name)[0].put(name, 10, body)
    for replica in cluster.replicas:
        replica.faults.fail(method, error=Unavailable("interrupted"))
    for replica in cluster.replicas:
        replica.round()
    cluster.rounds()
    cluster.check_level()


def test_a_step_that_is_repeated_or_cut_off_harms_nothing(cluster: Replicas) -> None:
    for number in range(40):
        cluster.primaries(f"object {number}")[0].put(f"object {number}", 10)
    for replica in cluster.replicas:
        replica.replicator.step()
        replica.restart()
    cluster.rounds()
    cluster.check_level()


# ---- bad copies --------------------------------------------------------------------


def test_a_bad_copy_is_fetched_again_without_a_round(
    cluster: Replicas, trio: list[Replica]
) -> None:
    everywhere(cluster, "one", 10, LARGE)
    bad = trio[1]
    bad.store.drops.quarantine(key_of("one"), bad.store.held(key_of("one")), "a test")
    bad.store.journal.flush()
    assert bad.state("one") is None
    bad.heal()
    assert bad.body("one") == LARGE
    assert bad.status.bad_waiting == 0
    assert not bad.store.index.quarantined.items


@pytest.mark.parametrize("is_old", [False, True])
def test_a_bad_copy_of_what_was_deleted_meanwhile(
    cluster: Replicas, trio: list[Replica], is_old: bool
) -> None:
    everywhere(cluster, "one", 10)
    bad = trio[1]
    bad.store.drops.quarantine(key_of("one"), bad.store.held(key_of("one")), "a test")
    bad.store.journal.flush()
    now = int(cluster.clock.time() * 100_000)
    at = 20 if is_old else now
    for replica in (trio[0], trio[2]):
        replica.delete("one", at)
    bad.heal()
    assert not bad.store.index.quarantined.items
    assert bad.body("one") is None
    assert (bad.state("one") is None) == is_old


def test_a_bad_copy_waits_for_who_has_it(
    cluster: Replicas, trio: list[Replica]
) -> None:
    everywhere(cluster, "one", 10)
    bad = trio[0]
    bad.store.drops.quarantine(key_of("one"), bad.store.held(key_of("one")), "a test")
    bad.store.journal.flush()
    trio[1].faults.down = trio[2].faults.down = True
    bad.heal()
    assert bad.status.bad_waiting == 1
    trio[1].faults.down = trio[2].faults.down = False
    bad.heal()  # not yet: its time has not come
    assert bad.state("one") is None
    cluster.clock.advance(60)
    bad.heal()
    assert bad.body("one") == b"body"
