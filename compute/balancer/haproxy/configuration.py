"""The whole configuration of a load balancer, written from its rows.

Where its sockets and files are, and as whom it runs, is its host's affair: the agent
puts that before it (``compute.balancer.agent.processes``).
"""

from __future__ import annotations

from compute.balancer.haproxy.backends import backend
from compute.balancer.haproxy.frontends import frontend
from compute.balancer.model import UDP, Tree, living


def configuration(tree: Tree) -> str:
    """Frontends and backends; "" when there is nothing to serve."""
    tree = living(tree)
    if not tree.balancer.admin_up or not tree.balancer.vip_address:
        return ""
    lines: list[str] = []
    for listener in sorted(tree.listeners, key=lambda each: each.port):
        if not listener.admin_up or listener.protocol == UDP:
            continue
        lines += frontend(tree, listener)
        for pool_id in tree.pools_of(listener.id, listener.default_pool_id):
            pool = tree.pool(pool_id)
            assert pool is not None
            lines += backend(tree, listener, pool)
    assert all(map(str.isprintable, lines)), "a text would be lines of its own"
    return "".join(f"{line}\n" for line in lines)
