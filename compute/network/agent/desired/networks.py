"""What a network should have on a host: its bridge, the way to other hosts, its DHCP
service, and the taps of its guests."""

from __future__ import annotations

from compute.network.agent.desired.dhcp import network_dnsmasq
from compute.network.agent.desired.encryption import inside_address, reachable
from compute.network.agent.desired.parts import DEFAULT_ROUTES, Parts, has_address
from compute.network.agent.metadata_address import METADATA6_PREFIX
from compute.network.agent.model import (
    EVERYBODY,
    Forward,
    Link,
    LinkKind,
    Namespace,
    Route,
)
from compute.network.agent.names import (
    bridge_alias,
    bridge_mac,
    bridge_name,
    dhcp_device,
    dhcp_namespace,
    inner_device,
    port_alias,
    tunnel_alias,
    tunnel_device,
    wireguard_device,
)
from compute.network.port_names import OWNER_DHCP, tap_name
from compute.network.view import Network, Port


def add_network(parts: Parts, network: Network) -> None:
    """Its bridge, and its DHCP service where it has a port for that."""
    name = bridge_name(network.id)
    parts.links[name] = Link(
        name,
        LinkKind.BRIDGE,
        bridge_alias(network.id, parts.zones[network.id]),
        network.mtu,
        is_up=network.admin_up,
        mac=bridge_mac(network.id),
        addresses=frozenset(network.host_addresses),
    )
    if network.remotes and parts.settings.tunnel_address:
        _add_tunnels(parts, network)
    ports = [port for port in parts.ports.values() if port.network_id == network.id]
    services = sorted(
        (port for port in ports if port.device_owner == OWNER_DHCP),
        key=lambda port: port.id,
    )
    if services and any(subnet.dhcp for subnet in network.subnets):
        _add_dhcp(parts, network, services[0], ports)


def _add_tunnels(parts: Parts, network: Network) -> None:
    """The way to the other hosts that have the network."""
    name = tunnel_device(network.id)
    own_key = parts.settings.tunnel_key
    if not parts.view.encrypts_tunnels:
        local, through = parts.settings.tunnel_address, ""
        ends = {remote.address: remote for remote in network.remotes}
    elif own_key:
        local, through = inside_address(own_key), wireguard_device(own_key)
        ends = {
            inside_address(remote.key): remote
            for remote in reachable(network.remotes, own_key)
        }
    else:
        return
    forwards = {
        Forward(mac, address)
        for address, remote in ends.items()
        for mac in (EVERYBODY, *remote.macs)
    }
    parts.links[name] = Link(
        name,
        LinkKind.TUNNEL,
        tunnel_alias(network.id),
        network.mtu,
        is_up=network.admin_up,
        bridge=bridge_name(network.id),
        segment=network.segment,
        local=local,
        through=through,
        forwards=frozenset(forwards),
    )


def _add_dhcp(parts: Parts, network: Network, service: Port, ports: list[Port]) -> None:
    name = dhcp_namespace(network.id)
    routed = frozenset(
        fixed.subnet_id
        for router in parts.view.routers
        for port in parts.interfaces(router)
        for fixed in port.addresses
    )
    outer = dhcp_device(service.id)
    parts.add_veth(service, network, name, outer)
    answers = parts.settings.metadata and any(
        subnet.version == 6 for subnet in network.subnets
    )
    if answers:
        parts.add_inner_addresses(outer, [METADATA6_PREFIX])
    gateways = [
        subnet.gateway
        for subnet in network.subnets
        if subnet.version == 4 and subnet.gateway and has_address(service, subnet.id)
    ]
    parts.namespaces[name] = Namespace(
        name,
        loopback=parts.metadata_addresses(),
        # The resolver's way to those that it asks.
        routes=frozenset(Route(DEFAULT_ROUTES[4], one) for one in gateways[:1]),
    )
    parts.processes[name] = network_dnsmasq(
        network,
        service,
        ports,
        routed,
        parts.settings.lease_seconds,
        parts.settings.resolvers,
    )
    parts.listen(name, [network], inner_device(service.id) if answers else "")


def add_tap(parts: Parts, port: Port) -> None:
    """The tap of a guest's port."""
    name = tap_name(port.id)
    parts.links[name] = Link(
        name,
        LinkKind.TAP,
        port_alias(port.id),
        parts.networks[port.network_id].mtu,
        is_up=port.admin_up,
        bridge=bridge_name(port.network_id),
    )
