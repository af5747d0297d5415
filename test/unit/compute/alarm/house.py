"""An alarm room called as clients call it.  Measures are what a test says, stacks are a
``Caller`` that notes what it is told, webhooks go to a real server on loopback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.alarm import tables
from compute.alarm.delivery import Delivery
from compute.alarm.evaluator import Evaluator
from compute.alarm.parts import Parts
from compute.alarm.places import Places
from compute.alarm.room import api_of
from compute.alarm.settings import AlarmSettings
from compute.alarm.store import Stores
from compute.alarm.webhooks import Webhooks, url_rules
from compute.core.bus import InProcessBus
from compute.core.jobs.store import OPEN_STATES
from compute.core.keys.sealing import vault_of
from compute.core.rooms.authority import Authority
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from objectstore.client.caller import Answer, Content
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.errors import Unavailable
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token
from test.fakes.trusting_identity import TrustingIdentity
from test.unit.compute.got import Got

OWNER, OTHER = "aa" * 16, "bb" * 16
SIGNALS = "http://cloud/orchestration"
SIGNAL = f"{SIGNALS}/v1/{OWNER}/stacks/s/id/resources/up/signal?signature=" + "0" * 64
RULE = {
    "metric": "cpu",
    "resource_id": "r1",
    "resource_type": "instance",
    "aggregation_method": "mean",
    "comparison_operator": "gt",
    "threshold": 80.0,
}


class ToldMeasures:
    """``values`` by metric; ``away``: nobody can say."""

    def __init__(self) -> None:
        self.by_metric: dict[str, list[float]] = {}
        self.away = False
        self.asked: list[tuple[str, str]] = []

    def values(
        self, project_id: str, kind: str, rule: Mapping[str, Any], now: float
    ) -> Sequence[float]:
        if self.away:
            raise Unavailable("away")
        self.asked.append((project_id, kind))
        return self.by_metric.get(str(rule.get("metric", rule.get("metrics"))), [])


class NotingStacks:
    """A ``Caller``: what was asked, and with which token."""

    def __init__(self) -> None:
        self.status = 200
        self.told: list[tuple[str, str, Any]] = []

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        assert isinstance(body, bytes)
        token = (headers or {}).get("X-Auth-Token", "")
        self.told.append((f"{method} {path}", token, orjson.loads(body)))
        return Answer(self.status, {}, [b""])


class House:
    """See the module."""

    def __init__(self, directory: Path, url: str = "", **settings: Any) -> None:
        self.directory = directory
        self.clock = SteppedClock()
        self.tokens = FakeTokens()
        self.database = Database(url) if url else hasty_database(directory)
        upgrade(self.database, ["alarm"])
        self.identity = TrustingIdentity(self.tokens, SIGNALS)
        self.settings = AlarmSettings(**settings)
        self.measures = ToldMeasures()
        self.stacks = NotingStacks()
        self.parts = self.process("here")
        self.api = api_of(self.parts, self.tokens, {})
        self.caller = InProcessCaller(self.api, script_name="/alarming", host="cloud")

    def process(self, owner: str) -> Parts:
        """One of several that share the database."""
        places = Places(self.identity, self.tokens, self.clock)
        return Parts(
            database=self.database,
            bus=InProcessBus(),
            clock=self.clock,
            random=Random(owner),
            settings=self.settings,
            authority=Authority(
                self.identity,
                self.tokens,
                self.tokens,
                self.clock,
                service_type="alarming",
                purpose="An alarm acts with a token",
            ),
            places=places,
            webhooks=Webhooks(
                url_rules(self.settings),
                places,
                seconds=self.settings.action_seconds,
                to_ourselves=self.settings.webhook_to_ourselves,
            ),
            owner=owner,
            stores=Stores(vault_of(self.directory, self.clock)),
        )

    def close(self) -> None:
        self.database.close()

    # ---- as clients -------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        user: str = "u1",
    ) -> Got:
        """A call below /v2."""
        headers = {"X-Auth-Token": fake_token(project, roles, user)}
        content = b"" if body is None else orjson.dumps(body)
        with self.caller.request(method, f"/v2{path}", headers, content) as answer:
            return Got(answer.status, answer.headers, answer.read())

    def create(self, name: str = "hot", status: int = 201, **fields: Any) -> Any:
        """A new alarm; its document."""
        who = {key: fields.pop(key) for key in ("roles", "project") if key in fields}
        body = {
            "name": name,
            "type": "gnocchi_resources_threshold",
            **fields,
        }
        if body["type"] == "gnocchi_resources_threshold":
            body.setdefault("gnocchi_resources_threshold_rule", RULE)
        got = self.call("POST", "/alarms", body, **who)
        assert got.status == status, got.body
        return got.json

    def show(self, alarm: Any) -> Any:
        """As it is now."""
        got = self.call("GET", f"/alarms/{alarm['alarm_id']}")
        assert got.status == 200, got.body
        return got.json

    def history(self, alarm: Any) -> list[Any]:
        """What happened to it, the oldest first."""
        path = f"/alarms/{alarm['alarm_id']}/history?sort=timestamp:asc"
        found: list[Any] = self.call("GET", path).json
        return found

    # ---- as the loops -----------------------------------------------------------

    def evaluate(self, *values: float, metric: str = "cpu") -> None:
        """One look of the loop, at these values; then it is due again."""
        self.measures.by_metric[metric] = list(values)
        Evaluator(self.parts, self.measures).step()
        self.clock.advance(self.settings.evaluation_interval)

    def deliver(self, parts: Parts | None = None) -> int:
        """All that is owed now, once; how much that was."""
        parts = parts or self.parts
        jobs = parts.run(
            lambda connection: parts.stores.jobs.claim(
                connection, "alarm", parts.owner, parts.now(), limit=50
            )
        )
        for job in jobs:
            Delivery(parts, self.stacks).attempt(job)
        return len(jobs)

    def owed(self) -> list[str]:
        """What kinds of jobs are open."""
        jobs = tables.jobs
        select = jobs.select().where(jobs.c.state.in_(OPEN_STATES))
        return self.parts.read(
            lambda connection: [row.kind for row in connection.execute(select)]
        )
