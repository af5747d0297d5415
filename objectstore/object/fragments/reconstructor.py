"""The reconstructor: each device has the fragments that the records it holds ask for.

A round goes through the partitions.  What the device lacks it fetches or rebuilds
(``rebuilding``); what it has and should not have it brings to whom it belongs, or drops
(``fate``).  A partition whose digests, of records and of fragments, are as
they were when nothing was left to do in it is passed over; so a round at rest costs
what comparing digests does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import to_seconds
from objectstore.object.fragments.fate import Delays
from objectstore.object.fragments.parting import NEVER, Parting
from objectstore.object.fragments.rebuilding import Rebuilding, Site
from objectstore.object.index.digests import partition_range
from objectstore.object.node import LocalObjectNode
from objectstore.object.records.state import Held
from objectstore.object.store.store import ObjectStore
from objectstore.replication.crew import gather
from objectstore.replication.differences import EMPTY_DIGEST
from objectstore.replication.levelling import batches
from objectstore.replication.options import ReplicationSettings
from objectstore.replication.places import Places
from objectstore.replication.status import ReplicationStatus
from objectstore.replication.throttle import Throttle
from objectstore.wire.layouts import (
    Layout,
    fragment_key,
    fragment_name,
    layout_of,
)
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState

PARTITIONS_PER_STEP = 64
ROWS_PER_PAGE = 256

_log = logging.getLogger("objectstore.reconstruction")

Pair = tuple[bytes, bytes]
"""The digests of a partition's records and fragments."""


class Reconstructor:
    """A ``kernel.loop.Step`` for one device's fragments of a policy."""

    def __init__(
        self,
        records: ObjectStore,
        own: LocalObjectNode,
        record_places: Callable[[], Places[ObjectNode]],
        fragment_places: Callable[[], Places[ObjectNode]],
        settings: ReplicationSettings,
        throttle: Throttle,
        delays: Delays,
        clock: Clock,
        status: ReplicationStatus,
    ) -> None:
        """``own``: the node of this device's fragments."""
        self.name = "fragment-reconstruction"
        self.status = status
        self.rebuilt = 0  # made anew from others
        self.waiting = 0  # found by the last round, to be looked at again
        self._records = records
        self._own = own
        self._fragment_places = fragment_places
        self._seconds = settings.node_timeout
        self._at_once = settings.concurrency
        self._clock = clock
        self._parting = Parting(
            records,
            own,
            record_places,
            delays,
            throttle.take,
            settings.node_timeout,
            clock,
            status,
        )
        self._rebuilding = Rebuilding(clock, settings.node_timeout, throttle.take)
        self._places: Places[ObjectNode] | None = None
        self._left: list[range] = []
        # When a partition with these digests is to be looked at again.
        self._settled: dict[int, tuple[Pair, float]] = {}

    def step(self) -> Progress:
        """Look at some partitions; ``DONE`` at the end of a round."""
        places = self._fragment_places()
        if not self._left or self._places is not places:
            self._begin(places)
        for partition in self._left[0]:
            self._look_at(places, partition)
        # Not before: a step that fails is made again.
        self.status.partitions_done += len(self._left.pop(0))
        if self._left:
            return Progress.BUSY
        self._finish()
        return Progress.DONE

    def _begin(self, places: Places[ObjectNode]) -> None:
        if self._places is not places:
            self._settled.clear()
            self._parting.ring_since = self._clock.time()
        self._places = places
        count = places.partition_count
        self._left = [
            range(first, min(first + PARTITIONS_PER_STEP, count))
            for first in range(0, count, PARTITIONS_PER_STEP)
        ]
        status = self.status
        status.partitions_total, status.partitions_done = count, 0
        status.round_started, status.round_failures = self._clock.time(), 0
        self.waiting = 0

    def _finish(self) -> None:
        status, now = self.status, self._clock.time()
        status.rounds += 1
        status.last_round_finished = now
        status.last_round_seconds = max(now - status.round_started, 0.0)
        quarantined = self._own.store.index.quarantined
        if not status.round_failures:
            status.last_clean_finished = now
            # What was put aside has been made anew, or is not asked for any more.
            for key in list(quarantined.items):
                quarantined.drop(key)
        status.bad_waiting = len(quarantined.items)

    # ---- a partition -------------------------------------------------------------

    def _look_at(self, places: Places[ObjectNode], partition: int) -> None:
        pair = self._digests(places, partition)
        if pair == (EMPTY_DIGEST, EMPTY_DIGEST):
            return
        before, look_at = self._settled.get(partition, (pair, 0.0))
        if before == pair and self._clock.time() < look_at:
            return
        self.status.partitions_differing += 1
        failures = self.status.failures
        look_at = min(
            self._bring_lacking(places, partition),
            self._see_off_others(places, partition),
        )
        if self.status.failures == failures and look_at:
            # As it was before: what has changed meanwhile shows in the next round.
            self._settled[partition] = pair, look_at
        else:
            self._settled.pop(partition, None)

    def _digests(self, places: Places[ObjectNode], partition: int) -> Pair:
        power = places.part_power
        return (
            self._records.index.ranges.partition_digest(partition, power),
            self._own.store.index.ranges.partition_digest(partition, power),
        )

    def _failed(self, key: bytes, error: RingstackError) -> None:
        level = logging.ERROR if isinstance(error, Corrupt) else logging.INFO
        _log.log(level, "%s: %s", key.hex(), error)
        self.status.failures += 1
        self.status.round_failures += 1

    # ---- what is lacking ---------------------------------------------------------

    def _bring_lacking(self, places: Places[ObjectNode], partition: int) -> float:
        """Bring what the records ask for; when to look again."""
        index = places.own_index(partition)
        if index is None:
            return NEVER
        site, look_at = self._site(places, partition, index), NEVER
        # Of a device that was replaced all are lacking.
        lacking = self._lacking(places, partition, index)
        for batch in batches(lacking, 8 * self._at_once):
            calls = []
            for key, state, layout in batch:
                young_until = to_seconds(state.timestamp) + self._seconds
                if self._clock.time() < young_until:
                    look_at = min(look_at, young_until)  # its upload is still at it
                    self.waiting += 1
                else:
                    calls.append(partial(self._bring, site, key, state, layout))
            gather(calls, self._at_once)
        return look_at

    def _lacking(
        self, places: Places[ObjectNode], partition: int, index: int
    ) -> Iterator[tuple[bytes, ObjectState, Layout]]:
        """The objects whose fragment of that index is not here."""
        for key, held in _rows(self._records, partition, places.part_power):
            try:
                layout = layout_of(held.state)
            except Corrupt as error:
                self._failed(key, error)
                continue
            if layout is not None and not self._has(key, layout, index):
                assert held.state is not None  # which has a layout
                yield key, held.state, layout

    def _has(self, key: bytes, layout: Layout, index: int) -> bool:
        store = self._own.store
        return store.held(fragment_key(key, layout.token, index)) is not None

    def _bring(
        self, site: Site, key: bytes, state: ObjectState, layout: Layout
    ) -> None:
        try:
            fetched, is_rebuilt = self._rebuilding.bring(site, key, state, layout)
        except RingstackError as error:
            self._failed(key, error)
            return
        self.rebuilt += is_rebuilt
        self.status.keys_received += 1
        self.status.bytes_received += fetched

    def _site(self, places: Places[ObjectNode], partition: int, index: int) -> Site:
        own = self._own
        peers = places.positions(partition)
        return Site(
            own,
            index,
            [own if peer is None else peer.node for peer in peers],
            [peer.node for peer in islice(places.handoffs(partition), len(peers))],
        )

    # ---- what belongs elsewhere, or nowhere --------------------------------------

    def _see_off_others(self, places: Places[ObjectNode], partition: int) -> float:
        """Look after fragments that no record here asks for; when to look again."""
        index = places.own_index(partition)
        rows = _rows(self._own.store, partition, places.part_power)
        strange = (
            (key, held) for key, held in rows if not self._is_asked_for(held, index)
        )
        see_off = self._see_off
        look_at = NEVER
        for batch in batches(strange, 8 * self._at_once):
            calls = [partial(see_off, places, partition, *each) for each in batch]
            looks = gather(calls, self._at_once)
            look_at = min(look_at, *looks)
            self.waiting += sum(each != NEVER for each in looks)
        return look_at

    def _is_asked_for(self, held: Held, index: int | None) -> bool:
        assert held.state is not None  # the fragments have no tombstones
        try:
            name = fragment_name(held.state)
            record = self._records.held(name.key)
            layout = layout_of(record.state) if record is not None else None
        except Corrupt:
            return False
        return layout is not None and layout.token == name.token and name.index == index

    def _see_off(
        self, places: Places[ObjectNode], partition: int, key: bytes, held: Held
    ) -> float:
        """Keep, give away or drop one; when to look at it again."""
        assert held.state is not None
        try:
            return self._parting.look_after(places, partition, key, held.state)
        except RingstackError as error:
            self._failed(key, error)
            return 0.0


def _rows(
    store: ObjectStore, partition: int, part_power: int
) -> Iterator[tuple[bytes, Held]]:
    """The rows of a partition that say something, in key order."""
    first, stop = partition_range(partition, part_power)
    # Keys are compared as bytes: 15 bytes sort before the first key of 16.
    after = first[:15]
    while page := store.index.ranges.page(after, ROWS_PER_PAGE):
        for key, held in page:
            if key >= stop:
                return
            if held.state is not None:
                yield key, held
        after = page[-1][0]
        concurrency.sleep(0)
