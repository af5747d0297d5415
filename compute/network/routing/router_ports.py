"""The ports of a router: how they are made, and which there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.addressing import Wish, addresses_of
from compute.network.links.port_fields import FIELDS as PORT_FIELDS
from compute.network.links.ports import make_port
from compute.network.model import FixedAddress, Network, Port, Router, Subnet
from compute.network.port_names import OWNER_ROUTER_GATEWAY, OWNER_ROUTER_INTERFACE


def make_router_port(
    work: Work,
    network: Network,
    *,
    owner: str,
    device_id: str,
    project_id: str,
    host: str = "",
    wishes: Sequence[Wish] | None = None,
) -> Port:
    """A port that is a part of the network itself."""
    body: dict[str, Any] = PORT_FIELDS.new({"network_id": network.id})
    body |= {
        "project_id": project_id,
        "device_owner": owner,
        "device_id": device_id,
        "binding:host_id": host,
        "fixed_ips": wishes,
        "port_security_enabled": False,
    }
    return make_port(work, network, body)


def interfaces_of(work: Work, router_id: str) -> list[Port]:
    """A router's ports on inner networks."""
    ports = tables.ports
    return work.records(
        Port,
        ports,
        ports.c.device_id == router_id,
        ports.c.device_owner == OWNER_ROUTER_INTERFACE,
    )


def gateway_of(work: Work, router: Router) -> Port | None:
    """A router's port on the external network."""
    if not router.gateway_port_id:
        return None
    port = work.find(Port, tables.ports, router.gateway_port_id)
    assert port is None or port.device_owner == OWNER_ROUTER_GATEWAY
    return port


def connected(
    work: Work, ports: Sequence[Port]
) -> list[tuple[Port, FixedAddress, Subnet]]:
    """Each address of these ports with its subnet."""
    by_port = addresses_of(work, [port.id for port in ports])
    held = [(port, each) for port in ports for each in by_port.get(port.id, [])]
    subnets = tables.subnets
    found = {
        subnet.id: subnet
        for subnet in work.records(
            Subnet, subnets, subnets.c.id.in_({each.subnet_id for _, each in held})
        )
    }
    return [(port, each, found[each.subnet_id]) for port, each in held]


def router_serving(work: Work, subnet_id: str, external_network_id: str) -> str:
    """The router that joins a subnet to an external network, "" when none does."""
    ports, addresses, routers = tables.ports, tables.addresses, tables.routers
    found = work.connection.execute(
        sa.select(routers.c.id)
        .join(ports, ports.c.device_id == routers.c.id)
        .join(addresses, addresses.c.port_id == ports.c.id)
        .where(
            ports.c.device_owner == OWNER_ROUTER_INTERFACE,
            addresses.c.subnet_id == subnet_id,
            routers.c.external_network_id == external_network_id,
        )
        .order_by(routers.c.created_at, routers.c.id)
        .limit(1)
    ).scalar()
    return str(found or "")
