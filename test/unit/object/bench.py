"""A store on a disk in memory, and short ways to write to it and look into it."""

from __future__ import annotations

import hashlib
import os
from random import Random

from objectstore.kernel.device import Device
from objectstore.kernel.journal.segments import segment_name
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState, Receipt
from test.fakes.databases import Databases
from test.fakes.disk import MemoryDisk
from test.fakes.stepped_clock import SteppedClock

DIRECTORY = "/srv/sda"
SMALL = StoreOptions(
    reclaim_seconds=100,
    reserve_bytes=0,
    segment_bytes_max=4000,
    allocate_bytes=1000,
)


def key_of(name: str) -> bytes:
    return hashlib.md5(name.encode()).digest()


def put_state(name: str, at: int, body: bytes, **more: str) -> ObjectState:
    return ObjectState(
        ObjectName("AUTH_test", "box", name),
        timestamp=at,
        size=len(body),
        etag=hashlib.md5(body).hexdigest(),
        content_type="text/plain",
        content_type_timestamp=at,
        metadata={f"X-Object-Meta-{key}": value for key, value in more.items()},
        metadata_timestamp=at,
    )


class StoreBench:
    """The store of one device, over restarts and power losses."""

    def __init__(
        self, options: StoreOptions = SMALL, disk: MemoryDisk | None = None
    ) -> None:
        self.options = options
        self.clock = SteppedClock()
        self.disk = disk or MemoryDisk()
        self.databases = Databases(self.disk)
        self.open()

    def open(self) -> None:
        self.device = Device.open(self.disk, DIRECTORY)
        self.store = ObjectStore.open(
            self.device, 0, self.clock, self.options, self.databases
        )
        self.node = LocalObjectNode(self.store)

    def restart(self) -> None:
        self.store.close()
        self.device.close()
        self.open()

    def rebuild(self) -> None:
        self.store.close()
        self.device.close()
        self.databases.kept.clear()
        self.open()

    def lose_power(self, random: Random, *, keep_index: bool = True) -> None:
        """Whatever was under way is gone; start again."""
        self.store.abandon()
        databases = self.databases
        self.disk = self.disk.after_power_loss(random)
        self.databases = Databases(self.disk)
        if keep_index:
            self.databases = databases.after_power_loss(self.disk, random)
        self.open()

    # ---- writing and looking ------------------------------------------------

    def put(self, name: str, at: int, body: bytes, **more: str) -> Receipt:
        state = put_state(name, at, body, **more)
        return self.node.put(key_of(name), state, body, row_owed=False).wait(10)

    def put_large(
        self, name: str, at: int, body: bytes, announced: int | None = None
    ) -> Receipt:
        upload = self.node.begin(key_of(name), announced).wait(10)
        for start in range(0, len(body), 100_000):
            upload.write(memoryview(body)[start : start + 100_000]).wait(10)
        return upload.commit(put_state(name, at, body), row_owed=False).wait(10)

    def post(self, name: str, at: int, **more: str) -> Receipt:
        state = ObjectState(
            ObjectName("AUTH_test", "box", name),
            metadata={f"X-Object-Meta-{key}": value for key, value in more.items()},
            metadata_timestamp=at,
        )
        return self.node.post(key_of(name), state).wait(10)

    def delete(self, name: str, at: int) -> Receipt:
        state = ObjectState(ObjectName("AUTH_test", "box", name), deleted_timestamp=at)
        return self.node.delete(key_of(name), state, row_owed=False).wait(10)

    def segment_path(self, number: int) -> str:
        return os.path.join(self.store.directory, "log", segment_name(number))

    def state(self, name: str) -> ObjectState | None:
        return self.node.lookup(key_of(name), want_body=False).wait(10).state

    def body(self, name: str) -> bytes | None:
        """The bytes of the object, None when there is none."""
        found = self.node.lookup(key_of(name), want_body=True).wait(10)
        if found.state is None or not found.state.exists:
            return None
        if found.body is not None:
            return found.body
        state = found.state
        key = key_of(name)
        return b"".join(self.node.read(key, state.timestamp, 0, state.size).wait(10))
