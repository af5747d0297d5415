"""Draining: a partition that the ring does not assign to this device is handed on.

Its keys are pushed to every primary, and a key is forgotten only when *all* of them
have confirmed that they hold at least as much, and nothing new came meanwhile.
"""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from objectstore.kernel.errors import RingstackError
from objectstore.replication.differences import Replica, forgettable
from objectstore.replication.exchange import Exchange
from objectstore.replication.levelling import KEYS_PER_PAGE, Levelling, batches
from objectstore.replication.places import Peer
from objectstore.replication.round import Round
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N", bound=Replica)

_log = logging.getLogger("objectstore.replication")


class Draining(Generic[N]):
    """Drains the partitions of one device."""

    def __init__(
        self,
        own: N,
        exchange: Exchange[N],
        levelling: Levelling[N],
        status: ReplicationStatus,
    ) -> None:
        self._name = f"{status.kind}-replication"
        self._status = status
        self._own = own
        self._exchange = exchange
        self._levelling = levelling

    def drain(self, under_way: Round[N], partition: int) -> None:
        """Push everything to all primaries; forget what all of them have."""
        own = self._levelling.walk(self._own, under_way, partition)
        after = b""
        try:
            for page in batches(own, KEYS_PER_PAGE):
                self._drain_page(under_way, partition, page, after)
                after = page[-1][0]
        except RingstackError as error:
            _log.warning("%s: draining %d: %s", self._name, partition, error)
            under_way.fail()

    def _drain_page(
        self,
        under_way: Round[N],
        partition: int,
        page: list[tuple[bytes, int]],
        after: bytes,
    ) -> None:
        confirmations = [
            self._confirmed(under_way, partition, peer, page, after)
            for peer in under_way.places.primaries(partition)
        ]
        for key, digest in forgettable(page, confirmations):
            if self._exchange.forget(key, digest):
                self._status.keys_forgotten += 1

    def _confirmed(
        self,
        under_way: Round[N],
        partition: int,
        peer: Peer[N],
        page: list[tuple[bytes, int]],
        after: bytes,
    ) -> set[bytes]:
        """The keys of the page that this primary holds in the end."""
        if peer.id in under_way.absent:
            return set()
        try:
            theirs = dict(
                self._levelling.walk(
                    peer.node, under_way, partition, after, page[-1][0]
                )
            )
        except RingstackError as error:
            under_way.miss(peer.id, error)
            return set()
        confirmed = {key for key, digest in page if theirs.get(key) == digest}
        missing = [key for key, _ in page if key not in confirmed]
        outcomes = self._levelling.sync(missing, peer, pull=False)
        for key, outcome in zip(missing, outcomes, strict=True):
            if outcome is not None and outcome.is_confirmed:
                confirmed.add(key)
        if len(confirmed) < len(page):
            under_way.fail()
        return confirmed
