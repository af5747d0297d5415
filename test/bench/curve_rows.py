"""One container with more and more rows: puts through HTTP, and pages of all kinds.

The container is filled through its own node, in this process; requests go through a
server (``grown_store``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ObjectRow
from test.bench.driver import request
from test.bench.grown_store import GrownStore

ETAG = "d41d8cd98f00b204e9800998ecf8427e"
CONTAINER = "rows"
DIRECTORIES = 1000
BULK_ROWS = 1000
# Rows between two notes of how many there are.
CHUNK = 50_000
PUTS = 2000
PAGES = 100
PAGE = 1000
BODY = b"x" * 1024


def _row(number: int, at: int) -> ObjectRow:
    name = f"{number % DIRECTORIES:05}/{number:08}.jpg"
    return ObjectRow(name, at, 0, 4096, "image/jpeg", at, ETAG, at)


def _fill(grown: GrownStore, size: int, until: float) -> bool:
    """Rows in bulk; False when time was up."""
    count = int(grown.kept("count", 0))  # type: ignore[call-overload]
    if count >= size:
        return True
    clock = HybridClock(SystemClock())
    device = Device.open(SystemDisk(), grown.device_path)
    store = ContainerStore.open(device, clock)
    node, key = LocalContainerNode(store), grown.key(CONTAINER)
    while count < size and time.monotonic() < until:
        chunk = min(size, count + CHUNK)
        # In the order of names: neighbours in the tree together.
        rows = sorted(_row(number, clock.now()) for number in range(count, chunk))
        for first in range(0, len(rows), BULK_ROWS):
            node.merge(key, rows[first : first + BULK_ROWS]).wait()
        node.info(key).wait()
        count = chunk
        grown.keep("count", count)
    store.close()
    device.close()
    return bool(count >= size)


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
    with grown.running(CONTAINER):
        pass
    for size in sizes[len(points) :]:
        if not _fill(grown, size, until) or only_fills:
            return
        with grown.running(CONTAINER):
            point = {"rows": size, **_ask(grown, size)}
        points.append(point)
        grown.keep("points", points)
        note(point)


def _ask(grown: GrownStore, size: int) -> dict[str, float]:
    base, middle = grown.path(CONTAINER), f"{DIRECTORIES // 2:05}/"

    def page(**query: str) -> float:
        """CPU milliseconds."""
        asked = urlencode({"format": "json", "limit": PAGE, **query})
        wanted = request("GET", f"{base}?{asked}", grown.token)
        grown.ask([wanted])
        return grown.ask([wanted] * PAGES)[1] / PAGES * 1000

    def puts() -> float:
        """CPU microseconds, in all directories, with the folds behind."""
        step = max(1, size // PUTS)
        names = [f"{n * step % DIRECTORIES:05}/{size}-{n}" for n in range(PUTS)]
        wanted = [
            request("PUT", grown.path(CONTAINER, name), grown.token, BODY)
            for name in names
        ]
        outcome, cpu = grown.ask(wanted)
        p99.append(outcome.percentile(0.99))
        return cpu / PUTS * 1e6

    p99: list[float] = []
    point = {
        "first_ms": page(),
        "deep_ms": page(marker=middle),
        "delimiter_ms": page(delimiter="/"),
        "put_us": puts(),
    }
    return point | {"put_p99_ms": p99[0]}
