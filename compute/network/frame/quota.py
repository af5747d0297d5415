"""How many things a project may have, and has.

A project's own limit, else the operator's; -1 is any number.  The count is taken in
the transaction that adds one, so two requests cannot both take the last place.  Ports
that were promised to servers, and are made later, count as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import OverQuota
from compute.network.frame.work import Work
from compute.network.settings import NetworkSettings

UNLIMITED = -1

COUNTED: Mapping[str, sa.Table] = {
    "network": tables.networks,
    "subnet": tables.subnets,
    "subnetpool": tables.subnet_pools,
    "port": tables.ports,
    "router": tables.routers,
    "floatingip": tables.floating_ips,
    "security_group": tables.security_groups,
    "security_group_rule": tables.security_rules,
    "rbac_policy": tables.rbac_policies,
    "trunk": tables.trunks,
}


def default_limits(settings: NetworkSettings) -> dict[str, int]:
    """The operator's limits."""
    return {name: getattr(settings, f"quota_{name}") for name in COUNTED}


def limits_of(work: Work, project_id: str) -> dict[str, int]:
    """A project's limits."""
    quotas = tables.quotas
    found = default_limits(work.settings)
    for row in work.rows(quotas.select().where(quotas.c.project_id == project_id)):
        if row["resource"] in found:
            found[row["resource"]] = row["amount"]
    return found


def used(work: Work, resource: str, project_id: str) -> int:
    """How many the project has."""
    table = COUNTED[resource]
    count = sa.select(sa.func.count()).where(table.c.project_id == project_id)
    return int(work.connection.execute(count).scalar_one())


def reserved(work: Work, resource: str, project_id: str) -> int:
    """How many are promised: ports of servers that are not built yet."""
    if resource != "port":
        return 0
    rows = tables.reservations
    total = sa.select(sa.func.sum(rows.c.amount)).where(
        rows.c.project_id == project_id, rows.c.expires_at >= work.now
    )
    return int(work.connection.execute(total).scalar() or 0)


def check_quota(work: Work, resource: str, project_id: str, more: int = 1) -> None:
    """Raise ``OverQuota`` when the project may not have ``more`` of them."""
    limit = limits_of(work, project_id)[resource]
    if limit == UNLIMITED:
        return
    taken = used(work, resource, project_id) + reserved(work, resource, project_id)
    if taken + more > limit:
        raise over_quota(resource)


def over_quota(resource: str) -> OverQuota:
    """The project may not have more of them."""
    return OverQuota(f"Quota exceeded for resources: ['{resource}'].")
