"""``/v2.0/floatingip_pools``: the subnets of external networks, from which floating IPs
come, as far as the caller sees the network."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.api.frame import ApiCall, Route
from compute.network import tables
from compute.network.frame.bodies import Body
from compute.network.frame.collection import sees_all
from compute.network.frame.short_lists import short_list
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.networks import subnets_of
from compute.network.links.visibility import network_visible
from compute.network.model import Network
from objectstore.kernel.reply import Reply

ATTRIBUTES = (
    "network_id",
    "subnet_id",
    "subnet_name",
    "cidr",
    "project_id",
    "tenant_id",
)
# The reference has the first, Neutron's own clients the second.
SPELLINGS = ("floatingip_pools", "floatingip-pools")


class PoolApi:
    """The route."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """GET, under either name."""
        return [Route("GET", f"/v2.0/{name}", self.list) for name in SPELLINGS]

    def list(self, call: ApiCall) -> Reply:
        """All of them."""
        pools = self._database.read(call.context, _pools)
        return short_list(
            call, "floatingip_pools", pools, ATTRIBUTES, identifier="subnet_id"
        )


def _pools(work: Work) -> list[Body]:
    networks = tables.networks
    where: list[sa.ColumnElement[bool]] = [networks.c.external.is_(True)]
    if not sees_all(work):
        where.append(network_visible(work, work.project_id))
    found = work.records(Network, networks, *where)
    owners = {network.id: network.project_id for network in found}
    return [
        {
            "network_id": subnet.network_id,
            "subnet_id": subnet.id,
            "subnet_name": subnet.name,
            "cidr": subnet.cidr,
            "project_id": owners[subnet.network_id],
            "tenant_id": owners[subnet.network_id],
        }
        for subnet in subnets_of(work, list(owners))
    ]
