"""Who has a QoS policy: what may be written of it, and which hosts keep it.

A port's policy is its own or else its network's; the network's own ports (of DHCP and
routers) have none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from compute.core.errors import NotFound, PolicyNotAuthorized
from compute.network import tables
from compute.network.frame.collection import sees_all
from compute.network.frame.fields import UUID_OR_NULL, Field
from compute.network.frame.work import Work
from compute.network.model import FloatingIp, Network, Port, Router
from compute.network.qos.policies import COLLECTION

NAME = "qos_policy_id"
FIELD = Field(NAME, UUID_OR_NULL, default=None)


def chosen(work: Work, wanted: str | None) -> str:
    """The id of the policy that a thing is to have; ``NotFound`` when the caller does
    not see it."""
    return COLLECTION.find(work, wanted).id if wanted else ""


def changed(
    work: Work, thing: Network | Port | FloatingIp | Router, body: Mapping[str, Any]
) -> str:
    """The thing's policy after a PUT.  What somebody put on it whom the caller does
    not know by its policy, he cannot take off: ``PolicyRemoveAuthorizationError``."""
    if NAME not in body or (body[NAME] or "") == thing.qos_policy_id:
        return thing.qos_policy_id
    if thing.qos_policy_id and not sees_all(work):
        try:
            COLLECTION.find(work, thing.qos_policy_id)
        except NotFound as error:
            raise PolicyNotAuthorized(
                f"Failed to remove provided policy {thing.qos_policy_id} because you"
                " are not authorized.",
                kind="PolicyRemoveAuthorizationError",
            ) from error
    return chosen(work, body[NAME])


def policies_of_floating_ips(
    work: Work, found: Sequence[FloatingIp]
) -> Mapping[str, str]:
    """The policy that each keeps, by its id: its own or its network's; "": none."""
    own = policies_of_networks(work, {each.external_network_id for each in found})
    return {
        each.id: each.qos_policy_id or own.get(each.external_network_id, "")
        for each in found
    }


def policies_of_networks(work: Work, identifiers: Collection[str]) -> Mapping[str, str]:
    """Of those that have one."""
    table = tables.networks
    rows = work.rows(
        sa.select(table.c.id, table.c.qos_policy_id).where(
            table.c.id.in_(list(identifiers)), table.c.qos_policy_id != ""
        )
    )
    return {row["id"]: row["qos_policy_id"] for row in rows}


def hosts_that_use(work: Work, policy_id: str) -> set[str]:
    """Hosts with ports that have the policy, or routers whose gateways or floating IPs
    have it; a floating IP's may be its network's."""
    ports, networks, bindings = tables.ports, tables.networks, tables.bindings
    on_networks = sa.select(networks.c.id).where(networks.c.qos_policy_id == policy_id)
    having = sa.or_(
        ports.c.qos_policy_id == policy_id, ports.c.network_id.in_(on_networks)
    )
    floating, routers = tables.floating_ips, tables.routers
    questions = (
        sa.select(ports.c.host).where(ports.c.host != "", having),
        sa.select(bindings.c.host)
        .join(ports, ports.c.id == bindings.c.port_id)
        .where(having),
        sa.select(routers.c.host)
        .join(floating, floating.c.router_id == routers.c.id)
        .where(
            routers.c.host != "",
            sa.or_(
                floating.c.qos_policy_id == policy_id,
                floating.c.external_network_id.in_(on_networks),
            ),
        ),
        sa.select(routers.c.host).where(
            routers.c.host != "", routers.c.qos_policy_id == policy_id
        ),
    )
    return {
        host
        for question in questions
        for host in work.connection.execute(question.distinct()).scalars()
    }
