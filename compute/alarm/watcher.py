"""Looks what has happened to servers and volumes: a loop, safe to repeat and to kill.

Rooms show by their public APIs what has changed since a moment.  How far we have looked
is a row; that it moves on, and what follows from what was seen, is one transaction, so
of two processes one counts and nothing is seen twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from compute.alarm import time_constraints
from compute.alarm.evaluator import end_evaluation
from compute.alarm.events import (
    Event,
    concerns,
    outcome_of_event,
    server_events,
    volume_events,
)
from compute.alarm.model import ALARM, Alarm
from compute.alarm.parts import Parts
from compute.core.context import TokenSource
from compute.core.instants import iso_z
from compute.core.sql.database import Connection, Duplicate
from objectstore.client.caller import Caller
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress

# Moments are whole seconds; one is over, and its changes are written, a little later.
SETTLED_SECONDS = 2.0
TIMEOUT_SECONDS = 30.0
PAGE, PAGES_MAX = 500, 20

Make = Callable[[Mapping[str, Any], float], list[Event]]
_log = logging.getLogger("compute.alarm")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a room shows what has changed; ``since``: the question that says so."""

    path: str
    key: str
    make: Make
    since: Callable[[int], dict[str, str]]
    headers: Mapping[str, str]


class Watcher:
    """A loop's step for one room's things."""

    def __init__(
        self,
        parts: Parts,
        room: str,
        caller: Caller,
        service: TokenSource,
        shelf: Shelf,
    ) -> None:
        self.name = f"alarm-events-{room}"
        self._parts = parts
        self._room = room
        self._caller = caller
        self._service = service
        self._shelf = shelf

    def step(self) -> Progress:
        """Look at what has changed since the last look."""
        parts = self._parts
        waiting = parts.read(parts.stores.of_events)
        if not waiting:
            return Progress.IDLE
        until = int(parts.now() - SETTLED_SECONDS)
        # What happened before there was an alarm concerns none.
        first = int(min(each.created_at for each in waiting))
        try:
            seen_until = parts.run(
                lambda connection: parts.stores.feed(connection, self._room, first)
            )
        except Duplicate:  # another process has just begun it
            return Progress.BUSY
        since = max(seen_until, first)
        if until <= since:
            return Progress.IDLE
        events = [each for each in self._changed(since) if since <= each.at < until]

        def write(connection: Connection) -> bool:
            if not parts.stores.move_feed(connection, self._room, seen_until, until):
                return False
            return self._fire(connection, events)

        if parts.run(write):
            parts.wake()
        return Progress.IDLE

    def _fire(self, connection: Connection, events: Sequence[Event]) -> bool:
        stores, has_fired = self._parts.stores, False
        for alarm in stores.of_events(connection) if events else ():
            for event in events:
                if event.at + 1 <= alarm.created_at:
                    continue
                if concerns(event, alarm.project_id, alarm.rule):
                    has_fired |= self._consider(connection, alarm.id, event)
        return has_fired

    def _consider(self, connection: Connection, alarm_id: str, event: Event) -> bool:
        parts, now = self._parts, self._parts.now()
        alarm: Alarm | None = parts.stores.alarms.find(connection, alarm_id)
        assert alarm is not None
        if alarm.state == ALARM and not alarm.repeat_actions:
            return False
        if not time_constraints.allow(alarm.time_constraints, now):
            return False
        values = {"evaluated_at": now}
        outcome = outcome_of_event(event)
        return end_evaluation(connection, parts, alarm, outcome, values)

    def _changed(self, since: int) -> Iterator[Event]:
        marker = ""
        for _ in range(PAGES_MAX):
            page = self._page(since, marker)
            for each in page:
                yield from self._shelf.make(each, float(since))
            if len(page) < PAGE:
                return
            marker = page[-1]["id"]
        _log.warning("more has changed in %s than is looked at", self._room)

    def _page(self, since: int, marker: str) -> list[Mapping[str, Any]]:
        query = {"all_tenants": "1", "limit": str(PAGE), **self._shelf.since(since)}
        if marker:
            query["marker"] = marker
        headers = {"X-Auth-Token": self._service.token(), **self._shelf.headers}
        with self._caller.request(
            "GET",
            f"{self._shelf.path}?{urlencode(query)}",
            headers,
            timeout=TIMEOUT_SECONDS,
        ) as answer:
            document = answer.json()
        if answer.status != 200:
            raise Unavailable(f"{self._room} answers {answer.status}")
        found: list[Mapping[str, Any]] = document[self._shelf.key]
        return found


SHELVES: Mapping[str, Shelf] = {
    "compute": Shelf(
        "/v2.1/servers/detail",
        "servers",
        server_events,
        lambda since: {"changes-since": iso_z(since)},
        {"X-OpenStack-Nova-API-Version": "2.79"},
    ),
    "volume": Shelf(
        "/v3/volumes/detail",
        "volumes",
        volume_events,
        lambda since: {"updated_at": f"gte:{iso_z(since)}"},
        {"OpenStack-API-Version": "volume 3.60"},
    ),
}
