"""From a view to what should be on the host: pure, and the same for the same view.

Subjects have a function each: bridges, taps, DHCP services, routers.  What a view
says of things that it does not hold (a port of an unknown network) is left out; the
rest of the host must not suffer for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from compute.network.agent.dhcp import network_dnsmasq, router_dnsmasq
from compute.network.agent.flows import port_flows
from compute.network.agent.forwarding import forward_map
from compute.network.agent.host_rules import host_rules
from compute.network.agent.metadata_address import (
    LINK_LOCAL,
    METADATA6_PREFIX,
    METADATA_PREFIX,
)
from compute.network.agent.model import (
    EVERYBODY,
    Desired,
    Dnsmasq,
    Forward,
    InnerLink,
    Link,
    LinkKind,
    Listener,
    Namespace,
    Route,
)
from compute.network.agent.names import (
    bridge_alias,
    bridge_mac,
    bridge_name,
    dhcp_device,
    dhcp_namespace,
    gateway_device,
    inner_device,
    port_alias,
    router_device,
    router_namespace,
    tunnel_alias,
    tunnel_device,
)
from compute.network.agent.routing import ROUTER_SYSCTLS, router_rules
from compute.network.agent.settings import AgentSettings
from compute.network.view import (
    OWNER_DHCP,
    HostView,
    Network,
    NetworkKind,
    Port,
    Router,
    tap_name,
)

# Bridged packets must pass the ip hooks, or no connection would be tracked.
BRIDGE_SYSCTLS = (
    ("net/bridge/bridge-nf-call-iptables", "1"),
    ("net/bridge/bridge-nf-call-ip6tables", "1"),
)
DEFAULT_ROUTES = {4: "0.0.0.0/0", 6: "::/0"}


class _Builder:
    """Collects what the parts of a view ask for."""

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

    # ---- networks ------------------------------------------------------------

    def add_network(self, network: Network) -> None:
        """Its bridge, and its DHCP service where it has a port for that."""
        name = bridge_name(network.id)
        self.links[name] = Link(
            name,
            LinkKind.BRIDGE,
            bridge_alias(network.id, self.zones[network.id]),
            network.mtu,
            is_up=network.admin_up,
            mac=bridge_mac(network.id),
            addresses=frozenset(network.host_addresses),
        )
        if network.remotes and self.settings.tunnel_address:
            self._add_tunnels(network)
        ports = [port for port in self.ports.values() if port.network_id == network.id]
        services = sorted(
            (port for port in ports if port.device_owner == OWNER_DHCP),
            key=lambda port: port.id,
        )
        if services and any(subnet.dhcp for subnet in network.subnets):
            self._add_dhcp(network, services[0], ports)

    def _add_tunnels(self, network: Network) -> None:
        """The way to the other hosts that have the network."""
        name = tunnel_device(network.id)
        forwards = {
            Forward(mac, remote.address)
            for remote in network.remotes
            for mac in (EVERYBODY, *remote.macs)
        }
        self.links[name] = Link(
            name,
            LinkKind.TUNNEL,
            tunnel_alias(network.id),
            network.mtu,
            is_up=network.admin_up,
            bridge=bridge_name(network.id),
            segment=network.segment,
            local=self.settings.tunnel_address,
            forwards=frozenset(forwards),
        )

    def _add_dhcp(self, network: Network, service: Port, ports: list[Port]) -> None:
        name = dhcp_namespace(network.id)
        routed = frozenset(
            fixed.subnet_id
            for router in self.view.routers
            for port in self._interfaces(router)
            for fixed in port.addresses
        )
        outer = dhcp_device(service.id)
        self._add_veth(service, network, name, outer)
        answers = self.settings.metadata and any(
            subnet.version == 6 for subnet in network.subnets
        )
        if answers:
            self._add_inner_addresses(outer, [METADATA6_PREFIX])
        gateways = [
            subnet.gateway
            for subnet in network.subnets
            if subnet.version == 4
            and subnet.gateway
            and _has_address(service, subnet.id)
        ]
        self.namespaces[name] = Namespace(
            name,
            loopback=self._metadata_addresses(),
            # The resolver's way to those that it asks.
            routes=frozenset(Route(DEFAULT_ROUTES[4], one) for one in gateways[:1]),
        )
        self.processes[name] = network_dnsmasq(
            network,
            service,
            ports,
            routed,
            self.settings.lease_seconds,
            self.settings.resolvers,
        )
        self._listen(name, [network], inner_device(service.id) if answers else "")

    # ---- ports ---------------------------------------------------------------

    def add_tap(self, port: Port) -> None:
        """The tap of a guest's port."""
        name = tap_name(port.id)
        self.links[name] = Link(
            name,
            LinkKind.TAP,
            port_alias(port.id),
            self.networks[port.network_id].mtu,
            is_up=port.admin_up,
            bridge=bridge_name(port.network_id),
        )

    def _add_veth(
        self, port: Port, network: Network, namespace: str, outer: str, inner: str = ""
    ) -> None:
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

    def _add_inner_addresses(self, outer: str, addresses: Iterable[str]) -> None:
        """More addresses for the inner end of a veth."""
        link = self.links[outer]
        assert link.inner is not None
        wanted = link.inner.addresses.union(addresses)
        self.links[outer] = replace(link, inner=replace(link.inner, addresses=wanted))

    # ---- routers -------------------------------------------------------------

    def _interfaces(self, router: Router) -> list[Port]:
        return [self.ports[key] for key in router.interfaces if key in self.ports]

    def add_router(self, router: Router) -> None:
        """Its namespace, veths, routes and rules."""
        name = router_namespace(router.id)
        inside: list[str] = []
        connected: list[tuple[Port, Network]] = []
        for port in self._interfaces(router):
            network = self.networks[port.network_id]
            self._add_veth(port, network, name, router_device(port.id))
            connected.append((port, network))
            inside += [
                subnet.cidr
                for subnet in network.subnets
                if _has_address(port, subnet.id)
            ]
        floating = {
            floating.address: floating.fixed_address
            for floating in self.view.floating_ips
            if floating.router_id == router.id
        }
        routes = {Route(route.destination, route.nexthop) for route in router.routes}
        forwardings = [
            each for each in self.view.port_forwardings if each.router_id == router.id
        ]
        forwarded = forward_map(forwardings)
        outside = sorted({*floating, *(each.address for each in forwardings)})
        own = self._add_gateway(router, name, outside, routes)
        has_snat = router.gateway is not None and router.gateway.snat
        self.namespaces[name] = Namespace(
            name,
            loopback=self._metadata_addresses(),
            routes=frozenset(routes),
            sysctls=ROUTER_SYSCTLS,
            rules=router_rules(floating, forwarded, own, inside, snat=has_snat),
            floating=floating,
            forwarded=forwarded,
        )
        advertising = router_dnsmasq(name, connected)
        if advertising is not None:
            self.processes[name] = advertising
        self._listen(name, [network for _, network in connected])

    def _add_gateway(
        self, router: Router, namespace: str, floating: list[str], routes: set[Route]
    ) -> str:
        """The way out, if there is one; the router's own IPv4 address there."""
        gateway = router.gateway
        port = self.ports.get(gateway.port_id) if gateway else None
        if port is None:
            return ""
        network = self.networks[port.network_id]
        outer = router_device(port.id)
        self._add_veth(port, network, namespace, outer, gateway_device(port.id))
        self._add_inner_addresses(outer, [f"{address}/32" for address in floating])
        destinations = {route.destination for route in routes}
        for subnet in network.subnets:
            default = DEFAULT_ROUTES[subnet.version]
            leads_out = subnet.gateway and _has_address(port, subnet.id)
            if leads_out and default not in destinations:
                routes.add(Route(default, subnet.gateway))
                destinations.add(default)
        own = [fixed.address for fixed in port.addresses if ":" not in fixed.address]
        return own[0] if own else ""

    # ---- metadata ------------------------------------------------------------

    def _metadata_addresses(self) -> frozenset[str]:
        return frozenset({METADATA_PREFIX} if self.settings.metadata else ())

    def _listen(
        self, namespace: str, networks: list[Network], device: str = ""
    ) -> None:
        """``device``: at whose link guests of the (one) network ask by IPv6."""
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


def desired_state(
    view: HostView, settings: AgentSettings, zones: Mapping[str, int]
) -> Desired:
    """What should be on the host.  ``zones``: see ``host_rules.assign_zones``."""
    builder = _Builder(view, settings, zones)
    for network in view.networks:
        builder.add_network(network)
    for port in builder.ports.values():
        if port.is_guest:
            builder.add_tap(port)
    for router in view.routers:
        if router.admin_up:
            builder.add_router(router)
    forwards = any(network.masquerade for network in view.networks)
    return Desired(
        links=builder.links,
        uplinks=dict(_uplinks(view, settings)),
        namespaces=builder.namespaces,
        processes=builder.processes,
        listeners=builder.listeners,
        rules=host_rules(view, zones),
        sysctls=BRIDGE_SYSCTLS + ((("net/ipv4/ip_forward", "1"),) if forwards else ()),
        flows=port_flows(view, zones),
    )


def _uplinks(view: HostView, settings: AgentSettings) -> Iterator[tuple[str, str]]:
    for network in view.networks:
        uplink = settings.uplinks.get(network.physical_network)
        if network.kind is NetworkKind.FLAT and uplink:
            yield uplink, bridge_name(network.id)


def _has_address(port: Port, subnet_id: str) -> bool:
    return any(fixed.subnet_id == subnet_id for fixed in port.addresses)


def _with_lengths(port: Port, network: Network) -> Iterator[str]:
    """The port's addresses with the prefix lengths of their subnets."""
    lengths = {subnet.id: subnet.prefix_length for subnet in network.subnets}
    for fixed in port.addresses:
        if fixed.subnet_id in lengths:
            address = ipaddress.ip_address(fixed.address)
            yield f"{address}/{lengths[fixed.subnet_id]}"
