"""The instance room with real neighbours and simulated hosts, driven step by step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import orjson

from compute.agent.disks.qcow2 import empty_image
from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.host import HostKit, Neighbours
from compute.agent.image_source import ImageSource
from compute.agent.moves.door import MoveDoor
from compute.agent.runner import Agent
from compute.app.callers import Later
from compute.core.bus import InProcessBus
from compute.core.rooms.room import RoomParts
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.image.client import ImageClient, NewImage
from compute.image.room import build_room as build_image
from compute.image.settings import ImageSettings
from compute.instance.client import InstanceClient
from compute.instance.room import build_room, wire
from compute.instance.settings import InstanceSettings
from compute.network.client import NetworkClient
from compute.network.room import build_room as build_network
from compute.network.settings import NetworkSettings
from compute.volume.client import VolumeClient
from objectstore.client.in_process import InProcessCaller
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock
from test.fakes.tokens import FakeTokens, fake_token
from test.unit.compute.got import Got
from test.unit.compute.instance.real_volumes import VolumeNeighbour

OWNER, OTHER = "a" * 32, "b" * 32
GIB = 1 << 30
MOMENT_SECONDS = 0.001


class House:
    """``ask`` asks as a member of OWNER unless told otherwise; ``work`` lets the
    simulated hosts do all that there is to do."""

    def __init__(
        self,
        directory: Path,
        url: str = "",
        *,
        hosts: int = 2,
        seed: int = 7,
        client: type[InstanceClient] = InstanceClient,
        tokens: FakeTokens | None = None,
        **settings: Any,
    ) -> None:
        self.clock = SteppedClock()
        self.bus = InProcessBus()
        self.database = Database(url) if url else hasty_database(directory)
        upgrade(self.database, ["network", "image", "volume", "instance"])
        self.tokens = tokens or FakeTokens()
        callers: dict[str, Any] = {}
        self.parts = RoomParts(
            database=self.database,
            bus=self.bus,
            clock=self.clock,
            random=Random(seed),
            tokens=self.tokens,
            service=self.tokens,
            callers=callers,
            state_directory=directory,
        )
        network = build_network(self.parts, NetworkSettings(quota_port=-1))
        images = ImageSettings(stores=("file",), file_directory=directory / "images")
        image = build_image(self.parts, images)
        callers["network"] = InProcessCaller(network.application)
        callers["image"] = InProcessCaller(image.application)
        # The volume room calls this one, too.
        here = Later()
        callers["compute"] = InProcessCaller(here)
        self.volume_service = VolumeNeighbour(self.parts, self.tokens, OWNER)
        callers["volume"] = self.volume_service
        self.settings = InstanceSettings(**settings)
        self.room = build_room(self.parts, self.settings)
        self.wiring = wire(self.parts, self.settings)
        here.application = self.room.application
        self.caller = callers["compute"]
        self.rooms = {"network": network, "image": image, "compute": self.room}
        self.network = NetworkClient(callers["network"], self.tokens)
        self.images = ImageClient(callers["image"], self.tokens)
        self.volumes = VolumeClient(callers["volume"], self.tokens)
        self.instances = client(self.caller, self.tokens)
        self.neighbours = Neighbours(
            self.instances,
            self.network,
            self.images,
            self.volumes,
            self.clock,
            self._peer,
        )
        self.kits = {
            name: HostKit(
                name,
                SimHypervisor(SimHost(name), clock=self.clock),
                SimDisks(ImageSource(self.images, name)),
                waits_for_ports=False,
                url=f"http://{name}",
            )
            for name in (f"host{number}" for number in range(hosts))
        }
        self.agent = self.new_agent()
        self.agent.report()

    def new_agent(
        self, owner: str = "agent", kits: Mapping[str, HostKit] | None = None
    ) -> Agent:
        return Agent(kits or self.kits, self.neighbours, self.bus, owner=owner)

    def _peer(self, url: str) -> InProcessCaller:
        """The agent of the host that is called so: its door."""
        name = url.removeprefix("http://")
        door = MoveDoor({name: self.kits[name]}, self.instances)
        return InProcessCaller(door)

    def close(self) -> None:
        self.database.close()

    # ---- asking ----------------------------------------------------------------

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "2.96",
        project: str = OWNER,
        roles: str = "member",
        user: str = "u1",
        more: Mapping[str, str] | None = None,
    ) -> Got:
        headers = {
            "X-Auth-Token": fake_token(project, roles, user),
            "OpenStack-API-Version": f"compute {version}",
            **(more or {}),
        }
        content = b"" if body is None else orjson.dumps(body)
        prefix = "" if path.startswith(("/internal", "/v2")) else "/v2.1"
        answer = self.caller.request(method, prefix + path, headers, content)
        return Got(answer.status, answer.headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, **who: Any) -> Any:
        got = self.ask(method, path, body, **who)
        assert 200 <= got.status < 300, (method, path, got.status, got.body)
        return got.json if got.body else None

    def act(self, server_id: str, name: str, value: Any = None, **who: Any) -> Got:
        # Jobs are done in the order of their times: two acts have not the same.
        self.clock.advance(MOMENT_SECONDS)
        return self.ask("POST", f"/servers/{server_id}/action", {name: value}, **who)

    # ---- what servers are made of ----------------------------------------------

    def flavor(self, name: str = "small", **more: Any) -> str:
        body = {"name": name, "ram": 512, "vcpus": 1, "disk": 1, "id": name, **more}
        self.ok("POST", "/flavors", {"flavor": body}, roles="admin")
        return name

    def image(self, name: str = "tiny", **properties: str) -> str:
        new = NewImage(
            name=name,
            disk_format="qcow2",
            owner=OWNER,
            visibility="public",
            properties=properties,
        )
        made = self.images.create(new)
        self.images.upload(made.id, [empty_image(GIB)])
        return made.id

    def a_network(self, project: str = OWNER) -> str:
        caller = self.parts.callers["network"]
        headers = {"X-Auth-Token": fake_token(project)}
        made = caller.request(
            "POST", "/v2.0/networks", headers, b'{"network": {"name": "private"}}'
        ).json()["network"]
        subnet = {"network_id": made["id"], "cidr": "10.1.0.0/20", "ip_version": 4}
        caller.request(
            "POST", "/v2.0/subnets", headers, orjson.dumps({"subnet": subnet})
        ).json()
        return str(made["id"])

    def furnish(self) -> None:
        """A flavor, an image, a network."""
        self.flavor_id = self.flavor()
        self.image_id = self.image()
        self.network_id = self.a_network()

    def order(self, name: str = "web", **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "flavorRef": self.flavor_id,
            "imageRef": self.image_id,
            "networks": [{"uuid": self.network_id}],
            **more,
        }

    def boot(
        self,
        name: str = "web",
        *,
        work: bool = True,
        roles: str = "member",
        **more: Any,
    ) -> str:
        """A server, by default ACTIVE; its id."""
        order = {"server": self.order(name, **more)}
        made = self.ok("POST", "/servers", order, roles=roles)
        if work:
            self.work()
        return str(made["server"]["id"])

    def show(self, server_id: str, **who: Any) -> Any:
        who.setdefault("roles", "admin")
        return self.ok("GET", f"/servers/{server_id}", **who)["server"]

    # ---- time passes -----------------------------------------------------------

    def work(self) -> None:
        """Everything that hosts and room can do now."""
        idle = 0
        for _ in range(200):
            done = self.agent.run_pending()
            for loop in self.room.loops[:1]:
                loop.once()
            # A claim may only have ended a deleted server's job: look once more.
            idle = 0 if done else idle + 1
            if idle > 1:
                second = self.volume_service.second
                if second is not None and second.has_jobs():
                    second.finish(self.clock)
                    self.volume_service.finish()
                return
        raise AssertionError("the work does not end")

    def watch(self) -> None:
        """One round of the watchdog."""
        self.room.loops[1].once()

    # ---- what must not be left -------------------------------------------------

    def leftovers(self) -> list[str]:
        """Everything that no server has."""
        live = {each.id for each in self.instances.servers()}
        found = []
        for name, kit in self.kits.items():
            found += [
                f"guest {g} on {name}" for g in kit.hypervisor.states() if g not in live
            ]
            disks = kit.disks
            assert isinstance(disks, SimDisks)
            found += [f"disk {g} on {name}" for g in disks._root_gib if g not in live]
            found += [f"copy {key} on {name}" for key in disks._captures]
        found += self.volume_service.left(live)
        caller = self.parts.callers["network"]
        headers = {"X-Auth-Token": self.tokens.token()}
        ports = caller.request("GET", "/v2.0/ports", headers).json()["ports"]
        found += [
            f"port {port['id']} of {port['device_id']}"
            for port in ports
            if port["device_owner"].startswith("compute:")
            and port["device_id"] not in live
        ]
        rows = self.database.read(self.wiring.stores.allocations.all)
        found += [
            f"claim of {row.server_id}" for row in rows if row.server_id not in live
        ]
        return found
