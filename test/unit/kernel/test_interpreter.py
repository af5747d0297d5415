"""SQLite is set before the first database, in a process of its own."""

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


def test_sqlite_counts_no_memory_and_works() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    done, total, counted = run.stdout.split()
    assert total == "499500"
    if done == "True":
        assert counted == "0"
