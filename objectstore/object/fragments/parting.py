"""Fragments that no record of their device asks for: given away, dropped, or kept."""

from __future__ import annotations

from collections.abc import Callable

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Corrupt, RingstackError
from objectstore.object.copying import copy_object
from objectstore.object.fragments.fate import Delays, Fate, verdict
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.store import ObjectStore
from objectstore.replication.places import Places
from objectstore.replication.status import ReplicationStatus
from objectstore.wire.layouts import FragmentName, fragment_name
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState

NEVER = float("inf")


class Parting:
    """Of one device; ``fate`` says what to do."""

    def __init__(
        self,
        records: ObjectStore,
        own: LocalObjectNode,
        record_places: Callable[[], Places[ObjectNode]],
        delays: Delays,
        meter: Callable[[int], None],
        seconds: float,
        clock: Clock,
        status: ReplicationStatus,
    ) -> None:
        """``own``: the node of this device's fragments.  ``meter``: told of bytes
        before they are sent.  ``seconds``: for each answer."""
        self._records = records
        self._own = own
        self._record_places = record_places
        self._delays = delays
        self._meter = meter
        self._seconds = seconds
        self._clock = clock
        self._status = status
        self.ring_since = clock.time()  # how long it is the same

    def look_after(
        self,
        places: Places[ObjectNode],
        partition: int,
        key: bytes,
        state: ObjectState,
    ) -> float:
        """Keep, give away or drop it; when to look at it again.  Raises what the nodes
        raise."""
        name = fragment_name(state)
        answers, silent = self._heard(partition, name)
        fate, look_at = verdict(
            name,
            state,
            answers,
            silent,
            self._delays,
            self._clock.time(),
            self.ring_since,
        )
        if fate is Fate.STAY:
            return look_at
        if fate is Fate.LIVE and not self._give(places, partition, key, state, name):
            return NEVER  # it is where it belongs; its record will come
        if self._own.forget(key, state.newest).wait(self._seconds).stored:
            self._status.keys_forgotten += 1
        return NEVER

    def _heard(
        self, partition: int, name: FragmentName
    ) -> tuple[list[ObjectState | None], int]:
        """What the object's primaries hold of it, and how many do not say."""
        peers = self._record_places().positions(partition)
        asked = [
            peer.node.lookup(name.key, want_body=False)
            for peer in peers
            if peer is not None
        ]
        answers: list[ObjectState | None] = []
        if len(asked) < len(peers):
            held = self._records.held(name.key)
            answers.append(None if held is None else held.state)
        for promise in asked:
            try:
                answers.append(promise.wait(self._seconds).state)
            except RingstackError:
                continue
        return answers, len(peers) - len(answers)

    def _give(
        self,
        places: Places[ObjectNode],
        partition: int,
        key: bytes,
        state: ObjectState,
        name: FragmentName,
    ) -> bool:
        """See that the primary of its index has it; False: that is this device."""
        peers = places.positions(partition)
        if name.index >= len(peers):
            raise Corrupt("a fragment that the ring has no place for")
        home = peers[name.index]
        if home is None:
            return False
        there = home.node.lookup(key, want_body=False).wait(self._seconds).state
        if there is None or there.etag != state.etag:
            sent = copy_object(
                key,
                state,
                self._own,
                home.node,
                with_body=True,
                meter=self._meter,
                seconds=self._seconds,
            )
            self._status.keys_sent += 1
            self._status.bytes_sent += sent
        return True
