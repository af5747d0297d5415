"""The step that works off what is due: a page of the index at a time.

An entry is taken away when its key has been looked at and, if need be, entered for
a later day: a crash in between costs a look more.  A key that cannot be looked at
now keeps its entry, and the others go on.
"""

from __future__ import annotations

import logging

from objectstore.kernel import concurrency
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import Progress
from objectstore.kernel.rate import Rate
from objectstore.kernel.request import Environ
from objectstore.s3.background.house_objects import HouseObjects
from objectstore.s3.background.lease import Lease
from objectstore.s3.background.own_request import own_environ, own_operation
from objectstore.s3.bucket.lifecycle_rules import Rule
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.due_index import DueIndex, Look
from objectstore.s3.lifecycle.look import Moment, look_at
from objectstore.s3.lifecycle.rules_of import rules_now
from objectstore.s3.operation import House

# A step must be short enough to be ended at any time, and worth a listing.
LOOKS_A_STEP = 64
# Looks wait for replicas most of the time.
LOOKS_AT_ONCE = 8

_log = logging.getLogger("objectstore.s3-lifecycle")
Rules = dict[tuple[str, str], tuple[Rule, ...]]


class LifecycleRun:
    """A ``kernel.loop.Step``: a page of due keys a step."""

    name = "s3-lifecycle"

    def __init__(self, house: House, facts: Facts) -> None:
        self._house = house
        self._facts = facts
        self._index = DueIndex(HouseObjects(house.store))
        self._lease = Lease(house.store, house.clock, self.name)
        self._rate = Rate(house.settings.lifecycle_rate, house.clock)
        self._day = ""
        self._after_day = ""
        self._after_entry = ""

    def step(self) -> Progress:
        """Look at the next due keys; ``DONE`` at the end of a round."""
        environ = own_environ(self.name, self._facts)
        if self._rate.is_used_up:
            return Progress.THROTTLED
        now = self._house.clock.time()
        if not self._day:
            day = self._index.next_day(environ, self._after_day, now)
            if day is None:
                self._after_day = ""
                return Progress.DONE
            self._day, self._after_entry = day, ""
        if not self._lease.is_held(environ):
            self._day = ""
            return Progress.IDLE
        page = self._index.page(environ, self._day, self._after_entry, LOOKS_A_STEP)
        if not page:
            self._index.close_day(environ, self._day)
            self._after_day, self._day = self._day, ""
            return Progress.BUSY
        self._after_entry = page[-1].name
        self._rate.take(len(page))
        self._look(page, now)
        return Progress.BUSY

    def _look(self, page: list[Look], now: float) -> None:
        rules: Rules = {}
        pool = concurrency.Pool(LOOKS_AT_ONCE)
        for look in page:
            environ = own_environ(self.name, self._facts)
            try:
                known = self._rules(environ, look, rules)
            except (S3Error, Rejected, Unavailable) as error:
                _log.warning("%s/%s: %s", look.account, look.container, error)
                continue
            pool.spawn_n(self._look_at, environ, look, known, now)
        pool.wait_all()

    def _rules(self, environ: Environ, look: Look, known: Rules) -> tuple[Rule, ...]:
        """The bucket's rules as they are now, asked once a page."""
        place = (look.account, look.container)
        if place not in known:
            operation = own_operation(self._house, environ, *place)
            known[place] = () if operation is None else rules_now(operation)
        return known[place]

    def _look_at(
        self, environ: Environ, look: Look, rules: tuple[Rule, ...], now: float
    ) -> None:
        day = self._house.settings.lifecycle_day
        place = (look.account, look.container, look.key)
        try:
            operation = own_operation(self._house, environ, *place) if rules else None
            if operation is not None:
                again = look_at(operation, Moment(rules, now, day))
                if again is not None:
                    # What was due and is still there is looked at a day later.
                    again = max(again, now + day) if again <= now else again
                    self._index.write(environ, again, day, place)
            self._index.forget(environ, look)
        except (S3Error, Rejected, Unavailable) as error:
            _log.warning("%s/%s/%s: %s; will look again", *place, error)
