"""How one process of the cloud is, for Prometheus: ``/metrics`` at its own address.

    ringstack_requests_total{server="compute", method, status}   of the listener
    ringstack_request_seconds{server, method}                    how long they took
    ringstack_received_bytes_total, ringstack_sent_bytes_total
    ringstack_failed_handshakes_total{server="other"}            with TLS
    ringstack_loop_failing{loop}                                 its last step failed
    ringstack_agents{kind, state="up|down"}                      agents of hosts
    ringstack_rows{table}                                        rows in the database

What costs a question to a room or the database is asked once in a while only, however
often somebody looks; what cannot be told now is left out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from compute.core.context import TokenSource
from compute.core.rooms.wire import RoomWire
from compute.core.sql.database import Connection, Database
from objectstore.app.samples import Plain, render, to_plain
from objectstore.client.caller import Answer, Caller
from objectstore.kernel.access_line import AccessEntry
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable
from objectstore.kernel.loop import Loop
from objectstore.kernel.metrics import RequestMetrics
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Environ, StartResponse

ASKED_EVERY_SECONDS = 60.0
OTHER = "other"

_log = logging.getLogger("compute.status")
Samples = list[list[Any]]


class RequestsByRoom:
    """An ``AccessSink``: requests by the room that their path begins with."""

    def __init__(self, rooms: Iterable[str], alone: str = "") -> None:
        """``alone``: the room that answers at the root, too."""
        registry = CollectorRegistry()
        self._rest = alone or OTHER
        self._by_room = {
            name: RequestMetrics(registry, name) for name in (*rooms, OTHER)
        }

    def record(self, entry: AccessEntry) -> None:
        """Count one."""
        first = entry.target[1:].partition("?")[0].partition("/")[0]
        found = self._by_room.get(first) or self._by_room[self._rest]
        found.record(entry)

    def tell_handshakes(self, failed: Callable[[], int]) -> None:
        """Of a listener that speaks TLS.  Who has not got through it asks no room."""
        self._by_room[self._rest].tell_handshakes(failed)

    def families(self) -> list[Plain]:
        """What was counted."""
        return [to_plain(each.collect()) for each in self._by_room.values()]


class AgentsSeen:
    """Agents of hosts as the rooms of this process know them."""

    def __init__(
        self, callers: Mapping[str, Caller], service: TokenSource, rooms: Iterable[str]
    ) -> None:
        self._rooms = frozenset(rooms)
        self._wires = {
            name: RoomWire(callers[name], service, _refusal)
            for name in ("compute", "network")
            if name in self._rooms
        }

    def samples(self) -> Samples:
        """How many of each kind are up, and down."""
        seen: Counter[tuple[str, str]] = Counter()
        if "compute" in self._wires:
            found = self._wires["compute"].json("GET", "/v2.1/os-services")
            for each in found["services"]:
                seen[each["binary"], each["state"]] += 1
        if "network" in self._wires:
            found = self._wires["network"].json("GET", "/v2.0/agents")
            for each in found["agents"]:
                seen[each["binary"], "up" if each["alive"] else "down"] += 1
        return [
            ["ringstack_agents", {"kind": kind, "state": state}, number]
            for (kind, state), number in sorted(seen.items())
        ]


def table_rows(database: Database) -> Samples:
    """How many rows each table has."""

    def count(connection: Connection) -> Samples:
        names = sorted(sa.inspect(connection).get_table_names())
        found = []
        for name in names:
            select = sa.select(sa.func.count()).select_from(sa.table(name))
            number = connection.execute(select).scalar_one()
            found.append(["ringstack_rows", {"table": name}, int(number)])
        return found

    return database.read(count)


class _NowAndThen:
    """What is asked for again only after a while."""

    def __init__(self, ask: Callable[[], Samples], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._asked: float | None = None
        self._found: Samples = []

    def __call__(self) -> Samples:
        now = self._clock.monotonic()
        if self._asked is None or now - self._asked >= ASKED_EVERY_SECONDS:
            self._asked = now
            try:
                self._found = self._ask()
            except RingstackError as error:
                _log.warning("some figures cannot be told: %s", error)
                self._found = []
        return self._found


class StatusPages:
    """The application at the status address."""

    def __init__(
        self,
        requests: RequestsByRoom,
        loops: Sequence[Loop],
        asked: Mapping[str, Callable[[], Samples]],
        clock: Clock,
    ) -> None:
        """``asked``: what costs a question, by what it tells."""
        self._requests = requests
        self._loops = loops
        self._asked = {text: _NowAndThen(ask, clock) for text, ask in asked.items()}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """PEP 3333."""
        path = environ["PATH_INFO"]
        if path == "/healthcheck":
            return text_reply(200, "OK")(environ, start_response)
        if path != "/metrics":
            return text_reply(404)(environ, start_response)
        reply = Reply(200, self._page(), content_type=CONTENT_TYPE_LATEST)
        return reply(environ, start_response)

    def _page(self) -> bytes:
        parts = self._requests.families()
        failing = [
            ["ringstack_loop_failing", {"loop": each.step.name}, int(each.failures > 0)]
            for each in self._loops
        ]
        text = "Whether the loop's last step failed"
        parts.append([["ringstack_loop_failing", text, "gauge", failing]])
        for text, ask in self._asked.items():
            samples = ask()
            if samples:
                parts.append([[samples[0][0], text, "gauge", samples]])
        return render({0: parts})


def _refusal(answer: Answer, what: str) -> Exception:
    return Unavailable(f"{what}: answered {answer.status}")
