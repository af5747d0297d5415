"""An orchestration room whose stacks are made of things in memory, called as clients
call it.  ``settle`` does what its loop does, with a clock that the test moves."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.core.bus import InProcessBus
from compute.core.identifiers import Identifiers
from compute.core.jobs.store import OPEN_STATES
from compute.core.rooms.authority import Authority
from compute.core.sql.migrations import upgrade
from compute.orchestration import tables
from compute.orchestration.engine.worker import StackWorker
from compute.orchestration.parts import Parts
from compute.orchestration.registry import Registry, all_types
from compute.orchestration.room import api_of, vault_of
from compute.orchestration.settings import OrchestrationSettings
from compute.orchestration.store import Stores
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token
from test.fakes.trusting_identity import TrustingIdentity
from test.unit.compute.orchestration.world import FrailDatabase, Power, Thing, World

OWNER = "aa" * 16
OTHER = "bb" * 16
REGION = "north"
ROUNDS_MAX = 400
STEP_SECONDS = 1.0
OWN = ("OS::Heat::", "AWS::CloudFormation::")
_SUFFIX = re.compile(r"-[a-z2-7]{12}(?=-|$)")
_SAVED = re.compile(r"-[0-9]{9,}$")


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

    def __init__(self, directory: Path, url: str = "", **settings: Any) -> None:
        self.directory = directory
        self.power = Power()
        self.world = World(self.power)
        self.clock = SteppedClock()
        self.tokens = FakeTokens()
        self.bus = InProcessBus()
        self.database = FrailDatabase(url) if url else hasty(FrailDatabase, directory)
        self.database.power = self.power
        upgrade(self.database, ["orchestration"])
        self.identity = TrustingIdentity(self.tokens, "http://cloud/orchestration")
        own = [kind for kind in all_types(REGION) if kind.name.startswith(OWN)]
        self.registry = Registry([*own, Thing(self.world)])
        self.settings = OrchestrationSettings(**settings)
        self.random = Random(5)
        self.stores = Stores(vault_of(directory, self.clock))
        self.parts = self._parts()
        self.api = api_of(self.parts, "here", self.tokens, Identifiers(self.random), {})
        self.caller = InProcessCaller(
            self.api, script_name="/orchestration", host="cloud"
        )
        self.worker = StackWorker(self.parts)

    def _parts(self) -> Parts:
        callers = {"identity": self.identity}
        authority = Authority(
            self.identity,
            self.tokens,
            self.tokens,
            self.clock,
            service_type="orchestration",
            purpose="Stacks are worked on",
        )
        return Parts(
            database=self.database,
            stores=self.stores,
            bus=self.bus,
            clock=self.clock,
            random=self.random,
            registry=self.registry,
            settings=self.settings,
            authority=authority,
            callers=callers,
            owner="here",
        )

    # ---- as clients -------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        token: str | None = None,
    ) -> Got:
        """A call below the project's URL."""
        text = fake_token(project, roles) if token is None else token
        headers = {"X-Auth-Token": text} if text else {}
        content = b"" if body is None else orjson.dumps(body)
        path = path if path.startswith("/v1") else f"/v1/{project}{path}"
        with self.caller.request(method, path, headers, content) as answer:
            return Got(answer.status, answer.headers, answer.read())

    def create(self, name: str, template: Any, status: int = 201, **more: Any) -> str:
        """Order a stack; its id."""
        body = {"stack_name": name, "template": template, **more}
        got = self.call("POST", "/stacks", body)
        assert got.status == status, got.raw
        return str(got.body["stack"]["id"]) if status == 201 else got.raw.decode()

    def show(self, name: str, stack_id: str) -> Any:
        """A stack."""
        got = self.call("GET", f"/stacks/{name}/{stack_id}")
        assert got.status == 200, got.raw
        return got.body["stack"]

    def state(self, name: str, stack_id: str) -> str:
        """How it stands."""
        return str(self.show(name, stack_id)["stack_status"])

    # ---- as the loop ------------------------------------------------------------

    def settle(self, rounds: int = ROUNDS_MAX) -> int:
        """Work until there is nothing to do; how many rounds that took."""
        for number in range(rounds):
            if not self.is_busy():
                return number
            self.work_once()
        assert not self.is_busy(), "it does not come to an end"
        return rounds

    def work_once(self) -> None:
        """Every job that can be claimed now, once; then time passes."""
        parts = self.parts
        jobs = self.parts.run(
            lambda connection: parts.stores.jobs.claim(
                connection, "orchestration", parts.owner, parts.now(), limit=50
            )
        )
        for job in jobs:
            self.worker.attempt(job)
        self.clock.advance(STEP_SECONDS)

    def is_busy(self) -> bool:
        """Whether a job is open."""
        return bool(self.parts.read(self._open))

    @staticmethod
    def _open(connection: Any) -> int:
        jobs = tables.jobs
        found = connection.execute(jobs.select().where(jobs.c.state.in_(OPEN_STATES)))
        return len(found.all())

    def names(self) -> list[str]:
        """Names of the things in the world, without their suffixes."""
        return sorted(
            _SAVED.sub(" saved", _SUFFIX.sub("", each["name"]))
            for each in self.world.things.values()
        )


def template(resources: Any, **sections: Any) -> dict[str, Any]:
    """A template of things: ``{"one": {"size": 2, "needs": ["other"]}}``."""
    found = {}
    for name, values in resources.items():
        properties = {key: value for key, value in values.items() if key != "needs"}
        found[name] = {
            "type": "Test::Thing",
            "properties": properties,
            "depends_on": values.get("needs", []),
        }
    return {"heat_template_version": "2021-04-16", "resources": found, **sections}
