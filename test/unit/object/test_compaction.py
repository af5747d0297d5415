"""Compaction: gives space back, keeps what lives, and lets the dead rest."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from objectstore.kernel import concurrency
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.reclaim import Reclaim
from objectstore.object.maintenance.verify import verify
from test.unit.object.bench import StoreBench, key_of, put_state

LARGE = Random(1).randbytes(1_200_000)
# A tombstone of this time is older than the reclaim time.
LONG_AGO = 1000


def log_bytes(bench: StoreBench) -> int:
    return sum(facts.size for facts in bench.store.journal.segments())


def compact_all(bench: StoreBench) -> None:
    """Every closed segment there is now, whatever its share."""
    compaction = Compaction(bench.store)
    for number, _ in bench.store.journal.segments():
        if bench.store.journal.closed.may_go(number):
            compaction.compact(number)


def fill(bench: StoreBench) -> dict[str, bytes | None]:
    """Everything there is to keep, over many segments; what is expected of it."""
    for turn in range(3):
        for n in range(8):
            bench.put(f"again{n}", 10 + turn, b"%d" % turn * 300)
    for n in range(6):
        bench.put(f"gone{n}", 20, b"gone" * 50)
    bench.put_large("large", 20, LARGE)
    bench.put("posted", 20, b"posted")
    for n in range(6):
        bench.delete(f"gone{n}", LONG_AGO)
    bench.post("posted", 30, Color="blue")
    bench.put("dropped", 20, b"dropped" * 20)
    bench.node.forget(key_of("dropped"), 20).wait(10)
    bench.put("back", 20, b"back")
    bench.node.forget(key_of("back"), 20).wait(10)
    state = put_state("back", 20, b"back")
    bench.node.merge(key_of("back"), state, b"back").wait(10)
    for n in range(5):
        bench.put(f"last{n}", 40, b"last" * 50)
    expected: dict[str, bytes | None] = {f"again{n}": b"2" * 300 for n in range(8)}
    expected.update({f"gone{n}": None for n in range(6)})
    expected.update({f"last{n}": b"last" * 50 for n in range(5)})
    expected.update(large=LARGE, posted=b"posted", dropped=None, back=b"back")
    return expected


def check(bench: StoreBench, expected: dict[str, bytes | None]) -> None:
    for name, body in expected.items():
        assert bench.body(name) == body, name
    assert bench.state("posted").metadata == {"X-Object-Meta-Color": "blue"}
    assert bench.state("dropped") is None


def test_stores_that_share_a_turn_go_one_at_a_time() -> None:
    bench = StoreBench()
    fill(bench)
    turn = concurrency.Semaphore(1)
    compaction = Compaction(bench.store, turn=turn)
    turn.acquire()
    task = concurrency.spawn(compaction.step)
    concurrency.sleep(0.01)
    assert compaction.removed_segments == 0
    turn.release()
    assert concurrency.wait_task(task) is Progress.BUSY
    assert compaction.removed_segments == 1
    assert turn.acquire(blocking=False)
    # Where space is short nobody waits.
    bench.disk.quota_bytes = bench.disk.quota_bytes - bench.disk.space("/").free + 9999
    assert compaction.step() is Progress.BUSY
    assert compaction.removed_segments == 2


def test_space_comes_back_step_by_step() -> None:
    bench = StoreBench()
    expected = fill(bench)
    before = log_bytes(bench)
    compaction = Compaction(bench.store)
    steps = 0
    while compaction.step() is Progress.BUSY:
        steps += 1
        assert steps < 50
        check(bench, expected)
    assert compaction.removed_segments == steps > 1
    assert log_bytes(bench) < before * 0.8
    assert compaction.step() is Progress.IDLE
    assert verify(bench.store).problems == []
    bench.rebuild()
    check(bench, expected)
    bench.store.close()


def test_requests_have_their_turns_between_the_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = StoreBench()
    for n in range(8):
        bench.put(f"gone{n}", 10, b"gone" * 50)
    bench.store.journal.roll()
    bench.put("other", 20, b"other")
    monkeypatch.setattr("objectstore.object.maintenance.needed.RECORDS_MAX", 1)
    turns = 0

    def request() -> None:
        nonlocal turns
        while True:
            concurrency.sleep(0)
            turns += 1

    task = concurrency.spawn(request)
    Compaction(bench.store).compact(1)
    concurrency.kill_task(task)
    assert turns >= 8  # one after each record at least
    assert all(bench.body(f"gone{n}") == b"gone" * 50 for n in range(8))
    bench.store.close()


def test_old_tombstones_go_when_nothing_older_is_left() -> None:
    bench = StoreBench()
    expected = fill(bench)
    reclaim = Reclaim(bench.store)
    reclaim.step()
    reclaim.step()
    assert reclaim.reclaimed == 6
    digests = bench.node.digests(range(1), 0).wait(10)
    for _ in range(4):
        compact_all(bench)
    # Only segments that are the newest, or were written since, are left.
    assert all(bench.store.index.get(key_of(f"gone{n}")) is None for n in range(6))
    assert bench.store.index.get(key_of("dropped")) is None
    assert bench.node.digests(range(1), 0).wait(10) == digests
    bench.rebuild()
    check(bench, expected)
    assert bench.state("gone1") is None
    bench.store.close()


def test_a_tombstone_stays_while_an_older_record_does() -> None:
    bench = StoreBench()
    bench.put("gone", 10, b"gone")
    bench.store.journal.roll()
    bench.delete("gone", 20)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    compaction = Compaction(bench.store)
    compaction.compact(2)  # the tombstone's, not the put's
    assert compaction.dropped_rows == 0
    bench.rebuild()
    assert bench.state("gone").deleted_timestamp == 20
    Compaction(bench.store).compact(1)
    bench.store.journal.roll()
    bench.put("other", 31, b"other")
    Compaction(bench.store).compact(3)
    assert bench.store.index.get(key_of("gone")) is None
    bench.rebuild()
    assert bench.state("gone") is None
    bench.store.close()


def test_a_tombstone_stays_while_its_segment_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = StoreBench()
    bench.put("gone", 10, b"gone")
    bench.delete("gone", 20)
    reclaim, offload = Reclaim(bench.store), bench.disk.offload

    def with_others(call: Callable[..., Any], *arguments: Any) -> Any:
        reclaim.step()
        return offload(call, *arguments)

    monkeypatch.setattr(bench.disk, "offload", with_others)
    bench.store.journal.roll()
    bench.put("other", 30, b"other")
    monkeypatch.undo()
    assert bench.store.index.get(key_of("gone")) is not None
    assert verify(bench.store).problems == []
    bench.store.close()


def test_a_young_tombstone_is_kept() -> None:
    bench = StoreBench()
    now = int(bench.clock.time() * 100_000)
    bench.put("gone", now - 10, b"gone")
    bench.delete("gone", now)
    bench.store.journal.roll()
    bench.put("other", now, b"other")
    compact_all(bench)
    Reclaim(bench.store).step()
    key = key_of("gone")
    partition = key[0]
    assert bench.node.states(partition, 8, b"", 10).wait(10)[0][0] == key
    bench.clock.advance(200)
    Reclaim(bench.store).step()
    assert bench.node.states(partition, 8, b"", 10).wait(10) == []
    # It still counts here until its segment goes.
    assert not bench.put("gone", now - 5, b"late").stored
    bench.store.close()


def test_writes_during_compaction_win_or_wait() -> None:
    bench = StoreBench()
    expected = fill(bench)
    flying = []

    def write() -> None:
        for n in range(8):
            state = put_state(f"again{n}", 50, b"new")
            flying.append(bench.node.put(key_of(f"again{n}"), state, b"new"))
            concurrency.sleep(0)

    compaction = Compaction(bench.store)
    writer = concurrency.spawn(write)
    for number, _ in bench.store.journal.segments()[:-1]:
        compaction.compact(number)
    concurrency.wait_task(writer)
    assert all(promise.wait(10).stored for promise in flying)
    expected.update({f"again{n}": b"new" for n in range(len(flying))})
    check(bench, expected)
    assert verify(bench.store).problems == []
    bench.rebuild()
    check(bench, expected)
    bench.store.close()


def test_a_damaged_segment_is_set_aside_and_what_it_had_quarantined() -> None:
    bench = StoreBench()
    expected = fill(bench)
    victim = bench.store.index.get(key_of("again0"))
    path = bench.segment_path(victim.place.segment)
    descriptor = bench.disk.open(path, write=True)
    bench.disk.pwrite(descriptor, [b"\xff" * 30], victim.place.offset)
    compact_all(bench)
    assert bench.state("again0") is None
    expected["again0"] = None
    check(bench, expected)
    assert len(bench.disk.list(bench.store.bodies.quarantine)) == 1
    assert verify(bench.store).problems == []
    bench.rebuild()
    check(bench, expected)
    bench.store.close()


def _reclaim_and_compact(bench: StoreBench) -> None:
    Reclaim(bench.store).step()
    compact_all(bench)


@pytest.mark.parametrize("keep_index", [True, False])
@pytest.mark.parametrize("work", [compact_all, _reclaim_and_compact])
def test_power_loss_at_every_step_loses_and_brings_back_nothing(
    work: Callable[[StoreBench], None], keep_index: bool
) -> None:
    changes = 0
    while True:
        bench = StoreBench()
        expected = fill(bench)
        bench.disk.dies_after(changes)
        with contextlib.suppress(RingstackError):
            work(bench)
        finished = not bench.disk.dead
        bench.lose_power(Random(changes), keep_index=keep_index)
        print("power lost after", changes)
        check(bench, expected)
        bench.store.journal.flush()
        report = verify(bench.store)
        assert [p for p in report.problems if p.where != "body"] == []
        bench.rebuild()
        check(bench, expected)
        bench.store.close()
        if finished:
            break
        changes += 1
    assert changes > 20


class _Nothing(Random):
    """A power loss that keeps nothing but what was synced."""

    def random(self) -> float:
        return 0.0


def test_an_empty_segment_is_removed() -> None:
    bench = StoreBench()
    bench.put("before", 10, b"before")
    bench.store.journal.roll()
    # The first batch of a segment fails, and its file cannot be removed either.
    bench.disk.fail("write_and_sync")
    bench.disk.fail("truncate", after=1)
    with pytest.raises(RingstackError):
        bench.put("failed", 11, b"failed")
    bench.put("after", 12, b"after")
    bench.lose_power(_Nothing(), keep_index=False)
    sizes = [size for _, size in bench.store.journal.segments()]
    assert sizes[1] == 0 < sizes[2]
    compaction = Compaction(bench.store)
    assert compaction.step() is Progress.BUSY
    assert bench.body("before") == b"before"
    assert bench.body("after") == b"after"
    assert verify(bench.store).problems == []
    bench.store.close()
