"""A server's interfaces as its record keeps them, from what the network room says."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from compute.network.client import NetworkClient, Nic, NicAddress

Vif = Mapping[str, Any]


def vif_of(nic: Nic, *, ours: bool, tag: str = "") -> dict[str, Any]:
    """``ours``: the port was made for the server, and goes with it."""
    return {
        "port_id": nic.port_id,
        "network_id": nic.network_id,
        "network_name": nic.network_name,
        "mac": nic.mac,
        "mtu": nic.mtu,
        "tap": nic.tap,
        "active": nic.is_active,
        "addresses": [_address(each) for each in nic.addresses],
        "security_groups": list(nic.security_groups),
        "tag": tag,
        "ours": ours,
    }


def _address(address: NicAddress) -> dict[str, Any]:
    return {
        "address": address.address,
        "version": address.version,
        "subnet_id": address.subnet_id,
        "prefix_length": ipaddress.ip_network(address.cidr).prefixlen,
        "gateway": address.gateway,
        "dns": list(address.dns_servers),
        "routes": [
            {"destination": each.destination, "nexthop": each.nexthop}
            for each in address.routes
        ],
        "dhcp": address.dhcp,
        "floating": list(address.floating),
    }


def vifs_from(nics: Iterable[Nic], known: Iterable[Vif]) -> list[dict[str, Any]]:
    """The interfaces as they are now; ``known`` tells which are ours, their tags and
    their order: the network room's is that of their making, in which there are ties."""
    before = {each["port_id"]: each for each in known}
    places = {port_id: place for place, port_id in enumerate(before)}
    found = []
    for nic in sorted(nics, key=lambda nic: places.get(nic.port_id, len(places))):
        old = before.get(nic.port_id, {})
        found.append(
            vif_of(nic, ours=bool(old.get("ours")), tag=str(old.get("tag", "")))
        )
    return found


def security_group_ids(
    network: NetworkClient, project_id: str, names: Iterable[str]
) -> tuple[str, ...] | None:
    """The groups' ids; None (the default group) when none is named.  ``NotFound``."""
    found = tuple(
        dict.fromkeys(
            network.find_security_group(project_id, name).id for name in names
        )
    )
    return found or None
