"""The second half of every object write: its row in the container.

It is part of the acknowledgement: a majority of the container's primaries has
the row on disk before the client hears of success, so a listing that follows
shows it.  Handoffs do not count, for no listing would ask them.

When there is no such majority the write still succeeds: the object's own log
record owes the row, and the device delivers it later.  The reply says
``X-Ringstack-Row: owed`` then.

A row is *paid* as soon as a majority of primaries has it: the container's own
replication brings it to the rest.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.proxy.known.databases import view_database
from objectstore.proxy.known.facts import Known
from objectstore.proxy.parts import Parts
from objectstore.proxy.rounds.asked import Asked
from objectstore.wire.nodes import ContainerNode, ObjectNode
from objectstore.wire.records import ObjectRow, Receipt


class RowOutcome(enum.Enum):
    """What became of a row."""

    RECORDED = "recorded"  # on a majority of the container's primaries
    OWED = "owed"  # the device that holds the object will deliver it
    # It was deleted: somebody remembers that, and nobody has a newer life of it.
    NO_CONTAINER = "no container"


class RowStep:
    """One write's row; ``row.modified`` is the newest timestamp of the write."""

    __slots__ = ("_asked", "_began", "_container", "_parts", "_row")

    def __init__(
        self, parts: Parts, container: Known[ContainerNode], row: ObjectRow
    ) -> None:
        self._parts = parts
        self._container = container
        self._row = row
        self._asked: Asked[ContainerNode, Receipt] | None = None
        self._began = 0.0  # monotonic; when they were asked

    def begin(self, kept: Sequence[Promise[Receipt]]) -> Sequence[Promise[Receipt]]:
        """Have it merged, which is not waited for: right when the object is safe.  A
        write that was superseded may be written once more, with another row."""
        for promise in kept:
            if promise.value is None or not promise.value.stored:
                return ()
        asked, rounds = self._merge(), self._parts.rounds
        if rounds.has_suspects and any(rounds.is_suspect(node) for node, _ in asked):
            # ``record`` waits for the others only.
            return ()
        return [promise for _, promise in asked]

    def _merge(self) -> Asked[ContainerNode, Receipt]:
        container = self._container
        self._began = self._parts.rounds.clock.monotonic()
        self._asked = asked = self._parts.rows.merge_at_all(
            container.group.primaries, container.key, self._row
        )
        return asked

    def record(
        self, key: bytes, holders: Iterable[tuple[ObjectNode, Promise[Receipt]]]
    ) -> RowOutcome:
        """Wait for it; on success tell the object's ``holders`` that it is paid."""
        container, group = self._container, self._container.group
        asked = self._asked or self._merge()
        try:
            # Who hangs was waited for since then, with those who have the object.
            self._parts.rounds.settle(group, container.key, asked, start=self._began)
        except (Unavailable, Rejected):
            return RowOutcome.OWED
        found = missing = 0
        for _, promise in asked:
            if promise.done and promise.value is not None:
                if promise.value.found:
                    found += 1
                else:
                    missing += 1
        if found >= group.majority:
            for node, promise in holders:
                if promise.done and promise.error is None:
                    node.paid(key, self._row.modified)
            return RowOutcome.RECORDED
        # Without a deletion that is remembered, devices that are new in the ring, or
        # swapped, have not been filled yet: all of a majority, where there is one
        # replica, or where others were away when the container was created.
        if missing and _is_deleted(self._parts, container):
            return RowOutcome.NO_CONTAINER
        return RowOutcome.OWED


def record_row(
    parts: Parts,
    container: Known[ContainerNode],
    row: ObjectRow,
    key: bytes,
    holders: Iterable[tuple[ObjectNode, Promise[Receipt]]],
) -> RowOutcome:
    """Merge the row of a write that is done, and wait for it."""
    return RowStep(parts, container, row).record(key, holders)


def _is_deleted(parts: Parts, container: Known[ContainerNode]) -> bool:
    """Whether it is gone, those that still have it having missed its deletion."""
    try:
        view = view_database(parts.rounds, container.group, container.key)
    except Unavailable:
        return False
    return view.was_deleted
