"""Which prefix a new subnet gets: the one that was asked for, or one from a pool."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from compute.network import tables
from compute.network.errors import conflict, invalid, not_found
from compute.network.frame.bodies import Body
from compute.network.frame.work import Work
from compute.network.links import prefixes
from compute.network.links.scopes import check_one_scope
from compute.network.links.visibility import SHARED, lent
from compute.network.model import Network, SubnetPool


def choose_prefix(
    work: Work, network: Network, body: Body
) -> tuple[prefixes.IPNetwork, str]:
    """The prefix and the id of the pool that it is from ("": none).

    Raises ``InvalidInput``, ``SubnetPoolNotFound``, ``SubnetAllocationError``.
    """
    pool = _pool(work, body)
    cidr = body.get("cidr")
    if pool is None:
        if not cidr:
            raise invalid("a cidr must be given, or a subnetpool_id.", "BadRequest")
        found = prefixes.parse_prefix(cidr)
    else:
        found = prefixes.parse_prefix(_from_pool(work, pool, body))
    version = body.get("ip_version") or found.version
    if version != found.version:
        raise invalid(f"cidr: '{found}' does not match the ip_version '{version}'.")
    if found.is_multicast or found.is_loopback:
        raise invalid(f"cidr: '{found}' is not for hosts.")
    pool_id = pool.id if pool is not None else ""
    check_one_scope(work, network, found.version, pool_id)
    return found, pool_id


def _pool(work: Work, body: Body) -> SubnetPool | None:
    pools = tables.subnet_pools
    identifier = body.get("subnetpool_id")
    if identifier:
        found = work.find(SubnetPool, pools, identifier)
        visible = found is not None and (
            found.shared
            or work.is_admin
            or found.project_id == work.project_id
            or bool(lent(work, [found.id], SHARED, work.project_id))
        )
        if not visible:
            raise not_found("SubnetPoolNotFound", "Subnet pool", identifier)
        return found
    if not body.get("use_default_subnetpool"):
        return None
    version = body.get("ip_version") or 4
    default = work.records(
        SubnetPool, pools, pools.c.is_default.is_(True), pools.c.version == version
    )
    if not default:
        raise not_found("SubnetPoolNotFound", "Default subnet pool", f"IPv{version}")
    return default[0]


def _from_pool(work: Work, pool: SubnetPool, body: Body) -> str:
    subnets = tables.subnets
    held = work.rows(
        sa.select(subnets.c.cidr, subnets.c.project_id).where(
            subnets.c.subnet_pool_id == pool.id
        )
    )
    found = _free(pool, [row["cidr"] for row in held], body)
    own = [row["cidr"] for row in held if row["project_id"] == body["project_id"]]
    check_pool_quota(pool, [*own, found])
    return found


def check_pool_quota(pool: SubnetPool, cidrs: Iterable[str]) -> None:
    """``SubnetPoolQuotaExceeded`` when that is more than one project may have of the
    pool."""
    if pool.quota is not None and sum(map(_units, cidrs)) > pool.quota:
        raise conflict(
            "SubnetPoolQuotaExceeded",
            "Per-tenant subnet pool prefix quota exceeded.",
        )


def _units(cidr: str) -> int:
    """What a prefix counts: addresses of IPv4, prefixes of 64 bits of IPv6."""
    prefix = prefixes.parse_prefix(cidr)
    if prefix.version == 4:
        return prefix.num_addresses
    return 1 << max(0, 64 - prefix.prefixlen)


def _free(pool: SubnetPool, taken: list[str], body: Body) -> str:
    cidr = body.get("cidr")
    if cidr:
        return _wanted(pool, prefixes.parse_prefix(cidr), taken)
    length = body.get("prefixlen") or pool.prefix_length_default
    _check_length(pool, length)
    found = prefixes.free_prefix(pool.prefixes, taken, length)
    if found is None:
        raise conflict(
            "SubnetAllocationError",
            "Failed to allocate subnet: Insufficient prefix space to allocate subnet"
            f" size /{length}.",
        )
    return found


def _wanted(pool: SubnetPool, wanted: prefixes.IPNetwork, taken: list[str]) -> str:
    _check_length(pool, wanted.prefixlen)
    inside = any(
        prefixes.is_inside(wanted, prefixes.parse_prefix(each))
        for each in pool.prefixes
    )
    if not inside or any(
        wanted.overlaps(prefixes.parse_prefix(each)) for each in taken
    ):
        raise conflict(
            "SubnetAllocationError",
            "Failed to allocate subnet: Cannot allocate requested subnet from the"
            " available set of prefixes.",
        )
    return str(wanted)


def _check_length(pool: SubnetPool, length: int) -> None:
    if not pool.prefix_length_min <= length <= pool.prefix_length_max:
        raise invalid(
            f"prefixlen: {length} is not between {pool.prefix_length_min} and"
            f" {pool.prefix_length_max}.",
            "PrefixLengthOutOfRange",
        )
