"""Databases of a device whose last byte is taken: what was acknowledged is told of all
the same, and deletions are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from objectstore.container.node import LocalContainerNode
from objectstore.container.store import ContainerStore
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.errors import InsufficientStorage
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.wire.records import ContainerName, ListingQuery
from test.contract.nodes.samples import kept, key_of, object_row
from test.functional.device.ballast import take_all_room

KEY = key_of("a container")
ROWS = 500
# Of the 1 MiB that a journal sets aside.
MORE_ROWS = 200


def opened(path: Path) -> tuple[Device, ContainerStore]:
    device = Device.open(SystemDisk(), str(path), mount_check=True)
    return device, ContainerStore.open(device, HybridClock(SystemClock()))


def check(node: Any, names: list[str]) -> None:
    info = kept(node.info(KEY))
    assert info.object_count == len(names)
    listed = kept(node.list(KEY, ListingQuery()))
    assert [each.name for each in listed] == names
    shown = kept(node.shown(KEY, ListingQuery(), "text"))
    assert shown.decode().split() == names
    rows = kept(node.rows(KEY, ListingQuery())).rows
    assert [row.name for row in rows if not row.deleted] == names


def test_full_to_the_last_byte(small_device: Path) -> None:
    device, store = opened(small_device)
    node = LocalContainerNode(store)
    kept(node.create(KEY, ContainerName("AUTH_a", "c"), 5, {}, 0))
    names = [f"{number:04}" for number in range(ROWS + MORE_ROWS)]
    kept(node.merge(KEY, [object_row(name) for name in names[:ROWS]]))
    check(node, names[:ROWS])
    ballast = take_all_room(small_device)
    # The journal has room that it set aside; the file has none.
    for name in names[ROWS:]:
        kept(node.merge(KEY, [object_row(name)]))
    gone = names.pop()
    kept(node.merge(KEY, [object_row(gone, 11, deleted=1)]))
    with pytest.raises(InsufficientStorage):
        store.databases.changes.fold_some(1)
    check(node, names)
    # Room comes back, and everything finds its place.
    ballast.unlink()
    store.databases.changes.fold_some(1)
    assert store.databases.changes.unfolded == 0
    check(node, names)
    store.close()
    device.close()
    device, store = opened(small_device)
    check(LocalContainerNode(store), names)
    store.close()
    device.close()
