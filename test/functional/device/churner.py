"""A process that writes, deletes, compacts, rebuilds and audits a store all at once.

    python -m test.functional.device.churner DIRECTORY SEED SECONDS

A real disk and native threads: everything that is handed to a thread is a moment in
which others go on.  (In the simulation such calls run at once, so it cannot find what
goes wrong in those moments.)

It says on standard output, one line each, what it is about to do and what it was told:

    try put|post|delete|forget|again NAME TIMESTAMP
    done NAME TIMESTAMP

and ends after SECONDS, if it is not killed before.  One operation of a name at a time.
What it reads must be what it was told last, or it fails; so it does when the store is
not consistent in the end.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from random import Random

from objectstore.kernel import concurrency, interpreter
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Step
from objectstore.kernel.system_disk import SystemDisk
from objectstore.kernel.timestamps import HybridClock
from objectstore.object.maintenance.auditor import ObjectAuditor
from objectstore.object.maintenance.compaction import Compaction
from objectstore.object.maintenance.index_repair import rebuild_index
from objectstore.object.maintenance.reclaim import Reclaim
from objectstore.object.maintenance.sweep import Sweep
from objectstore.object.maintenance.verify import verify
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.options import StoreOptions
from objectstore.object.store.store import ObjectStore
from objectstore.wire.nodes import INLINE_BYTES_MAX
from objectstore.wire.records import ObjectName, ObjectState
from test.functional.device.writer import key_of

WRITERS = 8
# Many, so that most of a segment is dead, and tombstones are all that keeps some dead.
NAMES = 2000
# Tombstones go as soon as they may, and segments are ended and compacted all the time.
OPTIONS = StoreOptions(
    reclaim_seconds=0,
    reserve_bytes=0,
    segment_bytes_max=400_000,
    allocate_bytes=20_000,
)
WAIT_SECONDS = 30.0
METADATA = "X-Object-Meta-At"
Shown = tuple[int, int] | None  # timestamps of data and metadata; None: nothing there


class Wrong(Exception):
    """The store broke its word."""


def body_of(name: str, at: int) -> bytes:
    """The bytes of a put."""
    random = Random(f"{name} {at}")
    size = random.choice([0, 10, 300, 3000, 3000, 20_000])
    if random.random() < 0.01:
        size = INLINE_BYTES_MAX + 1000  # a file of its own
    return random.randbytes(size)


def shown(node: LocalObjectNode, name: str) -> Shown:
    """What a reader sees; ``Wrong`` when it is not what somebody wrote."""
    key = key_of(name)
    found = node.lookup(key, want_body=True).wait(WAIT_SECONDS)
    state, body = found.state, found.body
    if state is None or not state.exists:
        return None
    if body is None:
        pieces = node.read(key, state.timestamp, 0, state.size).wait(WAIT_SECONDS)
        body = b"".join(pieces)
    if bytes(body) != body_of(name, state.timestamp):
        raise Wrong(f"{name}: other bytes than those of {state.timestamp}")
    if state.metadata != {METADATA: str(state.metadata_timestamp)}:
        raise Wrong(f"{name}: {state.metadata}, not of {state.metadata_timestamp}")
    return state.timestamp, state.metadata_timestamp


def say(text: str) -> None:
    """In one piece, and out of this process before anything else is done."""
    os.write(1, f"{text}\n".encode())


class Churner:
    """One life of a store."""

    def __init__(self, directory: str, seed: str) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.device = Device.open(SystemDisk(), directory)
        self.store = ObjectStore.open(self.device, 0, SystemClock(), OPTIONS)
        self.node = LocalObjectNode(self.store)
        self.clock = HybridClock(SystemClock())
        self.told: dict[str, Shown] = {}
        self.busy: set[str] = set()
        self.is_over = False

    # ---- clients ------------------------------------------------------------

    def write(self, number: int) -> None:
        """One client."""
        random = Random(f"{self.seed} {number}")
        while not self.is_over:
            name = f"name{random.randrange(NAMES)}"
            if name in self.busy:
                concurrency.sleep(0)
                continue
            self.busy.add(name)
            try:
                self._operate(name, random.random())
            except RingstackError:
                # It may have been done or not: until it is known nothing is expected.
                self._put_until_taken(name)
            finally:
                self.busy.discard(name)
            if random.random() < 0.3:
                concurrency.sleep(random.random() * 0.003)

    def _operate(self, name: str, dice: float) -> None:
        at = self.clock.now()
        if dice < 0.4:
            self._put("put", name, at)
        elif dice < 0.75:
            say(f"try delete {name} {at}")
            state = ObjectState(self._name(name), deleted_timestamp=at)
            self._wait(self.node.delete(key_of(name), state, row_owed=False))
            self._done(name, at, None)
        elif dice < 0.85:
            self._post(name, at)
        elif dice < 0.9:
            self._forget(name, at)
        elif name in self.told:
            self.check(name)

    def _put(self, what: str, name: str, at: int) -> None:
        body = body_of(name, at)
        say(f"try {what} {name} {at}")
        state = ObjectState(
            self._name(name),
            timestamp=at,
            size=len(body),
            etag=hashlib.md5(body).hexdigest(),
            content_type_timestamp=at,
            metadata={METADATA: str(at)},
            metadata_timestamp=at,
        )
        key = key_of(name)
        if len(body) <= INLINE_BYTES_MAX:
            self._wait(self.node.put(key, state, body, row_owed=False))
        else:
            upload = self._wait(self.node.begin(key, len(body)))
            self._wait(upload.write(memoryview(body)))
            self._wait(upload.commit(state, row_owed=False))
        self._done(name, at, (at, at))

    def _put_until_taken(self, name: str) -> None:
        self.told.pop(name, None)
        while True:
            concurrency.sleep(0.002)
            try:
                return self._put("again", name, self.clock.now())
            except RingstackError:
                continue

    def _post(self, name: str, at: int) -> None:
        say(f"try post {name} {at}")
        state = ObjectState(
            self._name(name), metadata={METADATA: str(at)}, metadata_timestamp=at
        )
        self._wait(self.node.post(key_of(name), state))
        if name in self.told:
            before = self.told[name]
            self.told[name] = None if before is None else (before[0], at)
        say(f"done {name} {at}")

    def _forget(self, name: str, at: int) -> None:
        """As when others hold it now: this device lets it go, without a tombstone."""
        held = self.store.index.get(key_of(name))
        if held is None or held.state is None:
            return
        say(f"try forget {name} {at}")
        if self._wait(self.node.forget(key_of(name), held.state.newest)).stored:
            self._done(name, at, None)

    def _done(self, name: str, at: int, now: Shown) -> None:
        self.told[name] = now
        say(f"done {name} {at}")

    def check(self, name: str) -> None:
        """It must be as was told."""
        if (found := shown(self.node, name)) != self.told[name]:
            raise Wrong(f"{name}: {found} instead of {self.told[name]}")

    @staticmethod
    def _name(name: str) -> ObjectName:
        return ObjectName("AUTH_test", "box", name)

    @staticmethod
    def _wait(promise: concurrency.Promise):
        return promise.wait(WAIT_SECONDS)

    # ---- what goes on meanwhile ---------------------------------------------

    def background(self) -> list[Callable[[], None]]:
        """All loops of a device, without rests, and an index that breaks."""
        auditor = ObjectAuditor(self.store, SystemClock(), 0, 0)
        steps: list[Step] = [auditor, Reclaim(self.store), Sweep(self.store)]
        loops = [lambda step=step: self._repeat(0.01, step.step) for step in steps]
        compaction = Compaction(self.store)
        return [
            *loops,
            lambda: self._repeat(0.005, lambda: self._compact(compaction)),
            lambda: self._repeat(0.2, self.store.make_index_durable),
            lambda: self._repeat(0.6, self._break_index),
        ]

    def _repeat(self, seconds_max: float, call: Callable[[], object]) -> None:
        while not self.is_over:
            concurrency.sleep(self.random.random() * seconds_max)
            try:
                call()
            except RingstackError as error:
                print(f"{error!r}, tried again", file=sys.stderr)

    def _compact(self, compaction: Compaction) -> None:
        sizes = self.store.journal.closed.sizes()
        if sizes and self.random.random() < 0.7:
            compaction.compact(self.random.choice(list(sizes)))
        else:
            compaction.step()

    def _break_index(self) -> None:
        self.store.index.damage.what = "on purpose"
        rebuild_index(self.store)

    # ---- all of it ----------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Churn for so long; then look at everything."""
        calls = [lambda n=number: self.write(n) for number in range(WRITERS)]
        tasks = [concurrency.spawn(call) for call in [*calls, *self.background()]]
        concurrency.sleep(seconds)
        self.is_over = True
        for task in tasks:
            concurrency.wait_task(task)
        for name in self.told:
            self.check(name)
        self.store.close()
        self.store = ObjectStore.open(self.device, 0, SystemClock(), OPTIONS)
        self.node = LocalObjectNode(self.store)
        for name in self.told:
            self.check(name)
        if problems := verify(self.store).problems:
            raise Wrong(str(problems[:5]))
        self.store.close()
        self.device.close()


def main() -> None:
    """See the module."""
    directory, seed, seconds = sys.argv[1:]
    interpreter.prepare_process()
    Churner(directory, seed).run(float(seconds))


if __name__ == "__main__":
    main()
