"""kill -9 under load: every acknowledged row is there afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ListingQuery
from test.unit.database.devices import device_at
from test.unit.database.killed_writer import CONTAINERS, key_of

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("rows_before", [1, 300, 1500])
def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path, rows_before: int):
    command = [sys.executable, "-m", "test.unit.database.killed_writer", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(rows_before)]
        process.kill()
        lines += [line for line in process.stdout if line.endswith(b"\n")]
    acknowledged: dict[int, set[str]] = {n: set() for n in range(CONTAINERS)}
    for line in lines:
        container, name = line.decode().split()
        acknowledged[int(container)].add(name)
    device = device_at(tmp_path)
    store = ContainerStore.open(device, HybridClock(SystemClock()))
    node = LocalContainerNode(store)
    for container, names in acknowledged.items():
        listed = node.list(key_of(container), ListingQuery()).wait(20)
        assert names <= {entry.name for entry in listed}
        info = node.info(key_of(container)).wait(20)
        assert info is not None
        assert info.object_count == len(listed)
    store.close()
    device.close()
