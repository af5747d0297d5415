"""What devices are told: addresses, tunnels' entries, and the routes of a namespace."""

from __future__ import annotations

import errno
import ipaddress
from typing import Any

from compute.network.agent.metadata_address import METADATA6_PREFIX
from compute.network.agent.model import EVERYBODY, Forward, Route
from compute.network.agent.netlink.devices import set_ipv6
from compute.network.agent.netlink.look import forwards_of
from compute.network.agent.netlink.talk import index_of, talking, unless

# IFA_F_NODAD: an address is in use from the moment on that it is given.
WITHOUT_DETECTION = 0x02


def add_address(device: str, address: str) -> None:
    """Give the device the address."""
    interface = ipaddress.ip_interface(address)
    if interface.version == 6:
        set_ipv6(device, enabled=True)
    with talking(f"{address} on {device}") as netlink:
        netlink.addr(
            "replace",
            index=index_of(netlink, device),
            address=str(interface.ip),
            prefixlen=interface.network.prefixlen,
            # The other hosts of the network have this one, too, each for its guests.
            **({"flags": WITHOUT_DETECTION} if address == METADATA6_PREFIX else {}),
        )


def remove_address(device: str, address: str) -> None:
    """Take the address away."""
    interface = ipaddress.ip_interface(address)
    with talking(f"{address} on {device}") as netlink:
        index = index_of(netlink, device)
        unless(
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
    with talking(f"{forward.mac} by {device}") as netlink:
        index = index_of(netlink, device)
        if forward.mac != EVERYBODY:
            # pyroute2's "replace" is refused by the kernel for such entries.
            known = forwards_of(netlink, [{"index": index, "IFLA_IFNAME": device}])
            for other in known.get(index, set()) - {forward}:
                if other.mac == forward.mac:
                    _ask(netlink, "del", index, other)
        unless(errno.EEXIST, lambda: _ask(netlink, "append", index, forward))


def remove_forward(device: str, forward: Forward) -> None:
    """Take that back."""
    with talking(f"{forward.mac} by {device}") as netlink:
        index = index_of(netlink, device)
        unless(errno.ENOENT, lambda: _ask(netlink, "del", index, forward))


def replace_route(route: Route) -> None:
    """Add the route, or change where it leads."""
    with talking(f"route to {route.destination}") as netlink:
        netlink.route("replace", dst=route.destination, gateway=route.nexthop)


def remove_route(route: Route) -> None:
    """Remove the route."""
    with talking(f"route to {route.destination}") as netlink:
        unless(
            errno.ESRCH,
            lambda: netlink.route("del", dst=route.destination, gateway=route.nexthop),
        )


def _ask(netlink: Any, verb: str, index: int, forward: Forward) -> None:
    netlink.fdb(verb, ifindex=index, lladdr=forward.mac, dst=forward.address)
