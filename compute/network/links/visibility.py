"""Which networks, and what hangs on them, a project sees.

Its own; those shared with all or, by an RBAC policy, with it; external ones that are
lent to it as such, mostly by a policy for all.  Other things that may be lent:
``own_or_lent``, and ``own_or_shared`` of those that have a flag for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from compute.network import tables
from compute.network.frame.collection import Visible
from compute.network.frame.work import Work

SHARED, EXTERNAL = "access_as_shared", "access_as_external"
ALL_PROJECTS = "*"


def _lent(project_id: str, action: str) -> sa.Select[Any]:
    policies = tables.rbac_policies
    return sa.select(policies.c.object_id).where(
        policies.c.action == action,
        policies.c.target_project.in_((project_id, ALL_PROJECTS)),
    )


def own_or_lent(table: sa.Table) -> Visible:
    """Things of a table that are the project's or lent to it."""
    return lambda work, project_id: sa.or_(
        table.c.project_id == project_id, table.c.id.in_(_lent(project_id, SHARED))
    )


def own_or_shared(table: sa.Table) -> Visible:
    """The same, and those that are shared with all."""
    seen = own_or_lent(table)
    return lambda work, project_id: sa.or_(
        table.c.shared.is_(True), seen(work, project_id)
    )


def lent(
    work: Work, identifiers: Sequence[str], action: str, project_id: str = ""
) -> set[str]:
    """Which of these things are lent to the project, or to all of them."""
    policies = tables.rbac_policies
    found = work.rows(
        sa.select(policies.c.object_id).where(
            policies.c.object_id.in_(list(identifiers)),
            policies.c.action == action,
            policies.c.target_project.in_((project_id or ALL_PROJECTS, ALL_PROJECTS)),
        )
    )
    return {row["object_id"] for row in found}


def end_policies(work: Work, identifier: str) -> None:
    """What is gone is lent to nobody."""
    policies = tables.rbac_policies
    work.connection.execute(policies.delete().where(policies.c.object_id == identifier))


def shared_with(project_id: str) -> sa.ColumnElement[bool]:
    """Networks that the project may put ports on though they are not its own."""
    networks = tables.networks
    return sa.or_(
        networks.c.shared.is_(True), networks.c.id.in_(_lent(project_id, SHARED))
    )


def usable_by(project_id: str) -> sa.ColumnElement[bool]:
    """Networks that the project may put ports on: to be lent a way out is not that."""
    return sa.or_(tables.networks.c.project_id == project_id, shared_with(project_id))


def network_visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """Networks that the project sees."""
    networks = tables.networks
    return sa.or_(
        usable_by(project_id),
        networks.c.id.in_(_lent(project_id, EXTERNAL)),
    )


def subnet_visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """Subnets that the project sees: its own, and those of networks lent to it.  (How
    an external network is laid out is not its users' business.)"""
    networks, subnets = tables.networks, tables.subnets
    lent = sa.select(networks.c.id).where(shared_with(project_id))
    return sa.or_(
        subnets.c.project_id == project_id,
        subnets.c.network_id.in_(lent),
        subnets.c.network_id.in_(_owned(project_id)),
    )


def port_visible(work: Work, project_id: str) -> sa.ColumnElement[bool]:
    """Ports that the project sees: its own, and all on its own networks."""
    ports = tables.ports
    return sa.or_(
        ports.c.project_id == project_id, ports.c.network_id.in_(_owned(project_id))
    )


def _owned(project_id: str) -> sa.Select[Any]:
    networks = tables.networks
    return sa.select(networks.c.id).where(networks.c.project_id == project_id)
