"""A small cloud for the agent's tests: two networks, a router, an external network."""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from compute.network.agent.host.host import Host
from compute.network.agent.leftovers import find_leftovers, remove_leftovers
from compute.network.agent.metadata.listeners import MetadataListeners
from compute.network.agent.metadata.metadata import HOPS_DEFAULT, MetadataAnswer
from compute.network.agent.network_agent import NetworkAgent
from compute.network.agent.settings import AgentSettings
from compute.network.port_names import (
    OWNER_DHCP,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
)
from compute.network.view import (
    Direction,
    FixedAddress,
    FloatingIp,
    HostView,
    Ipv6Mode,
    Network,
    NetworkKind,
    Port,
    Router,
    RouterGateway,
    Rule,
    SecurityGroup,
    Subnet,
)
from objectstore.kernel import concurrency
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.errors import Unavailable
from objectstore.kernel.loop import Loop
from objectstore.kernel.reply import HeaderList
from test.fakes.control_plane import MemoryControlPlane
from test.functional.compute.network_agent.guests import Guest

HOST_NAME = "host-1"
SEED = 20261121
DEADLINE_SECONDS = 15.0
POLL_SECONDS = 0.1


def make_id(text: str) -> str:
    """The same id for the same word, in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, text))


def any_egress(group: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(make_id(f"{group} out {version}"), Direction.EGRESS, version)
        for version in (4, 6)
    )


def lets_in(group: str, name: str, version: int = 4, **what: object) -> Rule:
    rule = Rule(make_id(f"{group} {name}"), Direction.INGRESS, version)
    return replace(rule, **what)  # type: ignore[arg-type]


def wait_for(what: str, holds: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    try:
        with concurrency.deadline(DEADLINE_SECONDS):
            while not holds():
                concurrency.sleep(POLL_SECONDS)
    except Unavailable:
        raise AssertionError(f"in vain: {what}") from None


class EchoingSource:
    """Answers metadata questions with what the agent said of the guest."""

    def answer(
        self,
        network_id: str,
        address: str,
        method: str,
        path: str,
        headers: HeaderList,
        body: bytes,
    ) -> MetadataAnswer:
        names = ",".join(sorted(name for name, _ in headers))
        text = f"{method} {path} by {address} on {network_id} with {names}\n"
        plain = [("Content-Type", "text/plain")]
        hops = 1 if method == "PUT" else HOPS_DEFAULT
        return MetadataAnswer(200, plain, text.encode(), hops)


class Cloud:
    """View, control plane, agent and guests of one host."""

    def __init__(self) -> None:
        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        self._temporary = tempfile.TemporaryDirectory(prefix="ringstack-agent-")
        self.directory = Path(self._temporary.name)
        self.settings = AgentSettings(HOST_NAME, self.directory / "state")
        self.control = MemoryControlPlane(HostView(HOST_NAME, 0))
        self.guests: dict[str, Guest] = {}
        self.start_agent()

    # ---- agent -----------------------------------------------------------------

    def start_agent(self) -> None:
        """A new agent that knows nothing but the host and the control plane."""
        self.listeners = MetadataListeners(EchoingSource())
        self.host = Host(self.settings.state_directory, self.listeners)
        self.agent = NetworkAgent(self.settings, self.control, self.host, SystemClock())
        self.loop = Loop(self.agent)

    def kill_agent(self) -> None:
        """The process is gone: its sockets close, nothing is tidied up."""
        self.listeners.close_all()

    def settle(self) -> None:
        """Let the agent do all that there is to do; it must succeed."""
        self.agent.look_soon()
        self.loop.once()
        if not self.control.is_away:
            assert self.control.reports[-1].problem == "", self.control.reports[-1]

    def change(self, **parts: object) -> None:
        """A new revision of the view, and the agent up to date with it."""
        view = self.control.view
        self.control.view = replace(view, revision=view.revision + 1, **parts)  # type: ignore[arg-type]
        self.settle()

    # ---- things ----------------------------------------------------------------

    @property
    def view(self) -> HostView:
        return self.control.view

    def network(self, name: str) -> Network:
        (found,) = (one for one in self.view.networks if one.id == make_id(name))
        return found

    def port(self, name: str) -> Port:
        (found,) = (one for one in self.view.ports if one.id == make_id(name))
        return found

    def replace_port(self, name: str, **what: object) -> None:
        changed = replace(self.port(name), **what)  # type: ignore[arg-type]
        ports = [one for one in self.view.ports if one.id != changed.id]
        self.change(ports=(*ports, changed))

    def replace_group(self, name: str, *rules: Rule, is_stateful: bool = True) -> None:
        """The group has these rules (and lets everything out)."""
        group_id = make_id(name)
        rest = [one for one in self.view.security_groups if one.id != group_id]
        members = tuple(
            fixed.address
            for port in self.view.ports
            if group_id in port.security_groups
            for fixed in port.addresses
        )
        all_rules = (*any_egress(name), *rules)
        group = SecurityGroup(group_id, all_rules, members, is_stateful)
        self.change(security_groups=(*rest, group))

    def boot(self, name: str, *subports: str) -> Guest:
        """Plug a guest into the port of that name; its subports are guests, too."""
        found = [
            Guest(f"guest-{each}", self.port(each), self.directory)
            for each in (name, *subports)
        ]
        self.guests |= dict(zip((name, *subports), found, strict=True))
        found[0].plug_in(*found[1:])
        return found[0]

    # ---- end -------------------------------------------------------------------

    def close(self) -> None:
        """Everything goes, and nothing may be left."""
        for guest in self.guests.values():
            guest.unplug()
        self.control.view = HostView(HOST_NAME, self.view.revision + 1)
        self.settle()
        # A host with an agent keeps its rules, though they name no port any more.
        left = remove_leftovers(self.host, self.settings, None)
        assert left == [("rules", "rules of packets")], left
        left = find_leftovers(self.host, self.settings, None)
        assert not left, left
        self._temporary.cleanup()


def make_port(
    name: str,
    network: Network,
    number: int,
    owner: str = "compute:nova",
    **what: object,
) -> Port:
    """The port has address ``number`` in each of the network's subnets."""
    addresses = tuple(
        FixedAddress(subnet.id, subnet.cidr.split("/")[0][:-1] + str(number))
        if subnet.version == 4
        else FixedAddress(subnet.id, f"{subnet.cidr.split('/')[0]}{number}")
        for subnet in network.subnets
    )
    port_id = make_id(name)
    mac = "fa:16:3e:" + ":".join((port_id[0:2], port_id[2:4], port_id[4:6]))
    port = Port(port_id, network.id, mac, addresses, device_owner=owner, dns_name=name)
    return replace(port, **what)  # type: ignore[arg-type]


def make_network(name: str, number: int, mode: Ipv6Mode = Ipv6Mode.NONE) -> Network:
    """10.NUMBER.0.0/24 and, where a mode is given, fd00:NUMBER::/64."""
    prefix = f"10.{number}.0"
    subnets = [Subnet(make_id(f"{name} 4"), f"{prefix}.0/24", f"{prefix}.1")]
    if mode is not Ipv6Mode.NONE:
        cidr = f"fd00:{number}::/64"
        subnets.append(
            Subnet(
                make_id(f"{name} 6"),
                cidr,
                f"fd00:{number}::1",
                ra_mode=mode,
                address_mode=mode,
            )
        )
    return Network(make_id(name), 1450, NetworkKind.LOCAL, tuple(subnets))


def one_network(mode: Ipv6Mode = Ipv6Mode.NONE, guests: int = 2) -> HostView:
    """Network ``red`` with DHCP and guests ``red1``, ``red2`` ... in group ``web``."""
    red = make_network("red", 1, mode)
    web = make_id("web")
    members = [
        make_port(f"red{n}", red, 10 + n, security_groups=(web,))
        for n in range(1, guests + 1)
    ]
    return HostView(
        HOST_NAME,
        1,
        (red,),
        (make_port("red dhcp", red, 2, OWNER_DHCP), *members),
        (SecurityGroup(web, any_egress("web")),),
    )


def routed_networks(mode: Ipv6Mode = Ipv6Mode.NONE) -> HostView:
    """Networks ``red`` and ``blue`` with a guest each (``red1``, ``blue1``), joined by
    router ``rt``, which leads to the external network 172.24.4.0/24; the host is
    172.24.4.1 there, and 172.24.4.101 stands for ``red1``."""
    web, router = make_id("web"), make_id("rt")
    red, blue = make_network("red", 1, mode), make_network("blue", 2, mode)
    outer = Network(
        make_id("outer"),
        1500,
        NetworkKind.EXTERNAL,
        (Subnet(make_id("outer 4"), "172.24.4.0/24", "172.24.4.1", dhcp=False),),
        host_addresses=("172.24.4.1/24",),
        masquerade=True,
    )
    ports = [
        make_port("gw", outer, 2, OWNER_ROUTER_GATEWAY, device_id=router),
        make_port("red rt", red, 1, OWNER_ROUTER_INTERFACE, device_id=router),
        make_port("blue rt", blue, 1, OWNER_ROUTER_INTERFACE, device_id=router),
        make_port("red dhcp", red, 2, OWNER_DHCP),
        make_port("blue dhcp", blue, 2, OWNER_DHCP),
        make_port("red1", red, 11, security_groups=(web,)),
        make_port("blue1", blue, 11, security_groups=(web,)),
    ]
    return HostView(
        HOST_NAME,
        1,
        (red, blue, outer),
        tuple(ports),
        (SecurityGroup(web, any_egress("web")),),
        (
            Router(
                router,
                gateway=RouterGateway(make_id("gw")),
                interfaces=(make_id("red rt"), make_id("blue rt")),
            ),
        ),
        (FloatingIp(make_id("fip"), router, "172.24.4.101", "10.1.0.11"),),
    )
