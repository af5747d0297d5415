"""Rows merged, and listings, of one device's containers: what they cost.

    python -m test.bench.listing [--rows 100000] [--million] [--writers 16]

Merging: writers that each wait for their row to be durable, into one container and
into sixteen; and rows in bulk, as replication sends them.  Listing: pages of 10,000
names from the front and from the middle, forward and in reverse, as raw rows, and
rolled up by a delimiter; each at 100,000 rows, and at a million when asked.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.database.loops import database_loops
from objectstore.kernel import concurrency, interpreter
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.kernel.turns import Line
from objectstore.wire.records import ContainerName, ListingQuery, ObjectRow

ETAG = "d41d8cd98f00b204e9800998ecf8427e"
DIRECTORIES = 1000
BULK_ROWS = 1000


class Bench:
    """A container node with its loops running."""

    def __init__(self, directory: str) -> None:
        clock = SystemClock()
        self.clock = HybridClock(clock)
        device = Device.open(SystemDisk(), directory)
        self.store = ContainerStore.open(device, self.clock)
        self.node = LocalContainerNode(self.store)
        self._loops = database_loops(self.store.databases, clock, Line())
        for loop in self._loops:
            loop.start()

    def close(self) -> None:
        """Stop the loops, close the device."""
        for loop in self._loops:
            loop.stop()
        self.store.close()

    def create(self, number: int) -> bytes:
        """A container."""
        key = number.to_bytes(16, "big")
        name = ContainerName("AUTH_bench", f"c{number}")
        self.node.create(key, name, self.clock.now(), {}, 0).wait()
        return key

    def row(self, number: int) -> ObjectRow:
        """A row such as a small file makes, in one of the directories."""
        at = self.clock.now()
        name = f"{number % DIRECTORIES:05}/{number:08}.jpg"
        return ObjectRow(name, at, 0, 4096, "image/jpeg", at, ETAG, at)

    def run_writers(self, containers: int, writers: int, count: int) -> None:
        """Single rows, each waited for."""
        keys = [self.create(containers * 100 + each) for each in range(containers)]
        numbers = iter(range(count))
        batches = self.store.databases.journal.figures.batches

        def writer() -> None:
            for number in numbers:
                key = keys[number % containers]
                self.node.merge(key, [self.row(number)]).wait()

        def run() -> None:
            tasks = [concurrency.spawn(writer) for _ in range(writers)]
            for task in tasks:
                concurrency.wait_task(task)
            for key in keys:
                self.node.info(key).wait()

        what = f"single rows, {writers} writers, {containers} containers"
        timed(what, count, run)
        batches = self.store.databases.journal.figures.batches - batches
        print(f"{'':44}{count / batches:10.1f} rows a sync")

    def fill(self, key: bytes, rows: int, what: str, shuffled: bool) -> None:
        """Rows in bulk."""
        made = [self.row(number) for number in range(rows)]
        if shuffled:
            random.Random(rows).shuffle(made)
        else:
            made.sort()

        def run() -> None:
            for first in range(0, rows, BULK_ROWS):
                self.node.merge(key, made[first : first + BULK_ROWS]).wait()
            self.node.info(key).wait()

        timed(f"{rows:,} rows in bulk, {what}", rows, run)

    def run_listings(self, key: bytes) -> None:
        """Pages of all kinds."""
        middle = f"{DIRECTORIES // 2:05}/"
        pages = {
            "10,000 names from the front": ListingQuery(),
            "10,000 names from the middle": ListingQuery(marker=middle),
            "10,000 names in reverse": ListingQuery(marker=middle, reverse=True),
            "1,000 subdirectories": ListingQuery(delimiter="/"),
            "1,000 subdirectories in reverse": ListingQuery(
                delimiter="/", reverse=True
            ),
            "a directory by prefix": ListingQuery(prefix=middle, delimiter="/"),
        }

        def ask(query: ListingQuery) -> int:
            return len(self.node.list(key, query).wait())

        for what, query in pages.items():
            timed(what, ask(query), partial(ask, query))
        timed(
            "10,000 raw rows",
            10_000,
            lambda: self.node.rows(key, ListingQuery()).wait(),
        )


def timed(what: str, count: int, run: Callable[[], Any]) -> None:
    """Run it once and print what one entry cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{what:<44}{count / wall:10,.0f}/s"
        f"{cpu / count * 1e6:8.2f} us CPU each{wall * 1e3:10.1f} ms"
    )


@click.command()
@click.option("--rows", default=100_000, help="Rows in the listed container.")
@click.option("--million", is_flag=True, help="And a container of a million.")
@click.option("--writers", default=16)
@click.option("--count", default=20_000, help="Single rows to merge.")
@click.option("--directory", type=Path, default=None)
def main(
    rows: int, million: bool, writers: int, count: int, directory: Path | None
) -> None:
    """Measure one device's containers."""
    interpreter.prepare_process()
    with tempfile.TemporaryDirectory(dir=directory) as root:
        bench = Bench(root)
        for containers in (1, 16):
            bench.run_writers(containers, writers, count)
        for size in [rows, 1_000_000] if million else [rows]:
            key = bench.create(size)
            bench.fill(key, size, "in name order", shuffled=False)
            if size == rows:
                other = bench.create(size + 1)
                bench.fill(other, size, "in no order", shuffled=True)
            bench.run_listings(key)
        bench.close()


if __name__ == "__main__":
    main()
