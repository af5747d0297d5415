"""Subnets of a network that become a pool's, as if they had been cut from it."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.network import tables
from compute.network.errors import conflict, invalid
from compute.network.frame.bodies import Body
from compute.network.frame.fields import ITEMS_MAX, UUID
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.networks import COLLECTION as NETWORKS
from compute.network.links.networks import hosts_of_network, subnets_of
from compute.network.links.prefixes import parse_prefix
from compute.network.links.subnet_prefix import check_pool_quota
from compute.network.model import Subnet, SubnetPool
from compute.network.projects.subnet_pools import (
    COLLECTION,
    check_scope,
    parse_prefixes,
)
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

CHANGE = Schema(
    {
        "type": "object",
        "properties": {"network_id": UUID},
        "required": ["network_id"],
        "additionalProperties": False,
    }
)


class PoolOnboarding:
    """One action on a pool."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """It."""
        path = "/v2.0/subnetpools/{id}/onboard_network_subnets"
        return [Route("PUT", path, self.onboard)]

    def onboard(self, call: ApiCall) -> Reply:
        """All subnets of the network that are of the pool's version of IP."""
        network_id = call.json(CHANGE)["network_id"]

        def work_on(work: Work) -> Body:
            pool = COLLECTION.find(work, call.parameters["id"])
            network = NETWORKS.find(work, network_id)
            for rule, owner in (
                ("update_subnetpool", pool.project_id),
                ("update_network", network.project_id),
            ):
                work.policy.enforce(work.context, rule, {"project_id": owner})
            coming = [
                each
                for each in subnets_of(work, [network.id])
                if each.version == pool.version
            ]
            changed = _take_in(work, pool, coming)
            work.touch(hosts_of_network(work, network.id))
            work.tell("subnetpool.update", pool.id)
            return {"subnetpool": COLLECTION.show(work, [changed])[0]}

        return json_reply(200, self._database.write(call.context, work_on))


def _take_in(work: Work, pool: SubnetPool, coming: list[Subnet]) -> SubnetPool:
    """``IllegalSubnetPoolUpdate`` for subnets that are some pool's, or meet its own."""
    if not coming:
        raise _refused(pool, f"the network has no subnet of IPv{pool.version}")
    table = tables.subnets
    held = work.records(Subnet, table, table.c.subnet_pool_id == pool.id)
    for subnet in coming:
        cidr = parse_prefix(subnet.cidr)
        if subnet.subnet_pool_id:
            raise _refused(pool, f"subnet {subnet.id} is of a pool already")
        if any(cidr.overlaps(parse_prefix(each.cidr)) for each in held):
            raise conflict(
                "IllegalSubnetPoolUpdate",
                f"subnet {subnet.id} meets another one of subnet pool {pool.id}.",
            )
    for project in {each.project_id for each in coming}:
        mine = [each for each in [*held, *coming] if each.project_id == project]
        check_pool_quota(pool, [each.cidr for each in mine])
    prefixes = parse_prefixes([*pool.prefixes, *(each.cidr for each in coming)])[0]
    if len(prefixes) > ITEMS_MAX:
        raise _refused(pool, f"a pool has at most {ITEMS_MAX} prefixes")
    for subnet in coming:
        work.save(table, subnet, subnet_pool_id=pool.id)
    changed = work.save(tables.subnet_pools, pool, prefixes=prefixes)
    check_scope(work, changed)
    return changed


def _refused(pool: SubnetPool, why: str) -> Rejected:
    return invalid(
        f"subnet pool {pool.id} cannot be updated: {why}.", "IllegalSubnetPoolUpdate"
    )
