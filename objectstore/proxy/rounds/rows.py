"""Rows on their way to container replicas, in batches.

While one merge of a container is under way at a node, the rows that come
meanwhile gather and leave together in the next call: a busy container costs
its nodes one call per round trip, not one per object.  Nodes that gather rows
themselves, as those of this process do, are called at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.proxy.rounds.asked import Asked
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import ObjectRow, Receipt

# One merge call stays a short turn of the node's process and a small message.
BATCH_ROWS_MAX = 1000


class _Queue:
    """The rows that wait for one container at one node."""

    __slots__ = ("batches",)

    def __init__(self) -> None:
        self.batches: list[tuple[list[ObjectRow], Promise[Receipt]]] = []


class RowWriter:
    """Merges rows into container replicas, gathering while a call is under way."""

    def __init__(self) -> None:
        # (id of the node, key) -> what waits; there while a call is under way,
        # which also keeps the node alive, so its id is its own.
        self._queues: dict[tuple[int, bytes], _Queue] = {}

    def merge_at_all(
        self, nodes: Sequence[ContainerNode], key: bytes, row: ObjectRow
    ) -> Asked[ContainerNode, Receipt]:
        """The row's outcome at each of these nodes."""
        rows = (row,)  # the same for all: devices of one process encode it once
        return [
            (
                node,
                node.merge(key, rows)
                if node.gathers_rows
                else self.merge(node, key, row),
            )
            for node in nodes
        ]

    def merge(
        self, node: ContainerNode, key: bytes, row: ObjectRow
    ) -> Promise[Receipt]:
        """The row's own outcome at this node."""
        place = (id(node), key)
        queue = self._queues.get(place)
        if queue is None:
            promise = node.merge(key, [row])
            if not promise.done:
                self._queues[place] = _Queue()
                promise.when_done(lambda _: self._next(node, key))
            return promise
        if not queue.batches or len(queue.batches[-1][0]) >= BATCH_ROWS_MAX:
            queue.batches.append(([], Promise()))
        rows, promise = queue.batches[-1]
        rows.append(row)
        return promise

    def _next(self, node: ContainerNode, key: bytes) -> None:
        """A call is over: the next batch, or rest."""
        place = (id(node), key)
        queue = self._queues[place]
        if not queue.batches:
            del self._queues[place]
            return
        rows, promise = queue.batches.pop(0)

        def finish(outcome: Promise[Receipt]) -> None:
            if outcome.error is not None:
                promise.fail(outcome.error)
            else:
                promise.resolve(outcome.result())
            self._next(node, key)

        node.merge(key, rows).when_done(finish)
