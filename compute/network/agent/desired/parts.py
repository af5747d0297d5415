"""The parts of what should be on a host, as they are collected from a view.

A port that is nobody's tap is a veth: its outer end on the network's bridge, its inner
one in the namespace of a service.  Networks' and routers' parts are both made of these.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from compute.network.agent.metadata_address import LINK_LOCAL, METADATA_PREFIX
from compute.network.agent.model import (
    Dnsmasq,
    InnerLink,
    Link,
    LinkKind,
    Listener,
    Namespace,
)
from compute.network.agent.names import bridge_name, inner_device, port_alias
from compute.network.agent.settings import AgentSettings
from compute.network.agent.vlans.turns import VlanTurn
from compute.network.view import HostView, Network, Port, Router

DEFAULT_ROUTES = {4: "0.0.0.0/0", 6: "::/0"}


class Parts:
    """Collects what the parts of a view ask for.  What the view says of things that
    it does not hold (a port of an unknown network) is left out."""

    def __init__(
        self, view: HostView, settings: AgentSettings, zones: Mapping[str, int]
    ) -> None:
        self.view = view
        self.settings = settings
        self.zones = zones
        self.networks = {network.id: network for network in view.networks}
        self.ports = {
            port.id: port for port in view.ports if port.network_id in self.networks
        }
        self.links: dict[str, Link] = {}
        self.namespaces: dict[str, Namespace] = {}
        self.processes: dict[str, Dnsmasq] = {}
        self.listeners: dict[str, Listener] = {}
        self.turns: dict[str, VlanTurn] = {}

    def add_veth(
        self, port: Port, network: Network, namespace: str, outer: str, inner: str = ""
    ) -> None:
        """A port by a veth that leads into the namespace."""
        self.links[outer] = Link(
            outer,
            LinkKind.VETH,
            port_alias(port.id),
            network.mtu,
            bridge=bridge_name(network.id),
            inner=InnerLink(
                inner or inner_device(port.id),
                port.mac,
                network.mtu,
                frozenset(_with_lengths(port, network)),
            ),
            inner_namespace=namespace,
        )

    def add_inner_addresses(self, outer: str, addresses: Iterable[str]) -> None:
        """More addresses for the inner end of a veth."""
        link = self.links[outer]
        assert link.inner is not None
        wanted = link.inner.addresses.union(addresses)
        self.links[outer] = replace(link, inner=replace(link.inner, addresses=wanted))

    def interfaces(self, router: Router) -> list[Port]:
        """The router's ports on this host's networks."""
        return [self.ports[key] for key in router.interfaces if key in self.ports]

    def metadata_addresses(self) -> frozenset[str]:
        """What the loopback of a service's namespace has for the metadata service."""
        return frozenset({METADATA_PREFIX} if self.settings.metadata else ())

    def listen(self, namespace: str, networks: list[Network], device: str = "") -> None:
        """Let the metadata service hear the guests of these networks.

        ``device``: at whose link guests of the (one) network ask by IPv6.
        """
        pairs = {
            (subnet.cidr, network.id)
            for network in networks
            for subnet in network.subnets
            if subnet.version == 4
        }
        if device:
            pairs |= {(LINK_LOCAL, network.id) for network in networks}
        if self.settings.metadata and pairs:
            listener = Listener(namespace, tuple(sorted(pairs)), device)
            self.listeners[namespace] = listener


def has_address(port: Port, subnet_id: str) -> bool:
    """Whether the port has an address of that subnet."""
    return any(fixed.subnet_id == subnet_id for fixed in port.addresses)


def _with_lengths(port: Port, network: Network) -> Iterator[str]:
    """The port's addresses with the prefix lengths of their subnets."""
    lengths = {subnet.id: subnet.prefix_length for subnet in network.subnets}
    for fixed in port.addresses:
        if fixed.subnet_id in lengths:
            address = ipaddress.ip_address(fixed.address)
            yield f"{address}/{lengths[fixed.subnet_id]}"
