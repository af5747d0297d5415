"""Which projects use a thing that may be lent, its owner among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.work import Work
from compute.network.model import NETWORK_OWNER_PREFIX
from compute.network.qos.policies import USERS

Users = Callable[[Work, str], set[str]]


def projects_that_use(work: Work, kind: str, identifier: str) -> set[str]:
    """Those that would miss the thing (of a kind as RBAC policies name it)."""
    return _USERS[kind](work, identifier)


def projects_that_leave_by(work: Work, network_id: str) -> set[str]:
    """Those that have gateways or floating IPs on an external network."""
    routers, floating = tables.routers, tables.floating_ips
    return _projects(
        work, routers, routers.c.external_network_id == network_id
    ) | _projects(work, floating, floating.c.external_network_id == network_id)


def _projects(work: Work, table: sa.Table, clause: sa.ColumnElement[bool]) -> set[str]:
    statement = sa.select(table.c.project_id).where(clause).distinct()
    return {str(each) for each in work.connection.execute(statement).scalars()}


def _with_ports(work: Work, network_id: str) -> set[str]:
    ports = tables.ports
    return _projects(
        work,
        ports,
        sa.and_(
            ports.c.network_id == network_id,
            ports.c.device_owner.not_like(f"{NETWORK_OWNER_PREFIX}%"),
        ),
    )


def _with_members(work: Work, group_id: str) -> set[str]:
    ports, members = tables.ports, tables.port_groups
    rules = tables.security_rules
    in_group = sa.select(members.c.port_id).where(members.c.group_id == group_id)
    return _projects(work, ports, ports.c.id.in_(in_group)) | _projects(
        work, rules, rules.c.remote_group_id == group_id
    )


def _named_in(*columns: tuple[sa.Table, str]) -> Users:
    """Whoever has something that names it."""

    def users(work: Work, identifier: str) -> set[str]:
        found: set[str] = set()
        for table, column in columns:
            found |= _projects(work, table, table.c[column] == identifier)
        return found

    return users


_USERS: Mapping[str, Users] = {
    "network": _with_ports,
    "security_group": _with_members,
    "address_group": _named_in((tables.security_rules, "remote_address_group_id")),
    "address_scope": _named_in((tables.subnet_pools, "address_scope_id")),
    "subnetpool": _named_in((tables.subnets, "subnet_pool_id")),
    "qos_policy": _named_in(*((table, "qos_policy_id") for table in USERS.values())),
}
