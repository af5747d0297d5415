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
        """Tell the object's container.  A container that is gone needs no row: all
        its replicas say so (``found`` False).  While one of them has it, or cannot be
        asked, the others may just not have been filled yet."""
        name = state.name
        key, group = self._placement().container(name.account, name.container)
        row = row_of(state)
        asked = [node.merge(key, [row]) for node in group.primaries]
        return _settled(asked, group.majority, is_taken=lambda receipt: receipt.found)

    def container_rows(
        self, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[None]:
        """Tell the containers' account."""
        key, group = self._placement().account(account)
        asked = [node.merge(key, account, rows) for node in group.primaries]
        return _settled(asked, group.majority, is_taken=lambda receipt: True)


def _settled(
    asked: Sequence[Promise[Receipt]],
    majority: int,
    is_taken: Callable[[Receipt], bool],
) -> Promise[None]:
    """Kept when a majority has taken the row, or all have refused it."""
    outcome: Promise[None] = Promise()
    left = len(asked)
    taken = refused = 0

    def one_done(promise: Promise[Receipt]) -> None:
        nonlocal left, taken, refused
        left -= 1
        if promise.error is None:
            if is_taken(promise.result()):
                taken += 1
            else:
                refused += 1
        if taken >= majority or refused == len(asked):
            outcome.resolve(None)
        elif left == 0:
            outcome.fail(Unavailable(f"{taken} of {len(asked)} replicas took the row"))

    for promise in asked:
        promise.when_done(one_done)
    return outcome
