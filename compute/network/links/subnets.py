"""Subnets: create, change, delete, and how the API shows them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.collection import Collection
from compute.network.frame.concerns import addresses_of_ports
from compute.network.frame.fields import (
    BOOLEAN,
    TEXT,
    TEXT_OR_NULL,
    TEXTS_OR_NULL,
    UUID,
    UUID_OR_NULL,
    Field,
    Fields,
    objects,
)
from compute.network.frame.resource import Definition
from compute.network.frame.work import Work
from compute.network.links import networks, prefixes
from compute.network.links.dhcp_ports import keep_dhcp_ports
from compute.network.links.network_checks import check_gateway_s_giver
from compute.network.links.network_wires import check_mtu_of_version
from compute.network.links.outside import external_among, of_external
from compute.network.links.subnet_fields import (
    SERVICE_TYPES,
    host_routes,
    ours,
    parse_dns_servers,
    parse_gateway,
    parse_modes,
    parse_ntp_servers,
)
from compute.network.links.subnet_prefix import choose_prefix
from compute.network.links.visibility import subnet_visible
from compute.network.model import Network, Port, Subnet
from compute.network.port_names import OWNER_DHCP, OWNER_ROUTER_INTERFACE
from compute.network.security.packet_rules import SCHEMA as PACKET_RULES
from compute.network.security.packet_rules import parse_packet_rules

MODES = ("slaac", "dhcpv6-stateful", "dhcpv6-stateless")
MODE = {"enum": [*MODES, None]}
VERSION = {"type": ["integer", "null"], "enum": [4, 6, None]}

POOLS = objects({"start": TEXT, "end": TEXT}, ("start", "end"))
ROUTES = objects({"destination": TEXT, "nexthop": TEXT}, ("destination", "nexthop"))

FIELDS = Fields(
    Field("name", TEXT, default=""),
    Field("description", TEXT, default=""),
    Field("network_id", UUID, required=True, update=False),
    Field("ip_version", VERSION, update=False),
    Field("cidr", TEXT_OR_NULL, update=False),
    Field("prefixlen", {"type": ["integer", "null"]}, update=False),
    Field("subnetpool_id", UUID_OR_NULL, update=False),
    Field("use_default_subnetpool", BOOLEAN, update=False),
    Field("gateway_ip", TEXT_OR_NULL),
    Field("allocation_pools", POOLS),
    Field("enable_dhcp", BOOLEAN, default=True),
    Field("dns_nameservers", TEXTS_OR_NULL, default=[]),
    Field("host_routes", ROUTES, default=[]),
    Field("ipv6_ra_mode", MODE, default=None, update=False),
    Field("ipv6_address_mode", MODE, default=None, update=False),
    Field("service_types", SERVICE_TYPES, default=[]),
    Field("dns_publish_fixed_ip", {"const": False}),
    # Ours: see ``security.packet_rules``; null: everything passes.
    Field("packet_rules", PACKET_RULES, default=None),
    Field("ntp_servers", TEXTS_OR_NULL, default=[]),
)
COLUMNS = {
    "network_id": "network_id",
    "ip_version": "version",
    "cidr": "cidr",
    "gateway_ip": "gateway",
    "enable_dhcp": "dhcp",
    "ipv6_ra_mode": "ra_mode",
    "ipv6_address_mode": "address_mode",
    "subnetpool_id": "subnet_pool_id",
}


def create_subnet(work: Work, body: Body) -> Subnet:
    """A new subnet."""
    network = networks.COLLECTION.find(work, body["network_id"])
    check_gateway_s_giver(work, network)
    prefix, pool_id = choose_prefix(work, network, body)
    _check_overlap(work, network, prefix)
    check_mtu_of_version(prefix.version, network.mtu)
    gateway = parse_gateway(
        prefix, body.get("gateway_ip", prefixes.default_gateway(prefix))
    )
    ra_mode, address_mode = parse_modes(prefix, body)
    pools = body.get("allocation_pools")
    subnet = Subnet(
        **work.new(),
        project_id=body["project_id"],
        name=body["name"],
        description=body["description"],
        network_id=network.id,
        version=prefix.version,
        cidr=str(prefix),
        gateway=gateway,
        dhcp=body["enable_dhcp"],
        ra_mode=ra_mode,
        address_mode=address_mode,
        dns_servers=parse_dns_servers(body["dns_nameservers"] or []),
        host_routes=host_routes(body["host_routes"] or []),
        pools=prefixes.default_pools(prefix, gateway)
        if pools is None
        else prefixes.check_pools(prefix, pools, gateway),
        service_types=body["service_types"],
        subnet_pool_id=pool_id,
        packet_rules=parse_packet_rules(body["packet_rules"], prefix.version),
        ntp_servers=parse_ntp_servers(prefix, body["ntp_servers"] or []),
    )
    work.insert(tables.subnets, subnet)
    work.bump(tables.networks, network)
    keep_dhcp_ports(work, network.id)
    work.touch(networks.hosts_of_network(work, network.id))
    return subnet


def update_subnet(work: Work, subnet: Subnet, body: Body) -> Subnet:
    """Change it.  Addresses already given out stay."""
    prefix = prefixes.parse_prefix(subnet.cidr)
    gateway = subnet.gateway
    if "gateway_ip" in body:
        gateway = parse_gateway(prefix, body["gateway_ip"])
        if gateway != subnet.gateway:
            network = networks.COLLECTION.find(work, subnet.network_id)
            check_gateway_s_giver(work, network)
            _refuse_while_gateway_used(work, subnet)
    pools = subnet.pools
    if body.get("allocation_pools") is not None:
        pools = body["allocation_pools"]
    if pools is not subnet.pools or gateway != subnet.gateway:
        pools = prefixes.check_pools(prefix, pools, gateway)
    values: dict[str, Any] = {"gateway": gateway, "pools": list(pools)}
    for name in ("name", "description", "service_types"):
        if name in body:
            values[name] = body[name]
    if "enable_dhcp" in body:
        values["dhcp"] = body["enable_dhcp"]
    if "dns_nameservers" in body:
        values["dns_servers"] = parse_dns_servers(body["dns_nameservers"] or [])
    if "host_routes" in body:
        values["host_routes"] = host_routes(body["host_routes"] or [])
    if "packet_rules" in body:
        rules = parse_packet_rules(body["packet_rules"], prefix.version)
        values["packet_rules"] = rules
    if "ntp_servers" in body:
        servers = body["ntp_servers"] or []
        values["ntp_servers"] = parse_ntp_servers(prefix, servers)
    work.touch(networks.hosts_of_network(work, subnet.network_id))
    changed = work.save(tables.subnets, subnet, **values)
    if changed.dhcp != subnet.dhcp:
        keep_dhcp_ports(work, subnet.network_id)
    return changed


def delete_subnet(work: Work, subnet: Subnet) -> None:
    """Take it away; ``SubnetInUse`` while a port has an address of it.

    The DHCP service's addresses and those that guests made themselves go with it.
    """
    ports, addresses = tables.ports, tables.addresses
    holders = work.records(
        Port,
        ports,
        ports.c.id.in_(
            sa.select(addresses.c.port_id).where(addresses.c.subnet_id == subnet.id)
        ),
    )
    self_made = subnet.address_mode in prefixes.AUTOMATIC_MODES
    for port in holders:
        is_ours = port.device_owner == OWNER_DHCP
        if not is_ours and not (self_made and port.is_guest):
            raise conflict(
                "SubnetInUse",
                f"Unable to complete operation on subnet {subnet.id}: One or more"
                " ports have an IP allocation from this subnet.",
            )
    identifiers = [port.id for port in holders]
    work.concern(addresses_of_ports(work.connection, ports.c.id.in_(identifiers)))
    work.connection.execute(
        addresses.delete().where(addresses.c.subnet_id == subnet.id)
    )
    work.touch(networks.hosts_of_network(work, subnet.network_id))
    work.delete(tables.subnets, subnet)
    network = work.find(Network, tables.networks, subnet.network_id)
    assert network is not None, "a subnet has a network"
    work.bump(tables.networks, network)
    keep_dhcp_ports(work, subnet.network_id)


def _check_overlap(work: Work, network: Network, prefix: prefixes.IPNetwork) -> None:
    for other in networks.subnets_of(work, [network.id]):
        taken = ipaddress.ip_network(other.cidr)
        if taken.version == prefix.version and taken.overlaps(prefix):
            raise invalid(
                f"Requested subnet with cidr: {prefix} for network: {network.id}"
                " overlaps with another subnet"
            )


def _refuse_while_gateway_used(work: Work, subnet: Subnet) -> None:
    ports, addresses = tables.ports, tables.addresses
    found = work.rows(
        sa.select(ports.c.id)
        .join(addresses, addresses.c.port_id == ports.c.id)
        .where(
            addresses.c.subnet_id == subnet.id,
            addresses.c.address == subnet.gateway,
            ports.c.device_owner == OWNER_ROUTER_INTERFACE,
        )
    )
    if found:
        raise conflict(
            "GatewayIpInUse",
            f"Current gateway ip {subnet.gateway} already in use by port"
            f" {found[0]['id']}. Unable to update.",
        )


def _present(work: Work, subnets: Sequence[Subnet]) -> list[Body]:
    outside = external_among(work, {each.network_id for each in subnets})
    return [
        {
            "network_id": subnet.network_id,
            "ip_version": subnet.version,
            "cidr": subnet.cidr,
            "gateway_ip": subnet.gateway or None,
            "allocation_pools": list(subnet.pools),
            "enable_dhcp": subnet.dhcp,
            "dns_nameservers": list(subnet.dns_servers),
            "host_routes": list(subnet.host_routes),
            "ipv6_ra_mode": subnet.ra_mode or None,
            "ipv6_address_mode": subnet.address_mode or None,
            "subnetpool_id": subnet.subnet_pool_id or None,
            "service_types": list(subnet.service_types),
            "router:external": subnet.network_id in outside,
            **ours(subnet),
        }
        for subnet in subnets
    ]


def on_network(work: Work, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the policy rules of things on a network compare with: their owner, and the
    network's.  ``NetworkNotFound`` for a new thing on a network that is not seen."""
    network_id = values["network_id"]
    if "id" in values:
        network = work.find(Network, tables.networks, network_id)
        assert network is not None, "what is on a network has one"
    else:
        network = networks.COLLECTION.find(work, network_id)
    return {
        "project_id": values.get("project_id"),
        "network_project_id": network.project_id,
    }


def _by_shared(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """By the network's ``shared``."""
    clause = networks.COLLECTION.special["shared"](work, values)
    found = sa.select(tables.networks.c.id).where(clause)
    return tables.subnets.c.network_id.in_(found)


COLLECTION = Collection(
    singular="subnet",
    plural="subnets",
    title="Subnet",
    kind="Subnet",
    table=tables.subnets,
    record=Subnet,
    present=_present,
    visible=subnet_visible,
    columns=COLUMNS,
    special={"shared": _by_shared, "router:external": of_external},
)
DEFINITION = Definition(
    collection=COLLECTION,
    fields=FIELDS,
    create=create_subnet,
    update=update_subnet,
    delete=delete_subnet,
    quota="subnet",
    target=on_network,
)
