"""The DHCP service's ports: one on each host that has guests of a network.

Every host serves its own guests, so no host depends on another for addresses; only
hosts whose agent was heard of can serve.  ``keep_dhcp_ports`` makes what is missing
and takes away what is not needed any more; it is called wherever guests come and go,
wherever subnets change, and when an agent is new.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.addressing import addresses_of, assign, free_address, release
from compute.network.links.macs import new_mac
from compute.network.links.prefixes import AUTOMATIC_MODES
from compute.network.model import (
    DOWN,
    NETWORK_OWNER_PREFIX,
    Network,
    Port,
    Subnet,
)
from compute.network.port_names import OWNER_DHCP


def keep_dhcp_ports(work: Work, network_id: str) -> None:
    """Make the network's DHCP ports what its guests and subnets need."""
    network = work.find(Network, tables.networks, network_id)
    if network is None:
        return
    subnets = [
        subnet
        for subnet in work.records(
            Subnet, tables.subnets, tables.subnets.c.network_id == network_id
        )
        if subnet.dhcp and subnet.address_mode not in AUTOMATIC_MODES
    ]
    wanted = _hosts_with_guests(work, network_id) if subnets else set()
    ports = work.records(
        Port,
        tables.ports,
        tables.ports.c.network_id == network_id,
        tables.ports.c.device_owner == OWNER_DHCP,
    )
    for port in ports:
        if port.host in wanted:
            _address(work, port, subnets)
        else:
            release(work, port.id)
            work.delete(tables.ports, port)
            work.touch([port.host])
    for host in sorted(wanted - {port.host for port in ports}):
        _address(work, _new_port(work, network, host), subnets)
        work.touch([host])


def keep_dhcp_ports_of_host(work: Work, host: str) -> None:
    """The host's agent is new, or forgotten: so for every network of its guests."""
    ports = tables.ports
    found = work.connection.execute(
        sa.select(ports.c.network_id).where(ports.c.host == host).distinct()
    )
    for network_id in sorted(found.scalars()):
        keep_dhcp_ports(work, network_id)


def _hosts_with_guests(work: Work, network_id: str) -> set[str]:
    ports, agents = tables.ports, tables.agents
    found = work.connection.execute(
        sa.select(ports.c.host)
        .where(
            ports.c.network_id == network_id,
            ports.c.host.in_(sa.select(agents.c.host)),
            ports.c.device_owner.not_like(f"{NETWORK_OWNER_PREFIX}%"),
        )
        .distinct()
    )
    known = sa.select(agents.c.host)
    bindings = tables.bindings
    coming = work.connection.execute(
        sa.select(bindings.c.host)
        .join(ports, ports.c.id == bindings.c.port_id)
        .where(ports.c.network_id == network_id, bindings.c.host.in_(known))
    )
    return set(found.scalars()) | set(coming.scalars())


def _new_port(work: Work, network: Network, host: str) -> Port:
    port = Port(
        **work.new(),
        project_id=network.project_id,
        network_id=network.id,
        mac=new_mac(work, network.id),
        admin_up=True,
        status=DOWN,
        device_id=f"dhcp-{network.id}-{host}"[:255],
        device_owner=OWNER_DHCP,
        host=host,
        vnic_type="normal",
        profile={},
        port_security=False,
        address_pairs=[],
        dhcp_options=[],
        dns_name="",
    )
    return work.insert(tables.ports, port)


def _address(work: Work, port: Port, subnets: Sequence[Subnet]) -> None:
    """An address of each subnet; none of a subnet that is full."""
    had = {
        each.subnet_id: each.address
        for each in addresses_of(work, [port.id]).get(port.id, [])
    }
    pairs = []
    for subnet in subnets:
        address = had.get(subnet.id) or free_address(work, subnet)
        if address:
            pairs.append((subnet.id, address))
    assign(work, port.id, pairs)
