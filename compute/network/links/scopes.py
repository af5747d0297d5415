"""In which address scope a subnet is: that of the pool it was cut from, if any."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import invalid
from compute.network.frame.work import Work
from compute.network.model import Network, Subnet, SubnetPool


def scopes_of_pools(work: Work, identifiers: Collection[str]) -> dict[str, str]:
    """The scopes of these pools; those that have one."""
    pools = tables.subnet_pools
    found = work.rows(
        sa.select(pools.c.id, pools.c.address_scope_id).where(
            pools.c.id.in_(list(identifiers)), pools.c.address_scope_id != ""
        )
    )
    return {row["id"]: row["address_scope_id"] for row in found}


def scopes_of(work: Work, subnets: Iterable[Subnet]) -> dict[str, str]:
    """The scopes of these subnets, by the subnet's id; those that have one."""
    pools = {each.id: each.subnet_pool_id for each in subnets if each.subnet_pool_id}
    scopes = scopes_of_pools(work, set(pools.values())) if pools else {}
    return {each: scopes[pool] for each, pool in pools.items() if pool in scopes}


def check_one_scope(work: Work, network: Network, version: int, pool_id: str) -> None:
    """A network's subnets of one version of IP are in one scope, or in none: routers
    tell scopes apart by interfaces.  ``InvalidInput``."""
    table = tables.subnets
    there = work.records(
        Subnet, table, table.c.network_id == network.id, table.c.version == version
    )
    wanted = scopes_of_pools(work, [pool_id]).get(pool_id, "") if pool_id else ""
    _check_all_in(work, there, wanted)


def check_networks_of_pool(work: Work, pool: SubnetPool) -> None:
    """Another scope must not part the pool's subnets from others of their networks.
    ``InvalidInput``."""
    table = tables.subnets
    mine = sa.select(table.c.network_id).where(table.c.subnet_pool_id == pool.id)
    there = work.records(
        Subnet, table, table.c.network_id.in_(mine), table.c.version == pool.version
    )
    _check_all_in(work, there, pool.address_scope_id)


def _check_all_in(work: Work, subnets: Sequence[Subnet], scope_id: str) -> None:
    scopes = scopes_of(work, subnets)
    if any(scopes.get(each.id, "") != scope_id for each in subnets):
        raise invalid(
            "Subnets hosted on the same network must be in the same address scope.",
            "NetworkAddressScopeAffinityError",
        )


def wake_routers_of_pool(work: Work, pool_id: str) -> None:
    """The pool's scope is another now: hosts with ports of its subnets' networks."""
    ports, subnets = tables.ports, tables.subnets
    found = work.connection.execute(
        sa.select(ports.c.host)
        .join(subnets, subnets.c.network_id == ports.c.network_id)
        .where(subnets.c.subnet_pool_id == pool_id, ports.c.host != "")
        .distinct()
    )
    work.touch(set(found.scalars()))
