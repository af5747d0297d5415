"""The round over all partitions: compare, level what differs, drain what is not ours.

A round takes the partitions in chunks.  One call to each peer brings its digests of
a whole chunk; where a digest differs, both sides' states are walked in key order and
only differing keys are levelled, in both directions, so it does not matter which side
runs the round.  A partition that the ring does not assign to this device is drained:
its keys are pushed to every primary, and a key is forgotten only when *all* of them
have confirmed that they hold at least as much, and nothing new came meanwhile.

A round is *clean* when every peer answered and every key was levelled.  A peer that
does not answer is left out for the rest of the round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Progress
from objectstore.replication.crew import gather
from objectstore.replication.differences import (
    EMPTY_DIGEST,
    Replica,
    differences,
    forgettable,
    walk,
)
from objectstore.replication.exchange import Exchange, Outcome
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.places import Peer, Places
from objectstore.replication.round import Round
from objectstore.replication.status import ReplicationStatus

N = TypeVar("N", bound=Replica)
T = TypeVar("T")

# A page of states: 24 KiB on the wire.
KEYS_PER_PAGE = 1000
# Pairs of digests remembered as "different, and nothing to exchange".
REMEMBERED_MAX = 100_000

_log = logging.getLogger("objectstore.replication")


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
        self._exchange = exchange
        self._seconds = settings.node_timeout
        self._at_once = settings.concurrency
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
        self._round = Round(places)
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
                if self._remembered.get((peer.id, partition)) != pair:
                    self._level(under_way, partition, peer, pair)
        for partition in chunk:
            if mine[partition] != EMPTY_DIGEST and partition not in places.assigned:
                self._drain(under_way, partition)

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
                self._miss(under_way, peer_id, error)
                continue
            for partition, digest in zip(theirs, answers, strict=True):
                found[peer_id, partition] = digest
        return found

    def _miss(self, under_way: Round[N], peer_id: int, error: RingstackError) -> None:
        """The peer does not answer: go on without it."""
        _log.info("%s: device %d: %s", self.name, peer_id, error)
        under_way.absent.add(peer_id)
        self._fail(under_way)

    def _fail(self, under_way: Round[N]) -> None:
        under_way.is_clean = False
        self.status.failures += 1
        self.status.round_failures += 1

    # ---- a partition of ours -----------------------------------------------------

    def _level(
        self,
        under_way: Round[N],
        partition: int,
        peer: Peer[N],
        pair: tuple[bytes, bytes],
    ) -> None:
        """Exchange what differs with one peer."""
        if peer.id in under_way.absent:
            return
        moved = failed = 0
        walked = differences(
            self._walk(self._own, under_way, partition),
            self._walk(peer.node, under_way, partition),
        )
        try:
            for batch in _batches(walked, 8 * self._at_once):
                outcomes = self._sync([each.key for each in batch], peer, pull=True)
                moved += sum(each.pushed + each.pulled for each in outcomes if each)
                missed = sum(each is None for each in outcomes)
                failed += missed
                if missed == len(batch):
                    raise Unavailable("no key could be levelled")
        except RingstackError as error:
            self._miss(under_way, peer.id, error)
            return
        if failed:
            self._fail(under_way)
        elif not moved:
            self._remembered[peer.id, partition] = pair

    def _walk(
        self, node: N, under_way: Round[N], partition: int
    ) -> Iterator[tuple[bytes, int]]:
        return walk(
            node,
            partition,
            under_way.places.part_power,
            self._seconds,
            page_keys=KEYS_PER_PAGE,
        )

    def _sync(
        self, keys: Sequence[bytes], peer: Peer[N], *, pull: bool
    ) -> list[Outcome | None]:
        """Level keys, some at once; None: it failed."""
        sync = self._sync_one
        return gather([partial(sync, key, peer, pull) for key in keys], self._at_once)

    def _sync_one(self, key: bytes, peer: Peer[N], pull: bool) -> Outcome | None:
        try:
            outcome = self._exchange.sync(key, peer.node, pull=pull)
        except RingstackError as error:
            _log.info("%s: %s, device %d: %s", self.name, key.hex(), peer.id, error)
            return None
        self.status.count(outcome)
        return outcome

    # ---- a partition of others ---------------------------------------------------

    def _drain(self, under_way: Round[N], partition: int) -> None:
        """Push everything to all primaries; forget what all of them have."""
        own = self._walk(self._own, under_way, partition)
        after = b""
        try:
            for page in _batches(own, KEYS_PER_PAGE):
                self._drain_page(under_way, partition, page, after)
                after = page[-1][0]
        except RingstackError as error:
            _log.warning("%s: draining %d: %s", self.name, partition, error)
            self._fail(under_way)

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
                self.status.keys_forgotten += 1

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
                walk(
                    peer.node,
                    partition,
                    under_way.places.part_power,
                    self._seconds,
                    page_keys=KEYS_PER_PAGE,
                    after=after,
                    last=page[-1][0],
                )
            )
        except RingstackError as error:
            self._miss(under_way, peer.id, error)
            return set()
        confirmed = {key for key, digest in page if theirs.get(key) == digest}
        missing = [key for key, _ in page if key not in confirmed]
        outcomes = self._sync(missing, peer, pull=False)
        for key, outcome in zip(missing, outcomes, strict=True):
            if outcome is not None and outcome.is_confirmed:
                confirmed.add(key)
        if len(confirmed) < len(page):
            self._fail(under_way)
        return confirmed


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
