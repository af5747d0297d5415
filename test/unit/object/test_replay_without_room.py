"""A start with much to replay, on a device that has no room for its index."""

from __future__ import annotations

import sqlite3

from objectstore.object.store.recovery import ROWS_PER_FLUSH
from test.fakes.databases import Databases
from test.unit.object.bench import StoreBench, key_of, put_state

# More than one flush has, and few enough for a quick test.
COUNT = ROWS_PER_FLUSH + 300
PAGES = 30


class SmallDatabases(Databases):
    """Databases that cannot grow; counts what is begun to be written."""

    begun = 0

    def __call__(self, path: str) -> sqlite3.Connection:
        connection = super().__call__(path)
        connection.execute(f"PRAGMA max_page_count = {PAGES}")
        connection.set_trace_callback(self._trace)
        return connection

    def _trace(self, text: str) -> None:
        self.begun += text == "BEGIN IMMEDIATE"


def test_what_there_is_no_room_for_is_not_tried_with_every_record() -> None:
    bench = StoreBench()
    promises = [
        bench.node.put(key_of(name), put_state(name, 1, b""), b"", row_owed=False)
        for name in map(str, range(COUNT))
    ]
    for promise in promises:
        promise.wait(10)
    bench.store.abandon()
    bench.device.close()
    bench.databases = databases = SmallDatabases(bench.disk)
    bench.open()
    # It is all there, and SQLite was asked as often as it may have had room.
    assert bench.store.index.unflushed == COUNT
    assert bench.body("0") == bench.body(str(COUNT - 1)) == b""
    assert databases.begun <= 4
    assert bench.delete("0", 2).found
    assert bench.body("0") is None
