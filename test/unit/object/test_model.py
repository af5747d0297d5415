"""The store against a dictionary: any history, restarts and power losses included."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from objectstore.kernel.journal import Damage
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.reclaim import Reclaim
from objectstore.object.maintenance.sweep import Sweep
from objectstore.object.maintenance.verify import verify
from objectstore.wire.merge import merge_states
from objectstore.wire.records import ObjectName, ObjectState
from test.unit.object.bench import StoreBench, key_of, put_state

NAMES = ("a", "b", "c", "d")
names = st.sampled_from(NAMES)
# Not a month after the epoch: every tombstone is old enough to be reclaimed.
times = st.integers(1, 30)
seeds = st.integers(0, 2**16)
bodies = st.sampled_from([b"", b"x", b"y" * 900, b"z" * 3000])
LARGE = Random(7).randbytes(300_000)


class StoreMachine(RuleBasedStateMachine):
    """Every acknowledged write is in ``states`` and ``bodies`` at once."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = StoreBench()
        self.states: dict[str, ObjectState] = {}
        self.bodies: dict[tuple[str, int, str], bytes] = {}

    def merged(self, name: str, coming: ObjectState) -> None:
        self.states[name] = merge_states(self.states.get(name), coming)

    @rule(name=names, at=times, body=bodies)
    def put(self, name: str, at: int, body: bytes) -> None:
        self.bench.put(name, at, body)
        self.bodies[name, at, put_state(name, at, body).etag] = body
        self.merged(name, put_state(name, at, body))

    @rule(name=names, at=times)
    def put_large(self, name: str, at: int) -> None:
        body = LARGE[at:]
        self.bench.put_large(name, at, body)
        self.bodies[name, at, put_state(name, at, body).etag] = body
        self.merged(name, put_state(name, at, body))

    @rule(name=names, at=times, color=st.sampled_from(["red", "blue"]))
    def post(self, name: str, at: int, color: str) -> None:
        receipt = self.bench.post(name, at, Color=color)
        held = self.states.get(name)
        assert receipt.found == (held is not None and held.exists)
        if receipt.found:
            change = ObjectState(
                ObjectName("AUTH_test", "box", name),
                metadata={"X-Object-Meta-Color": color},
                metadata_timestamp=at,
            )
            self.merged(name, change)

    @rule(name=names, at=times)
    def delete(self, name: str, at: int) -> None:
        self.bench.delete(name, at)
        tombstone = ObjectState(
            ObjectName("AUTH_test", "box", name), deleted_timestamp=at
        )
        self.merged(name, tombstone)

    @rule(name=names)
    def forget(self, name: str) -> None:
        held = self.states.pop(name, None)
        if held is not None:
            self.bench.node.paid(key_of(name), held.newest)
            receipt = self.bench.node.forget(key_of(name), held.newest).wait(10)
            assert receipt.stored

    @rule()
    def flush_index(self) -> None:
        self.bench.store.make_index_durable()

    @rule()
    def reclaim(self) -> None:
        Reclaim(self.bench.store).step()
        self._old_tombstones_may_go()

    def _old_tombstones_may_go(self) -> None:
        for name, state in list(self.states.items()):
            if _is_dead(state) and self.bench.state(name) is None:
                del self.states[name]

    @rule(number=st.integers(0, 5))
    def compact(self, number: int) -> None:
        closed = [
            facts.number
            for facts in self.bench.store.journal.segments()
            if self.bench.store.journal.closed.may_go(facts.number)
        ]
        if closed:
            Compaction(self.bench.store).compact(closed[number % len(closed)])
        self._old_tombstones_may_go()

    @rule()
    def roll(self) -> None:
        self.bench.store.journal.roll()

    @rule()
    def restart(self) -> None:
        self.bench.restart()

    @rule(seed=seeds, keep_index=st.booleans())
    def lose_power(self, seed: int, keep_index: bool) -> None:
        self.bench.lose_power(Random(seed), keep_index=keep_index)
        self._old_tombstones_may_go()
        for name in NAMES:
            state = self.bench.state(name)
            if name not in self.states and state is not None and _is_dead(state):
                # Its row outlived its segment, and goes with the next round.
                self.states[name] = state

    @rule()
    def rebuild(self) -> None:
        self.bench.rebuild()
        self._old_tombstones_may_go()

    @invariant()
    def all_is_as_written(self) -> None:
        for name in NAMES:
            state = self.states.get(name)
            assert self.bench.state(name) == state
            expected = None
            if state is not None and state.exists:
                expected = self.bodies[name, state.timestamp, state.etag]
            assert self.bench.body(name) == expected

    def teardown(self) -> None:
        while Sweep(self.bench.store).step().value == "busy":
            pass
        self.bench.restart()
        assert verify(self.bench.store).problems == []
        found = self.bench.store.journal.replay()
        assert not [each for each in found if isinstance(each, Damage)]
        self.bench.store.close()


def _is_dead(state: ObjectState) -> bool:
    return not state.exists and state.newest == state.deleted_timestamp


def test_any_history() -> None:
    run_state_machine_as_test(
        StoreMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
