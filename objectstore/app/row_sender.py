"""Rows from the background loops to the databases that list them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, promised
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.timestamps import from_seconds
from objectstore.proxy.rounds.group import Group
from objectstore.proxy.rounds.placement import Placement
from objectstore.wire.nodes import ContainerNode
from objectstore.wire.records import ContainerRow, ObjectState, Receipt
from objectstore.wire.rows import row_of

INFO_SECONDS = 10.0


class RowSender:
    """Merges rows on all primaries; kept once a majority has them durably.

    ``placement`` is asked for each row: rings may change.  ``reclaim_seconds``: how
    long deletions are remembered.
    """

    def __init__(
        self, placement: Callable[[], Placement], clock: Clock, reclaim_seconds: float
    ) -> None:
        self._placement = placement
        self._clock = clock
        self._reclaim_seconds = reclaim_seconds

    def object_row(self, state: ObjectState) -> Promise[None]:
        """Tell the object's container.  A container that is gone needs no row: none of
        its replicas has it, and one remembers that it was deleted.  Otherwise they may
        just not have been filled yet, all of them where the ring has given them the
        container's only replica."""
        name = state.name
        key, group = self._placement().container(name.account, name.container)
        row = row_of(state)
        asked = [node.merge(key, [row]) for node in group.primaries]
        outcome: Promise[None] = Promise()

        def settled(taken: Promise[bool]) -> None:
            if taken.error is not None:
                outcome.fail(taken.error)
            elif taken.value:
                outcome.resolve(None)
            else:
                gone = promised(self._make_sure_it_is_gone, group, key, state)
                gone.when_done(outcome.follow)

        _settled(asked, group.majority, lambda receipt: receipt.found).when_done(
            settled
        )
        return outcome

    def _make_sure_it_is_gone(
        self, group: Group[ContainerNode], key: bytes, state: ObjectState
    ) -> None:
        """``Unavailable`` unless the container was deleted."""
        forgotten = from_seconds(max(self._clock.time() - self._reclaim_seconds, 0))
        if state.newest <= forgotten:
            return
        was_deleted = False
        for promise in [node.info(key) for node in group.primaries]:
            try:
                info = promise.wait(INFO_SECONDS)
            except RingstackError:
                continue
            if info is not None and info.exists:
                was_deleted = False
                break
            was_deleted |= info is not None
        if not was_deleted:
            raise Unavailable("no replica has the container yet")

    def container_rows(
        self, account: str, rows: Sequence[ContainerRow]
    ) -> Promise[None]:
        """Tell the containers' account."""
        key, group = self._placement().account(account)
        asked = [node.merge(key, account, rows) for node in group.primaries]
        settled = _settled(asked, group.majority, is_taken=lambda receipt: True)
        return settled.then(lambda _: None)


def _settled(
    asked: Sequence[Promise[Receipt]],
    majority: int,
    is_taken: Callable[[Receipt], bool],
) -> Promise[bool]:
    """Kept when a majority has taken the row (True), or all have refused it."""
    outcome: Promise[bool] = Promise()
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
            outcome.resolve(taken >= majority)
        elif left == 0:
            outcome.fail(Unavailable(f"{taken} of {len(asked)} replicas took the row"))

    for promise in asked:
        promise.when_done(one_done)
    return outcome
