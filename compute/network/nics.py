"""What a server's room needs to know of its ports: one record for each interface.

A ``Nic`` is a port with its network, its subnets and its floating addresses looked up,
so that addresses in server bodies, interface attachments, metadata and
``network_data.json`` come from one call for any number of servers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NicRoute:
    """To ``destination`` (a prefix) by way of ``nexthop``."""

    destination: str
    nexthop: str


@dataclass(frozen=True, slots=True)
class NicAddress:
    """One fixed address, with what its subnet says.  ``gateway`` may be ""."""

    address: str
    version: int  # 4 or 6
    subnet_id: str
    cidr: str
    gateway: str = ""
    dns_servers: tuple[str, ...] = ()
    routes: tuple[NicRoute, ...] = ()
    dhcp: bool = True
    # "", slaac, dhcpv6-stateful or dhcpv6-stateless.
    ipv6_address_mode: str = ""
    floating: tuple[str, ...] = ()  # the addresses that stand for this one outside


@dataclass(frozen=True, slots=True)
class Nic:
    """One port of a device."""

    port_id: str
    device_id: str
    device_owner: str
    project_id: str
    network_id: str
    network_name: str
    mtu: int
    mac: str
    is_active: bool  # wired up on its host
    is_awaited: bool = False  # so on the host that its guest is about to move to
    host: str = ""
    vif_type: str = "unbound"
    vnic_type: str = "normal"
    tap: str = ""
    dns_name: str = ""
    port_security: bool = True
    addresses: tuple[NicAddress, ...] = ()
    security_groups: tuple[str, ...] = ()  # names
    tags: tuple[str, ...] = ()
