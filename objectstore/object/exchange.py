"""Levelling one object between this device and another (``replication.Exchange``)."""

from __future__ import annotations

from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.timestamps import from_seconds
from objectstore.object.copying import copy_object
from objectstore.object.levelling import Plan, plan_exchange
from objectstore.object.records.state import digest_of
from objectstore.replication.exchange import Outcome
from objectstore.replication.throttle import Throttle
from objectstore.wire.nodes import ObjectNode
from objectstore.wire.records import ObjectState


class ObjectExchange:
    """Between ``own`` and whatever peer is named."""

    def __init__(
        self,
        own: ObjectNode,
        throttle: Throttle,
        clock: Clock,
        *,
        reclaim_seconds: float,
        node_seconds: float,
    ) -> None:
        self._own = own
        self._throttle = throttle
        self._clock = clock
        self._reclaim_seconds = reclaim_seconds
        self._seconds = node_seconds

    def sync(self, key: bytes, peer: ObjectNode, *, pull: bool) -> Outcome:
        """See ``Exchange``."""
        asked = peer.lookup(key, want_body=False)
        mine = self._own.lookup(key, want_body=False).wait(self._seconds).state
        theirs = asked.wait(self._seconds).state
        reclaim_before = from_seconds(
            max(self._clock.time() - self._reclaim_seconds, 0)
        )
        plan = plan_exchange(mine, theirs, reclaim_before)
        sent = received = 0
        if plan.push:
            assert mine is not None
            sent = self._push(key, mine, peer, plan)
        if plan.pull and pull:
            assert theirs is not None
            received = self._copy(key, theirs, peer, self._own, plan.pull_body)
        return Outcome(
            True,
            sent,
            received,
            int(plan.push),
            int(plan.pull and pull),
            is_gone=theirs is not None and not theirs.exists,
        )

    def _push(self, key: bytes, mine: ObjectState, peer: ObjectNode, plan: Plan) -> int:
        try:
            return self._copy(key, mine, self._own, peer, plan.push_body)
        except Rejected as refusal:
            if refusal.status != 422 or plan.push_body or not mine.exists:
                raise
            # It has the state but not the body: that was put aside meanwhile.
            return self._copy(key, mine, self._own, peer, True)

    def _copy(
        self,
        key: bytes,
        state: ObjectState,
        source: ObjectNode,
        target: ObjectNode,
        with_body: bool,
    ) -> int:
        return copy_object(
            key,
            state,
            source,
            target,
            with_body=with_body,
            meter=self._throttle.take,
            seconds=self._seconds,
        )

    def digest(self, key: bytes) -> int | None:
        """See ``Exchange``."""
        state = self._own.lookup(key, want_body=False).wait(self._seconds).state
        return None if state is None else digest_of(key, state)

    def forget(self, key: bytes, digest: int) -> bool:
        """See ``Exchange``."""
        state = self._own.lookup(key, want_body=False).wait(self._seconds).state
        if state is None or digest_of(key, state) != digest:
            return False
        # Nothing else runs between the look-up at this process' own device and this.
        receipt = self._own.forget(key, state.newest).wait(self._seconds)
        return receipt.stored
