"""Replication and healing of one device's objects, containers or accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from objectstore.database.exchange import DatabaseExchange
from objectstore.database.store import DatabaseStore
from objectstore.kernel.clock import Clock
from objectstore.kernel.loop import Loop
from objectstore.object.exchange import ObjectExchange
from objectstore.object.node import LocalObjectNode
from objectstore.replication.healing import REST_SECONDS, Healing
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.owed import CopiesOwed
from objectstore.replication.places import FollowedPlaces
from objectstore.replication.replicator import Replicator
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import Throttle
from objectstore.wire.nodes import DatabaseNode, ObjectNode


@dataclass(frozen=True, slots=True)
class Repairer:
    """The steps, and how they get on; ``owed`` is what ``healing`` brings."""

    owed: CopiesOwed
    status: ReplicationStatus
    replicator: Replicator[Any]
    healing: Healing[Any]
    interval: float

    def loops(self) -> list[Loop]:
        """Replication and healing as loops, not started yet."""
        return [
            Loop(self.replicator, idle_seconds=self.interval),
            Loop(self.healing, idle_seconds=REST_SECONDS),
        ]

    def has_converged(self) -> bool:
        """Whether deletions may be forgotten: see ``replication.gate``."""
        return self.replicator.has_converged


class RepairShop:
    """Makes repairers for the devices of this process."""

    def __init__(
        self, settings: ReplicationSettings, reclaim_seconds: float, clock: Clock
    ) -> None:
        self._settings = settings
        self._reclaim_seconds = reclaim_seconds
        self._clock = clock

    def throttle(self) -> Throttle:
        """One for each device: whatever repairs there shares it."""
        return Throttle(self._settings.bandwidth, self._clock)

    def owed(self) -> CopiesOwed:
        """A queue of the copies that one node owes."""
        return CopiesOwed(self._clock)

    def for_objects(
        self,
        device: str,
        node: LocalObjectNode,
        places: FollowedPlaces[ObjectNode],
        owed: CopiesOwed,
        throttle: Throttle,
    ) -> Repairer:
        """A device's objects of one policy."""
        store = node.store
        exchange = ObjectExchange(
            node,
            throttle,
            self._clock,
            reclaim_seconds=self._reclaim_seconds,
            node_seconds=self._settings.node_timeout,
        )
        status = ReplicationStatus("object", device, store.policy)

        def forget_bad(key: bytes) -> None:
            store.index.quarantined.drop(key)

        return self._repairer(
            node,
            places,
            exchange,
            owed,
            # The index may be made anew while the store is open.
            lambda: list(store.index.quarantined.items),
            forget_bad,
            status,
        )

    def for_databases(
        self,
        kind: str,
        device: str,
        node: DatabaseNode,
        databases: DatabaseStore,
        places: FollowedPlaces[Any],
        owed: CopiesOwed,
        throttle: Throttle,
    ) -> Repairer:
        """A device's containers, or accounts."""
        exchange = DatabaseExchange(
            node,
            throttle,
            self._clock,
            reclaim_seconds=self._reclaim_seconds,
            node_seconds=self._settings.node_timeout,
        )
        aside = databases.put_aside
        return self._repairer(
            node,
            places,
            exchange,
            owed,
            lambda: list(aside),
            aside.discard,
            ReplicationStatus(kind, device),
        )

    def _repairer(
        self,
        node: Any,
        places: FollowedPlaces[Any],
        exchange: Any,
        owed: CopiesOwed,
        bad: Callable[[], Iterable[bytes]],
        repaired: Callable[[bytes], None],
        status: ReplicationStatus,
    ) -> Repairer:
        settings, clock = self._settings, self._clock
        replicator = Replicator(node, places, exchange, settings, clock, status)
        healing = Healing(
            owed, places, exchange, bad, repaired, settings, clock, status
        )
        return Repairer(owed, status, replicator, healing, settings.interval)
