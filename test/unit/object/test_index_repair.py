"""An index that is made anew: what is refused meanwhile, and attempts that fail."""

from __future__ import annotations

import sqlite3

import pytest

from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.object.maintenance.index_repair import IndexRepair
from objectstore.object.maintenance.verify import verify
from test.unit.object.bench import StoreBench, key_of


class FailingOpener:
    """Opens databases, but not now and then."""

    def __init__(self, bench: StoreBench) -> None:
        self._bench = bench
        self.failures = 0

    def __call__(self, path: str) -> sqlite3.Connection:
        if self.failures:
            self.failures -= 1
            raise Unavailable("on purpose")
        return self._bench.databases(path)


def test_an_attempt_that_fails_is_repeated() -> None:
    bench = StoreBench()
    for number in range(20):
        bench.put(f"o{number}", 10, b"kept")
    opener = FailingOpener(bench)
    bench.store.opener = opener
    bench.store.index.damage.what = "on purpose"
    repair = IndexRepair(bench.store)
    for _ in range(2):
        opener.failures = 1
        with pytest.raises(RingstackError):
            repair.step()
        assert bench.store.index.damage.what == "on purpose"
        with pytest.raises(Unavailable):
            bench.store.held(key_of("o1"))
        with pytest.raises(Unavailable):
            bench.put("later", 20, b"later")
    assert repair.step() is Progress.DONE
    assert repair.step() is Progress.IDLE
    bench.put("later", 20, b"later")
    for name in ["later", *(f"o{number}" for number in range(20))]:
        assert bench.body(name) is not None
    assert verify(bench.store).problems == []
    bench.store.close()


def test_a_store_is_closed_while_it_has_no_index() -> None:
    bench = StoreBench()
    bench.put("o", 10, b"kept")
    opener = FailingOpener(bench)
    bench.store.opener = opener
    bench.store.index.damage.what = "on purpose"
    opener.failures = 1
    with pytest.raises(Unavailable):
        IndexRepair(bench.store).step()
    bench.restart()
    assert bench.body("o") == b"kept"
    bench.store.close()
