"""A load balancer room beside a real network room, called as clients call it.

``settle`` does what the keeper's loop and a host's agent do, without haproxy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import orjson

from compute.balancer.client import BalancerClient
from compute.balancer.counters import Traffic
from compute.balancer.keeper import Keeper
from compute.balancer.room import build_room
from compute.balancer.settings import BalancerSettings
from compute.balancer.view import Report
from compute.core.rooms.room import RoomParts
from compute.core.sql.migrations import upgrade
from objectstore.client.caller import Answer, Caller, Content
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.errors import Unavailable
from test.fakes.tokens import fake_token
from test.unit.compute.network.house import HOST, OWNER, Got
from test.unit.compute.network.house import House as NetworkHouse
from test.unit.compute.secret.house import House as SecretHouse

BASE = "/v2.0/lbaas"


class Wire:
    """The way to the network room; ``is_cut``: nobody answers."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.is_cut = False
        self.cut_after = -1  # so many more calls; below zero: any number
        # What happens meanwhile, once.
        self.before: Callable[[], object] | None = None

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        if self.is_cut or self.cut_after == 0:
            raise Unavailable("told to be cut")
        self.cut_after -= 1
        if self.before is not None:
            meanwhile, self.before = self.before, None
            meanwhile()
        return self._caller.request(method, path, headers, body, timeout=timeout)


class SecretWire:
    """The way to the house's key manager."""

    def __init__(self, house: House) -> None:
        self._house = house

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        caller = self._house.secrets.caller
        return caller.request(method, path, headers, body, timeout=timeout)


class House:
    """``make``, ``show``, ``list`` ... as a member of OWNER unless told otherwise."""

    def __init__(self, directory: Path, url: str = "", **settings: Any) -> None:
        self.network = NetworkHouse(directory, url)
        self.clock = self.network.clock
        self.bus = self.network.bus
        self.tokens = self.network.tokens
        self.wire = Wire(self.network.caller)
        self._place = directory / "secrets"
        upgrade(self.network.database, ["balancer"])
        parts = RoomParts(
            database=self.network.database,
            bus=self.bus,
            clock=self.clock,
            random=Random(11),
            tokens=self.tokens,
            service=self.tokens,
            callers={"network": self.wire, "key-manager": SecretWire(self)},
            state_directory=directory,
        )
        self.room = build_room(parts, BalancerSettings(**settings))
        self.caller = InProcessCaller(self.room.application)
        self.client = BalancerClient(self.caller, self.tokens)
        (self.loop,) = self.room.loops
        assert isinstance(self.loop.step, Keeper)
        self.net, self.subnet = self.network.network()

    def close(self) -> None:
        self.network.close()
        if "secrets" in self.__dict__:
            self.secrets.close()

    @cached_property
    def secrets(self) -> SecretHouse:
        """The key manager; only where somebody asks it."""
        self._place.mkdir(exist_ok=True)
        return SecretHouse(self._place)

    # ---- calls -------------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        project: str = OWNER,
        roles: str = "member",
        **query: Any,
    ) -> Got:
        """``path`` below ``/v2.0/lbaas``, or with two slashes from the root."""
        sent = {"X-Auth-Token": fake_token(project, roles)}
        path = path[1:] if path.startswith("//") else BASE + path
        if query:
            path += "?" + urlencode(query, doseq=True)
        content = b"" if body is None else orjson.dumps(body)
        answer = self.caller.request(method, path, sent, content)
        return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        got = self.ask(method, path, body, **more)
        assert 200 <= got.status < 300, (method, path, got.status, got.body)
        return got.json if got.body else None

    def make(self, path: str, key: str, /, **fields: Any) -> Any:
        """Make one, and let it come true."""
        who = {
            n: fields.pop(f"as_{n}")
            for n in ("project", "roles")
            if f"as_{n}" in fields
        }
        made = self.ok("POST", f"/{path}", {key: fields}, **who)[key]
        self.settle()
        return made

    def refused(self, path: str, key: str, /, **fields: Any) -> tuple[int, str]:
        got = self.ask("POST", f"/{path}", {key: fields})
        assert got.status >= 400, got.body
        return got.status, got.json["faultstring"]

    def show(self, path: str, key: str, **who: Any) -> Any:
        return self.ok("GET", f"/{path}", **who)[key]

    def change(self, path: str, key: str, /, **fields: Any) -> Any:
        changed = self.ok("PUT", f"/{path}", {key: fields})[key]
        self.settle()
        return changed

    def delete(self, path: str, **query: Any) -> Got:
        got = self.ask("DELETE", f"/{path}", **query)
        self.settle()
        return got

    # ---- what many begin with ------------------------------------------------------

    def balancer(self, **fields: Any) -> Any:
        return self.make(
            "loadbalancers",
            "loadbalancer",
            **{"name": "lb", "vip_subnet_id": self.subnet["id"], **fields},
        )

    def listener(self, balancer: Any, **fields: Any) -> Any:
        given = {"protocol": "HTTP", "protocol_port": 80, **fields}
        return self.make(
            "listeners", "listener", loadbalancer_id=balancer["id"], **given
        )

    def pool(self, **fields: Any) -> Any:
        given = {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN", **fields}
        return self.make("pools", "pool", **given)

    def member(self, pool: Any, address: str, port: int = 80, **fields: Any) -> Any:
        return self.make(
            f"pools/{pool['id']}/members",
            "member",
            address=address,
            protocol_port=port,
            **fields,
        )

    # ---- what a host's agent does --------------------------------------------------

    def hear(self, host: str = HOST) -> None:
        """An agent lives there."""
        self.client.report(host, "", [])

    def settle(
        self,
        host: str = HOST,
        *,
        error: str = "",
        process: str = "p1",
        servers: Mapping[str, Sequence[str]] | None = None,
        traffic: Mapping[str, Traffic] | None = None,
    ) -> None:
        """The keeper looks, the host serves what it should, the keeper looks again."""
        self.loop.once()
        reports = [
            Report(
                each.balancer_id,
                each.generation,
                error,
                process,
                servers or {},
                traffic or {},
            )
            for each in self.client.host_view(host)
        ]
        self.client.report(host, "", reports)
        self.loop.once()

    def configuration(self, balancer: Any, host: str = HOST) -> str:
        """What the host's haproxy is told."""
        for each in self.client.host_view(host):
            if each.balancer_id == balancer["id"]:
                return each.configuration
        raise AssertionError("it is not on that host")
