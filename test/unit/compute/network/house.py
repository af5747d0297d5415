"""A network room over a real database, called as another room calls it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import orjson

from compute.core.bus import InProcessBus
from compute.core.rooms.room import RoomParts
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.network.client import NetworkClient
from compute.network.report import AgentReport, PortStatus
from compute.network.room import build_room
from compute.network.settings import NetworkSettings
from compute.network.view import HostView
from compute.network.view_wire import decode_view, encode_report
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token
from test.unit.compute.got import Got as AnyGot

OWNER, OTHER = "a" * 32, "b" * 32
HOST = "alpha"


class Got(AnyGot):
    """An answer, with what it says of an error."""

    @property
    def error(self) -> str:
        """The type that Neutron's dialect tells."""
        return str(self.json["NeutronError"]["type"])


class House:
    """``make``, ``show``, ``list`` ... as a member of OWNER unless told otherwise."""

    def __init__(
        self,
        directory: Path,
        url: str = "",
        *,
        seed: int = 7,
        tokens: FakeTokens | None = None,
        database: Database | None = None,
        **settings: Any,
    ) -> None:
        self.directory = directory
        self.clock = SteppedClock()
        self.bus = InProcessBus()
        self.woken: list[str] = []
        if url:
            database = Database(url)
        self.database = database or hasty_database(directory)
        upgrade(self.database, ["network"])
        self.settings = NetworkSettings(**settings)
        self.tokens = tokens or FakeTokens()
        parts = RoomParts(
            database=self.database,
            bus=self.bus,
            clock=self.clock,
            random=Random(seed),
            tokens=self.tokens,
            service=self.tokens,
            callers={},
            state_directory=directory,
        )
        self.room = build_room(parts, self.settings)
        self.caller = InProcessCaller(self.room.application)
        self.client = NetworkClient(self.caller, self.tokens)

    def close(self) -> None:
        self.database.close()

    def listen(self, *topics: str) -> None:
        """Remember wake-ups of these topics."""
        for topic in topics:
            self.bus.subscribe(topic, lambda _, topic=topic: self.woken.append(topic))

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Got:
        sent = {"X-Auth-Token": fake_token(project, roles), **(headers or {})}
        if query:
            path += "?" + urlencode(query, doseq=True)
        content = b"" if body is None else orjson.dumps(body)
        answer = self.caller.request(method, path, sent, content)
        return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        got = self.ask(method, path, body, **more)
        assert 200 <= got.status < 300, (method, path, got.status, got.body)
        return got.json if got.body else None

    def make(self, kind: str, **fields: Any) -> Any:
        """Create one; ``as_project``, ``as_roles`` say who asks."""
        who = _who(fields)
        path = f"/v2.0/{plural(kind)}"
        return self.ok("POST", path, {kind: _spelled(fields)}, **who)[kind]

    def refused(self, kind: str, **fields: Any) -> tuple[int, str]:
        """Status and type of the error that creating it meets."""
        who = _who(fields)
        path = f"/v2.0/{plural(kind)}"
        got = self.ask("POST", path, {kind: _spelled(fields)}, **who)
        assert got.status >= 400, got.body
        return got.status, got.error

    def change(self, kind: str, identifier: str, **fields: Any) -> Any:
        who = _who(fields)
        path = f"/v2.0/{plural(kind)}/{identifier}"
        return self.ok("PUT", path, {kind: _spelled(fields)}, **who)[kind]

    def change_refused(
        self, kind: str, identifier: str, **fields: Any
    ) -> tuple[int, str]:
        who = _who(fields)
        path = f"/v2.0/{plural(kind)}/{identifier}"
        got = self.ask("PUT", path, {kind: _spelled(fields)}, **who)
        assert got.status >= 400, got.body
        return got.status, got.error

    def show(self, kind: str, identifier: str, **who: Any) -> Any:
        return self.ok("GET", f"/v2.0/{plural(kind)}/{identifier}", **who)[kind]

    def list(self, kind: str, **query: Any) -> Any:
        name = plural(kind)
        return self.ok("GET", f"/v2.0/{name}", **query)[name.replace("-", "_")]

    def delete(self, kind: str, identifier: str, **who: Any) -> Got:
        return self.ask("DELETE", f"/v2.0/{plural(kind)}/{identifier}", **who)

    # ---- things that many tests begin with -------------------------------------

    def network(self, cidr: str = "10.1.0.0/24", **fields: Any) -> tuple[Any, Any]:
        """A network and a subnet on it."""
        network = self.make("network", name="inside", **fields)
        subnet = self.make("subnet", network_id=network["id"], ip_version=4, cidr=cidr)
        return network, subnet

    def external(self) -> Any:
        """The external network that the room made."""
        return self.list("network", **{"router:external": "true"})[0]

    def report(
        self,
        host: str = HOST,
        *,
        revision: int = 0,
        active: tuple[str, ...] = (),
        tunnels_end_at: str = "",
        key: str = "",
    ) -> None:
        """What the host's agent says."""
        ports = tuple(PortStatus(each, True) for each in active)
        report = AgentReport(
            host, revision, ports, tunnel_address=tunnels_end_at, tunnel_key=key
        )
        self.client.report(host, encode_report(report))

    def view(self, host: str = HOST) -> HostView:
        """What the host's agent is told."""
        found = self.client.host_view(host)
        assert found is not None
        return decode_view(found)


def plural(kind: str) -> str:
    """As in paths."""
    irregular = {
        "security_group": "security-groups",
        "security_group_rule": "security-group-rules",
        "address_scope": "address-scopes",
        "rbac_policy": "rbac-policies",
        "address_group": "address-groups",
        "default_security_group_rule": "default-security-group-rules",
    }
    return irregular.get(kind, kind + "s")


def _who(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: fields.pop(f"as_{name}")
        for name in ("project", "roles")
        if f"as_{name}" in fields
    }


def _spelled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``binding__host_id`` is ``binding:host_id``."""
    return {name.replace("__", ":"): value for name, value in fields.items()}
