"""Prefixes of a subnet pool, added and taken away without telling the others."""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.core.api.schema import Schema
from compute.network import tables
from compute.network.errors import invalid
from compute.network.frame.bodies import Body
from compute.network.frame.fields import ITEMS_MAX, TEXTS
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.links.prefixes import parse_prefix, without_prefix
from compute.network.model import Subnet, SubnetPool
from compute.network.projects.subnet_pools import (
    COLLECTION,
    check_scope,
    parse_prefixes,
)
from objectstore.kernel.reply import Reply

CHANGE = Schema(
    {
        "type": "object",
        "properties": {"prefixes": {**TEXTS, "minItems": 1}},
        "required": ["prefixes"],
        "additionalProperties": False,
    }
)


class PoolPrefixActions:
    """Two actions on a pool."""

    def __init__(self, database: NetworkDatabase) -> None:
        self._database = database

    def routes(self) -> list[Route]:
        """Both."""
        path = "/v2.0/subnetpools/{id}/"
        return [
            Route("PUT", path + "add_prefixes", self.add),
            Route("PUT", path + "remove_prefixes", self.remove),
        ]

    def add(self, call: ApiCall) -> Reply:
        """Those that it has already change nothing."""
        return self._change(call, adding=True)

    def remove(self, call: ApiCall) -> Reply:
        """Not where subnets are, and not all of them."""
        return self._change(call, adding=False)

    def _change(self, call: ApiCall, *, adding: bool) -> Reply:
        wanted, version = parse_prefixes(call.json(CHANGE)["prefixes"])

        def work_on(work: Work) -> Body:
            pool = COLLECTION.find(work, call.parameters["id"])
            target = {"project_id": pool.project_id}
            work.policy.enforce(work.context, "update_subnetpool", target)
            if version != pool.version:
                raise invalid("prefixes: of the other version of IP.")
            if not adding:
                _refuse_while_used(work, pool, wanted)
            prefixes = (
                parse_prefixes([*pool.prefixes, *wanted])[0]
                if adding
                else _less(pool, wanted)
            )
            if len(prefixes) > ITEMS_MAX:
                raise invalid(f"prefixes: a pool has at most {ITEMS_MAX}.")
            changed = work.save(tables.subnet_pools, pool, prefixes=prefixes)
            check_scope(work, changed)
            work.tell("subnetpool.update", pool.id)
            return {"prefixes": prefixes}

        return json_reply(200, self._database.write(call.context, work_on))


def _less(pool: SubnetPool, gone: Sequence[str]) -> list[str]:
    kept = [parse_prefix(each) for each in pool.prefixes]
    for text in gone:
        prefix = parse_prefix(text)
        kept = [part for each in kept for part in without_prefix(each, prefix)]
    if not kept:
        raise invalid("prefixes: a pool has at least one.", "EmptySubnetPoolPrefixList")
    return parse_prefixes([str(each) for each in kept])[0]


def _refuse_while_used(work: Work, pool: SubnetPool, gone: Sequence[str]) -> None:
    subnets = tables.subnets
    for subnet in work.records(Subnet, subnets, subnets.c.subnet_pool_id == pool.id):
        cidr = parse_prefix(subnet.cidr)
        if any(cidr.overlaps(parse_prefix(each)) for each in gone):
            raise invalid(
                f"prefixes: subnet {subnet.id} has {subnet.cidr} of the pool.",
                "IllegalSubnetPoolPrefixUpdate",
            )
