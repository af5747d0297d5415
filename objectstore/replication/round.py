"""One round over all partitions: what is left of it, and how it has gone so far."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

from objectstore.kernel.errors import RingstackError
from objectstore.replication.differences import Replica
from objectstore.replication.places import Places
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N", bound=Replica)

# Digests asked for by one call, and the unit of a step.
PARTITIONS_PER_STEP = 64
# Multiples of it, modulo 1, lie as far from each other as any: places to begin at.
GOLDEN_RATIO = 0.618034

_log = logging.getLogger("objectstore.replication")


class Round(Generic[N]):
    """The round under way.

    ``left``: the chunks of partitions still to do; ``absent``: the peers that did not
    answer, by id; ``is_clean``: whether all has gone well.
    """

    def __init__(self, places: Places[N], status: ReplicationStatus) -> None:
        self.places = places
        self._status = status
        count = places.partition_count
        chunks = [
            range(first, min(first + PARTITIONS_PER_STEP, count))
            for first in range(0, count, PARTITIONS_PER_STEP)
        ]
        # Every device begins somewhere else: when several see that one lacks
        # something, they do not all bring it at the same time.
        begin = int(places.own_id * GOLDEN_RATIO % 1.0 * len(chunks))
        self.left = chunks[begin:] + chunks[:begin]
        self.absent: set[int] = set()
        self.is_clean = True

    def miss(self, peer_id: int, error: RingstackError) -> None:
        """The peer does not answer: go on without it."""
        _log.info("%s-replication: device %d: %s", self._status.kind, peer_id, error)
        self.absent.add(peer_id)
        self.fail()

    def fail(self) -> None:
        """Something is not as it should be afterwards."""
        self.is_clean = False
        self._status.failures += 1
        self._status.round_failures += 1
