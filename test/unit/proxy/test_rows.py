"""Rows gather per container and node while a merge is under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.proxy.rounds.rows import BATCH_ROWS_MAX, RowWriter
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import ObjectRow, Receipt

KEY = b"k" * 16


def row(number: int) -> ObjectRow:
    return ObjectRow(f"o{number}", 1, 0, 0, "", 0, "", 0)


class SlowNode:
    """Keeps its promises when the test says so."""

    def __init__(self, *, gathers_rows: bool = False) -> None:
        self.gathers_rows = gathers_rows
        self.calls: list[tuple[list[str], Promise[Receipt]]] = []

    def merge(self, key: bytes, rows: Sequence[ObjectRow]) -> Promise[Receipt]:
        promise: Promise[Receipt] = Promise()
        self.calls.append(([each.name for each in rows], promise))
        return promise


def test_gathers() -> None:
    node = SlowNode()
    writer = RowWriter()

    def send(number: int, key: bytes = KEY) -> Promise[Any]:
        return writer.merge(cast(ContainerNode, node), key, row(number))

    first, second, third = send(1), send(2), send(3)
    other = send(9, b"other")
    assert [names for names, _ in node.calls] == [["o1"], ["o9"]]
    node.calls[0][1].resolve(Receipt(stored=True))
    assert first.done and not second.done
    assert node.calls[2][0] == ["o2", "o3"]
    fourth = send(4)
    node.calls[2][1].fail(Unavailable("gone"))
    assert isinstance(second.error, Unavailable)
    assert isinstance(third.error, Unavailable)
    node.calls[3][1].resolve(Receipt(stored=True, found=False))
    assert fourth.result().found is False
    assert not other.done
    # At rest again: the next one leaves at once.
    send(5)
    assert node.calls[4][0] == ["o5"]


def test_batches_are_bounded() -> None:
    node = SlowNode()
    writer = RowWriter()
    for number in range(2 * BATCH_ROWS_MAX + 2):
        writer.merge(cast(ContainerNode, node), KEY, row(number))
    while not node.calls[-1][1].done:
        node.calls[-1][1].resolve(Receipt(stored=True))
    assert [len(names) for names, _ in node.calls] == [
        1,
        BATCH_ROWS_MAX,
        BATCH_ROWS_MAX,
        1,
    ]


def test_calls_nodes_that_gather_at_once() -> None:
    near, far = SlowNode(gathers_rows=True), SlowNode()
    nodes = [cast(ContainerNode, near), cast(ContainerNode, far)]
    writer = RowWriter()
    for number in range(3):
        asked = writer.merge_at_all(nodes, KEY, row(number))
        assert [node for node, _ in asked] == nodes
    assert [names for names, _ in near.calls] == [["o0"], ["o1"], ["o2"]]
    assert [names for names, _ in far.calls] == [["o0"]]
    far.calls[0][1].resolve(Receipt(stored=True))
    assert [names for names, _ in far.calls] == [["o0"], ["o1", "o2"]]
