"""Acknowledged puts and look-ups of a device store, and what they cost.

    python -m test.bench.device_store [--devices 3] [--writers 32] [--size 4096]

Each put goes to all devices in this process and counts when a majority has it, as
behind a proxy.  Figures: per second, CPU microseconds for one put and replica, and
how many records a group commit had.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from pathlib import Path

import click

from objectstore.kernel import concurrency, interpreter
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState


class Bench:
    """Nodes, and names to put there."""

    def __init__(self, root: str, devices: int, size: int) -> None:
        self.clock = HybridClock(SystemClock())
        self.body = os.urandom(size)
        self.etag = hashlib.md5(self.body).hexdigest()
        self.keys: list[bytes] = []
        self.stores = []
        for number in range(devices):
            device = Device.open(SystemDisk(), os.path.join(root, f"d{number}"))
            self.stores.append(ObjectStore.open(device, 0, SystemClock()))
        self.nodes = [LocalObjectNode(store) for store in self.stores]

    def put(self, name: str) -> None:
        """One put to all, waiting for a majority."""
        at = self.clock.now()
        state = ObjectState(
            ObjectName("AUTH_bench", "container", name),
            timestamp=at,
            size=len(self.body),
            etag=self.etag,
            content_type_timestamp=at,
            metadata={"X-Object-Meta-Mtime": "1700000000.0"},
            metadata_timestamp=at,
        )
        key = hashlib.md5(name.encode()).digest()
        self.keys.append(key)
        answers = [node.put(key, state, self.body) for node in self.nodes]
        need = len(answers) // 2 + 1
        concurrency.wait_until(answers, lambda: sum(a.done for a in answers) >= need)
        for answer, node in zip(answers, self.nodes, strict=True):
            if answer.done:
                answer.result()
            node.paid(key, at)

    def run_puts(self, writers: int, count: int) -> None:
        """Time them."""
        batches = sum(store.journal.figures.batches for store in self.stores)
        names = iter([f"{writers}-{number}" for number in range(count)])

        def writer() -> None:
            for name in names:
                self.put(name)

        wall, cpu = time.perf_counter(), time.process_time()
        tasks = [concurrency.spawn(writer) for _ in range(writers)]
        for task in tasks:
            concurrency.wait_task(task)
        for store in self.stores:
            store.journal.flush()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        batches = sum(store.journal.figures.batches for store in self.stores) - batches
        writes = count * len(self.nodes)
        print(
            f"puts, {writers:3d} writers: {count / wall:8.0f}/s"
            f"  {cpu / writes * 1e6:6.1f} us CPU a replica"
            f"  {writes / batches:5.1f} records a batch"
        )

    def run_lookups(self, what: str, keys: list[bytes]) -> None:
        """Time them."""
        node = self.nodes[0]
        wall, cpu = time.perf_counter(), time.process_time()
        for key in keys:
            assert node.lookup(key, want_body=True).result().body is not None
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        each = cpu / len(keys) * 1e6
        print(f"look-ups, {what}: {len(keys) / wall:8.0f}/s  {each:6.1f} us CPU")


@click.command()
@click.option("--devices", default=3)
@click.option("--writers", default=32)
@click.option("--size", default=4096)
@click.option("--count", default=20_000)
@click.option("--directory", type=Path, default=None)
def main(
    devices: int, writers: int, size: int, count: int, directory: Path | None
) -> None:
    """Measure a device store."""
    interpreter.prepare_process()
    with tempfile.TemporaryDirectory(dir=directory) as root:
        bench = Bench(root, devices, size)
        bench.run_puts(1, count // 20)
        bench.run_puts(8, count // 4)
        bench.run_puts(writers, count)
        bench.run_lookups("hot ", bench.keys[-5000:])
        bench.run_lookups("cold", bench.keys[:5000])
        for store in bench.stores:
            store.close()


if __name__ == "__main__":
    main()
