"""Listeners of UDP, as a host needs to know them.  Pure.

Which of the members is chosen follows from how they fare, which the host sees first; so
it gets values, and writes the kernel's rules from them itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from compute.balancer.model import UDP, UNLIMITED, Listener, Member, Tree, living

# As much as haproxy is given for connections; a listener without a limit may have it.
FLOWS_MAX = 20000
# What Octavia lets an address stick for when nobody says how long.
STICKY_SECONDS = 360


@dataclass(frozen=True, slots=True)
class DatagramMember:
    """A server.  ``is_on``: not switched off."""

    id: str
    address: str
    port: int
    weight: int
    backup: bool
    is_on: bool


@dataclass(frozen=True, slots=True)
class DatagramListener:
    """A port of UDP.  ``sticky_seconds`` 0: each flow is chosen for anew; else those
    of an address's first ``sticky_bits`` bits go where the last one went."""

    id: str
    port: int
    flows_max: int
    algorithm: str
    sticky_seconds: int
    sticky_bits: int
    members: tuple[DatagramMember, ...]


def datagram_listeners(tree: Tree) -> tuple[DatagramListener, ...]:
    """Those that are to be served; none of a balancer that is switched off."""
    tree = living(tree)
    if not tree.balancer.admin_up or not tree.balancer.vip_address:
        return ()
    return tuple(_listeners(tree))


def _listeners(tree: Tree) -> Iterator[DatagramListener]:
    bits = ipaddress.ip_address(tree.balancer.vip_address).max_prefixlen
    most = tree.balancer.connections_max or FLOWS_MAX
    for listener in sorted(tree.listeners, key=lambda each: each.port):
        if listener.protocol != UDP or not listener.admin_up:
            continue
        pool = tree.pool(listener.default_pool_id)
        kept = pool.persistence if pool is not None else {}
        seconds = int(kept.get("persistence_timeout") or STICKY_SECONDS) if kept else 0
        mask = str(kept.get("persistence_granularity") or bits)
        yield DatagramListener(
            listener.id,
            listener.port,
            most
            if listener.connection_limit == UNLIMITED
            else min(listener.connection_limit, most),
            pool.algorithm if pool is not None else "",
            seconds,
            min(bits, _prefix_bits(mask)),
            _members(tree, listener),
        )


def _members(tree: Tree, listener: Listener) -> tuple[DatagramMember, ...]:
    """Those of another version of IP than the VIP's get nothing: datagrams are handed
    on as they are."""
    pool = tree.pool(listener.default_pool_id)
    if pool is None or not pool.admin_up:
        return ()
    version = ipaddress.ip_address(tree.balancer.vip_address).version

    def member(each: Member) -> DatagramMember:
        is_reached = ipaddress.ip_address(each.address).version == version
        weight = each.weight if is_reached else 0
        return DatagramMember(
            each.id, each.address, each.port, weight, each.backup, each.admin_up
        )

    return tuple(member(each) for each in tree.members_of(pool.id))


def _prefix_bits(mask: str) -> int:
    """Of a netmask, or of a number as it is."""
    return int(mask) if mask.isdigit() else int(ipaddress.ip_address(mask)).bit_count()
