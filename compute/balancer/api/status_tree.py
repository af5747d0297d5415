"""The statuses of a load balancer and of all below it, as one document.  Pure."""

from __future__ import annotations

from typing import Any

from compute.balancer.frame.kind import Item
from compute.balancer.model import Tree


def status_tree(tree: Tree) -> Item:
    """Listeners, their pools, and those' members and monitors."""

    def shown(thing: Any, *more: str) -> Item:
        names = ("id", "name", "provisioning_status", "operating_status", *more)
        return {name: getattr(thing, name) for name in names}

    def pool(pool_id: str) -> Item:
        found = tree.pool(pool_id)
        monitor = tree.monitor_of(pool_id)
        return {
            **shown(found),
            "health_monitor": shown(monitor, "type") if monitor else {},
            "members": [
                {**shown(each, "address"), "protocol_port": each.port}
                for each in tree.members_of(pool_id)
            ],
        }

    return {
        **shown(tree.balancer),
        "listeners": [
            {
                **shown(listener),
                "pools": [
                    pool(each)
                    for each in tree.pools_of(listener.id, listener.default_pool_id)
                ],
            }
            for listener in tree.listeners
        ],
    }
