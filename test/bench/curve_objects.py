"""One device with more and more objects of 1 KiB: puts, look-ups, restarts, index."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from random import Random

from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.journal.journal import SEGMENT_BYTES_MAX
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.node import LocalObjectNode
from objectstore.object.options import StoreOptions
from objectstore.object.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState
from test.bench.processes import resident_megabytes

BODY = b"ringstack bench " * 64
ETAG = hashlib.md5(BODY).hexdigest()
WRITERS = 64
LOOKUPS = 5000
# Look-ups of what was written last are answered from memory.
HOT = 2000


class Filled:
    """A device's store that grows."""

    def __init__(self, root: str, segment_bytes_max: int = SEGMENT_BYTES_MAX) -> None:
        self._options = StoreOptions(segment_bytes_max=segment_bytes_max)
        self.device = Device.open(SystemDisk(), root)
        self.count = 0
        self.open()

    def open(self) -> float:
        """Open the store; the seconds it took."""
        began = time.perf_counter()
        self.store = ObjectStore.open(self.device, 0, SystemClock(), self._options)
        self.node = LocalObjectNode(self.store)
        return time.perf_counter() - began

    def fill(self, count: int) -> float:
        """Put until there are ``count``; CPU microseconds of one."""
        began, first = time.process_time(), self.count
        numbers = iter(range(first, count))

        def writer() -> None:
            for number in numbers:
                key = key_of(number)
                self.node.put(key, state_of(number), BODY, row_owed=False).wait()

        tasks = [concurrency.spawn(writer) for _ in range(WRITERS)]
        for task in tasks:
            concurrency.wait_task(task)
        self.count = count
        return (time.process_time() - began) / max(1, count - first) * 1e6

    def delete(self, number: int) -> None:
        """Without waiting: ``store.journal.flush`` does."""
        state = state_of(number)
        tombstone = ObjectState(state.name, deleted_timestamp=state.timestamp + 1)
        self.node.delete(key_of(number), tombstone, row_owed=False)

    def look_up(self, numbers: Sequence[int]) -> float:
        """CPU microseconds of one look-up with body."""
        began = time.process_time()
        for number in numbers:
            found = self.node.lookup(key_of(number), want_body=True).result()
            assert found.body == BODY
        return (time.process_time() - began) / len(numbers) * 1e6


def key_of(number: int) -> bytes:
    """Keys spread as the ring's are."""
    return hashlib.md5(b"%d" % number).digest()


def state_of(number: int) -> ObjectState:
    """As a small upload makes it."""
    at = 170_000_000_000_000 + number
    name = ObjectName("AUTH_bench", "container", f"directory/{number:08}.jpg")
    metadata = {"X-Object-Meta-Mtime": "1700000000.0"}
    return ObjectState(name, at, len(BODY), ETAG, "image/jpeg", at, metadata, at)


def measure(note: Callable[[dict[str, float]], None], sizes: Sequence[int]) -> None:
    """Tell ``note`` of each size."""
    random = Random(1)
    with tempfile.TemporaryDirectory() as root:
        filled = Filled(root)
        for size in sizes:
            put = filled.fill(size)
            hot = filled.look_up([size - 1 - n % HOT for n in range(LOOKUPS)])
            cold = filled.look_up([random.randrange(size) for _ in range(LOOKUPS)])
            memory = resident_megabytes(os.getpid())
            filled.store.close()
            index = os.path.getsize(filled.store.index.path)
            clean = filled.open()
            # What a killed process leaves: the index behind the log, not closed.
            filled.fill(size + 1)
            filled.store.abandon()
            killed = filled.open()
            note(
                {
                    "objects": size,
                    "put_us": put,
                    "get_us": cold,
                    "get_hot_us": hot,
                    "index_bytes": index / size,
                    "memory_mb": memory,
                    "restart_clean_s": clean,
                    "restart_killed_s": killed,
                }
            )
        filled.store.close()
        filled.device.close()
