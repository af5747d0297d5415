"""The expirer: what is due, whose turn it is, and what the index remembers."""

from __future__ import annotations

from random import Random

import pytest

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from objectstore.object.index.expiring import FIRST
from objectstore.object.maintenance.expirer import EXPIRED_MAX, GRACE_SECONDS, Expirer
from objectstore.wire.records import ObjectName, ObjectState
from test.unit.object.bench import StoreBench, key_of, put_state

TURN = 300.0


class World:
    """A store whose objects end, and an expirer with a rank that can be set."""

    def __init__(self) -> None:
        self.bench = StoreBench()
        self.clock = self.bench.clock
        self.rank = 0
        self.asked: list[str] = []
        self.failing = False
        self.new_expirer()

    def new_expirer(self) -> None:
        self.expirer = Expirer(
            self.bench.store, self.clock, self.expire, lambda key: self.rank, TURN
        )

    def put(self, name: str, seconds: int, at: int = 10) -> None:
        state = put_state(name, at, b"body")
        ends = int(self.clock.time()) + seconds
        state = state._replace(delete_at=ends)
        self.bench.node.put(key_of(name), state, b"body", row_owed=False).wait(10)

    def expire(self, key: bytes, state: ObjectState) -> Promise[bool]:
        self.asked.append(state.name.object)
        if self.failing:
            return Promise.failed(Unavailable("away"))
        self.bench.delete(state.name.object, state.newest + 1)
        return Promise.of(True)


def test_what_is_over_is_removed_and_nothing_else() -> None:
    world = World()
    world.put("soon", 10)
    world.put("late", 1000)
    world.bench.put("stays", 10, b"for ever")
    assert world.expirer.step() is Progress.IDLE
    assert world.asked == []
    world.clock.advance(10 + GRACE_SECONDS)
    assert world.expirer.step() is Progress.IDLE
    assert world.asked == ["soon"]
    assert world.expirer.removed == 1
    assert world.expirer.step() is Progress.IDLE
    assert world.asked == ["soon"]


@pytest.mark.parametrize("how", ["restart", "rebuild", "power"])
def test_the_index_remembers(how: str) -> None:
    world = World()
    world.put("one", 10)
    world.put("changed", 10)
    world.put("changed", 5000, at=20)
    world.put("gone", 10)
    world.bench.delete("gone", 30)
    if how == "power":
        world.bench.lose_power(Random(1))
    else:
        getattr(world.bench, how)()
    world.new_expirer()
    world.clock.advance(100)
    due = world.bench.store.index.ranges.expired(int(world.clock.time()), FIRST, 10)
    assert [each.key for each in due] == [key_of("one")]
    world.expirer.step()
    assert world.asked == ["one"]


def test_a_post_moves_the_end() -> None:
    world = World()
    world.put("o", 10)
    later = ObjectState(
        ObjectName("AUTH_test", "box", "o"),
        metadata_timestamp=20,
        delete_at=int(world.clock.time()) + 5000,
    )
    world.bench.node.post(key_of("o"), later).wait(10)
    world.clock.advance(100)
    world.expirer.step()
    assert world.asked == []
    world.clock.advance(5000)
    world.expirer.step()
    assert world.asked == ["o"]


def test_further_replicas_wait_for_their_turn() -> None:
    world = World()
    world.rank = 2
    world.put("o", 10)
    world.clock.advance(10 + GRACE_SECONDS + 2 * TURN - 1)
    assert world.expirer.step() is Progress.IDLE
    assert world.asked == []
    assert world.expirer.waiting == 1
    world.clock.advance(2)
    world.expirer.step()
    assert world.asked == ["o"]


def test_a_step_is_bounded_and_a_failure_is_tried_again() -> None:
    world = World()
    for n in range(EXPIRED_MAX + 5):
        world.put(f"o{n}", 1)
    world.clock.advance(100)
    world.failing = True
    assert world.expirer.step() is Progress.BUSY
    assert len(world.asked) == EXPIRED_MAX
    assert world.expirer.step() is Progress.IDLE
    assert world.expirer.failures == EXPIRED_MAX + 5
    world.failing = False
    while world.expirer.step() is Progress.BUSY:
        pass
    assert world.expirer.removed == EXPIRED_MAX + 5
    world.bench.store.make_index_durable()
    assert world.expirer.waiting == 0
