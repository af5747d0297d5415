"""A process that writes to a device store for ever, saying what it is told is safe.

    python -m test.functional.device.writer DIRECTORY SEED

Each acknowledged write is one line on standard output: ``put NAME TIMESTAMP`` or
``delete NAME TIMESTAMP``.  The bytes of a put follow from its name and timestamp.
"""

from __future__ import annotations

import hashlib
import os
import sys
from random import Random

from objectstore.kernel import concurrency, interpreter
from objectstore.kernel.body_memory import body_memory
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.journal.direct import DIRECT_BYTES_MIN
from objectstore.kernel.loop import Loop
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX
from objectstore.wire.records import ObjectName, ObjectState

WRITERS = 16
NAMES = 200
# Small segments, so that compaction has something to do within seconds; some batches of
# the largest bodies fit in one.
OPTIONS = StoreOptions(segment_bytes_max=4 * 1024 * 1024, reserve_bytes=0)


def key_of(name: str) -> bytes:
    return hashlib.md5(name.encode()).digest()


def body_of(name: str, at: int) -> bytes:
    """Mostly small; often enough for a batch around the page cache, up to the largest
    that the log takes; now and then a file of its own."""
    random = Random(f"{name} {at}")
    size = random.choice([0, 100, 4096, 4096, 20_000, DIRECT_BYTES_MIN])
    dice = random.random()
    if dice < 0.02:
        size = INLINE_BYTES_MAX + random.randrange(200_000)
    elif dice < 0.05:
        size = INLINE_BYTES_MAX
    return random.randbytes(size)


def state_of(name: str, at: int, body: bytes) -> ObjectState:
    return ObjectState(
        ObjectName("AUTH_test", "box", name),
        timestamp=at,
        size=len(body),
        etag=hashlib.md5(body).hexdigest(),
        content_type_timestamp=at,
        metadata_timestamp=at,
    )


def write_for_ever(node: LocalObjectNode, clock: HybridClock, random: Random) -> None:
    while True:
        name = f"name{random.randrange(NAMES)}"
        at = clock.now()
        key = key_of(name)
        if random.random() < 0.15:
            state = ObjectState(
                ObjectName("AUTH_test", "box", name), deleted_timestamp=at
            )
            node.delete(key, state).wait()
            say("delete", name, at)
            continue
        body = body_of(name, at)
        state = state_of(name, at, body)
        say("try", name, at)
        if len(body) <= INLINE_BYTES_MAX:
            node.put(key, state, as_received(body)).wait()
        else:
            upload = node.begin(key, len(body)).wait()
            for start in range(0, len(body), WRITE_BYTES_MAX):
                piece = body[start : start + WRITE_BYTES_MAX]
                upload.write(as_received(piece)).wait()
            upload.commit(state).wait()
        say("put", name, at)


def as_received(piece: bytes) -> memoryview:
    """In memory that others used before and will use again."""
    memory = body_memory(len(piece))
    assert memory is not None
    memory[:] = piece
    return memory


def say(what: str, name: str, at: int) -> None:
    os.write(1, f"{what} {name} {at}\n".encode())


def main() -> None:
    directory, seed = sys.argv[1:]
    interpreter.prepare_process()
    device = Device.open(SystemDisk(), directory)
    store = ObjectStore.open(device, 0, SystemClock(), OPTIONS)
    node = LocalObjectNode(store)
    clock = HybridClock(SystemClock())
    Loop(Compaction(store), idle_seconds=0.05).start()
    tasks = [
        concurrency.spawn(write_for_ever, node, clock, Random(f"{seed} {number}"))
        for number in range(WRITERS)
    ]
    concurrency.wait_task(tasks[0])


if __name__ == "__main__":
    main()
