"""Devices: made, changed, put on a bridge, removed."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from compute.network.agent.commands import run
from compute.network.agent.model import TUNNEL_PORT, InnerLink, Link, LinkKind
from compute.network.agent.netlink.talk import index_of, talking, unless


def add_link(link: Link, namespace_path: Path) -> None:
    """Make the device; a veth's inner end is born in the namespace of that path."""
    with talking(link.name) as netlink:
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
        elif link.kind is LinkKind.SPEED:
            netlink.link("add", ifname=link.name, kind="ifb")
        elif link.kind is LinkKind.TUNNEL:
            _add_tunnel(netlink, link)
        elif link.kind is LinkKind.WIREGUARD:
            _add_wireguard(netlink, link)
        else:
            _add_veth(netlink, link, namespace_path)
    # A guest must not reach the host by an address that the host gave itself.
    set_ipv6(link.name, enabled=any(":" in one for one in link.addresses))
    change_link(link)


def _add_tunnel(netlink: Any, link: Link) -> None:
    ends: dict[str, Any] = {"vxlan_local": link.local}
    if link.through:
        # The kernel takes the tunnel away with that device.  It would send by another
        # one, where a route leads there: the host's rules see to that.
        through = index_of(netlink, link.through)
        ends = {"vxlan_local6": link.local, "vxlan_link": through}
    netlink.link(
        "add",
        ifname=link.name,
        kind="vxlan",
        vxlan_id=link.segment,
        vxlan_port=TUNNEL_PORT,
        # Where addresses are is known, and nobody can pretend otherwise.
        vxlan_learning=0,
        **ends,
    )


def _add_wireguard(netlink: Any, link: Link) -> None:
    """By the kernel; by a process behind a tun, which ends with that, where the kernel
    has no WireGuard."""
    try:
        netlink.link("add", ifname=link.name, kind="wireguard")
    except NetlinkError as error:
        if error.code != errno.EOPNOTSUPP:
            raise
        # Its log, if it were asked for, would keep our pipe open.
        run("env", "--unset=LOG_LEVEL", "wireguard-go", link.name)
        # The process gives the device an MTU when it begins, and answers after that:
        # ours comes later, or tunnels would not fit.
        run("wg", "show", link.name, "listen-port")


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
    with talking(link.name) as netlink:
        wanted: dict[str, Any] = {"mtu": link.mtu, "ifalias": link.alias}
        if link.mac:
            wanted["address"] = link.mac
        if link.kind is not LinkKind.BRIDGE:
            wanted["master"] = index_of(netlink, link.bridge) if link.bridge else 0
        index = index_of(netlink, link.name)
        netlink.link("set", index=index, **wanted)
        netlink.link("set", index=index, state="up" if link.is_up else "down")


def change_inner(inner: InnerLink) -> None:
    """The same for the inner end, in its own namespace."""
    with talking(inner.name) as netlink:
        index = index_of(netlink, inner.name)
        netlink.link("set", index=index, address=inner.mac, mtu=inner.mtu)
        if inner.is_up:
            netlink.link("set", index=index, state="up")


def set_up(name: str) -> None:
    """Set a device up."""
    with talking(name) as netlink:
        netlink.link("set", index=index_of(netlink, name), state="up")


def attach(name: str, bridge: str) -> None:
    """Make the device a port of the bridge ("": of none)."""
    with talking(name) as netlink:
        master = index_of(netlink, bridge) if bridge else 0
        netlink.link("set", index=index_of(netlink, name), master=master)


def remove_link(name: str) -> None:
    """Remove a device; one that is gone is none to remove."""
    with talking(name) as netlink:
        found = netlink.link_lookup(ifname=name)
        if found:
            unless(errno.ENODEV, lambda: netlink.link("del", index=found[0]))


def set_ipv6(device: str, *, enabled: bool) -> None:
    """Whether the device has IPv6 of its own; silent where the kernel has none."""
    with contextlib.suppress(OSError):
        path = Path("/proc/sys/net/ipv6/conf", device, "disable_ipv6")
        path.write_text("0" if enabled else "1")
