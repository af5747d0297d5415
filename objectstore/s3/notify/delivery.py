"""The step that delivers one target's messages, in order, until they arrive.

A message that does not arrive is tried again, later and later; those behind it wait,
so the events of an object arrive in their order.  A message may arrive twice (the
process ended before it could be taken away), never not at all, unless it has become
too old or too many wait.  One process of the cluster delivers to a target at a time.
"""

from __future__ import annotations

import logging

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.timestamps import UNITS_PER_SECOND
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ
from objectstore.s3.notify.courier import Carrier
from objectstore.s3.notify.event_queue import EventQueue, Waiting
from objectstore.s3.operation import House

MESSAGES_A_STEP = 50
RETRY_SECONDS = 1.0
RETRY_SECONDS_MAX = 300.0
# As long as AWS's queues keep what nobody fetches, at most.
KEPT_SECONDS_MAX = 14 * 86400.0

_log = logging.getLogger("objectstore.s3-notify")


class NotificationDelivery:
    """A ``kernel.loop.Step``: a page of one target's messages a step."""

    # An event is news: it does not wait as long as other idle loops rest.
    REST_SECONDS = 0.5

    def __init__(
        self, house: House, facts: Facts, target: str, carrier: Carrier
    ) -> None:
        self.name = f"s3-notify-{target}"
        self._target = target
        self._house = house
        self._facts = facts
        self._carrier = carrier
        self._queue = EventQueue(HouseObjects(house.store), target)
        self._lease = Lease(house.store, house.clock, self.name)
        self._failures = 0
        self._retry_at = 0.0

    def step(self) -> Progress:
        """Deliver the oldest messages."""
        if self._house.clock.monotonic() < self._retry_at:
            return Progress.IDLE
        environ = own_environ(self.name, self._facts)
        if self._queue.is_empty(environ) or not self._lease.is_held(environ):
            return Progress.IDLE
        page = self._queue.page(environ, MESSAGES_A_STEP)
        done: list[str] = []
        try:
            for waiting in page:
                if not self._lease.is_held(environ):
                    break
                self._deliver(waiting)
                done.append(waiting.name)
        except Unavailable as error:
            self._put_off(error)
        finally:
            self._queue.remove(environ, done)
        return Progress.BUSY if len(done) == len(page) else Progress.IDLE

    def _deliver(self, waiting: Waiting) -> None:
        age = self._house.clock.time() - _seconds_of(waiting.name)
        if age > KEPT_SECONDS_MAX:
            _log.error("%s: a message is too old and is dropped", self._target)
            return
        self._carrier.carry(waiting.body)
        if self._failures:
            _log.info("%s takes messages again", self._target)
        self._failures = 0

    def _put_off(self, error: Unavailable) -> None:
        pause = min(RETRY_SECONDS * 2**self._failures, RETRY_SECONDS_MAX)
        self._failures += 1
        self._retry_at = self._house.clock.monotonic() + pause
        _log.warning("%s; will try again in %d s", error, pause)


def _seconds_of(name: str) -> float:
    return int(name.partition("-")[0], 16) / UNITS_PER_SECOND
