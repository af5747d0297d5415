"""The round over all partitions: compare, level what differs, drain what is not ours.

A round takes the partitions in chunks.  One call to each peer brings its digests of
a whole chunk; where a digest differs the partition is levelled (``levelling``), and one
that the ring does not assign to this device is drained (``draining``).

A round is *clean* when every peer answered and every key was levelled.  A peer that
does not answer is left out for the rest of the round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress
from objectstore.replication.differences import EMPTY_DIGEST, Replica
from objectstore.replication.draining import Draining
from objectstore.replication.exchange import Exchange
from objectstore.replication.levelling import Levelling
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.places import Peer, Places
from objectstore.replication.round import Round
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N", bound=Replica)

# Pairs of digests remembered as "different, and nothing to exchange".
REMEMBERED_MAX = 100_000


class Replicator(Generic[N]):
    """A ``kernel.loop.Step`` for one device's objects of a policy, containers or
    accounts.  ``places`` gives the ring as it is now."""

    def __init__(
        self,
        own: N,
        places: Callable[[], Places[N]],
        exchange: Exchange[N],
        settings: ReplicationSettings,
        clock: Clock,
        status: ReplicationStatus,
    ) -> None:
        self.name = f"{status.kind}-replication"
        self.status = status
        self._own = own
        self._places = places
        self._seconds = settings.node_timeout
        self._levelling = Levelling(own, exchange, settings, status)
        self._draining = Draining(own, exchange, self._levelling, status)
        self._clock = clock
        self._turn = concurrency.Semaphore(1)
        self._round: Round[N] | None = None
        # (peer, partition) to both digests, when a walk found nothing to do: the
        # replicas let go of old tombstones each in its own time.
        self._remembered: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    @property
    def has_converged(self) -> bool:
        """Whether a clean round has been completed since the start."""
        return self.status.last_clean_finished > 0

    def step(self) -> Progress:
        """Level one chunk of partitions; ``DONE`` at the end of a round."""
        # A tool may ask for a round while the loop is at one: they take turns.
        with self._turn:
            return self._step()

    def _step(self) -> Progress:
        places = self._places()
        if self._round is None or self._round.places is not places:
            self._begin(places)
        under_way = self._round
        assert under_way is not None
        chunk = under_way.left[0]
        self._level_chunk(under_way, chunk)
        del under_way.left[0]
        self.status.partitions_done += len(chunk)
        if under_way.left:
            return Progress.BUSY
        self._finish(under_way)
        return Progress.DONE

    def _begin(self, places: Places[N]) -> None:
        self._round = Round(places, self.status)
        status = self.status
        status.partitions_total, status.partitions_done = places.partition_count, 0
        status.round_started, status.round_failures = self._clock.time(), 0

    def _finish(self, under_way: Round[N]) -> None:
        self._round = None
        status, now = self.status, self._clock.time()
        status.rounds += 1
        status.last_round_finished = now
        status.last_round_seconds = max(now - status.round_started, 0.0)
        if under_way.is_clean:
            status.last_clean_finished = now
        if len(self._remembered) > REMEMBERED_MAX:
            self._remembered.clear()

    # ---- a chunk ---------------------------------------------------------------

    def _level_chunk(self, under_way: Round[N], chunk: range) -> None:
        places = under_way.places
        digests = self._own.digests(chunk, places.part_power).wait(self._seconds)
        mine = dict(zip(chunk, digests, strict=True))
        assigned = [each for each in chunk if each in places.assigned]
        theirs = self._ask_peers(under_way, assigned)
        for partition in assigned:
            for peer in places.primaries(partition):
                pair = (mine[partition], theirs.get((peer.id, partition), b""))
                if not pair[1] or pair[0] == pair[1]:
                    continue
                self.status.partitions_differing += 1
                if self._remembered.get((peer.id, partition)) == pair:
                    continue
                if not self._levelling.level(under_way, partition, peer):
                    self._remembered[peer.id, partition] = pair
        for partition in chunk:
            if mine[partition] != EMPTY_DIGEST and partition not in places.assigned:
                self._draining.drain(under_way, partition)

    def _ask_peers(
        self, under_way: Round[N], partitions: Sequence[int]
    ) -> dict[tuple[int, int], bytes]:
        """Every peer's digests of the partitions that it shares with this device."""
        places = under_way.places
        shared: dict[int, tuple[Peer[N], list[int]]] = {}
        for partition in partitions:
            for peer in places.primaries(partition):
                shared.setdefault(peer.id, (peer, []))[1].append(partition)
        asked: list[tuple[int, list[int], Promise[list[bytes]]]] = []
        for peer, theirs in shared.values():
            if peer.id not in under_way.absent:
                promise = peer.node.digests(theirs, places.part_power)
                asked.append((peer.id, theirs, promise))
        found: dict[tuple[int, int], bytes] = {}
        for peer_id, theirs, promise in asked:
            try:
                answers = promise.wait(self._seconds)
            except RingstackError as error:
                under_way.miss(peer_id, error)
                continue
            for partition, digest in zip(theirs, answers, strict=True):
                found[peer_id, partition] = digest
        return found
