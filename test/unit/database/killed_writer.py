"""A process that merges rows until it is killed; run by ``test_kill.py``.

``python -m test.unit.database.killed_writer DIRECTORY`` writes a line
``<container> <row>`` to its output after each row that was acknowledged.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.database.loops import database_loops
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.timestamps import HybridClock
from objectstore.kernel.turns import Line
from objectstore.wire.records import ContainerName, ObjectRow
from test.unit.database.devices import device_at

CONTAINERS = 6
WRITERS = 8


def key_of(container: int) -> bytes:
    return bytes([container]) * 16


def row_of(number: int) -> ObjectRow:
    return ObjectRow(f"{number:06}", 5, 0, 1, "t", 5, "e", 5)


def write(node: LocalContainerNode, writer: int) -> None:
    number = writer
    while True:
        container = number % CONTAINERS
        node.merge(key_of(container), [row_of(number)]).wait()
        os.write(1, f"{container} {number:06}\n".encode())
        number += WRITERS


def main() -> None:
    clock = SystemClock()
    # Two open at once, so that databases are closed and opened all the time.
    store = ContainerStore.open(
        device_at(Path(sys.argv[1])), HybridClock(clock), open_databases_max=2
    )
    node = LocalContainerNode(store)
    for container in range(CONTAINERS):
        name = ContainerName("a", str(container))
        node.create(key_of(container), name, 1, {}, 0).wait()
    for loop in database_loops(store.databases, clock, Line()):
        loop.start()
    for number in range(WRITERS):
        concurrency.spawn(write, node, number)
    while True:
        store.databases.changes.settle()
        concurrency.sleep(0.05)


if __name__ == "__main__":
    main()
