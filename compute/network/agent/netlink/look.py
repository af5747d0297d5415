"""What a namespace has: its devices with their addresses, its routes, its tunnels'
entries.  From the kernel's rows to our records by functions that ask nothing."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from compute.network.agent.model import Forward, LinkKind, Route, SeenLink
from compute.network.agent.names import TUNNEL_PREFIX
from compute.network.agent.netlink.talk import talking

IFF_UP = 1
MAIN_TABLE = 254
# Routes that come with an address, or from advertisements, are not ours to plan.
PROTOCOL_KERNEL = 2
PROTOCOL_RA = 9
UNICAST = 1
DEFAULTS = {socket.AF_INET: "0.0.0.0/0", socket.AF_INET6: "::/0"}


def look(*, with_routes: bool) -> tuple[dict[str, SeenLink], frozenset[Route]]:
    """Every device of the namespace; the routes too where they are asked for."""
    with talking("devices") as netlink:
        addresses: dict[int, set[str]] = {}
        for found in netlink.get_addr():
            # A point-to-point address has the peer's where others have their own.
            own = found.get("IFA_LOCAL") or found.get("IFA_ADDRESS")
            text = f"{ipaddress.ip_address(own)}/{found['prefixlen']}"
            addresses.setdefault(found["index"], set()).add(text)
        rows = list(netlink.get_links())
        forwards = forwards_of(netlink, rows)
        routes = _routes(netlink) if with_routes else frozenset()
    names = {row["index"]: str(row.get("IFLA_IFNAME")) for row in rows}
    links = {
        names[row["index"]]: replace(
            _seen(row, names, addresses.get(row["index"], set())),
            forwards=frozenset(forwards.get(row["index"], ())),
        )
        for row in rows
    }
    return links, routes


def numbers_of(names: Iterable[str]) -> dict[str, int]:
    """The numbers of these devices, of those that are there."""
    with talking("devices") as netlink:
        found = {name: netlink.link_lookup(ifname=name) for name in names}
    return {name: int(rows[0]) for name, rows in found.items() if rows}


def forwards_of(netlink: Any, rows: list[Any]) -> dict[int, set[Forward]]:
    """What tunnels know, by their index; not asked where there are none."""
    tunnels = {
        row["index"]
        for row in rows
        if str(row.get("IFLA_IFNAME")).startswith(TUNNEL_PREFIX)
    }
    found: dict[int, set[Forward]] = {}
    for row in netlink.fdb("dump") if tunnels else ():
        mac, address = row.get("NDA_LLADDR"), row.get("NDA_DST")
        if row["ifindex"] in tunnels and mac and address:
            forward = Forward(str(mac).lower(), str(address))
            found.setdefault(row["ifindex"], set()).add(forward)
    return found


def _seen(row: Any, names: Mapping[int, str], addresses: set[str]) -> SeenLink:
    info = row.get("IFLA_LINKINFO")
    tunnel = info.get("IFLA_INFO_DATA") if info else None
    is_tunnel = bool(info) and info.get("IFLA_INFO_KIND") == LinkKind.TUNNEL.value
    segment = int(tunnel.get("IFLA_VXLAN_ID") or 0) if is_tunnel and tunnel else 0
    local = through = ""
    if is_tunnel and tunnel:
        ends = tunnel.get("IFLA_VXLAN_LOCAL") or tunnel.get("IFLA_VXLAN_LOCAL6")
        local = str(ipaddress.ip_address(ends)) if ends else ""
        through = names.get(tunnel.get("IFLA_VXLAN_LINK") or 0, "")
    master = row.get("IFLA_MASTER")
    return SeenLink(
        name=names[row["index"]],
        index=row["index"],
        kind=str(info.get("IFLA_INFO_KIND") or "") if info else "",
        alias=str(row.get("IFLA_IFALIAS") or ""),
        mtu=int(row.get("IFLA_MTU") or 0),
        is_up=bool(row["flags"] & IFF_UP),
        bridge=names.get(master, "") if master else "",
        mac=str(row.get("IFLA_ADDRESS") or "").lower(),
        addresses=frozenset(addresses),
        segment=segment,
        local=local,
        through=through,
    )


def _routes(netlink: Any) -> frozenset[Route]:
    """Unicast routes of the main table that somebody has set by way of a gateway."""
    found = set()
    for row in netlink.get_routes(table=MAIN_TABLE):
        gateway = row.get("RTA_GATEWAY")
        is_set = row["proto"] not in (PROTOCOL_KERNEL, PROTOCOL_RA)
        if row["type"] != UNICAST or not is_set or not gateway:
            continue
        target = row.get("RTA_DST")
        if target:
            destination = f"{ipaddress.ip_address(target)}/{row['dst_len']}"
        else:
            destination = DEFAULTS[row["family"]]
        found.add(Route(destination, str(ipaddress.ip_address(gateway))))
    return frozenset(found)
