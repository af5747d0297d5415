"""Seven bugs, each put into every process by wrapping what the process has opened.

They show that the simulation sees what it is there for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from objectstore.kernel import concurrency
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.disk import Buffer
from objectstore.kernel.journal.current import CurrentSegment, Cut
from objectstore.wire.records import Lookup, ObjectState, Receipt
from test.fakes.disk_file import Change, File
from test.sim.disk import SimulatedDisk
from test.sim.machine import Plant, Process

# How often the hasty handoff looks for something to drop.
HASTE_SECONDS = 0.3


class _LyingDisk(SimulatedDisk):
    """Says that it has synced, and has not."""

    def synced(self, file: File, count: int, own: Change | None) -> None:
        pass


class SkippedSync(Plant):
    """A journal's fsync is skipped."""

    def make_disk(self, directory: Path, random: Random) -> SimulatedDisk:
        """See ``Plant``."""
        return _LyingDisk(directory, random)


class _HastyDisk(SimulatedDisk):
    """Calls direct writes safe as soon as they are asked for."""

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        promise = super().write_and_sync(descriptor, buffers, offset)
        return Promise.of(None) if descriptor in self._direct else promise


class HastyWrite(Plant):
    """A direct batch is acknowledged before the kernel's queue tells its end."""

    def make_disk(self, directory: Path, random: Random) -> SimulatedDisk:
        """See ``Plant``."""
        return _HastyDisk(directory, random)


_write = CurrentSegment.write


def _write_and_release(segment: CurrentSegment, cut: Cut) -> Promise[None]:
    promise = _write(segment, cut)
    if cut.direct is not None:
        cut.direct.release()
        vars(cut.direct)["release"] = lambda: None  # once is bad enough
    return promise


class ReusedMemory(Plant):
    """The memory of a direct batch goes to the next one while the device reads it."""

    def sabotage(self, process: Process) -> None:
        """See ``Plant``.  Every run has a Python of its own: this spoils nothing."""
        segments: Any = CurrentSegment
        segments.write = _write_and_release


class _Wrapped:
    """An object node, but for what a subclass does instead."""

    def __init__(self, node: Any) -> None:
        self.node = node

    def __getattr__(self, name: str) -> Any:
        return getattr(self.node, name)


class _WrappedNodes(Plant):
    """A bug in the object nodes."""

    def __init__(self, wrap: Callable[[Any], Any]) -> None:
        self._wrap = wrap

    def sabotage(self, process: Process) -> None:
        """See ``Plant``."""
        nodes: dict[Any, Any] = process.devices.nodes.objects
        for place in list(nodes):
            nodes[place] = self._wrap(nodes[place])


class _OwesNothing(_Wrapped):
    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """The row that is owed is not written down."""
        put: Promise[Receipt] = self.node.put(key, state, body, row_owed=False)
        return put


class _SeesNoTombstones(_Wrapped):
    def lookup(self, key: bytes, *, want_body: bool) -> Promise[Lookup]:
        """A deleted object is taken for one that never was."""
        found: Promise[Lookup] = self.node.lookup(key, want_body=want_body)
        if found.error is None and found.value is not None:
            state = found.value.state
            if state is not None and not state.exists:
                return Promise.of(Lookup(None))
        return found


class _TakesAnything(_Wrapped):
    def put(
        self, key: bytes, state: ObjectState, body: Buffer, *, row_owed: bool = True
    ) -> Promise[Receipt]:
        """What comes last wins, however old it is."""
        held = self.node.store.held(key)
        if held is not None and held.state.newest > state.newest:
            self.node.forget(key, held.state.newest)
        put: Promise[Receipt] = self.node.put(key, state, body, row_owed=row_owed)
        return put


class HastyHandoff(Plant):
    """A handoff drops its copies without asking whether the primaries have them."""

    def sabotage(self, process: Process) -> None:
        """See ``Plant``."""
        concurrency.spawn(self._drop_always, process)

    def _drop_always(self, process: Process) -> None:
        while True:
            concurrency.sleep(HASTE_SECONDS)
            for place, node in list(process.devices.nodes.objects.items()):
                self._drop(process, node, place)

    def _drop(self, process: Process, node: Any, place: tuple[int, str]) -> None:
        ring = process.rings.objects[place[0]]
        for partition in range(ring.partition_count):
            devices = ring.primaries(partition)
            if any(device.device == place[1] for device in devices):
                continue
            page = node.states(partition, ring.part_power, b"", 1000).wait()
            for key, _ in page:
                held = node.store.held(key)
                if held is not None:
                    node.forget(key, held.state.newest)


def skipped_sync() -> Plant:
    """An acknowledgement without an fsync."""
    return SkippedSync()


def hasty_write() -> Plant:
    """An acknowledgement before the end of a direct write."""
    return HastyWrite()


def reused_memory() -> Plant:
    """A direct write's memory is used again too early."""
    return ReusedMemory()


def dropped_row() -> Plant:
    """A row owed is forgotten."""
    return _WrappedNodes(_OwesNothing)


def hasty_handoff() -> Plant:
    """A handoff's copy is deleted too early."""
    return HastyHandoff()


def ignored_tombstone() -> Plant:
    """A look-up does not see that an object was deleted."""
    return _WrappedNodes(_SeesNoTombstones)


def older_timestamp() -> Plant:
    """An older write replaces a newer one."""
    return _WrappedNodes(_TakesAnything)


# Each with the weather that brings it out soonest: is it a storm?
ALL = (
    (skipped_sync, True),
    (hasty_write, False),
    (reused_memory, False),
    (dropped_row, True),
    (hasty_handoff, True),
    (ignored_tombstone, False),
    (older_timestamp, False),
)
