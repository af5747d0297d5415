"""What the network lets in to a load balancer: its listeners' ports.  Pure."""

from __future__ import annotations

import ipaddress

from compute.balancer.model import Tree, living
from compute.network.client import Opening


def openings(tree: Tree) -> set[Opening]:
    """One for each listener, or for each prefix that a listener allows."""
    tree = living(tree)
    if not tree.balancer.admin_up or not tree.balancer.vip_address:
        return set()
    version = ipaddress.ip_address(tree.balancer.vip_address).version
    return {
        Opening(version, listener.port, prefix, listener.transport)
        for listener in tree.listeners
        if listener.admin_up
        for prefix in (listener.allowed_cidrs or [""])
    }
