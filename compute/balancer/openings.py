"""What the network lets in to a load balancer: its listeners' ports.  Pure."""

from __future__ import annotations

import ipaddress

from compute.balancer.model import Tree, living
from compute.network.client import Opening


def openings(tree: Tree) -> set[Opening]:
    """One for each listener and version of IP, or for each prefix that a listener
    allows."""
    tree = living(tree)
    if not tree.balancer.admin_up or not tree.balancer.vip_address:
        return set()
    versions = sorted(
        {ipaddress.ip_address(each).version for each in tree.balancer.addresses}
    )
    return {
        Opening(version, listener.port, prefix, listener.transport)
        for listener in tree.listeners
        if listener.admin_up
        for version in versions
        for prefix in (listener.allowed_cidrs or [""])
        if not prefix or ipaddress.ip_network(prefix).version == version
    }
