"""The updater: every row owed has its turn."""

from __future__ import annotations

from collections import Counter

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.object.maintenance.updater import AGE_SECONDS, ROWS_MAX, ObjectUpdater
from objectstore.wire.records import ObjectState
from test.unit.object.bench import StoreBench, key_of, put_state


def owe(bench: StoreBench, *names: str) -> None:
    for name in names:
        state = put_state(name, 10, b"x")
        bench.node.put(key_of(name), state, b"x", row_owed=True).wait(10)


def test_rows_that_cannot_be_sent_keep_no_others_waiting() -> None:
    bench = StoreBench()
    stuck = [f"stuck {number}" for number in range(ROWS_MAX)]
    owe(bench, *stuck, "other")
    tried: Counter[str] = Counter()

    def send(state: ObjectState) -> Promise[None]:
        tried[state.name.object] += 1
        if state.name.object.startswith("stuck"):
            return Promise.failed(Unavailable("its container is away"))
        return Promise.of(None)

    updater = ObjectUpdater(bench.store, bench.clock, send)
    bench.clock.advance(AGE_SECONDS + 1)
    for _ in range(3):
        updater.step()
    assert tried["other"] == 1
    assert {tried[name] for name in stuck} == {2}
    assert updater.sent == 1
    assert len(bench.store.index.owed.items) == ROWS_MAX
    bench.store.close()
