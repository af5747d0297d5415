"""How many things a project may have, and has; -1 is any number.

The count is taken in the transaction that adds one, so two requests cannot both take
the last place.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.balancer import tables
from compute.balancer.frame.work import Work
from compute.core.errors import QuotaExceeded

UNLIMITED = -1
COUNTED: Mapping[str, sa.Table] = {
    "load_balancer": tables.balancers,
    "listener": tables.listeners,
    "pool": tables.pools,
    "health_monitor": tables.monitors,
    "member": tables.members,
    "l7policy": tables.policies,
    "l7rule": tables.rules,
}


def limits_of(work: Work, project_id: str) -> dict[str, int]:
    """A project's limits."""
    quotas = tables.quotas
    found = dict(work.settings.quotas())
    for row in work.rows(quotas.select().where(quotas.c.project_id == project_id)):
        if row["resource"] in found:
            found[row["resource"]] = row["amount"]
    return found


def check_quota(work: Work, resource: str, project_id: str) -> None:
    """Raise ``QuotaExceeded`` when the project may have no more of them."""
    limit = limits_of(work, project_id)[resource]
    if limit == UNLIMITED:
        return
    table = COUNTED[resource]
    count = sa.select(sa.func.count()).where(table.c.project_id == project_id)
    if int(work.connection.execute(count).scalar_one()) >= limit:
        raise QuotaExceeded(f"Quota has been met for resources: {resource}")
