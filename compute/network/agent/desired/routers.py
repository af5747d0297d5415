"""What a router should have on a host: a namespace with its veths, routes and rules."""

from __future__ import annotations

from compute.network.agent.desired.dhcp import router_dnsmasq
from compute.network.agent.desired.parts import DEFAULT_ROUTES, Parts, has_address
from compute.network.agent.desired.routing import ROUTER_SYSCTLS, router_rules
from compute.network.agent.model import Namespace, Route
from compute.network.agent.names import (
    gateway_device,
    inner_device,
    router_device,
    router_namespace,
)
from compute.network.agent.rules.conntrack_helpers import helper_text
from compute.network.agent.rules.forwarding import forward_map
from compute.network.agent.rules.meters import meter_text
from compute.network.agent.rules.paces import outer_paces
from compute.network.agent.rules.scopes import Side, keeps_address, scope_rules
from compute.network.agent.rules.subnets import Gate
from compute.network.view import Network, Port, Router


def add_router(parts: Parts, router: Router) -> None:
    """Its namespace, veths, routes and rules."""
    name = router_namespace(router.id)
    inside: list[str] = []
    connected: list[tuple[Port, Network]] = []
    for port in parts.interfaces(router):
        network = parts.networks[port.network_id]
        parts.add_veth(port, network, name, router_device(port.id))
        connected.append((port, network))
        inside += [
            subnet.cidr for subnet in network.subnets if has_address(port, subnet.id)
        ]
    floating = {
        floating.address: floating.fixed_address
        for floating in parts.view.floating_ips
        if floating.router_id == router.id
    }
    interfaces = {each.address for port, _ in connected for each in port.addresses}
    stands_in = sorted(out for out, fixed in floating.items() if fixed in interfaces)
    routes = {Route(route.destination, route.nexthop) for route in router.routes}
    forwardings = [
        each for each in parts.view.port_forwardings if each.router_id == router.id
    ]
    forwarded = forward_map(forwardings)
    outside = sorted({*floating, *(each.address for each in forwardings)})
    own = _add_gateway(parts, router, name, outside, routes)
    has_snat = router.gateway is not None and router.gateway.snat
    inner, outer = _sides(parts, router, connected, 4)
    parts.namespaces[name] = Namespace(
        name,
        loopback=parts.metadata_addresses(),
        routes=frozenset(routes),
        sysctls=ROUTER_SYSCTLS,
        rules=router_rules(
            floating,
            forwarded,
            own,
            inside,
            snat=has_snat,
            stand_in=stands_in[0] if stands_in else "",
            helpers=helper_text(router.helpers, parts.settings.helpers),
            keeping=[
                prefix
                for side in inner
                if keeps_address(side, outer)
                for prefix in side.prefixes
            ],
            scoped=scope_rules(
                inner,
                outer,
                translated=floating.values(),
                snat=has_snat,
                lends=bool(stands_in),
            ),
            scoped6=scope_rules(*_sides(parts, router, connected, 6)),
            gates=_gates(connected, 4),
            gates6=_gates(connected, 6),
            meters=meter_text(router.meters),
            beside=outer_paces(
                [
                    each
                    for each in parts.view.floating_qualities
                    if each.router_id == router.id
                ]
            ),
        ),
        floating=floating,
        forwarded=forwarded,
    )
    advertising = router_dnsmasq(name, connected)
    if advertising is not None:
        parts.processes[name] = advertising
    parts.listen(name, [network for _, network in connected])


def _sides(
    parts: Parts, router: Router, connected: list[tuple[Port, Network]], version: int
) -> tuple[list[Side], Side | None]:
    """The interfaces that have a subnet of that version, and the gateway if it has."""
    inner = [
        side
        for port, network in connected
        if (side := _side(inner_device(port.id), port, network, version))
    ]
    gateway = router.gateway
    port = parts.ports.get(gateway.port_id) if gateway else None
    if port is None:
        return inner, None
    network = parts.networks[port.network_id]
    return inner, _side(gateway_device(port.id), port, network, version)


def _gates(connected: list[tuple[Port, Network]], version: int) -> list[Gate]:
    """The ways to subnets that have packet rules."""
    found = []
    for port, network in connected:
        mine = [
            subnet
            for subnet in network.subnets
            if subnet.version == version and has_address(port, subnet.id)
        ]
        found += [
            Gate(
                inner_device(port.id),
                subnet.cidr if len(mine) > 1 else "",
                subnet.packet_rules,
            )
            for subnet in mine
            if subnet.packet_rules is not None
        ]
    return found


def _side(device: str, port: Port, network: Network, version: int) -> Side | None:
    mine = [
        subnet
        for subnet in network.subnets
        if subnet.version == version and has_address(port, subnet.id)
    ]
    if not mine:
        return None
    return Side(device, tuple(subnet.cidr for subnet in mine), mine[0].scope)


def _add_gateway(
    parts: Parts,
    router: Router,
    namespace: str,
    floating: list[str],
    routes: set[Route],
) -> str:
    """The way out, if there is one; the router's own IPv4 address there."""
    gateway = router.gateway
    port = parts.ports.get(gateway.port_id) if gateway else None
    if port is None:
        return ""
    network = parts.networks[port.network_id]
    outer = router_device(port.id)
    parts.add_veth(port, network, namespace, outer, gateway_device(port.id))
    parts.add_inner_addresses(outer, [f"{address}/32" for address in floating])
    destinations = {route.destination for route in routes}
    for subnet in network.subnets:
        default = DEFAULT_ROUTES[subnet.version]
        leads_out = subnet.gateway and has_address(port, subnet.id)
        if leads_out and default not in destinations:
            routes.add(Route(default, subnet.gateway))
            destinations.add(default)
    own = [fixed.address for fixed in port.addresses if ":" not in fixed.address]
    return own[0] if own else ""
