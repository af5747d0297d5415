"""The ports of devices, looked up as ``Nic`` records for the servers' room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from compute.network import tables
from compute.network.frame.collection import TAGS
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of
from compute.network.links.bindings import wired_elsewhere
from compute.network.links.networks import subnets_of
from compute.network.links.port_fields import UNBOUND, VIF_TYPE
from compute.network.model import (
    ACTIVE,
    COMPUTE_OWNER_PREFIX,
    FixedAddress,
    FloatingIp,
    Network,
    Port,
    SecurityGroup,
    Subnet,
)
from compute.network.nics import Nic, NicAddress, NicRoute
from compute.network.port_names import tap_name
from compute.network.security.membership import groups_of_ports

# Only services write such owners; what a member writes into ``device_id`` of another
# port must lead to nobody's metadata.
SERVERS = f"{COMPUTE_OWNER_PREFIX}%"


def nics_of_devices(work: Work, device_ids: Sequence[str]) -> dict[str, list[Nic]]:
    """The interfaces of each device, the oldest first."""
    ports = tables.ports
    found = work.records(
        Port,
        ports,
        ports.c.device_id.in_(device_ids),
        ports.c.device_owner.like(SERVERS),
    )
    nics: dict[str, list[Nic]] = {}
    for nic in nics_of_ports(work, found):
        nics.setdefault(nic.device_id, []).append(nic)
    return nics


def nic_at(work: Work, network_id: str, address: str) -> Nic | None:
    """The port that has the address on the network."""
    ports, addresses, subnets = tables.ports, tables.addresses, tables.subnets
    inside = subnets.c.network_id == network_id
    found = work.records(
        Port,
        ports,
        ports.c.device_owner.like(SERVERS),
        ports.c.id.in_(
            addresses.select()
            .join(subnets, subnets.c.id == addresses.c.subnet_id)
            .where(inside, addresses.c.address == address)
            .with_only_columns(addresses.c.port_id)
        ),
    )
    return nics_of_ports(work, found[:1])[0] if found else None


def nics_of_ports(work: Work, ports: Sequence[Port]) -> list[Nic]:
    """Ports with all that is to be known of them, in a few selects."""
    identifiers = [port.id for port in ports]
    network_ids = sorted({port.network_id for port in ports})
    networks = {
        each.id: each
        for each in work.records(
            Network, tables.networks, tables.networks.c.id.in_(network_ids)
        )
    }
    subnets = {each.id: each for each in subnets_of(work, network_ids)}
    addresses = addresses_of(work, identifiers)
    floating = _floating(work, identifiers)
    groups = _group_names(work, identifiers)
    labels = TAGS.of(work.connection, identifiers)
    awaited = wired_elsewhere(work, identifiers)
    return [
        replace(
            _nic(port, networks[port.network_id]),
            addresses=tuple(
                _address(
                    each,
                    subnets[each.subnet_id],
                    floating.get((port.id, each.address), ()),
                )
                for each in addresses.get(port.id, [])
            ),
            security_groups=tuple(groups.get(port.id, ())),
            tags=tuple(labels[port.id]),
            is_awaited=port.id in awaited,
        )
        for port in ports
    ]


def _nic(port: Port, network: Network) -> Nic:
    return Nic(
        port_id=port.id,
        device_id=port.device_id,
        device_owner=port.device_owner,
        project_id=port.project_id,
        network_id=network.id,
        network_name=network.name,
        mtu=network.mtu,
        mac=port.mac,
        is_active=port.status == ACTIVE,
        host=port.host,
        vif_type=VIF_TYPE if port.host else UNBOUND,
        vnic_type=port.vnic_type,
        tap=tap_name(port.id),
        dns_name=port.dns_name,
        port_security=port.port_security,
    )


def _address(held: FixedAddress, subnet: Subnet, floating: Sequence[str]) -> NicAddress:
    return NicAddress(
        address=held.address,
        version=subnet.version,
        subnet_id=subnet.id,
        cidr=subnet.cidr,
        gateway=subnet.gateway,
        dns_servers=tuple(subnet.dns_servers),
        routes=tuple(
            NicRoute(route["destination"], route["nexthop"])
            for route in subnet.host_routes
        ),
        dhcp=subnet.dhcp,
        ipv6_address_mode=subnet.address_mode,
        floating=tuple(floating),
    )


def _floating(work: Work, port_ids: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    table = tables.floating_ips
    found: dict[tuple[str, str], list[str]] = {}
    for each in work.records(FloatingIp, table, table.c.port_id.in_(port_ids)):
        key = (each.port_id or "", each.fixed_address or "")
        found.setdefault(key, []).append(each.address)
    return found


def _group_names(work: Work, port_ids: Sequence[str]) -> dict[str, list[str]]:
    held = groups_of_ports(work, port_ids)
    table = tables.security_groups
    wanted = sorted({group for groups in held.values() for group in groups})
    names = {
        group.id: group.name
        for group in work.records(SecurityGroup, table, table.c.id.in_(wanted))
    }
    return {
        port_id: [names[group] for group in groups] for port_id, groups in held.items()
    }
