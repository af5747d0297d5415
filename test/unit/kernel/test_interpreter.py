"""What a serving process sets, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import ctypes, _sqlite3, sqlite3
from objectstore.kernel.interpreter import free_sqlite_of_statistics

print(free_sqlite_of_statistics())
database = sqlite3.connect(":memory:")
database.execute("create table t (x)")
database.executemany("insert into t values (?)", [(n,) for n in range(1000)])
print(database.execute("select sum(x) from t").fetchone()[0])
used = ctypes.CDLL(_sqlite3.__file__).sqlite3_memory_used
used.restype = ctypes.c_int64
print(used())
"""

COLLECTS = """
import gc, os, weakref
from objectstore.kernel import concurrency
from objectstore.kernel.interpreter import YOUNG_WHEN_IDLE, prepare_process

class Thing:
    pass

def make_garbage(kept):
    thing = Thing()
    thing.itself = thing
    kept += [[] for _ in range(YOUNG_WHEN_IDLE + 100)]
    return weakref.ref(thing)

prepare_process()
# A hub without sockets sleeps instead of polling.
concurrency.call_when_readable(os.pipe()[0], lambda: None)
concurrency.sleep(0.01)
kept = []
garbage = make_garbage(kept)
concurrency.sleep(0)
busy = garbage() is not None
concurrency.sleep(0.01)
print(busy, garbage() is None, gc.get_count()[0] < YOUNG_WHEN_IDLE)
"""


def test_sqlite_counts_no_memory_and_works() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    done, total, counted = run.stdout.split()
    assert total == "499500"
    if done == "True":
        assert counted == "0"


def test_the_young_are_collected_while_nobody_is_to_be_served() -> None:
    run = subprocess.run(
        [sys.executable, "-c", COLLECTS], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["True", "True", "True"]
