"""Writes a host's view: reads all that one host needs to know.

What is read is bounded by the host: its ports, their networks, groups and routers.
What is from elsewhere (names, other hosts' ports, members of groups) is a part that
hosts have in common, and comes from ``Parts``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from compute.network import tables, view
from compute.network.frame.subjects import (
    EVERYTHING,
    members_of,
    names_of,
    of_host,
    of_network,
    of_policy,
    rules_of,
)
from compute.network.frame.work import Work
from compute.network.hosts.parts import Parts
from compute.network.hosts.view_groups import security_groups
from compute.network.hosts.view_names import names_on
from compute.network.hosts.view_remotes import remotes_of
from compute.network.hosts.view_routers import told_routers, told_routes
from compute.network.hosts.view_speeds import floating_qualities, limits_outside
from compute.network.links.addressing import addresses_of
from compute.network.links.bindings import bound_to
from compute.network.links.network_wires import FLAT
from compute.network.links.networks import subnets_of
from compute.network.links.scopes import scopes_of
from compute.network.links.segments import segments_of
from compute.network.links.translations import forwardings_of
from compute.network.model import (
    FixedAddress,
    FloatingIp,
    Network,
    Port,
    Router,
    Subnet,
)
from compute.network.port_names import OWNER_DHCP
from compute.network.qos.qualities import policy_of, qualities
from compute.network.quality import Quality
from compute.network.security.membership import groups_of_ports
from compute.network.security.packet_rules import told
from compute.network.trunks.members import places_of


@dataclass(frozen=True, slots=True)
class Written:
    """A view, and the subjects that it was made of: it stays as it is until one of
    these changes."""

    view: view.HostView
    subjects: frozenset[str]


def write_view(work: Work, host: str, parts: Parts) -> Written:
    """The view as of now; without a revision, which is its subjects'."""
    coming = bound_to(work, host)
    here = sa.or_(tables.ports.c.host == host, tables.ports.c.id.in_(coming))
    ports = work.records(Port, tables.ports, here)
    identifiers = [port.id for port in ports]
    addresses = addresses_of(work, identifiers)
    groups = groups_of_ports(work, identifiers)
    routers = work.records(Router, tables.routers, tables.routers.c.host == host)
    networks = _networks_of(work, ports)
    policies = {port.id: policy_of(port, networks) for port in ports}
    wanted = qualities(work, policies.values())
    places = places_of(work, identifiers)
    floating = _floating_ips_of(work, routers)
    limits = limits_outside(work, routers, floating)
    local = {each for held in groups.values() for each in held}
    security = security_groups(work, local, parts)
    found = view.HostView(
        host=host,
        revision=0,
        networks=_networks(work, networks, ports, host, parts),
        ports=tuple(
            dataclasses.replace(
                _port(port, addresses.get(port.id, ()), groups.get(port.id, ())),
                quality=wanted.get(policies[port.id], Quality()),
                **_place(places.get(port.id)),
            )
            for port in ports
        ),
        security_groups=security,
        routers=told_routers(work, routers, ports),
        floating_ips=_floating_ips(floating),
        port_forwardings=_port_forwardings(work, floating),
        floating_qualities=floating_qualities(work, limits),
        encrypts_tunnels=work.settings.encrypt_tunnels,
    )
    outside = {each.external_network_id for each in floating}
    looked_at = {EVERYTHING, of_host(host)}
    looked_at.update(of_network(each) for each in networks.keys() | outside)
    looked_at.update(names_of(networks[each].project_id) for each in _served(ports))
    looked_at.update(rules_of(each) for each in local)
    looked_at.update(
        members_of(rule.remote_group)
        for group in security
        for rule in group.rules
        if rule.remote_group
    )
    kept = {*policies.values(), *(limit.policy_id for limit in limits)}
    looked_at.update(of_policy(each) for each in kept if each)
    return Written(found, frozenset(looked_at))


def _place(place: tuple[str, int] | None) -> dict[str, Any]:
    """Of a subport."""
    return {} if place is None else {"trunk_port_id": place[0], "vlan": place[1]}


def _networks_of(work: Work, ports: Sequence[Port]) -> dict[str, Network]:
    wanted = sorted({port.network_id for port in ports})
    found = work.records(Network, tables.networks, tables.networks.c.id.in_(wanted))
    return {each.id: each for each in found}


def _networks(
    work: Work,
    found: Mapping[str, Network],
    ports: Sequence[Port],
    host: str,
    parts: Parts,
) -> tuple[view.Network, ...]:
    wanted = sorted(found)
    subnets: dict[str, list[view.Subnet]] = {}
    rows = subnets_of(work, wanted)
    scopes = scopes_of(work, rows)
    for row in rows:
        subnet = _subnet(row, scopes.get(row.id, ""))
        subnets.setdefault(row.network_id, []).append(subnet)
    remotes = remotes_of(work, wanted, host, parts)
    numbers = segments_of(work, list(remotes))
    names = names_on(work, found, _served(ports), parts)
    return tuple(
        dataclasses.replace(
            _network(work, each, subnets.get(each.id, [])),
            segment=numbers.get(each.id, 0),
            remotes=remotes[each.id] if each.id in numbers else (),
            names=names.get(each.id, ()),
        )
        for each in found.values()
    )


def _served(ports: Sequence[Port]) -> set[str]:
    """The networks whose resolver is here."""
    return {port.network_id for port in ports if port.device_owner == OWNER_DHCP}


def _network(work: Work, network: Network, subnets: list[view.Subnet]) -> view.Network:
    kind = view.NetworkKind.LOCAL
    host_addresses: tuple[str, ...] = ()
    if network.network_type == FLAT:
        kind = view.NetworkKind.FLAT
    elif network.external:
        kind = view.NetworkKind.EXTERNAL
        host_addresses = tuple(
            f"{each.gateway}/{each.prefix_length}" for each in subnets if each.gateway
        )
    return view.Network(
        id=network.id,
        mtu=network.mtu,
        kind=kind,
        subnets=tuple(subnets),
        admin_up=network.admin_up,
        physical_network=network.physical_network,
        dns_domain=network.dns_domain,
        host_addresses=host_addresses,
        masquerade=bool(host_addresses) and work.settings.external_masquerade,
    )


def _subnet(subnet: Subnet, scope: str) -> view.Subnet:
    return view.Subnet(
        id=subnet.id,
        cidr=subnet.cidr,
        gateway=subnet.gateway,
        dns_servers=tuple(subnet.dns_servers),
        host_routes=told_routes(subnet.host_routes),
        dhcp=subnet.dhcp,
        ra_mode=view.Ipv6Mode(subnet.ra_mode),
        address_mode=view.Ipv6Mode(subnet.address_mode),
        scope=scope,
        packet_rules=told(subnet.packet_rules, subnet.version),
        ntp_servers=tuple(subnet.ntp_servers or ()),
    )


def _port(
    port: Port, addresses: Sequence[FixedAddress], groups: Sequence[str]
) -> view.Port:
    return view.Port(
        id=port.id,
        network_id=port.network_id,
        mac=port.mac,
        addresses=tuple(
            view.FixedAddress(each.subnet_id, each.address) for each in addresses
        ),
        device_id=port.device_id,
        device_owner=port.device_owner,
        admin_up=port.admin_up,
        port_security=port.port_security,
        security_groups=tuple(groups),
        address_pairs=tuple(
            view.AddressPair(pair["ip_address"], pair.get("mac_address", ""))
            for pair in port.address_pairs
        ),
        dns_name=port.dns_name,
        dhcp_options=tuple(
            view.DhcpOption(each["opt_name"], each["opt_value"], each["ip_version"])
            for each in port.dhcp_options
        ),
    )


def _floating_ips_of(work: Work, routers: Sequence[Router]) -> list[FloatingIp]:
    table = tables.floating_ips
    here = table.c.router_id.in_([router.id for router in routers])
    return work.records(FloatingIp, table, here)


def _floating_ips(found: Sequence[FloatingIp]) -> tuple[view.FloatingIp, ...]:
    return tuple(
        view.FloatingIp(each.id, each.router_id, each.address, each.fixed_address or "")
        for each in found
        if each.port_id is not None
    )


def _port_forwardings(
    work: Work, floating: Sequence[FloatingIp]
) -> tuple[view.PortForwarding, ...]:
    found = {each.id: each for each in floating}
    return tuple(
        view.PortForwarding(
            each.id,
            found[each.floating_ip_id].router_id,
            each.protocol,
            found[each.floating_ip_id].address,
            each.outer_first,
            each.outer_last,
            each.fixed_address,
            each.inner_first,
            each.inner_last,
        )
        for each in forwardings_of(work, floating_ips=list(found))
    )
