"""A metric room called as clients call it; chunks in memory, a clock that is moved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.rooms.room import Room, RoomParts
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.metric.client import MetricClient
from compute.metric.keeping.objects import Missing
from compute.metric.room import room_of
from compute.metric.settings import MetricSettings
from objectstore.client.caller import Caller
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Progress
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token

OWNER = "aa" * 16
T0 = 1_699_999_200  # the beginning of an hour
OTHER = "bb" * 16


class MemoryObjects:
    """``Objects`` in memory; ``is_away``: as if the ring were."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}
        self.is_away = False

    def put(self, name: str, data: bytes) -> None:
        self._check()
        assert name not in self.found, "objects are written once"
        self.found[name] = data

    def get(self, name: str) -> bytes:
        self._check()
        if name not in self.found:
            raise Missing(name)
        return self.found[name]

    def delete(self, name: str) -> None:
        self._check()
        self.found.pop(name, None)

    def _check(self) -> None:
        if self.is_away:
            raise Unavailable("the ring is away")


class Got:
    """A reply."""

    def __init__(self, status: int, headers: Any, raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.raw = raw

    @property
    def body(self) -> Any:
        return orjson.loads(self.raw) if self.raw else None


class House:
    """See the module."""

    def __init__(
        self,
        directory: Path,
        url: str = "",
        objects: MemoryObjects | None = None,
        seed: int = 5,
        callers: Mapping[str, Caller] | None = None,
        **settings: Any,
    ) -> None:
        self.clock = SteppedClock()
        self.tokens = FakeTokens()
        self.objects = objects or MemoryObjects()
        self.database = Database(url) if url else hasty_database(directory)
        upgrade(self.database, ["metric"])
        parts = RoomParts(
            database=self.database,
            bus=InProcessBus(),
            clock=self.clock,
            random=Random(seed),
            tokens=self.tokens,
            service=self.tokens,
            callers=callers or {},
            state_directory=directory,
            host="here",
        )
        self.room: Room = room_of(parts, MetricSettings(**settings), self.objects)
        self.caller = InProcessCaller(
            self.room.application, script_name="/metric", host="cloud"
        )
        self.client = MetricClient(self.caller, self.tokens)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = fake_token(OWNER),
    ) -> Got:
        """A client's request."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        content = b"" if body is None else raw
        with self.caller.request(method, path, headers, content) as answer:
            return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """A request that must be well."""
        got = self.call(method, path, body, **more)
        assert got.status < 300, (method, path, got.status, got.raw)
        return got.body

    def metric(self, policy: str = "low", name: str = "m") -> str:
        """A new one; its id."""
        body = {"archive_policy_name": policy, "name": name}
        found: str = self.ok("POST", "/v1/metric", body)["id"]
        return found

    def policy(self, name: str, *definition: tuple[int, int], **more: Any) -> str:
        """A new one of (granularity in seconds, points)."""
        body = {
            "name": name,
            "definition": [
                {"granularity": each, "points": points} for each, points in definition
            ],
            **more,
        }
        self.ok("POST", "/v1/archive_policy", body, token=fake_token(OWNER, "admin"))
        return name

    def add(self, metric_id: str, *measures: tuple[float, float]) -> None:
        """Measures of (moment, value)."""
        body = [{"timestamp": at, "value": value} for at, value in measures]
        self.ok("POST", f"/v1/metric/{metric_id}/measures", body)

    def points(self, metric_id: str, query: str = "") -> list[list[Any]]:
        """What it shows."""
        found: list[list[Any]] = self.ok(
            "GET", f"/v1/metric/{metric_id}/measures?{query}"
        )
        return found

    def fold(self) -> None:
        """What the loops do."""
        for loop in self.room.loops:
            while loop.step.step() is Progress.BUSY:
                pass

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.clock.advance(seconds)
