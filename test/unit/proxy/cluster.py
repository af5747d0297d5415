"""A proxy over fake nodes: four devices in four zones, three replicas."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import Any

from objectstore.kernel.clock import SystemClock
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.policy.policies import ONE_POLICY, Policies
from objectstore.proxy.app import ProxyApplication
from objectstore.proxy.rounds.placement import Placement
from objectstore.proxy.settings import ProxySettings
from ring.builder import Builder
from ring.device import Device
from ring.ring import Ring
from test.fakes.nodes import (
    Faults,
    Faulty,
    MemoryAccountNode,
    MemoryContainerNode,
    MemoryObjectNode,
)

PART_POWER = 4
# Short, so that tests of slow nodes are quick; no test depends on the figures.
IMPATIENT = ProxySettings(
    node_timeout=0.3, read_patience=0.05, write_grace=0.05, return_patience=0.05
)


def make_ring(devices: int = 4, replicas: int = 3) -> Ring:
    builder = Builder(PART_POWER, replicas, 0)
    for number in range(devices):
        builder.add(
            Device(number, 1, number, "127.0.0.1", 6000 + number, f"d{number}", 1.0)
        )
    builder.rebalance(random.Random(1), 0)
    return builder.ring()


class OffsetClock:
    """The machine's clock, moved ahead at will."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._clock = SystemClock()

    def time(self) -> float:
        return self._clock.time() + self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.ahead


class FakeDirectory:
    """Nodes made on demand; each device's kinds of node have faults of their own."""

    def __init__(self) -> None:
        self.raw: dict[tuple[str, int, int], Any] = {}
        self.nodes: dict[tuple[str, int, int], Any] = {}
        self.faults: dict[tuple[str, int], Faults] = {}
        # Devices that do not have a process of their own.
        self.owners: dict[int, int] = {}

    def _node(self, kind: str, device: Device, policy: int, make: Any) -> Any:
        place = (kind, device.id, policy)
        if place not in self.nodes:
            self.raw[place] = make()
            faults = self.faults.setdefault((kind, device.id), Faults())
            self.nodes[place] = Faulty(self.raw[place], faults)
        return self.nodes[place]

    def object(self, device: Device, policy: int) -> Any:
        return self._node("object", device, policy, MemoryObjectNode)

    def container(self, device: Device) -> Any:
        return self._node("container", device, 0, MemoryContainerNode)

    def account(self, device: Device) -> Any:
        return self._node("account", device, 0, MemoryAccountNode)

    def is_near(self, device: Device) -> bool:
        return True

    def owner(self, device: Device) -> int:
        return self.owners.get(device.id, device.id)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    stream: Any = None

    def text(self) -> str:
        return self.body.decode()


class Cluster:
    """Everything that a test wants to hold."""

    def __init__(
        self,
        *,
        policies: Policies = ONE_POLICY,
        settings: ProxySettings = IMPATIENT,
        devices: int = 4,
        replicas: int = 3,
    ) -> None:
        self.ring = make_ring(devices, replicas)
        self.directory = FakeDirectory()
        for device in self.ring.devices:
            assert device is not None
            self.directory.container(device)
            self.directory.account(device)
            for policy in policies:
                self.directory.object(device, policy.index)
        self.clock = OffsetClock()
        self.placement = Placement(
            {policy.index: self.ring for policy in policies},
            self.ring,
            self.ring,
            self.directory,
            hash_suffix=b"test",
        )
        self.policies = policies
        self.settings = settings
        self.app = self.another_proxy()

    def another_proxy(self) -> ProxyApplication:
        return ProxyApplication(
            self.placement, self.policies, self.settings, self.clock
        )

    # ---- faults ---------------------------------------------------------------

    def primaries(self, kind: str, path: str) -> list[int]:
        """Device ids of the primaries of /account[/container[/object]]."""
        names = path.strip("/").split("/", 2)
        if kind == "object":
            account, container, name = names
            key, _ = self.placement.object(account, container, name, 0)
        elif kind == "container":
            key, _ = self.placement.container(*names[:2])
        else:
            key, _ = self.placement.account(names[0])
        return [each.id for each in self.ring.primaries(self.ring.partition(key))]

    def faults(self, kind: str, device: int) -> Faults:
        return self.directory.faults.setdefault((kind, device), Faults())

    def set_down(self, device: int, down: bool = True) -> None:
        """A whole machine goes away, or comes back."""
        for kind in ("object", "container", "account"):
            self.faults(kind, device).down = down

    def objects(self, device: int, policy: int = 0) -> MemoryObjectNode:
        node = self.directory.raw[("object", device, policy)]
        assert isinstance(node, MemoryObjectNode)
        return node

    # ---- requests --------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: Any = None,
        *,
        query: str = "",
        context: Context | None = None,
        app: ProxyApplication | None = None,
        read: bool = True,
    ) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": ("/v1" + path).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "wsgi.input": io.BytesIO(),
            CONTEXT_KEY: context or Context(),
        }
        if isinstance(body, bytes):
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        elif body is not None:
            environ["wsgi.input"] = body
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
                key = "HTTP_" + key
            environ[key] = value.encode().decode("latin-1")
        return self.call(environ, app=app, read=read)

    def call(
        self,
        environ: dict[str, Any],
        *,
        app: ProxyApplication | None = None,
        read: bool = True,
    ) -> Answer:
        head: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
            head[:] = [status, headers]

        stream = (app or self.app)(environ, start_response)
        found = {name: value.encode("latin-1").decode() for name, value in head[1]}
        answer = Answer(int(head[0].split()[0]), found, b"", stream)
        if read:
            answer.body = b"".join(stream)
            if hasattr(stream, "close"):
                stream.close()
        return answer

    def make_container(self, path: str = "/AUTH_test/box") -> None:
        assert self.ask("PUT", path).status in (201, 202)

    def put(self, path: str, body: bytes = b"hello", **headers: str) -> Answer:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.ask("PUT", path, named, body)
