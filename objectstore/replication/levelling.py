"""Levelling: what two replicas of a partition hold differently goes both ways.

Both sides' states are walked in key order and only differing keys are exchanged, so it
does not matter which side does it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.replication.crew import gather
from objectstore.replication.differences import Replica, differences, walk
from objectstore.replication.exchange import Exchange, Outcome
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.places import Peer
from objectstore.replication.round import Round
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N", bound=Replica)
T = TypeVar("T")

# A page of states: 24 KiB on the wire.
KEYS_PER_PAGE = 1000

_log = logging.getLogger("objectstore.replication")


class Levelling(Generic[N]):
    """Of one device with its peers."""

    def __init__(
        self,
        own: N,
        exchange: Exchange[N],
        settings: ReplicationSettings,
        status: ReplicationStatus,
    ) -> None:
        self._name = f"{status.kind}-replication"
        self._status = status
        self._own = own
        self._exchange = exchange
        self._seconds = settings.node_timeout
        self._at_once = settings.concurrency

    def level(self, under_way: Round[N], partition: int, peer: Peer[N]) -> bool:
        """Exchange what differs with one peer; False: there was nothing to do."""
        if peer.id in under_way.absent:
            return True
        moved = failed = 0
        walked = differences(
            self.walk(self._own, under_way, partition),
            self.walk(peer.node, under_way, partition),
        )
        try:
            for batch in batches(walked, 8 * self._at_once):
                outcomes = self.sync([each.key for each in batch], peer, pull=True)
                moved += sum(each.pushed + each.pulled for each in outcomes if each)
                missed = sum(each is None for each in outcomes)
                failed += missed
                if missed == len(batch):
                    raise Unavailable("no key could be levelled")
        except RingstackError as error:
            under_way.miss(peer.id, error)
            return True
        if failed:
            under_way.fail()
        return bool(moved or failed)

    def walk(
        self,
        node: N,
        under_way: Round[N],
        partition: int,
        after: bytes = b"",
        last: bytes | None = None,
    ) -> Iterator[tuple[bytes, int]]:
        """The states of a partition behind ``after``, up to and with ``last``."""
        return walk(
            node,
            partition,
            under_way.places.part_power,
            self._seconds,
            page_keys=KEYS_PER_PAGE,
            after=after,
            last=last,
        )

    def sync(
        self, keys: Sequence[bytes], peer: Peer[N], *, pull: bool
    ) -> list[Outcome | None]:
        """Level keys, some at once; None: it failed."""
        sync = self._sync_one
        return gather([partial(sync, key, peer, pull) for key in keys], self._at_once)

    def _sync_one(self, key: bytes, peer: Peer[N], pull: bool) -> Outcome | None:
        try:
            outcome = self._exchange.sync(key, peer.node, pull=pull)
        except RingstackError as error:
            _log.info("%s: %s, device %d: %s", self._name, key.hex(), peer.id, error)
            return None
        self._status.count(outcome)
        return outcome


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut into pieces of so many."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
