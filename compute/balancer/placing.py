"""On which host a load balancer lives: of those that are heard, where the fewest are.

A host's agent is heard every few seconds; one that is silent for ``down_after`` has no
load balancers: the keeper moves them.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.frame.work import Work


def living_hosts(work: Work) -> set[str]:
    """The hosts that were heard of late."""
    hosts = tables.hosts
    since = work.now - work.settings.down_after
    found = work.rows(sa.select(hosts.c.host).where(hosts.c.heard_at >= since))
    return {row["host"] for row in found}


def choose_host(work: Work, besides: str = "") -> str:
    """A living host, not ``besides``; "" when there is none."""
    hosts = living_hosts(work) - {besides}
    balancers = tables.balancers
    count = sa.select(balancers.c.host, sa.func.count().label("held")).group_by(
        balancers.c.host
    )
    held = {row["host"]: row["held"] for row in work.rows(count)}
    order = sorted(hosts, key=lambda host: (held.get(host, 0), host))
    return order[0] if order else ""
