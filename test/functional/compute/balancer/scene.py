"""The network room, the load balancer room, both agents, and guests with servers.

One host in namespaces of its own: bridges, taps, haproxy and HTTP servers are real.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any

from compute.balancer.agent.processes import HaproxyProcesses, Process
from compute.balancer.agent.service import BalancerAgentService, missing_requirements
from compute.balancer.agent.settings import BalancerAgentSettings
from compute.instance.client import InstanceClient
from compute.network.agent.service import NetworkAgentService
from compute.network.agent.settings import NetworkAgentSettings
from compute.network.client import NewPort
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.network_agent.from_the_api import instances
from test.functional.compute.network_agent.guests import Guest, run
from test.unit.compute.balancer.house import House
from test.unit.compute.network.house import HOST, OWNER

HERE = Path(__file__).parent
PORT = 8000


class Scene:
    """``web`` guests with servers, and a client on the same network."""

    def __init__(self, *servers: str) -> None:
        logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
        assert missing_requirements(BalancerAgentSettings()) == []
        self._temporary = tempfile.TemporaryDirectory(prefix="ringstack-balancer-")
        self.directory = Path(self._temporary.name)
        # Not for our eyes only: processes that are not root pass through.
        self.directory.chmod(0o755)
        self.house = House(self.directory)
        self.networks = NetworkAgentService(
            HOST,
            self.directory / "network-agent",
            NetworkAgentSettings(metadata=False),
            network=self.house.network.client,
            instances=InstanceClient(InProcessCaller(instances), self.house.tokens),
            bus=self.house.bus,
            clock=SystemClock(),
        )
        self.networks.start()
        self.start_agent()
        self.house.loop.start()
        self._open_guests()
        self.guests: dict[str, Guest] = {}
        for name in (*servers, "client"):
            self.guests[name] = self._boot(name)
        for name in servers:
            self._serve(name)
        wait_for("a host", lambda: self.house.network.list("agent", roles="admin"))

    # ---- agent -------------------------------------------------------------------

    def start_agent(self) -> None:
        self.agent = BalancerAgentService(
            HOST,
            self.directory / "balancer-agent",
            BalancerAgentSettings(look=0.3),  # type: ignore[arg-type]
            client=self.house.client,
            bus=self.house.bus,
            clock=SystemClock(),
        )
        self.agent.start()

    def processes(self, balancer: Any) -> list[Process]:
        """The load balancer's haproxy processes, the youngest first."""
        found = HaproxyProcesses(self.directory / "balancer-agent", "x", "x").seen()
        return found.get(balancer["id"], [])

    # ---- guests ------------------------------------------------------------------

    def _open_guests(self) -> None:
        """Guests let everybody in; what a load balancer lets in is its own affair."""
        network = self.house.network
        (group,) = network.list("security_group")
        network.make(
            "security_group_rule",
            security_group_id=group["id"],
            direction="ingress",
            ethertype="IPv4",
        )

    def _boot(self, name: str) -> Guest:
        house = self.house.network
        new = NewPort(self.house.net["id"], device_id=name, host=HOST, dns_name=name)
        (port,) = house.client.create_ports(OWNER, [new])
        wait_for(
            f"the port of {name}",
            lambda: house.show("port", port.id)["status"] == "ACTIVE",
        )
        (seen,) = (one for one in house.view().ports if one.id == port.id)
        guest = Guest(f"guest-{name}", seen, self.directory)
        guest.plug_in()
        guest.run("ip", "address", "add", f"{port.addresses[0]}/24", "dev", "eth0")
        return guest

    def address(self, name: str) -> str:
        return self.guests[name].port.addresses[0].address

    def _serve(self, name: str) -> None:
        words = [str(HERE / "backend.py"), str(PORT), name, str(self.sick_file(name))]
        process = self.guests[name].start(sys.executable, *words)
        assert process.stdout is not None
        line = concurrency.offload(process.stdout.readline)
        assert line == b"open\n", line

    def sick_file(self, name: str) -> Path:
        return self.directory / f"{name}.sick"

    # ---- the client ----------------------------------------------------------------

    def curl(self, url: str, *options: str) -> str:
        """What the client gets; "" when nobody answers."""
        words = ["curl", "-s", "-m", "5", *options, url]
        return self.guests["client"].run(*words, check=False)

    def get(self, balancer: Any, path: str = "/", *options: str, port: int = 80) -> Any:
        """The server's answer."""
        url = f"http://{balancer['vip_address']}:{port}{path}"
        return json.loads(self.curl(url, *options))

    def names(self, balancer: Any, count: int, *options: str) -> list[str]:
        """Which servers answered so many requests, one after the other."""
        url = f"http://{balancer['vip_address']}/"
        # One process, a connection for each: as fast as curl can.
        text = self.curl(
            f"{url}?[1-{count}]", "-H", "Connection: close", "-w", "\n", *options
        )
        return [
            json.loads(line)["name"] for line in text.splitlines() if line[:1] == "{"
        ]

    def status(self, balancer: Any, path: str, *options: str) -> str:
        """The code, and where it leads."""
        what = ("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")
        url = f"http://{balancer['vip_address']}{path}"
        return self.curl(url, *what, *options).strip()

    # ---- the API --------------------------------------------------------------------

    def make(self, path: str, key: str, /, **fields: Any) -> Any:
        """Make one and wait until it has come true."""
        made = self.house.ok("POST", f"/{path}", {key: fields})[key]
        self.settled()
        return made

    def change(self, path: str, key: str, /, **fields: Any) -> None:
        self.house.ok("PUT", f"/{path}", {key: fields})
        self.settled()

    def delete(self, path: str, **query: Any) -> None:
        self.house.ok("DELETE", f"/{path}", **query)
        self.settled()

    def settled(self) -> None:
        """Nothing is pending."""

        def is_so() -> bool:
            found = self.house.ok("GET", "/loadbalancers")["loadbalancers"]
            statuses = {each["provisioning_status"] for each in found}
            assert "ERROR" not in statuses, found
            return statuses <= {"ACTIVE"}

        wait_for("ACTIVE", is_so)

    def balancer(self, *members: str, **pool: Any) -> tuple[Any, Any, Any]:
        """Load balancer, listener and pool with these guests as members."""
        given = {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN", **pool}
        given["members"] = [self.member(name) for name in members]
        listener = {"protocol": "HTTP", "protocol_port": 80, "default_pool": given}
        balancer = self.make(
            "loadbalancers",
            "loadbalancer",
            vip_subnet_id=self.house.subnet["id"],
            listeners=[listener],
        )
        (listener,) = self.house.ok("GET", "/listeners")["listeners"]
        (made,) = self.house.ok("GET", "/pools")["pools"]
        return balancer, listener, made

    def member(self, name: str, **fields: Any) -> dict[str, Any]:
        place = {"address": self.address(name), "protocol_port": PORT}
        return {"name": name, **place, **fields}

    def operating(self, pool: Any) -> dict[str, str]:
        """How each member fares."""
        found = self.house.ok("GET", f"/pools/{pool['id']}/members")["members"]
        return {each["name"]: each["operating_status"] for each in found}

    # ---- end ------------------------------------------------------------------------

    def clear(self) -> None:
        """All load balancers go."""
        for each in self.house.ok("GET", "/loadbalancers")["loadbalancers"]:
            self.house.ok("DELETE", f"/loadbalancers/{each['id']}", cascade="true")
        wait_for(
            "no load balancers",
            lambda: not self.house.ok("GET", "/loadbalancers")["loadbalancers"],
        )

    def close(self) -> None:
        """Everything goes, and nothing may be left."""
        self.clear()
        wait_for("no haproxy", lambda: not _haproxies())
        wait_for("no namespaces", lambda: "rs-lb-" not in run("ip", "netns"))
        self.agent.stop()
        self.house.loop.stop()
        for guest in self.guests.values():
            guest.unplug()
        self.networks.stop()
        self.house.close()
        self._temporary.cleanup()


def _haproxies() -> list[str]:
    """In this process namespace: all are ours."""
    found = run("ps", "-eo", "args", check=False).splitlines()
    return [line for line in found if line.startswith("haproxy")]
