"""Measure what it costs to give back the space of deleted objects.

    python -m test.bench.compaction [--size BYTES] [--count N] [--live PERCENT]

Puts objects into one device's store, below HTTP, deletes them but for those that stay,
waits until the index is on disk, then compacts until nothing is left to do.  Prints for
each segment the CPU of the hub's thread and of all threads, faults, and the
longest that the hub was held up meanwhile.
"""

from __future__ import annotations

import hashlib
import resource
import tempfile
import time
from collections.abc import Callable
from random import Random

import click

from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.device import Device
from objectstore.kernel.interpreter import prepare_process
from objectstore.kernel.loop import Progress
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState, Receipt

# Written at once: they share a commit.
TOGETHER = 64
TICK_SECONDS = 0.0005


def key_of(number: int) -> bytes:
    """Of one object."""
    return hashlib.md5(b"%d" % number).digest()


def name_of(number: int) -> ObjectName:
    """Of one object."""
    return ObjectName("AUTH_test", "box", f"name-{number}")


def fill(store: ObjectStore, size: int, count: int, live: int) -> None:
    """Put ``count`` objects and delete all but ``live`` percent; all durable."""
    body, now = Random(1).randbytes(size), int(time.time() * 100_000)
    etag = hashlib.md5(body).hexdigest()

    def put(number: int) -> Promise[Receipt]:
        state = ObjectState(
            name_of(number),
            timestamp=now,
            size=size,
            etag=etag,
            content_type="text/plain",
            content_type_timestamp=now,
            metadata_timestamp=now,
        )
        return store.change(key_of(number), state, body, row_owed=False)

    def delete(number: int) -> Promise[Receipt]:
        state = ObjectState(name_of(number), deleted_timestamp=now + 1)
        return store.change(key_of(number), state, None, row_owed=False)

    _in_waves(put, list(range(count)))
    _in_waves(delete, [n for n in range(count) if n % 100 >= live])
    store.journal.roll()
    _in_waves(put, [count])
    store.make_index_durable()


def _in_waves(change: Callable[[int], Promise[Receipt]], numbers: list[int]) -> None:
    for first in range(0, len(numbers), TOGETHER):
        for promise in [change(n) for n in numbers[first : first + TOGETHER]]:
            promise.wait()


def measure(store: ObjectStore) -> str:
    """Compact all that is worth it, and say what it took."""
    gaps: list[float] = []

    def tick() -> None:
        last = time.monotonic()
        while True:
            concurrency.sleep(TICK_SECONDS)
            now = time.monotonic()
            gaps.append(now - last - TICK_SECONDS)
            last = now

    compaction = Compaction(store)
    concurrency.sleep(1.5)  # the flusher ends
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    hub, everything = time.thread_time(), time.process_time()
    began = time.monotonic()
    task = concurrency.spawn(tick)
    while compaction.step() is Progress.BUSY:
        pass
    concurrency.kill_task(task)
    segments = max(1, compaction.removed_segments)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    figures = (
        ("hub ms", (time.thread_time() - hub) * 1000 / segments),
        ("CPU ms", (time.process_time() - everything) * 1000 / segments),
        ("wall ms", (time.monotonic() - began) * 1000 / segments),
        ("faults", faults / segments),
        ("longest gap ms", max(gaps, default=0.0) * 1000),
    )
    told = ", ".join(f"{name} {value:.1f}" for name, value in figures)
    return f"{compaction.removed_segments} segments, each: {told}"


@click.command()
@click.option("--size", default=4096, show_default=True, help="Bytes of an object.")
@click.option("--count", default=32_000, show_default=True, help="Objects.")
@click.option("--live", default=0, show_default=True, help="Percent that stay.")
def main(size: int, count: int, live: int) -> None:
    """Print what a segment costs."""
    prepare_process()
    with tempfile.TemporaryDirectory() as root:
        device = Device.open(SystemDisk(), root)
        options = StoreOptions(reserve_bytes=0)
        store = ObjectStore.open(device, 0, SystemClock(), options)
        fill(store, size, count, live)
        print(measure(store))
        store.close()
        device.close()


if __name__ == "__main__":
    main()
