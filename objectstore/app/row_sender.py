"""Rows from the background loops to the databases that list them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import Unavailable
from objectstore.proxy.placement import Placement
from objectstore.wire.records import ContainerRow, ObjectState, Receipt
from objectstore.wire.rows import row_of


class RowSender:
    """Merges rows on all primaries; kept once a majority has them durably.

    ``placement`` is asked for each row: rings may change.
    """

    def __init__(self, placement: Callable[[], Placement]) -> None:
        self._placement = placement

    def object_row(self, state: ObjectState) -> Promise[None]:
        """Tell the object's container.  A container that is gone needs no row:
        its replicas say so (``found`` False), and that counts as heard."""
        name = state.name
        key, group = self._placement().container(name.account, name.container)
        row = row_of(state)
        asked = [node.merge(key, [row]) for node in group.primaries]
        return _majority(asked, group.majority)

    def container_row(self, account: str, row: ContainerRow) -> Promise[None]:
        """Tell the container's account."""
        key, group = self._placement().account(account)
        asked = [node.merge(key, account, [row]) for node in group.primaries]
        return _majority(asked, group.majority)


def _majority(asked: Sequence[Promise[Receipt]], majority: int) -> Promise[None]:
    """Kept with the majority's answer, broken when there is none."""
    outcome: Promise[None] = Promise()
    left = len(asked)
    heard = 0

    def one_done(promise: Promise[Receipt]) -> None:
        nonlocal left, heard
        left -= 1
        heard += promise.error is None
        if heard >= majority:
            outcome.resolve(None)
        elif left == 0:
            outcome.fail(Unavailable(f"{heard} of {len(asked)} replicas took the row"))

    for promise in asked:
        promise.when_done(one_done)
    return outcome
