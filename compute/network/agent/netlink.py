"""Devices, addresses and routes over rtnetlink: the one module that knows pyroute2.

Every function works in the namespace that its thread is in, and blocks (a millisecond
or two).  What the kernel refuses is ``Unavailable`` with the device's name; what is
already as asked for is no error.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from compute.network.agent.metadata_address import METADATA6_PREFIX
from compute.network.agent.model import (
    EVERYBODY,
    Forward,
    InnerLink,
    Link,
    LinkKind,
    Route,
    SeenLink,
)
from compute.network.agent.names import TUNNEL_PREFIX
from objectstore.kernel.errors import Unavailable

IFF_UP = 1
# The one that IANA has given to VXLAN.
TUNNEL_PORT = 4789
# IFA_F_NODAD: an address is in use from the moment on that it is given.
WITHOUT_DETECTION = 0x02
MAIN_TABLE = 254
# Routes that come with an address, or from advertisements, are not ours to plan.
PROTOCOL_KERNEL = 2
PROTOCOL_RA = 9
UNICAST = 1
DEFAULTS = {socket.AF_INET: "0.0.0.0/0", socket.AF_INET6: "::/0"}


@contextlib.contextmanager
def _talking(what: str) -> Iterator[Any]:
    try:
        with IPRoute() as netlink:
            yield netlink
    except (NetlinkError, OSError) as error:
        raise Unavailable(f"{what}: {error}") from error


def look(*, with_routes: bool) -> tuple[dict[str, SeenLink], frozenset[Route]]:
    """Every device of the namespace; the routes too where they are asked for."""
    with _talking("devices") as netlink:
        addresses: dict[int, set[str]] = {}
        for found in netlink.get_addr():
            # A point-to-point address has the peer's where others have their own.
            own = found.get("IFA_LOCAL") or found.get("IFA_ADDRESS")
            text = f"{ipaddress.ip_address(own)}/{found['prefixlen']}"
            addresses.setdefault(found["index"], set()).add(text)
        rows = list(netlink.get_links())
        forwards = _forwards(netlink, rows)
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


def _forwards(netlink: Any, rows: list[Any]) -> dict[int, set[Forward]]:
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
    local = str(tunnel.get("IFLA_VXLAN_LOCAL") or "") if is_tunnel and tunnel else ""
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


def add_link(link: Link, namespace_path: Path) -> None:
    """Make the device; a veth's inner end is born in the namespace of that path."""
    with _talking(link.name) as netlink:
        if link.kind is LinkKind.BRIDGE:
            netlink.link(
                "add",
                ifname=link.name,
                kind="bridge",
                address=link.mac,
                br_forward_delay=0,
                # Without a querier the bridge would forget who listens to what,
                # and IPv6's neighbours are found by multicast.
                br_mcast_snooping=0,
            )
        elif link.kind is LinkKind.TAP:
            netlink.link("add", ifname=link.name, kind="tuntap", mode="tap")
        elif link.kind is LinkKind.TUNNEL:
            netlink.link(
                "add",
                ifname=link.name,
                kind="vxlan",
                vxlan_id=link.segment,
                vxlan_local=link.local,
                vxlan_port=TUNNEL_PORT,
                # Where addresses are is known, and nobody can pretend otherwise.
                vxlan_learning=0,
            )
        else:
            _add_veth(netlink, link, namespace_path)
    # A guest must not reach the host by an address that the host gave itself.
    set_ipv6(link.name, enabled=any(":" in one for one in link.addresses))
    change_link(link)


def _add_veth(netlink: Any, link: Link, namespace_path: Path) -> None:
    assert link.inner is not None
    handle = os.open(namespace_path, os.O_RDONLY)
    try:
        netlink.link(
            "add",
            ifname=link.name,
            kind="veth",
            peer={
                "ifname": link.inner.name,
                "address": link.inner.mac,
                "mtu": link.inner.mtu,
                "net_ns_fd": handle,
            },
        )
    finally:
        os.close(handle)


def change_link(link: Link) -> None:
    """Give it what it should have."""
    with _talking(link.name) as netlink:
        wanted: dict[str, Any] = {"mtu": link.mtu, "ifalias": link.alias}
        if link.mac:
            wanted["address"] = link.mac
        if link.kind is not LinkKind.BRIDGE:
            wanted["master"] = _index(netlink, link.bridge) if link.bridge else 0
        index = _index(netlink, link.name)
        netlink.link("set", index=index, **wanted)
        netlink.link("set", index=index, state="up" if link.is_up else "down")


def change_inner(inner: InnerLink) -> None:
    """The same for the inner end, in its own namespace."""
    with _talking(inner.name) as netlink:
        index = _index(netlink, inner.name)
        netlink.link("set", index=index, address=inner.mac, mtu=inner.mtu)
        netlink.link("set", index=index, state="up")


def set_up(name: str) -> None:
    """Set a device up."""
    with _talking(name) as netlink:
        netlink.link("set", index=_index(netlink, name), state="up")


def attach(name: str, bridge: str) -> None:
    """Make the device a port of the bridge ("": of none)."""
    with _talking(name) as netlink:
        master = _index(netlink, bridge) if bridge else 0
        netlink.link("set", index=_index(netlink, name), master=master)


def remove_link(name: str) -> None:
    """Remove a device; one that is gone is none to remove."""
    with _talking(name) as netlink:
        found = netlink.link_lookup(ifname=name)
        if found:
            _unless(errno.ENODEV, lambda: netlink.link("del", index=found[0]))


def add_address(device: str, address: str) -> None:
    """Give the device the address."""
    interface = ipaddress.ip_interface(address)
    if interface.version == 6:
        set_ipv6(device, enabled=True)
    with _talking(f"{address} on {device}") as netlink:
        netlink.addr(
            "replace",
            index=_index(netlink, device),
            address=str(interface.ip),
            prefixlen=interface.network.prefixlen,
            # The other hosts of the network have this one, too, each for its guests.
            **({"flags": WITHOUT_DETECTION} if address == METADATA6_PREFIX else {}),
        )


def remove_address(device: str, address: str) -> None:
    """Take the address away."""
    interface = ipaddress.ip_interface(address)
    with _talking(f"{address} on {device}") as netlink:
        index = _index(netlink, device)
        _unless(
            errno.EADDRNOTAVAIL,
            lambda: netlink.addr(
                "del",
                index=index,
                address=str(interface.ip),
                prefixlen=interface.network.prefixlen,
            ),
        )


def add_forward(device: str, forward: Forward) -> None:
    """Let the tunnels take frames to the address there; to ``EVERYBODY``: there too."""
    with _talking(f"{forward.mac} by {device}") as netlink:
        index = _index(netlink, device)
        if forward.mac != EVERYBODY:
            # pyroute2's "replace" is refused by the kernel for such entries.
            known = _forwards(netlink, [{"index": index, "IFLA_IFNAME": device}])
            for other in known.get(index, set()) - {forward}:
                if other.mac == forward.mac:
                    _ask(netlink, "del", index, other)
        _unless(errno.EEXIST, lambda: _ask(netlink, "append", index, forward))


def _ask(netlink: Any, verb: str, index: int, forward: Forward) -> None:
    netlink.fdb(verb, ifindex=index, lladdr=forward.mac, dst=forward.address)


def remove_forward(device: str, forward: Forward) -> None:
    """Take that back."""
    with _talking(f"{forward.mac} by {device}") as netlink:
        index = _index(netlink, device)
        _unless(errno.ENOENT, lambda: _ask(netlink, "del", index, forward))


def replace_route(route: Route) -> None:
    """Add the route, or change where it leads."""
    with _talking(f"route to {route.destination}") as netlink:
        netlink.route("replace", dst=route.destination, gateway=route.nexthop)


def remove_route(route: Route) -> None:
    """Remove the route."""
    with _talking(f"route to {route.destination}") as netlink:
        _unless(
            errno.ESRCH,
            lambda: netlink.route("del", dst=route.destination, gateway=route.nexthop),
        )


def set_ipv6(device: str, *, enabled: bool) -> None:
    """Whether the device has IPv6 of its own; silent where the kernel has none."""
    with contextlib.suppress(OSError):
        path = Path("/proc/sys/net/ipv6/conf", device, "disable_ipv6")
        path.write_text("0" if enabled else "1")


def _index(netlink: Any, name: str) -> int:
    found = netlink.link_lookup(ifname=name)
    if not found:
        raise Unavailable(f"there is no device {name}")
    return int(found[0])


def _unless(number: int, call: Callable[[], Any]) -> None:
    """Make the call; the error of that number says that it is done already."""
    try:
        call()
    except NetlinkError as error:
        if error.code != number:
            raise
