"""Who may leave by an external network: those whom it is lent to as such.

A network is external as long as it is lent to anybody as the way out.  Making one
external lends it to all; an administrator may lend it to single projects instead.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from compute.core.sql.filter_values import filter_value
from compute.network import tables
from compute.network.frame.work import Work
from compute.network.links.visibility import ALL_PROJECTS, EXTERNAL
from compute.network.model import Network, RbacPolicy


def lend_outside_to_all(work: Work, network: Network) -> None:
    """Everybody may have gateways and floating IPs there."""
    work.insert(
        tables.rbac_policies,
        RbacPolicy(
            **work.new(),
            project_id=network.project_id,
            object_type="network",
            object_id=network.id,
            action=EXTERNAL,
            target_project=ALL_PROJECTS,
        ),
    )


def keep_outside(work: Work, network: Network) -> None:
    """Nobody may any longer."""
    policies = tables.rbac_policies
    work.connection.execute(
        policies.delete().where(
            policies.c.object_id == network.id, policies.c.action == EXTERNAL
        )
    )


def is_lent_outside(work: Work, network_id: str) -> bool:
    """Whether anybody may."""
    policies = tables.rbac_policies
    return bool(
        work.rows(
            policies.select()
            .where(policies.c.object_id == network_id, policies.c.action == EXTERNAL)
            .limit(1)
        )
    )


def external_among(work: Work, network_ids: Collection[str]) -> set[str]:
    """Those of the networks that are external."""
    table = tables.networks
    rows = work.rows(
        sa.select(table.c.id).where(
            table.c.id.in_(list(network_ids)), table.c.external.is_(True)
        )
    )
    return {row["id"] for row in rows}


def of_external(work: Work, values: list[str]) -> sa.ColumnElement[bool]:
    """Subnets by whether their network is external."""
    external = tables.networks.c.external
    wanted = [filter_value("router:external", external, each) for each in values]
    found = sa.select(tables.networks.c.id).where(external.in_(wanted))
    return tables.subnets.c.network_id.in_(found)
