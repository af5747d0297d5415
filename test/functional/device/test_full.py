"""A device that is really full: 507, nothing lost, deletes and compaction go on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.errors import InsufficientStorage
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.compaction import Compaction
from objectstore.object.node import LocalObjectNode
from objectstore.object.options import StoreOptions
from objectstore.object.store import ObjectStore
from objectstore.object.verify import verify
from objectstore.wire.records import ObjectName, ObjectState
from test.functional.device.writer import key_of, state_of

MIB = 1024 * 1024
BODY = b"full" * 4096


@pytest.fixture
def small_device(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB of its own, where mounting is permitted."""
    path = tmp_path / "small"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "ringstack", str(path)]
    mounted = subprocess.run(command, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a tmpfs: {mounted.stderr.decode().strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(store: ObjectStore) -> list[str]:
    """Put until it is full; the names that were acknowledged."""
    node = LocalObjectNode(store)
    written = []
    with pytest.raises(InsufficientStorage):
        for number in range(2000):
            name = f"{number}"
            node.put(key_of(name), state_of(name, 10, BODY), BODY).wait(10)
            written.append(name)
            if number % 100 == 0:
                store.make_index_durable()
    assert len(written) > 300
    return written


def check(store: ObjectStore, names: list[str]) -> None:
    node = LocalObjectNode(store)
    for name in names:
        found = node.lookup(key_of(name), want_body=True).wait(10)
        assert found.body == BODY


def opened(directory: Path, reserve_bytes: int) -> tuple[Device, ObjectStore]:
    options = StoreOptions(
        reserve_bytes=reserve_bytes, segment_bytes_max=MIB, allocate_bytes=MIB // 4
    )
    device = Device.open(SystemDisk(), str(directory), mount_check=True)
    return device, ObjectStore.open(device, 0, SystemClock(), options)


def test_a_device_full_to_the_last_byte_loses_nothing(small_device: Path) -> None:
    device, store = opened(small_device, 0)
    written = fill(store)
    check(store, written)
    store.abandon()
    device.close()
    device, store = opened(small_device, 0)
    check(store, written)
    store.abandon()
    device.close()


def test_with_a_reserve_deletes_and_compaction_make_room(small_device: Path) -> None:
    device, store = opened(small_device, 4 * MIB)
    written = fill(store)
    node = LocalObjectNode(store)
    for name in written[::2]:
        state = ObjectState(ObjectName("AUTH_test", "box", name), deleted_timestamp=20)
        assert node.delete(key_of(name), state).wait(10).stored
    compaction = Compaction(store)
    number = 1
    while store.journal.is_closed(number):
        compaction.compact(number)
        number += 1
        if number > 6:
            break
    store.close()
    device.close()
    device, store = opened(small_device, 4 * MIB)
    check(store, written[1::2])
    state = state_of("again", 30, BODY)
    put = LocalObjectNode(store).put(key_of("again"), state, BODY)
    assert put.wait(10).stored
    assert verify(store).problems == []
    store.close()
    device.close()
