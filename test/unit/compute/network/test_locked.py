"""A database that another process keeps locked: everybody is told, and soon."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from compute.core.sql.database import Database
from objectstore.kernel import concurrency
from test.unit.compute.network.house import Got, House

WRITERS = 20
BUSY_SECONDS = 0.5


def test_all_writers_are_told_within_one_time_out(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cloud.sqlite"
    database = Database(url, sqlite_busy_seconds=BUSY_SECONDS)
    house = House(tmp_path, database=database)
    other = sqlite3.connect(tmp_path / "cloud.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def write(number: int) -> Got:
        body = {"network": {"name": f"n{number}"}}
        return house.ask("POST", "/v2.0/networks", body)

    began = time.monotonic()
    tasks = [concurrency.spawn(write, number) for number in range(WRITERS)]
    statuses = {concurrency.wait_task(task).status for task in tasks}
    assert statuses == {503}
    # One after the other they would have waited for all of these.
    waited = time.monotonic() - began
    assert BUSY_SECONDS <= waited < BUSY_SECONDS * WRITERS / 2
    assert house.ask("GET", "/v2.0/networks").status == 200  # readers do not wait
    other.execute("ROLLBACK")
    other.close()
    assert write(0).status == 201
    house.close()
