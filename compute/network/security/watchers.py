"""Which hosts must hear of a change in a security group.

Those with a port in the group, for its rules; and those with a port in a group that
names it as remote, for its members.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work


def hosts_that_watch(work: Work, groups: Collection[str]) -> set[str]:
    """Hosts concerned by a change of the rules or members of these groups."""
    if not groups:
        return set()
    rules, members, ports = (
        tables.security_rules,
        tables.port_groups,
        tables.ports,
    )
    wanted = list(groups)
    naming = sa.select(rules.c.group_id).where(rules.c.remote_group_id.in_(wanted))
    found = work.connection.execute(
        sa.select(ports.c.host)
        .join(members, members.c.port_id == ports.c.id)
        .where(
            ports.c.host != "",
            sa.or_(members.c.group_id.in_(wanted), members.c.group_id.in_(naming)),
        )
        .distinct()
    )
    return set(found.scalars())


def hosts_that_use_addresses(work: Work, address_group_id: str) -> set[str]:
    """Hosts with a port in a group whose rules name this address group."""
    rules, members, ports = (
        tables.security_rules,
        tables.port_groups,
        tables.ports,
    )
    naming = sa.select(rules.c.group_id).where(
        rules.c.remote_address_group_id == address_group_id
    )
    found = work.connection.execute(
        sa.select(ports.c.host)
        .join(members, members.c.port_id == ports.c.id)
        .where(ports.c.host != "", members.c.group_id.in_(naming))
        .distinct()
    )
    return set(found.scalars())
