"""One container with more and more rows: puts of rows, and pages of all kinds."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ContainerName, ListingQuery, ObjectRow

ETAG = "d41d8cd98f00b204e9800998ecf8427e"
KEY = bytes(16)
DIRECTORIES = 1000
BULK_ROWS = 1000
SINGLE_ROWS = 2000
WRITERS = 16
PAGE = 1000
REPEATS = 5


class Container:
    """One container on one device."""

    def __init__(self, root: str) -> None:
        self.clock = HybridClock(SystemClock())
        self.device = Device.open(SystemDisk(), root)
        self.store = ContainerStore.open(self.device, self.clock)
        self.node = LocalContainerNode(self.store)
        name = ContainerName("AUTH_bench", "container")
        self.node.create(KEY, name, self.clock.now(), {}, 0).wait()
        self.count = 0

    def row(self) -> ObjectRow:
        """The next one."""
        at, number = self.clock.now(), self.count
        self.count += 1
        name = f"{number % DIRECTORIES:05}/{number:08}.jpg"
        return ObjectRow(name, at, 0, 4096, "image/jpeg", at, ETAG, at)

    def fill(self, count: int) -> None:
        """Rows in bulk until there are ``count``."""
        while self.count < count:
            rows = [self.row() for _ in range(min(BULK_ROWS, count - self.count))]
            self.node.merge(KEY, rows).wait()
        self.node.info(KEY).wait()

    def put_singly(self) -> float:
        """CPU microseconds of a row that a writer waits for, with its folding."""
        began, left = time.process_time(), iter(range(SINGLE_ROWS))

        def writer() -> None:
            for _ in left:
                self.node.merge(KEY, [self.row()]).wait()

        tasks = [concurrency.spawn(writer) for _ in range(WRITERS)]
        for task in tasks:
            concurrency.wait_task(task)
        self.node.info(KEY).wait()
        return (time.process_time() - began) / SINGLE_ROWS * 1e6

    def page(self, query: ListingQuery) -> float:
        """CPU milliseconds of a page."""
        began = time.process_time()
        for _ in range(REPEATS):
            assert self.node.list(KEY, query).wait()
        return (time.process_time() - began) / REPEATS * 1000


def measure(note: Callable[[dict[str, float]], None], sizes: Sequence[int]) -> None:
    """Tell ``note`` of each size."""
    middle = f"{DIRECTORIES // 2:05}/"
    with tempfile.TemporaryDirectory() as root:
        container = Container(root)
        for size in sizes:
            container.fill(size - SINGLE_ROWS)
            put = container.put_singly()
            note(
                {
                    "rows": size,
                    "put_us": put,
                    "first_ms": container.page(ListingQuery(limit=PAGE)),
                    "deep_ms": container.page(ListingQuery(limit=PAGE, marker=middle)),
                    "delimiter_ms": container.page(
                        ListingQuery(limit=PAGE, delimiter="/")
                    ),
                }
            )
        container.store.close()
        container.device.close()
