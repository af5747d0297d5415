"""The expirer: removes objects whose X-Delete-At has passed.

Readers see no expired object, so nothing depends on when this happens.  What is due
comes from the index by time.  Every device that holds the object knows of it; the
first primary acts at once, each further one only when the object is still there
after a *turn*: normally the work is done once, and it is done without the first.

``Expire`` does it through the quorum, and only for the version that was to end.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Promise, wait_until
from objectstore.kernel.errors import RingstackError
from objectstore.kernel.loop import Progress
from objectstore.object.index.expiring import FIRST, Due
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectState

# Looked at by one step, and removed by one.
LOOKED_AT_MAX = 500
EXPIRED_MAX = 50
# Writes that began just before the end may still be on their way.
GRACE_SECONDS = 2
EXPIRE_SECONDS = 30.0
REST_SECONDS = 5.0

Expire = Callable[[bytes, ObjectState], Promise[bool]]
"""``expire(key, state)``: remove the object if it still ends when ``state`` says;
kept (whether it did) when a majority has the tombstone."""
Rank = Callable[[bytes], int]
"""This device's place among those that hold the key: 0 is the first primary."""

_log = logging.getLogger("objectstore.expirer")


class Expirer:
    """A ``kernel.loop.Step`` over one store.

    Counts since the start: ``removed``, ``failures``.
    """

    def __init__(
        self,
        store: ObjectStore,
        clock: Clock,
        expire: Expire,
        rank: Rank,
        turn_seconds: float,
    ) -> None:
        self.name = "object-expiry"
        self.removed = 0
        self.failures = 0
        self._store = store
        self._clock = clock
        self._expire = expire
        self._rank = rank
        self._turn_seconds = turn_seconds
        self._after = FIRST

    @property
    def waiting(self) -> int:
        """Objects that are due, also those that are another device's turn."""
        return self._store.index.ranges.expired_count(int(self._clock.time()))

    def step(self) -> Progress:
        """See ``kernel.loop.Step``; ``IDLE`` when all that is due was looked at."""
        now = int(self._clock.time()) - GRACE_SECONDS
        found = self._store.index.ranges.expired(now, self._after, LOOKED_AT_MAX)
        chosen: list[Due] = []
        for due in found:
            self._after = due
            if due.delete_at + self._rank(due.key) * self._turn_seconds <= now:
                chosen.append(due)
                if len(chosen) == EXPIRED_MAX:
                    break
        self._remove(chosen)
        if len(found) == LOOKED_AT_MAX or len(chosen) == EXPIRED_MAX:
            return Progress.BUSY
        self._after = FIRST
        return Progress.IDLE

    def _remove(self, chosen: list[Due]) -> None:
        asked: list[Promise[bool]] = []
        for due in chosen:
            held = self._store.held(due.key)
            state = held.state if held is not None else None
            if state is not None and state.delete_at == due.delete_at:
                asked.append(self._expire(due.key, state))
        wait_until(asked, lambda: all(each.done for each in asked), EXPIRE_SECONDS)
        failed = [each for each in asked if not each.done or each.error is not None]
        self.removed += sum(each.value is True for each in asked)
        self.failures += len(failed)
        for promise in failed:
            if promise.error and not isinstance(promise.error, RingstackError):
                raise promise.error
        if failed:
            why = failed[0].error or "no answer"
            _log.warning("%d not expired, tried again later: %s", len(failed), why)
