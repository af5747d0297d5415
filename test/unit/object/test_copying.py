"""Copies between nodes: one piece at a time, metered, never of something else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.object.copying import copy_object
from objectstore.wire.nodes import INLINE_BYTES_MAX, WRITE_BYTES_MAX
from objectstore.wire.records import Receipt
from test.fakes.nodes import MemoryObjectNode
from test.unit.object.bench import key_of, put_state

KEY = key_of("one")
HUGE = 200 * 2**20
PIECE = bytes(256 * 1024)


class Endless(MemoryObjectNode):
    """Gives a body that is nowhere in memory."""

    closed = False

    def read(self, key: bytes, timestamp: int, start: int, stop: int) -> Promise[Any]:
        def pieces() -> Iterator[bytes]:
            try:
                for _ in range(start, stop, len(PIECE)):
                    yield PIECE
            finally:
                self.closed = True

        return Promise.of(pieces())


class Drain(MemoryObjectNode):
    """Takes a body and keeps its length only."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.state: Any = None
        self.row_owed = True
        self.aborted = False

    def begin(self, key: bytes, size_hint: int | None) -> Promise[Any]:
        return Promise.of(self)

    def write(self, piece: memoryview) -> Promise[None]:
        assert len(piece) <= WRITE_BYTES_MAX
        self.size += len(piece)
        return Promise.of(None)

    def commit(self, state: Any, *, row_owed: bool = True) -> Promise[Receipt]:
        self.state, self.row_owed = state, row_owed
        return Promise.of(Receipt(stored=True))

    def abort(self) -> None:
        self.aborted = self.state is None


def copy(source: Any, target: Any, state: Any, meter: Any = lambda size: None) -> int:
    return copy_object(
        KEY, state, source, target, with_body=True, meter=meter, seconds=5.0
    )


def test_a_huge_body_takes_constant_memory() -> None:
    state = put_state("one", 10, b"")._replace(size=HUGE)
    source, target = Endless(), Drain()
    metered: list[int] = []
    tracemalloc.start()
    try:
        assert copy(source, target, state, metered.append) == HUGE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 2**20
    assert (target.size, sum(metered)) == (HUGE, HUGE)
    assert (target.state, target.row_owed) == (state, False)
    assert source.closed


def test_a_body_that_ends_early_is_not_committed() -> None:
    class Short(Endless):
        def read(self, key: bytes, timestamp: int, start: int, stop: int) -> Any:
            return super().read(key, timestamp, start, stop - len(PIECE))

    state = put_state("one", 10, b"")._replace(size=16 * len(PIECE))
    target = Drain()
    with pytest.raises(Unavailable):
        copy(Short(), target, state)
    assert target.aborted


def test_what_changed_meanwhile_is_left_for_later() -> None:
    source, target = MemoryObjectNode(), MemoryObjectNode()
    old, new = put_state("one", 10, b"old"), put_state("one", 20, b"newer")
    source.put(KEY, new, b"newer")
    with pytest.raises(Unavailable):
        copy(source, target, old)
    assert not target.objects
    large = old._replace(size=INLINE_BYTES_MAX + 1)
    with pytest.raises(Rejected):
        copy(source, target, large)


def test_newer_metadata_goes_along() -> None:
    source, target = MemoryObjectNode(), MemoryObjectNode()
    state = put_state("one", 10, b"body")
    source.put(KEY, state, b"body")
    change = state._replace(metadata={"X-Object-Meta-A": "1"}, metadata_timestamp=20)
    source.post(KEY, change)
    assert copy(source, target, state) == 4
    assert target.objects == source.objects
