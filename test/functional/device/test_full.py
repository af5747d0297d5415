"""A device that is really full: 507, nothing lost, deletes and compaction go on."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.errors import InsufficientStorage
from objectstore.kernel.journal.direct import DIRECT_BYTES_MIN
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState
from test.functional.device.writer import key_of, state_of

MIB = 1024 * 1024


@pytest.fixture(params=[16 * 1024, DIRECT_BYTES_MIN, MIB])
def body(request: pytest.FixtureRequest) -> bytes:
    """Small, and what goes around the page cache."""
    return Random(1).randbytes(request.param)


def fill(store: ObjectStore, body: bytes) -> list[str]:
    """Put until it is full; the names that were acknowledged."""
    node = LocalObjectNode(store)
    written = []
    with pytest.raises(InsufficientStorage):
        for number in range(2000):
            name = f"{number}"
            node.put(key_of(name), state_of(name, 10, body), body).wait(10)
            written.append(name)
            if number % 100 == 0:
                store.make_index_durable()
    assert len(written) * len(body) > 5 * MIB
    return written


def check(store: ObjectStore, names: list[str], body: bytes) -> None:
    node = LocalObjectNode(store)
    for name in names:
        found = node.lookup(key_of(name), want_body=True).wait(10)
        kept = found.body
        if kept is None:
            kept = b"".join(node.read(key_of(name), 10, 0, len(body)).wait(10))
        assert kept == body


def opened(directory: Path, reserve_bytes: int) -> tuple[Device, ObjectStore]:
    options = StoreOptions(
        reserve_bytes=reserve_bytes, segment_bytes_max=MIB, allocate_bytes=MIB // 4
    )
    device = Device.open(SystemDisk(), str(directory), mount_check=True)
    return device, ObjectStore.open(device, 0, SystemClock(), options)


def test_a_device_full_to_the_last_byte_loses_nothing(
    small_device: Path, body: bytes
) -> None:
    device, store = opened(small_device, 0)
    written = fill(store, body)
    check(store, written, body)
    store.abandon()
    device.close()
    device, store = opened(small_device, 0)
    check(store, written, body)
    store.abandon()
    device.close()


def test_with_a_reserve_deletes_and_compaction_make_room(
    small_device: Path, body: bytes
) -> None:
    device, store = opened(small_device, 4 * MIB)
    written = fill(store, body)
    node = LocalObjectNode(store)
    for name in written[::2]:
        state = ObjectState(ObjectName("AUTH_test", "box", name), deleted_timestamp=20)
        assert node.delete(key_of(name), state).wait(10).stored
    compaction = Compaction(store)
    number = 1
    while store.journal.closed.may_go(number):
        compaction.compact(number)
        number += 1
        if number > 6:
            break
    store.close()
    device.close()
    device, store = opened(small_device, 4 * MIB)
    check(store, written[1::2], body)
    state = state_of("again", 30, body)
    put = LocalObjectNode(store).put(key_of("again"), state, body)
    assert put.wait(10).stored
    assert verify(store).problems == []
    store.close()
    device.close()
