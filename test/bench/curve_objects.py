"""One device with more and more objects of 1 KiB: puts, look-ups, restarts, index.

The device is filled through its own node, in this process; requests and restarts go
through a server (``grown_store``), whose page cache is warm.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.journal.journal import SEGMENT_BYTES_MAX
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState
from test.bench.driver import request
from test.bench.grown_store import ACCOUNT, GrownStore

BODY = b"ringstack bench " * 64
ETAG = hashlib.md5(BODY).hexdigest()
CONTAINER = "container"
WRITERS = 64
LOOKUPS = 5000
GETS = 4000
PUTS = 2000
# Look-ups of what was written last are answered from memory.
HOT = 2000
# Put between two notes of how many there are.
CHUNK = 20_000
PARTITIONS_ASKED = 1024
PART_POWER = 10


class Filled:
    """A device's store that grows."""

    def __init__(
        self,
        root: str,
        segment_bytes_max: int = SEGMENT_BYTES_MAX,
        key_of: Callable[[str], bytes] | None = None,
    ) -> None:
        self._options = StoreOptions(segment_bytes_max=segment_bytes_max)
        self._key_of = key_of or _any_key
        self.device = Device.open(SystemDisk(), root)
        self.count = 0
        self.store = ObjectStore.open(self.device, 0, SystemClock(), self._options)
        self.node = LocalObjectNode(self.store)

    def close(self) -> None:
        """Store and device."""
        self.store.close()
        self.device.close()

    def fill(self, count: int) -> float:
        """Put until there are ``count``; CPU microseconds of one."""
        began, first = time.process_time(), self.count
        numbers = iter(range(first, count))

        def writer() -> None:
            for number in numbers:
                key = self._key_of(name_of(number))
                self.node.put(key, state_of(number), BODY, row_owed=False).wait()

        tasks = [concurrency.spawn(writer) for _ in range(WRITERS)]
        for task in tasks:
            concurrency.wait_task(task)
        self.count = max(count, first)
        return (time.process_time() - began) / max(1, count - first) * 1e6

    def delete(self, number: int) -> None:
        """Without waiting: ``store.journal.flush`` does."""
        state = state_of(number)
        tombstone = ObjectState(state.name, deleted_timestamp=state.timestamp + 1)
        self.node.delete(self._key_of(name_of(number)), tombstone, row_owed=False)

    def look_up(self, numbers: Sequence[int]) -> float:
        """CPU microseconds of one look-up with body."""
        began = time.process_time()
        for number in numbers:
            key = self._key_of(name_of(number))
            found = self.node.lookup(key, want_body=True).result()
            assert found.body == BODY
        return (time.process_time() - began) / len(numbers) * 1e6

    def replication_round(self) -> float:
        """CPU milliseconds of this side of a round in which one partition of 1,024
        differs: the digests of all, the states of one."""
        began = time.process_time()
        everything = range(PARTITIONS_ASKED)
        assert len(self.node.digests(everything, PART_POWER).wait()) == len(everything)
        after = b""
        while found := self.node.states(0, PART_POWER, after, 1000).wait():
            after = found[-1][0]
        return (time.process_time() - began) * 1000


def _any_key(name: str) -> bytes:
    return hashlib.md5(name.encode()).digest()


def name_of(number: int) -> str:
    """Of an object."""
    return f"directory/{number:08}.jpg"


def state_of(number: int) -> ObjectState:
    """As a small upload makes it."""
    at = 170_000_000_000_000 + number
    name = ObjectName(ACCOUNT, CONTAINER, name_of(number))
    metadata = {"X-Object-Meta-Mtime": "1700000000.0"}
    return ObjectState(name, at, len(BODY), ETAG, "image/jpeg", at, metadata, at)


def measure(
    directory: Path,
    note: Callable[[dict[str, float]], None],
    sizes: Sequence[int],
    seconds: float,
    *,
    only_fills: bool = False,
) -> None:
    """Tell ``note`` of each size.  Ends early after ``seconds`` of filling, or
    (``only_fills``) where the next is to be measured."""
    until = time.monotonic() + seconds
    grown = GrownStore(directory)
    points: list[dict[str, float]] = list(grown.kept("points", []))  # type: ignore[call-overload]
    for point in points:
        note(point)
    with grown.running(CONTAINER, "killed"):
        pass
    for size in sizes[len(points) :]:
        if not _fill(grown, size, until) or only_fills:
            return
        point = _measure_device(grown, size) | _measure_server(grown, size)
        points.append(point)
        grown.keep("points", points)
        note(point)


def _open(grown: GrownStore) -> Filled:
    filled = Filled(grown.device_path, key_of=lambda name: grown.key(CONTAINER, name))
    filled.count = int(grown.kept("count", 0))  # type: ignore[call-overload]
    return filled


def _fill(grown: GrownStore, size: int, until: float) -> bool:
    """False when time was up."""
    filled = _open(grown)
    while filled.count < size and time.monotonic() < until:
        put = filled.fill(min(size, filled.count + CHUNK))
        grown.keep("put_us", put)
        grown.keep("count", filled.count)
    filled.close()
    return filled.count >= size


def _measure_device(grown: GrownStore, size: int) -> dict[str, float]:
    """Ask it directly."""
    random = Random(1)
    filled = _open(grown)
    filled.look_up([size - 1 - n for n in range(HOT)])
    hot = filled.look_up([size - 1 - n % HOT for n in range(LOOKUPS)])
    cold = filled.look_up([random.randrange(size) for _ in range(LOOKUPS)])
    replication = filled.replication_round()
    index = filled.store.index.path
    filled.close()
    return {
        "objects": size,
        "device_put_us": float(grown.kept("put_us", 0.0)),  # type: ignore[arg-type]
        "device_get_us": cold,
        "device_get_hot_us": hot,
        "replication_ms": replication,
        "index_bytes": os.path.getsize(index) / size,
    }


def _measure_server(grown: GrownStore, size: int) -> dict[str, float]:
    """Requests, memory, and both restarts."""
    random = Random(2)
    first = grown.path(CONTAINER, name_of(0))
    clean = grown.start(first)
    try:
        gets, get_cpu = grown.ask(
            request(
                "GET",
                grown.path(CONTAINER, name_of(random.randrange(size))),
                grown.token,
            )
            for _ in range(GETS)
        )
        puts, put_cpu = grown.ask(
            request("PUT", grown.path(CONTAINER, f"new/{size}/{n}"), grown.token, BODY)
            for n in range(PUTS)
        )
        memory = grown.memory_megabytes()
        grown.kill()
        killed = grown.start(first)
    finally:
        grown.stop()
    return {
        "put_us": put_cpu / PUTS * 1e6,
        "get_us": get_cpu / GETS * 1e6,
        "put_p99_ms": puts.percentile(0.99),
        "get_p99_ms": gets.percentile(0.99),
        "memory_mb": memory,
        "restart_clean_s": clean,
        "restart_killed_s": killed,
    }
